import type { TimerHandler } from '@azure/functions';
import { BEGINNING } from '../change/instant';
import type { RowChange } from '../change/row-change';
import { codeOf, dispositionOf, messageOf } from '../errors';
import type { Receiver } from '../receive/receiver';
import { logTo } from '../telemetry/log';
import type { Settlement, Writer } from '../writer/writer';
import type { ParkedItem, Parking } from './parking';

/** Items tried together; those of one row are settled by one read. */
const BATCH = 100;
/** A run goes on with further batches for that long. */
const RUN_MS = 20_000;
const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;

/** What a replay works with. */
export interface ReplayParts {
  readonly parking: Parking;
  readonly receiver: Receiver;
  readonly writer: Writer;
  readonly now?: () => number;
}

/** Tries again what is parked and due: events of synchronous steps, and what failed for a reason that can pass. */
export function replayHandler(parts: () => ReplayParts): TimerHandler {
  return async (_timer, context) => {
    const { parking, receiver, writer, now = Date.now } = parts();
    const counts = { settled: 0, postponed: 0, givenUp: 0 };
    const replay = async (item: ParkedItem): Promise<void> => {
      const failure = await tryAgain(item, receiver, writer);
      if (failure === undefined) {
        await parking.settle(item);
        counts.settled += 1;
        return;
      }
      const retry = dispositionOf(failure) === 'retry';
      const due = retry
        ? now() + Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(item.attempts, 20))
        : undefined;
      await parking.postpone(item, { code: codeOf(failure), message: messageOf(failure) }, due);
      counts[retry ? 'postponed' : 'givenUp'] += 1;
    };
    const begun = now();
    for (let items = await parking.due(begun, BATCH); items.length > 0; items = await parking.due(begun, BATCH)) {
      await Promise.all(items.map(replay));
      if (now() - begun > RUN_MS) break;
    }
    if (counts.settled + counts.postponed + counts.givenUp > 0) logTo(context)('replayed', counts);
  };
}

async function tryAgain({ subject }: ParkedItem, receiver: Receiver, writer: Writer): Promise<unknown> {
  try {
    if (subject.kind === 'delivery') return await receiver.replay(subject.delivery);
    const settlements = await writer.settle([reread(subject.row)]);
    return settlements.find(
      (settlement): settlement is Extract<Settlement, { kind: 'failed' }> => settlement.kind === 'failed',
    )?.error;
  } catch (error) {
    return error;
  }
}

/** Only a reason to read the row: its old page proves nothing any more. */
const reread = (row: RowChange['row']): RowChange => ({
  kind: 'patch',
  row,
  columns: new Map(),
  evidence: { kind: 'hint', key: `reread-${row.id}-${BEGINNING}` },
  origin: { source: 'replay-parked', message: 'Read' },
});
