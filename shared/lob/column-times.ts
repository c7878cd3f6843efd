import type { Columns } from '../change/value';
import type { ColumnTimes } from './stamp';
import type { LobStore, RowWrite, StoredRow } from './store';

/**
 * The times that a write leaves. A patch brings what was given; of a snapshot it is what isn't surely as before. Of a row that is
 * new, was deleted or hidden, all that is known is that its columns were given by then.
 *
 * @param of the columns whose times are kept
 * @param compare as a store does
 */
export function timesAfter(
  write: RowWrite,
  of: readonly string[],
  compare: LobStore['compare'],
): ColumnTimes | undefined {
  const { effect, expected, columns } = write;
  if (of.length === 0 || effect === 'clear' || effect === 'hide') return undefined;
  if (effect === 'keep') return expected?.stamp.times;
  const on = write.changedOn ?? write.stamp.latestKnown;
  if (expected === undefined || expected.stamp.deleted || expected.hidden) return { first: on, columns: new Map() };
  const { times } = expected.stamp;
  const given = effect === 'patch' ? of.filter((column) => columns.has(column)) : changed(expected, write, of, compare);
  if (given.length === 0) return times;
  return { ...times, columns: new Map([...(times?.columns ?? []), ...given.map((column) => [column, on] as const)]) };
}

function changed(
  stored: StoredRow,
  { row, columns }: RowWrite,
  of: readonly string[],
  compare: LobStore['compare'],
): readonly string[] {
  // A snapshot leaves out what is empty.
  const some: Columns = new Map(of.map((column) => [column, columns.get(column) ?? null]));
  const same = compare(stored, { row, columns: some });
  return of.filter((column) => same.get(column) !== true);
}
