import { badRequest } from '../dataverse-error';
import { entityParameter, referenceParameter, type Parameter, type RowValue } from '../events/event';
import type { Table } from '../metadata/table';
import { EMPTY_GUID, type ColumnInputs, type Columns } from '../rows/value';
import type { RowChanges } from './row-changes';
import type { OperationOptions, Transactions, UnitOfWork } from './transactions';

/** Columns to write, or how they come about within the operation, once it is known whether the row is created. */
export type RowInputs = ColumnInputs | ((work: UnitOfWork, created: boolean) => ColumnInputs);

const inputsOf = (inputs: RowInputs, work: UnitOfWork, created: boolean): ColumnInputs =>
  typeof inputs === 'function' ? inputs(work, created) : inputs;

/** Create, Update, Delete and Upsert of one row, each a transaction of its own unless it is told which one. */
export class Operations {
  readonly #transactions: Transactions;
  readonly #changes: RowChanges;

  constructor(transactions: Transactions, changes: RowChanges) {
    this.#transactions = transactions;
    this.#changes = changes;
  }

  /** Creates a row and returns its id. */
  async create(tableName: string, inputs: RowInputs, options: OperationOptions = {}): Promise<string> {
    const table = this.#changes.table(tableName);
    const id = this.#changes.newId(table, typeof inputs === 'function' ? {} : inputs, options.id);
    await this.#transactions.run([{ table, id }], options, (work) => {
      const columns = inputsOf(inputs, work, true);
      options.precondition?.(work.row(table, id));
      this.#changes.create(work, table, id, columns);
    });
    return id;
  }

  /** Changes columns of a row. */
  async update(tableName: string, given: string, inputs: RowInputs, options: OperationOptions = {}): Promise<void> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    await this.#transactions.run([{ table, id }], options, (work) => {
      const columns = inputsOf(inputs, work, false);
      options.precondition?.(work.row(table, id));
      this.#changes.update(work, table, id, columns);
    });
  }

  /**
   * Creates the row when it does not exist, else changes it; Upsert is raised beside Create or Update. Returns which.
   */
  async upsert(
    tableName: string,
    given: string,
    inputs: RowInputs,
    options: OperationOptions = {},
  ): Promise<{ readonly created: boolean }> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    return this.#transactions.run([{ table, id }], options, (work) => {
      const row = work.row(table, id);
      const created = row === undefined;
      const asked = inputsOf(inputs, work, created);
      options.precondition?.(row);
      const columns = this.#changes[created ? 'create' : 'update'](work, table, id, asked);
      const target = [entityParameter('Target', { table, id, columns })];
      work.raise({
        message: 'Upsert',
        table: table.logicalName,
        id,
        requested: target,
        input: target,
        output: [
          { name: 'RecordCreated', value: { kind: 'boolean', flag: created } },
          referenceParameter('Target', { table: table.logicalName, id }),
        ],
        images: { Target: { table, id, before: row?.columns, after: work.row(table, id)?.columns } },
        columns: Object.keys(columns),
      });
      return { created };
    });
  }

  /** Deletes a row. */
  async delete(tableName: string, given: string, options: OperationOptions = {}): Promise<void> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    await this.#transactions.run([{ table, id }], options, (work) => {
      options.precondition?.(work.row(table, id));
      this.#changes.remove(work, table, id);
    });
  }

  /** Brings a deleted row back with its id and its columns as they were. Raises Create. */
  async restore(tableName: string, given: string, options: OperationOptions = {}): Promise<void> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    await this.#transactions.run([{ table, id }], options, (work) => this.#changes.restore(work, table, id));
  }
}

/** What UpsertMultiple did with a row. */
export interface Upserted {
  readonly id: string;
  readonly created: boolean;
}

interface RowToWrite {
  readonly table: Table;
  readonly id: string;
  readonly inputs: ColumnInputs;
}

/**
 * CreateMultiple, UpdateMultiple, UpsertMultiple and DeleteMultiple: all rows in one transaction or none. Steps of
 * Create, Update and Delete fire for each row as well. (The platform has DeleteMultiple for elastic tables only.)
 * https://learn.microsoft.com/power-apps/developer/data-platform/bulk-operations
 */
export class BulkOperations {
  readonly #transactions: Transactions;
  readonly #changes: RowChanges;

  constructor(transactions: Transactions, changes: RowChanges) {
    this.#transactions = transactions;
    this.#changes = changes;
  }

  /** Creates rows and returns their ids. */
  async createMultiple(
    tableName: string,
    inputs: readonly ColumnInputs[],
    options: OperationOptions = {},
  ): Promise<readonly string[]> {
    const rows = this.#rows(tableName, inputs, (table, given) => this.#changes.newId(table, given, undefined));
    const ids = rows.map(({ id }) => id);
    await this.#transactions.run(rows, options, (work) => {
      const targets = rows.map(({ table, id, inputs: given }) => this.#changes.create(work, table, id, given));
      raise(
        work,
        'CreateMultiple',
        rows,
        [targetsParameter(rows, targets)],
        [{ name: 'Ids', value: { kind: 'guids', items: ids } }],
      );
    });
    return ids;
  }

  /** Changes rows, each named by its primary id among its columns. */
  async updateMultiple(
    tableName: string,
    inputs: readonly ColumnInputs[],
    options: OperationOptions = {},
  ): Promise<void> {
    const rows = this.#rows(tableName, inputs, ownId);
    await this.#transactions.run(rows, options, (work) => {
      const targets = rows.map(({ table, id, inputs: given }) => this.#changes.update(work, table, id, given));
      raise(work, 'UpdateMultiple', rows, [targetsParameter(rows, targets)]);
    });
  }

  /** Creates the rows that do not exist and changes those that do. */
  async upsertMultiple(
    tableName: string,
    inputs: readonly ColumnInputs[],
    options: OperationOptions = {},
  ): Promise<readonly Upserted[]> {
    const rows = this.#rows(tableName, inputs, (table, given) => this.#changes.newId(table, given, undefined));
    return this.#transactions.run(rows, options, (work) => {
      const done = rows.map(({ table, id, inputs: given }) => {
        const created = work.row(table, id) === undefined;
        const change = created ? 'create' : 'update';
        return { id, created, target: this.#changes[change](work, table, id, given) };
      });
      const targets = done.map(({ target }) => target);
      raise(work, 'UpsertMultiple', rows, [targetsParameter(rows, targets)]);
      return done.map(({ id, created }) => ({ id, created }));
    });
  }

  /** Deletes rows. */
  async deleteMultiple(tableName: string, ids: readonly string[], options: OperationOptions = {}): Promise<void> {
    const rows = this.#rows(
      tableName,
      ids.map(() => ({})),
      (_table, _inputs, index) => (ids[index] ?? '').toLowerCase(),
    );
    await this.#transactions.run(rows, options, (work) => {
      for (const { table, id } of rows) this.#changes.remove(work, table, id);
      const references = rows.map(({ table, id }) => ({ table: table.logicalName, id }));
      raise(work, 'DeleteMultiple', rows, [{ name: 'Targets', value: { kind: 'references', references } }]);
    });
  }

  #rows(
    tableName: string,
    inputs: readonly ColumnInputs[],
    idOf: (table: Table, inputs: ColumnInputs, index: number) => string,
  ): readonly RowToWrite[] {
    const table = this.#changes.table(tableName);
    if (inputs.length === 0) throw badRequest('Targets is empty.');
    return inputs.map((given, index) => ({ table, id: idOf(table, given, index), inputs: given }));
  }
}

function ownId(table: Table, inputs: ColumnInputs): string {
  const id = inputs[table.primaryId];
  if (typeof id === 'string') return id.toLowerCase();
  throw badRequest(`A row of Targets has no ${table.primaryId}.`);
}

function targetsParameter(rows: readonly RowToWrite[], targets: readonly Columns[]): Parameter {
  const told = rows.map(({ table, id }, index): RowValue => ({ table, id, columns: targets[index] ?? {} }));
  return { name: 'Targets', value: { kind: 'entities', table: rows[0]?.table.logicalName ?? null, rows: told } };
}

/** Rows of `Targets` have no images: those of bulk messages are not part of the remote context. */
function raise(
  work: UnitOfWork,
  message: string,
  rows: readonly RowToWrite[],
  input: readonly Parameter[],
  output: readonly Parameter[] = [],
): void {
  const table = rows[0]?.table.logicalName ?? 'none';
  work.raise({ message, table, id: EMPTY_GUID, requested: input, input, output, images: {}, columns: [] });
}
