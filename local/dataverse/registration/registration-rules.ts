import type { Catalog } from '../metadata/catalog';
import { checkLengths, requireColumns } from '../rows/column-checks';
import { noSuchRow } from '../dataverse-error';
import { checkEndpoint, completedEndpoint } from './endpoint-rules';
import { checkImage, checkImageUpdate, IMAGE_COLUMNS } from '../events/image-rules';
import type { RowRules, RowWrite } from '../rows/row-rules';
import type { RowStore } from '../rows/row-store';
import { checkStep, completedStep, STEP_COLUMNS } from './step-rules';
import { isLookup, type Table } from '../metadata/table';
import type { RowToLock } from '../rows/transactions';
import type { UnitOfWork } from '../rows/unit-of-work';
import { asReference, asText, type Columns, type Reference, type Value } from '../rows/value';

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
