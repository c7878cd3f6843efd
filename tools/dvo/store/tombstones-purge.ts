import type { TombstonePurge } from '../../../shared/sync/tombstone-purge';
import { batchAt, paceOf } from '../terminal/pace';
import { Tally } from '../terminal/output';
import { agreed, type Terminal } from '../terminal/terminal';

/** Removed between two looks at the rate. */
const BATCH = 1000;

/** What to purge, and how. */
export interface Purging {
  readonly tables: readonly string[];
  /** Last written before then, in epoch milliseconds. */
  readonly untilMs: number;
  readonly dryRun?: true;
  readonly rate?: number;
  readonly yes?: true;
}

/** Counts tombstones and prints how many there are of each table; returns the total. */
export async function countsOf(
  terminal: Terminal,
  tombstones: Pick<TombstonePurge, 'count'>,
  tables: readonly string[],
  untilMs: number,
): Promise<number> {
  const tally = new Tally();
  const progress = await terminal.progress();
  try {
    for (const table of tables) {
      progress.show(`counting ${table}`);
      tally.add(table, await tombstones.count(table, untilMs));
    }
  } finally {
    progress.done();
  }
  terminal.out(`${[...tally.lines, `${tally.total} tombstones`].join('\n')}\n`);
  return tally.total;
}

/** Counts, asks, and removes; what was removed when it is stopped or fails stays so, and is said. */
export async function purgeTombstones(
  terminal: Terminal,
  tombstones: Pick<TombstonePurge, 'count' | 'purge'>,
  { tables, untilMs, dryRun, rate, yes }: Purging,
): Promise<void> {
  const total = await countsOf(terminal, tombstones, tables, untilMs);
  if (dryRun === true || total === 0) return;
  await agreed(terminal, `Remove these ${total} tombstones for good?`, yes);
  const pace = paceOf(rate);
  const removed = new Tally();
  const progress = await terminal.progress();
  progress.show('waiting until every instance knows of the purge');
  try {
    for await (const { table, removed: count } of tombstones.purge(tables, untilMs, batchAt(rate, BATCH), pace)) {
      removed.add(table, count);
      progress.show(`${removed.total} of ${total} removed`);
    }
  } finally {
    progress.done();
    terminal.out(`removed ${removed.total}${removed.total === 0 ? '' : ` (${removed.text})`}\n`);
  }
}
