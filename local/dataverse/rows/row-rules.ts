import type { RowToLock } from './transactions';
import type { Table } from '../metadata/table';
import type { UnitOfWork } from './unit-of-work';
import type { Columns } from './value';

/** A row that is about to be written. */
export interface RowWrite {
  readonly work: UnitOfWork;
  readonly table: Table;
  readonly id: string;
  /** Undefined: the row is created. */
  readonly before: Columns | undefined;
  /** What the caller asked for. */
  readonly requested: Columns;
  /** All columns as they will be. */
  readonly after: Columns;
}

/** What the platform checks and adds when rows of its own tables are written. */
export interface RowRules {
  /** Columns that the platform sets beside what was asked for. */
  completed(table: Table, requested: Columns, before: Columns | undefined): Columns;
  /** Throws when the platform does not take the row. */
  check(write: RowWrite): void;
  /** The rows that are deleted with a row. */
  dependents(work: UnitOfWork, table: Table, id: string): readonly RowToLock[];
}
