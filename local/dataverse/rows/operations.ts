import { entityParameter, referenceParameter } from '../events/parameter';
import type { RowChanges } from './row-changes';
import type { OperationOptions, Transactions } from './transactions';
import type { ColumnInputs } from './value';

/** Create, Update, Delete and Upsert of one row, each a transaction of its own. */
export class Operations {
  readonly #transactions: Transactions;
  readonly #changes: RowChanges;

  constructor(transactions: Transactions, changes: RowChanges) {
    this.#transactions = transactions;
    this.#changes = changes;
  }

  /** Creates a row and returns its id. */
  async create(tableName: string, inputs: ColumnInputs, options: OperationOptions = {}): Promise<string> {
    const table = this.#changes.table(tableName);
    const id = this.#changes.newId(table, inputs, options.id);
    await this.#transactions.run([{ table, id }], options, (work) => {
      options.precondition?.(work.row(table, id));
      this.#changes.create(work, table, id, inputs);
    });
    return id;
  }

  /** Changes columns of a row. */
  async update(tableName: string, given: string, inputs: ColumnInputs, options: OperationOptions = {}): Promise<void> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    await this.#transactions.run([{ table, id }], options, (work) => {
      options.precondition?.(work.row(table, id));
      this.#changes.update(work, table, id, inputs);
    });
  }

  /**
   * Creates the row when it does not exist, else changes it; Upsert is raised beside Create or Update. Returns which.
   */
  async upsert(
    tableName: string,
    given: string,
    inputs: ColumnInputs,
    options: OperationOptions = {},
  ): Promise<{ readonly created: boolean }> {
    const table = this.#changes.table(tableName);
    const id = given.toLowerCase();
    return this.#transactions.run([{ table, id }], options, (work) => {
      const row = work.row(table, id);
      options.precondition?.(row);
      const created = row === undefined;
      const columns = this.#changes[created ? 'create' : 'update'](work, table, id, inputs);
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
