import type { Columns } from '../change/value';

/** Finds rows of the store by what they hold. */
export interface RowFinder {
  /**
   * Ids of live rows of a table whose stored columns have these values together: two at most, and no more is asked for once it
   * isn't wanted any more. Rows that the mapping hides aren't found.
   *
   * @param columns under their names in the store, none of them empty
   * @throws NotFindable for a value that the store can't look for
   */
  find(table: string, columns: Columns, isWanted: () => boolean): Promise<readonly string[]>;
}

/** Thrown when a store can't look for a value of such a type. */
export class NotFindable extends Error {}
