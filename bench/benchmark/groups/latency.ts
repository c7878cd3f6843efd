import { oneByOne } from '../inputs/one-by-one';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';

const LATENCIES_MS = [5, 20];
const WIDTHS = [8, 32];
/** Requests of a turn, one after the other. */
const DEPTH = 40;

export const group: Group = {
  about: 'the rate of changes with a store that takes its time, against the bare SDK with as many in flight',
  apart: true,

  async run({ quick, rounds }, tell) {
    for (const latency of LATENCIES_MS) {
      const tables = await startNullTables(latency);
      try {
        for (const width of WIDTHS) {
          const rows = width * (quick ? DEPTH / 4 : DEPTH);
          const { app, upsertEntity } = await oneByOne(tables.account, rows);
          const subjects = { app: app(width), upsertEntity: upsertEntity(width) };
          const turns = await inRounds(subjects, { rounds, warmup: 2, operations: rows });
          const work = `update, warm, ${width} in flight, store answers after ${latency} ms`;
          tell(
            figuresOf(turns, [
              { work, subject: 'app', against: 'upsertEntity', of: 'rate', aim: { least: 0.95 }, why: WHY },
            ]),
          );
        }
      } finally {
        await tables.stop();
      }
    }
  },
};

const WHY = 'The app waits for itself: of each change it is longer away from the store than the SDK is.';
