import { visible } from '../../../shared/errors/visible';
import type { ParkedFilter, ParkedSummary } from '../../../shared/parking/parking';
import type { TableParking } from '../../../shared/parking/table-parking';
import { tryAgain, type ReplayParts } from '../../../shared/receive/try-again';
import { batchAt, paceOf } from '../terminal/pace';
import { Tally } from '../terminal/output';
import type { Terminal } from '../terminal/terminal';

/** Items tried together: those of one row are processed by one read. Bounds the bodies that are in memory. */
const BATCH = 50;

/** What is to be replayed: some items, or all that meet a filter. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: ParkedFilter };

/** What a replay from the command line works with. */
export interface OperatorReplayParts extends ReplayParts {
  readonly parking: Pick<TableParking, 'remove' | 'postpone' | 'find' | 'summaries'>;
}

/**
 * Tries items again now, in this process. Of those that a filter selects, events of synchronous steps that aren't due
 * yet are left to be processed at their time: read too early, the row may not show what became of them.
 *
 * @throws Error telling how many could not be processed
 */
export async function replayParked(
  terminal: Terminal,
  parts: OperatorReplayParts,
  selection: Selection,
  rate: number | undefined,
): Promise<void> {
  const { parking, now = Date.now } = parts;
  const pace = paceOf(rate);
  const progress = await terminal.progress();
  const failed = new Tally();
  const examples = new Map<string, string>();
  let [processed, gone, early] = [0, 0, 0];

  const replay = async (id: string): Promise<void> => {
    await pace();
    const item = await parking.find(id);
    if (item === undefined) {
      gone += 1;
      return;
    }
    const [tried] = await tryAgain([item], parts);
    if (tried === undefined || tried.kind === 'processed') processed += 1;
    else {
      const { code, message } = tried.cause;
      failed.add(code);
      if (!examples.has(code)) examples.set(code, `${id}: ${message}`);
    }
    progress.show(`${processed} processed, ${failed.total} failed`);
  };

  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(batch.map(replay));
    batch = [];
  };
  try {
    for await (const id of idsIn(parking, selection, now(), () => (early += 1))) {
      batch.push(id);
      if (batch.length === batchAt(rate, BATCH)) await flush();
    }
    await flush();
  } finally {
    progress.done();
    terminal.out(`${summaryOf({ processed, gone, early }, failed)}\n`);
  }
  if (failed.total === 0) return;
  for (const [code, example] of examples) terminal.err(`${code}, for example ${visible(example)}\n`);
  throw new Error(
    `${failed.total} could not be processed and stay parked. See dvo parked list and docs/operations.md.`,
  );
}

/** Ids one by one. What is parked after the start isn't among them, so the list ends. */
async function* idsIn(
  parking: Pick<TableParking, 'summaries'>,
  selection: Selection,
  nowMs: number,
  tooEarly: () => void,
): AsyncIterable<string> {
  if (selection.kind === 'ids') {
    yield* selection.ids;
    return;
  }
  for await (const item of parking.summaries({ ...selection.filter, parkedUntilMs: nowMs })) {
    if (isTooEarly(item, nowMs)) tooEarly();
    else yield item.id;
  }
}

/** Whether the transaction behind an event of a synchronous step may still be open. */
const isTooEarly = ({ cause, dueAtMs }: ParkedSummary, nowMs: number): boolean =>
  cause.code === 'unconfirmed' && dueAtMs !== undefined && dueAtMs > nowMs;

function summaryOf(
  { processed, gone, early }: { readonly processed: number; readonly gone: number; readonly early: number },
  failed: Tally,
): string {
  return [
    `${processed} processed`,
    ...(failed.total === 0 ? [] : [`${failed.total} failed (${failed.text})`]),
    ...(gone === 0 ? [] : [`${gone} processed by someone else`]),
    ...(early === 0 ? [] : [`${early} left until due (unconfirmed)`]),
  ].join(', ');
}
