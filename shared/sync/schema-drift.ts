import type { PullSubject } from './pull-subject';

/** How a table's kept columns differ from those of the last complete run, each as `name:type`. */
export interface SchemaDrift {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** As they are now. */
  readonly changed: readonly string[];
}

const nameOf = (column: string): string => column.slice(0, column.indexOf(':'));

/** Undefined when nothing differs, or nothing is known of before. */
export function driftBetween(
  before: readonly string[] | undefined,
  now: readonly string[] | undefined,
): SchemaDrift | undefined {
  if (before === undefined || now === undefined) return undefined;
  const had = new Map(before.map((column) => [nameOf(column), column]));
  const has = new Set(now.map(nameOf));
  const added = now.filter((column) => !had.has(nameOf(column)));
  const removed = before.filter((column) => !has.has(nameOf(column)));
  const changed = now.filter((column) => (had.get(nameOf(column)) ?? column) !== column);
  return added.length + removed.length + changed.length === 0 ? undefined : { added, removed, changed };
}

/**
 * Whether a run may go on with what was begun by another mapping and other columns. After a change of either, rows that
 * don't change would keep what they have: then everything is loaded again, and only rows that differ are written.
 */
export function continues(
  state: Pick<PullSubject, 'fingerprint' | 'columns'>,
  { fingerprint, columns, newColumns }: PullSubject,
): boolean {
  if (state.fingerprint !== fingerprint) return false;
  const drift = driftBetween(state.columns, columns);
  return drift === undefined || (newColumns === 'add' && drift.removed.length + drift.changed.length === 0);
}
