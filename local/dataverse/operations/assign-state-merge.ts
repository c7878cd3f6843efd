import { badRequest, notFound, type ErrorForm } from '../dataverse-error';
import { entityParameter, referenceParameter, type Parameter } from '../events/event';
import type { Table } from '../metadata/table';
import type { RowStore } from '../rows/row-store';
import { EMPTY_GUID, acceptValue, type ColumnInputs, type Columns, type Reference } from '../rows/value';
import { firstReason, type RowChanges } from './row-changes';
import type { OperationOptions, Transactions, UnitOfWork } from './transactions';

/** How a state is set. */
export interface SetStateOptions extends OperationOptions {
  /** The message that is raised: the platform has both, with the same parameters. @default SetState */
  readonly message?: 'SetState' | 'SetStateDynamicEntity';
}

/** How two rows are merged. */
export interface MergeOptions extends OperationOptions {
  /** Only told to steps. @default false */
  readonly performParentingChecks?: boolean;
}

/** What these messages work with. */
export interface RowMessageDependencies {
  readonly store: RowStore;
  readonly transactions: Transactions;
  readonly changes: RowChanges;
  readonly errorForm: ErrorForm;
}

/**
 * Assign, SetState and Merge. It is assumed that the first two raise no Update beside their own message, and that Merge
 * does, of both rows.
 * https://learn.microsoft.com/power-apps/developer/data-platform/special-update-operation-behavior
 */
export class RowMessages {
  readonly #d: RowMessageDependencies;

  constructor(dependencies: RowMessageDependencies) {
    this.#d = dependencies;
  }

  /** Gives a row another owner. */
  async assign(tableName: string, given: string, owner: Reference, options: OperationOptions = {}): Promise<void> {
    const table = this.#d.changes.table(tableName);
    const id = given.toLowerCase();
    const column = table.byName.get('ownerid');
    if (column === undefined) throw badRequest(`Rows of ${tableName} have no owners.`);
    const ownerid = acceptValue(column, owner);
    if (this.#d.store.table(owner.table).get(owner.id.toLowerCase()) === undefined) {
      throw notFound(this.#d.errorForm, owner.table, owner.id);
    }
    await this.#d.transactions.run([{ table, id }], options, (work) => {
      const input = [
        referenceParameter('Target', { table: table.logicalName, id }),
        referenceParameter('Assignee', { table: owner.table, id: owner.id.toLowerCase() }),
      ];
      this.#change(work, table, id, { ownerid }, { message: 'Assign', row: 'Target', input });
    });
  }

  /** Sets state and status reason; without a reason the first one of the state. */
  async setState(
    tableName: string,
    given: string,
    state: number,
    status: number | undefined,
    options: SetStateOptions = {},
  ): Promise<void> {
    const table = this.#d.changes.table(tableName);
    const id = given.toLowerCase();
    const reason = status ?? firstReason(table, state);
    const columns = this.#d.changes.accept(table, { statecode: state, statuscode: reason });
    await this.#d.transactions.run([{ table, id }], options, (work) => {
      const input: readonly Parameter[] = [
        referenceParameter('EntityMoniker', { table: table.logicalName, id }),
        { name: 'State', value: { kind: 'choice', number: state } },
        { name: 'Status', value: { kind: 'choice', number: Number(reason) } },
      ];
      const message = options.message ?? 'SetState';
      this.#change(work, table, id, columns, { message, row: 'EntityMoniker', input });
    });
  }

  /**
   * Merges the subordinate into the target: the target gets the content, the subordinate is deactivated and refers to
   * it.
   */
  async merge(
    tableName: string,
    givenTarget: string,
    givenSubordinate: string,
    updateContent: ColumnInputs,
    options: MergeOptions = {},
  ): Promise<void> {
    const table = this.#d.changes.table(tableName);
    const [target, subordinate] = [givenTarget.toLowerCase(), givenSubordinate.toLowerCase()];
    if (!table.byName.has('masterid')) throw badRequest(`Rows of ${tableName} cannot be merged.`);
    if (target === subordinate) throw badRequest('A row cannot be merged with itself.');
    const content = this.#d.changes.accept(table, updateContent);
    const rows = [target, subordinate].map((id) => ({ table, id }));
    await this.#d.transactions.run(rows, options, (work) =>
      this.#merge(work, table, target, subordinate, content, options),
    );
  }

  #merge(
    work: UnitOfWork,
    table: Table,
    target: string,
    subordinate: string,
    content: Columns,
    { performParentingChecks = false }: MergeOptions,
  ): void {
    const { changes } = this.#d;
    const before = { target: changes.existing(work, table, target), sub: changes.existing(work, table, subordinate) };
    if (before.sub.merged === true) throw badRequest(`The row ${subordinate} has been merged already.`);
    const master = { table: table.logicalName, id: target };
    if (Object.keys(content).length > 0)
      changes.set(work, table, target, { ...content, [table.primaryId]: target }, true);
    const merged = { [table.primaryId]: subordinate, statecode: 1, masterid: master, merged: true };
    changes.set(work, table, subordinate, merged, true);
    const input: readonly Parameter[] = [
      referenceParameter('Target', master),
      { name: 'SubordinateId', value: { kind: 'guid', text: subordinate } },
      entityParameter('UpdateContent', { table, id: EMPTY_GUID, columns: content }),
      { name: 'PerformParentingChecks', value: { kind: 'boolean', flag: performParentingChecks } },
    ];
    const image = (id: string, columns: Columns) => ({
      table,
      id,
      before: columns,
      after: work.row(table, id)?.columns,
    });
    work.raise({
      message: 'Merge',
      table: table.logicalName,
      id: target,
      requested: input,
      input,
      output: [],
      images: { Target: image(target, before.target), SubordinateId: image(subordinate, before.sub) },
      columns: [],
    });
  }

  #change(
    work: UnitOfWork,
    table: Table,
    id: string,
    columns: Columns,
    told: { readonly message: string; readonly row: string; readonly input: readonly Parameter[] },
  ): void {
    const before = this.#d.changes.existing(work, table, id);
    const after = { ...before, ...columns, ...this.#d.changes.consequences(work, table, columns, before) };
    work.put(table, id, after);
    work.raise({
      message: told.message,
      table: table.logicalName,
      id,
      requested: told.input,
      input: told.input,
      output: [],
      images: { [told.row]: { table, id, before, after } },
      columns: [],
    });
  }
}
