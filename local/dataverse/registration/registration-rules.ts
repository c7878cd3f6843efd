import { invalidArgument, noSuchRow } from '../dataverse-error';
import { isLookup, type Catalog, type Table } from '../metadata/table';
import type { RowRules, RowWrite } from '../operations/row-changes';
import type { RowToLock, UnitOfWork } from '../operations/transactions';
import type { RowStore } from '../rows/row-store';
import { asReference, asText, type Columns, type Reference, type Value } from '../rows/value';
import { checkLengths, requireColumns, withDefaults } from './column-rules';
import { AUTH_TYPE, CONTRACT, MESSAGE_FORMAT, SECRETS } from './registration-tables';
import { IMAGE_COLUMNS, STEP_COLUMNS, checkImage, checkImageUpdate, checkStep, completedStep } from './step-rules';

const ENDPOINT = 'serviceendpoint';
const STEP = 'sdkmessageprocessingstep';
const IMAGE = 'sdkmessageprocessingstepimage';

/** The column by which rows of a table belong to those of another one, with which they are deleted. */
const CASCADES: Readonly<Record<string, { readonly table: string; readonly column: string }>> = {
  [ENDPOINT]: { table: STEP, column: 'eventhandler' },
  [STEP]: { table: IMAGE, column: 'sdkmessageprocessingstepid' },
};

/**
 * The platform's own rules for endpoints, steps and images, whichever way they are written. Which are sourced and which
 * likely: local/dataverse/README.md.
 */
export class RegistrationRules implements RowRules {
  readonly #catalog: Catalog;
  readonly #store: RowStore;

  constructor(catalog: Catalog, store: RowStore) {
    this.#catalog = catalog;
    this.#store = store;
  }

  completed(table: Table, requested: Columns, before: Columns | undefined): Columns {
    switch (table.logicalName) {
      case ENDPOINT:
        return completedEndpoint(requested, before);
      case STEP:
        return completedStep(requested, before);
      case IMAGE:
        return before === undefined ? { ismanaged: false } : {};
      default:
        return {};
    }
  }

  check(write: RowWrite): void {
    const { table, before, requested, after } = write;
    if (![ENDPOINT, STEP, IMAGE].includes(table.logicalName)) return;
    checkLengths(table, requested);
    this.#checkReferences(write);
    switch (table.logicalName) {
      case ENDPOINT:
        checkEndpoint(write);
        return;
      case STEP:
        this.#checkStep(write);
        return;
      default:
        requireColumns(IMAGE, after, IMAGE_COLUMNS);
        if (before !== undefined) checkImageUpdate(requested);
        this.#checkImage(write);
    }
  }

  dependents(work: UnitOfWork, table: Table, id: string): readonly RowToLock[] {
    const cascade = CASCADES[table.logicalName];
    if (cascade === undefined) return [];
    const dependent = this.#catalog.table(cascade.table);
    return this.#rowsOf(work, dependent, cascade.column, id).flatMap((row) => [
      ...this.dependents(work, dependent, row),
      { table: dependent, id: row },
    ]);
  }

  /** Ids of the rows whose lookup refers to a row. */
  #rowsOf(work: UnitOfWork, table: Table, column: string, id: string): string[] {
    return [...this.#store.table(table.logicalName).values()]
      .filter((row) => asReference(row.columns[column])?.id === id && work.row(table, row.id) !== undefined)
      .map((row) => row.id);
  }

  #checkReferences({ work, table, requested }: RowWrite): void {
    for (const column of table.columns) {
      const reference = isLookup(column) ? asReference(requested[column.logicalName]) : undefined;
      if (reference !== undefined) this.#existing(work, reference);
    }
  }

  #existing(work: UnitOfWork, reference: Reference): Columns {
    const row = work.row(this.#catalog.table(reference.table), reference.id);
    if (row === undefined) throw noSuchRow(reference.table, reference.id);
    return row.columns;
  }

  #bound(work: UnitOfWork, value: Value | undefined): Columns | undefined {
    const reference = asReference(value);
    return reference === undefined ? undefined : this.#existing(work, reference);
  }

  #tableOf(filter: Columns | undefined): Table | undefined {
    const name = filter?.primaryobjecttypecode;
    return typeof name === 'string' ? this.#catalog.find(name) : undefined;
  }

  #checkStep({ work, after }: RowWrite): void {
    requireColumns(STEP, after, STEP_COLUMNS);
    const filter = this.#bound(work, after.sdkmessagefilterid);
    checkStep(after, {
      endpoint: this.#bound(work, after.eventhandler) ?? {},
      message: this.#bound(work, after.sdkmessageid) ?? {},
      messageId: asReference(after.sdkmessageid)?.id ?? '',
      filter,
      filterMessage: asReference(filter?.sdkmessageid)?.id,
      table: this.#tableOf(filter),
    });
  }

  #checkImage({ work, table, id, after }: RowWrite): void {
    const stepId = asReference(after.sdkmessageprocessingstepid)?.id ?? '';
    const step = this.#bound(work, after.sdkmessageprocessingstepid) ?? {};
    const others = this.#rowsOf(work, table, 'sdkmessageprocessingstepid', stepId).filter((other) => other !== id);
    checkImage(after, {
      step,
      message: asText(this.#bound(work, step.sdkmessageid)?.name),
      table: this.#tableOf(this.#bound(work, step.sdkmessagefilterid)),
      siblings: others.map((other) => this.#existing(work, { table: table.logicalName, id: other })),
    });
  }
}

const DEFAULTS: Columns = { connectionmode: 1, userclaim: 1, usekeyvaultconfiguration: false, ismanaged: false };

/** What an endpoint gets beside what was asked for: which secrets are set, and on Create the defaults. */
export function completedEndpoint(requested: Columns, before: Columns | undefined): Columns {
  const flags = Object.entries(SECRETS)
    .filter(([secret]) => before === undefined || secret in requested)
    .map(([secret, flag]) => [flag, asText(requested[secret]) !== ''] as const);
  return { ...(before === undefined ? withDefaults(requested, DEFAULTS) : {}), ...Object.fromEntries(flags) };
}

/**
 * What the platform asks of an endpoint, by contract; of contracts that are not posted to here only name and contract.
 * No source tells the words: only that the platform has these rules.
 */
export function checkEndpoint({ table, before, after }: RowWrite): void {
  requireColumns(table.logicalName, after, ['name', 'contract']);
  if (before !== undefined && before.contract !== after.contract) {
    throw invalidArgument('The contract of a service endpoint cannot be changed: delete it and create another one.');
  }
  switch (after.contract) {
    case CONTRACT.webhook:
      checkWebhook(table.logicalName, after);
      return;
    case CONTRACT.queue:
    case CONTRACT.persistentQueue:
    case CONTRACT.topic:
    case CONTRACT.eventHub:
      checkBus(table.logicalName, after);
      return;
    default:
  }
}

function checkWebhook(table: string, endpoint: Columns): void {
  requireColumns(table, endpoint, ['url', 'authtype']);
  const text = asText(endpoint.url);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw invalidArgument('The url of a webhook has to be an absolute http or https address.');
  }
  const { webhookKey, httpHeader, httpQueryString } = AUTH_TYPE;
  oneOf(endpoint.authtype, [webhookKey, httpHeader, httpQueryString], 'The authtype of a webhook');
  if ((endpoint.messageformat ?? MESSAGE_FORMAT.json) !== MESSAGE_FORMAT.json) {
    throw invalidArgument('The messageformat of a webhook has to be 2: webhooks are sent JSON only.');
  }
}

function checkBus(table: string, endpoint: Columns): void {
  requireColumns(table, endpoint, ['path', 'authtype']);
  const { sasKey, sasToken, connectionString } = AUTH_TYPE;
  oneOf(endpoint.authtype, [sasKey, sasToken, connectionString], 'The authtype of a bus endpoint');
  const secrets =
    endpoint.authtype === sasKey
      ? ['namespaceaddress', 'saskeyname', 'saskey']
      : endpoint.authtype === sasToken
        ? ['namespaceaddress', 'sastoken']
        : ['authvalue'];
  requireColumns(table, endpoint, secrets);
  if (
    endpoint.authtype !== connectionString &&
    !/^(sb|amqps?|https?):\/\/[^/\s]+\/?$/.test(asText(endpoint.namespaceaddress))
  ) {
    throw invalidArgument('The namespaceaddress has to be an address as sb://name.servicebus.windows.net/.');
  }
  if (endpoint.contract === CONTRACT.eventHub && endpoint.messageformat === MESSAGE_FORMAT.binaryXml) {
    throw invalidArgument(
      'The messageformat of an event hub has to be 2 or 3: event hubs are sent JSON or text XML only.',
    );
  }
}

function oneOf(value: unknown, allowed: readonly number[], what: string): void {
  if (!allowed.some((each) => each === value)) throw invalidArgument(`${what} has to be one of ${allowed.join(', ')}.`);
}
