import { delivered } from '../inputs/deliveries';
import { oneByOne } from '../inputs/one-by-one';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';

const WIDTHS = [1, 8, 32];
/** From the first one on every row is known; from about this one on the engine compiles no more. */
const WARMUP_ROUNDS = 12;
/** The width of the cold row and of deliveries. */
const WIDTH = 8;

export const group: Group = {
  about:
    'one change at a time, from the writer on and from the bytes of an event on, against the bare SDK with the same entities and as many in flight',
  apart: true,

  async run({ quick, rounds }, tell) {
    const rows = quick ? 400 : 1000;
    const options = { rounds, warmup: quick ? 2 : WARMUP_ROUNDS, operations: rows };
    const tables = await startNullTables();
    try {
      const { app, upsertEntity, getAndUpdate } = await oneByOne(tables.account, rows);
      for (const width of quick ? [8] : WIDTHS) {
        const turns = await inRounds({ app: app(width), upsertEntity: upsertEntity(width) }, options);
        const of = { work: `update, warm, ${width} in flight`, subject: 'app', against: 'upsertEntity' } as const;
        tell(figuresOf(turns, [{ ...of, of: 'CPU', aim: { most: 0.65 }, why: WHY }]));
      }
      const same = 'getEntity, updateEntity';
      const cold = await inRounds({ app: app(WIDTH, true), [same]: getAndUpdate(WIDTH) }, options);
      const of = { work: `update, cold, ${WIDTH} in flight`, subject: 'app', against: same } as const;
      tell(
        figuresOf(cold, [
          { ...of, of: 'CPU', aim: { most: 0.55 }, why: WHY },
          { ...of, of: 'requests', aim: { most: 2 } },
        ]),
      );
      const deliveries = await inRounds(await delivered(tables.account, rows, WIDTH), options);
      const work = `delivery, bytes to the stored row, ${WIDTH} in flight`;
      tell(
        figuresOf(deliveries, [
          { work, subject: 'app', against: 'upsertEntity', of: 'CPU', aim: { most: 0.85 }, why: WHY_DELIVERY },
        ]),
      );
    } finally {
      await tables.stop();
    }
  },
};

const WHY =
  'A seventh of it collects garbage, an eighth writes to sockets, 3 % sign. Other work on the processors slows both and narrows the gap.';
const WHY_DELIVERY = 'The bytes become a context, and that a change; the floor is given its entity.';
