import type { Labels } from '../change/value';
import type { UnsupportedTableType } from './table-type';

/** What a column holds, from the table's metadata; decides how its values are stored whichever way they came. */
export type ColumnType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'double'
  | 'money'
  | 'instant'
  | 'date'
  | 'wallTime'
  | 'guid'
  | 'choice'
  | 'choices'
  | 'lookup'
  /** An image, which comes only with a read that names the column. */
  | 'bytes'
  /** The id of a file. */
  | 'file'
  /** A Boolean of a solution component. */
  | 'managed'
  /** Anything else (party lists): stored as it comes. */
  | 'other';

/** A column of a table. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  /** The Web API's rows don't have it: the name beside a lookup, say. */
  readonly readable?: false;
  /** The image or file that it belongs to: its address, its name. */
  readonly partOf?: string;
  /** Labels of a choice's values, in the preferred language that there is. */
  readonly labels?: ReadonlyMap<number, string>;
  /** By value the labels in each of several languages that are asked for; absent where one is enough. */
  readonly labelsByLanguage?: ReadonlyMap<number, Labels>;
}

/** A table as Dataverse's metadata describes it. */
export interface TableDefinition {
  /** Logical name: `account`. */
  readonly table: string;
  /** The name in URLs: `accounts`. */
  readonly entitySet: string;
  readonly primaryId: string;
  readonly changeTracking: boolean;
  /** Absent for an ordinary table. */
  readonly unsupported?: UnsupportedTableType;
  readonly columns: ReadonlyMap<string, ColumnDefinition>;
}

/**
 * Gives tables' definitions; kept for a while, since a table rarely changes. Both methods throw TableTypeUnsupported for a table
 * that can't be kept in step.
 */
export interface TableCatalog {
  get(table: string): Promise<TableDefinition>;
  /**
   * The definition as it is now, for a table that has shown a column which the one at hand doesn't know; that one again
   * if it is younger than `leastAgeMs` (by default a moment: many rows may show the same column).
   */
  refresh(table: string, leastAgeMs?: number): Promise<TableDefinition>;
}
