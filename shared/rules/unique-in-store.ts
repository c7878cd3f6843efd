import { NotFindable, type RowFinder } from '../lob/row-finder';
import type { Mapping } from '../mapping/mapping';
import type { JudgeOptions } from './judge';

/** Asks the store whether values are taken, for so many milliseconds. */
export type TakenIn = (limitMs: number) => JudgeOptions['isTaken'];

/** Where rows lie, as far as it is known. */
export interface Store {
  /** Undefined for a store that can't look for values. */
  readonly finder: RowFinder | undefined;
  readonly mapping: Pick<Mapping, 'tableOf'>;
}

/**
 * Asks the store as it is: what Dataverse has saved and the app hasn't stored yet isn't there.
 *
 * @param store undefined while there is none, since its settings have faults
 */
export const takenIn =
  (store: () => Store | undefined): TakenIn =>
  (limitMs) => {
    const until = performance.now() + limitMs;
    const isWanted = (): boolean => performance.now() < until;
    return async ({ name, operation, rowId }, columns) => {
      const { finder, mapping } = store() ?? {};
      if (finder === undefined || mapping === undefined)
        throw new NotFindable('there is no store to look for its values');
      const mapped = mapping.tableOf(name).map({ table: name, id: rowId ?? '' }, columns);
      if (mapped.size < columns.size) throw new NotFindable('the mapping file leaves out one of its columns');
      // Nobody waits any longer: of a thousand rows the rest would only burden the store.
      if (!isWanted()) throw new NotFindable('there is no time left to look for its values');
      const found = await finder.find(name, mapped, isWanted);
      if (operation === 'Update' && rowId === undefined && found.length === 1)
        throw new NotFindable("the update doesn't say which row it is of, and the one that has its values may be that");
      return found.some((id) => id !== rowId);
    };
  };
