import type { Operation } from '../dataverse/batch';
import { readPage, readRow, type ODataRow } from '../dataverse/odata-row';
import { WebApiError, type WebApi, type WebApiResponse } from '../dataverse/web-api';
import type { WebApiBusy } from '../dataverse/rate-budget';
import { InboundDependency } from './errors';
import { etagOf, type InboundRows, type RowAction, type RowAnswer, type RowRequest } from './inbound-rows';
import type { InboundTable } from './inbound-table';
import {
  bodyMember,
  fitsUrl,
  keyInUrl,
  keyName,
  literal,
  lobValueIn,
  textOfValue,
  valueOfPart,
  type KeyPart,
  type LobValue,
} from './lob-value';
import { refusalAnswer } from './platform-errors';

/** Operations of one batch, at most: so many are carried out within the time that a request has. */
const BATCH = 50;

/** Tells of a lookup the table in which its row is, too. */
const WITH_TABLES = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"';

/** Whoever gets an event can see in its shared variables that it is of a change that came from the LOB system. */
const TAG = 'dvo:';

type End = WebApiResponse | WebApiError | WebApiBusy | { readonly kind: 'answered'; readonly answer: RowAnswer };

/** Changes rows by the Web API: several at once by a batch, each on its own merits. */
export class WebApiRows implements InboundRows {
  readonly #bypass: Readonly<Record<string, string>>;
  /** Operations of the next batches: half as many after one that failed whole, until whatever fails it is alone. */
  #size = BATCH;

  /** @param bypassedSteps ids of steps that aren't told of these changes: our own */
  constructor(
    private readonly api: Pick<WebApi, 'carryOut'>,
    bypassedSteps: readonly string[] = [],
  ) {
    // https://learn.microsoft.com/power-apps/developer/data-platform/bypass-custom-business-logic
    this.#bypass =
      bypassedSteps.length === 0 ? {} : { 'MSCRM.BypassBusinessLogicExecutionStepIds': bypassedSteps.join(',') };
  }

  async send(requests: readonly RowRequest[]): Promise<readonly RowAnswer[]> {
    const operations = await Promise.all(requests.map((request) => this.#operationOf(request)));
    const toSend = operations.flatMap((of) => ('method' in of ? of : []));
    const size = this.#size;
    const chunks = Array.from({ length: Math.ceil(toSend.length / size) }, (_, at) =>
      toSend.slice(at * size, (at + 1) * size),
    );
    const ends = (await Promise.all(chunks.map((chunk) => this.#carryOut(chunk)))).flat();
    const hasFailed = ends.some((end) => end instanceof WebApiError && end.isOfBatch);
    this.#size = hasFailed ? Math.ceil(size / 2) : Math.min(BATCH, size * 2);
    let next = 0;
    return requests.map((request, at) => {
      const operation = operations[at];
      if (operation === undefined || !('method' in operation)) return operation ?? UNANSWERED;
      const end = ends[next++];
      return end === undefined ? UNANSWERED : 'kind' in end ? end.answer : answerOf(request, end);
    });
  }

  async #carryOut(operations: readonly Operation[]): Promise<readonly End[]> {
    try {
      return await this.api.carryOut(operations);
    } catch (error) {
      return operations.map(() => ({ kind: 'answered', answer: { kind: 'failed', error } }));
    }
  }

  /** What is to be sent; or the answer, where nothing is. */
  async #operationOf(request: RowRequest): Promise<Operation | RowAnswer> {
    const { table, row, action, id } = request;
    try {
      const query = `$select=${selected(table, action).join(',')}`;
      const tag = `tag=${encodeURIComponent(TAG + (id ?? 'restore'))}`;
      const place = placeOf(request);
      const set = table.definition.entitySet;
      switch (action.kind) {
        case 'read':
          return place === undefined
            ? {
                method: 'GET',
                path: `${set}?$filter=${filterOf(row.key ?? [])}&${query}`,
                headers: { Prefer: WITH_TABLES },
              }
            : { method: 'GET', path: `${place}?${query}`, headers: { Prefer: WITH_TABLES } };
        case 'create':
        case 'update': {
          if (place === undefined && action.kind === 'update') return NO_ROW;
          const isNew = action.kind === 'create' && place !== undefined;
          const condition = action.kind === 'update' ? { 'If-Match': ifMatch(action.condition) } : {};
          return {
            method: place === undefined ? 'POST' : 'PATCH',
            path: `${place ?? set}?${query}&${tag}`,
            headers: {
              Prefer: `return=representation,${WITH_TABLES}`,
              ...(isNew ? { 'If-None-Match': '*' } : condition),
              ...this.#bypass,
            },
            body: await this.#bodyOf(request, action.texts, place === undefined),
          };
        }
        case 'delete':
          if (place === undefined) return NO_ROW;
          return {
            method: 'DELETE',
            path: `${place}?${tag}`,
            headers: { 'If-Match': ifMatch(action.condition), ...this.#bypass },
          };
        default:
          return action satisfies never;
      }
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  /** A body, in which numbers have all their digits. `withKey`: no URL says it. */
  async #bodyOf({ table, row, id }: RowRequest, texts: ReadonlyMap<string, string>, withKey: boolean): Promise<string> {
    const members = new Map<string, string>();
    for (const [column, text] of texts) {
      const value = lobValueIn(text, column, table);
      const isOdd = value.kind === 'reference' && !fitsUrl(value.key);
      const given = isOdd ? await this.#found(value, column, table, id) : value;
      members.set(...bodyMember(column, given, table));
    }
    for (const part of withKey ? (row.key ?? []) : []) {
      members.set(...bodyMember(part.column.name, valueOfPart(part, table), table));
    }
    return `{${[...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
  }

  /** The row that a lookup names by a key that no URL takes. */
  async #found(
    { table: to, key }: Extract<LobValue, { readonly kind: 'reference' }>,
    column: string,
    table: InboundTable,
    messageId: string | undefined,
  ): Promise<LobValue> {
    const target = table.targets.get(column)?.get(to)?.definition;
    if (target === undefined) throw new Error(`The lookup ${column} has no table ${to}.`);
    const path = `${target.entitySet}?$filter=${filterOf(key)}&$select=${target.primaryId}`;
    const [end] = await this.api.carryOut([{ method: 'GET', path, headers: {} }]);
    if (end === undefined || end instanceof Error) throw end ?? new Error('There was no answer.');
    const { value } = JSON.parse(end.body) as { readonly value: readonly Readonly<Record<string, string>>[] };
    const id = value[0]?.[target.primaryId];
    if (id === undefined) {
      const place = { table: table.definition.table, id: messageId };
      throw new InboundDependency(place, `there is no row of ${to} for ${column}.`);
    }
    return { kind: 'value', value: { kind: 'lookup', table: to, id: id.toLowerCase(), name: null } };
  }
}

const UNANSWERED: RowAnswer = { kind: 'failed', error: new Error('The Web API gave no answer to an operation.') };
const NO_ROW: RowAnswer = { kind: 'missing', what: 'no row has the key' };

const ifMatch = (condition: bigint | 'any'): string => (condition === 'any' ? '*' : etagOf(condition));

/**
 * A row in a URL; undefined where its key can't stand there. Then a query finds it, and a new row gets the key by its body: an id
 * that is known may be that of a row that had the key before.
 */
function placeOf({ table: { definition }, row: { key, id }, action: { kind } }: RowRequest): string | undefined {
  if (key !== undefined && fitsUrl(key)) return `${definition.entitySet}(${keyInUrl(key)})`;
  const isByKey = key !== undefined && (kind === 'read' || kind === 'create');
  return id === undefined || isByKey ? undefined : `${definition.entitySet}(${id})`;
}

const filterOf = (key: readonly KeyPart[]): string =>
  key.map((part) => `${keyName(part)}%20eq%20${literal(part)}`).join('%20and%20');

function selected({ definition }: InboundTable, action: RowAction): readonly string[] {
  const columns = action.kind === 'delete' ? [] : action.columns;
  const properties = [...columns, 'modifiedon'].flatMap((name) => {
    const column = definition.columns.get(name);
    return column === undefined ? [] : [column.type === 'lookup' ? `_${name}_value` : name];
  });
  return [...new Set([definition.primaryId, ...properties])];
}

function answerOf(request: RowRequest, end: WebApiResponse | WebApiError | WebApiBusy): RowAnswer {
  if (end instanceof WebApiError) return refusalAnswer(end, request);
  if (end instanceof Error) return { kind: 'failed', error: end };
  const { table, action } = request;
  if (action.kind === 'delete') return { kind: 'deleted' };
  try {
    const { definition } = table;
    const isQuery = placeOf(request) === undefined && action.kind === 'read';
    const [row] = isQuery ? readPage(end.body, definition).items : [readRow(end.body, definition)];
    if (row === undefined || row.kind === 'deleted') return NO_ROW;
    if (row.kind === 'unreadable') throw row.error;
    return rowAnswer(row, action.columns);
  } catch (error) {
    return { kind: 'failed', error };
  }
}

const rowAnswer = ({ id, version, modifiedOn, columns }: ODataRow, names: readonly string[]): RowAnswer => ({
  kind: 'row',
  id,
  version,
  modifiedOn,
  texts: new Map(
    names.flatMap((name) => {
      const text = textOfValue(columns.get(name) ?? null);
      return text === undefined ? [] : [[name, text] as const];
    }),
  ),
});
