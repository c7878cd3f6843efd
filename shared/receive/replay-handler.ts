import type { TimerHandler } from '@azure/functions';
import { logTo } from '../telemetry/log';
import type { Parking } from '../parking/parking';
import { tryAgain, type ReplayParts } from './try-again';

/** Items tried together; those of one row are processed by one read. */
const BATCH = 100;
/** A run goes on with further batches for that long: by the default schedule, until shortly before the next one. */
const RUN_MS = 50_000;

/**
 * Tries again what is parked and due: events of synchronous steps, and what failed for a reason that can pass. While the
 * store is away, some of it at a time.
 */
export function replayHandler(parts: () => ReplayParts & { readonly parking: Parking }): TimerHandler {
  return async (_timer, context) => {
    const made = parts();
    const { parking, now = Date.now } = made;
    const counts = { processed: 0, postponed: 0, givenUp: 0 };
    const begun = now();
    for (let items = await parking.due(begun, BATCH); items.length > 0; items = await parking.due(begun, BATCH)) {
      const tried = await tryAgain(items, made);
      for (const { kind } of tried) counts[kind] += 1;
      if (now() - begun > RUN_MS || tried.some((of) => of.kind === 'postponed' && of.storeIsAway)) break;
    }
    if (counts.processed + counts.postponed + counts.givenUp > 0) logTo(context)('replayed', counts);
  };
}
