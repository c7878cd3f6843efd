import { figuresOf } from '../measure/compare';
import type { Effort, Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';
import { EPOCH, rowOf, seasoned, TABLE, updatedColumns, updateOf } from '../inputs/rows';
import {
  bareClient,
  entityOf,
  expectVerdicts,
  inFlight,
  onBoth,
  servicesOn,
  transact,
  type Place,
} from '../inputs/stores';

const WIDTHS = [1, 8, 32];
/** The width of the cold row. */
const COLD_WIDTH = 8;

/** One change of each of so many rows a turn. */
const rowsOf = ({ quick }: Effort, { name }: Place): number => {
  if (name === 'Azurite') return quick ? 100 : 400;
  return quick ? 400 : 1000;
};

export const group: Group = {
  about: 'the writer, one change at a time, against the bare SDK with the same entities and as many in flight',

  async run(effort, tell) {
    await onBoth(async (place) => {
      const rows = rowsOf(effort, place);
      const { writer } = servicesOn(place, 'app');
      const [seeded, floor] = [bareClient(place, `app${TABLE}`), bareClient(place, `bare${TABLE}`)];
      const begin = Array.from({ length: rows }, (_, n) => entityOf(n, updatedColumns(n, EPOCH), seasoned(n)));
      for (const client of [seeded, floor]) {
        await client.createTable();
        await transact(client, begin, 'Replace');
      }

      let at = EPOCH;
      const addresses = begin.map((_, n) => rowOf(n));
      const app = (width: number, cold: boolean) => {
        let changes = begin.map((_, n) => updateOf(n, at));
        return {
          prepare: (): void => {
            at += 1;
            changes = changes.map((_, n) => updateOf(n, at));
            if (cold) writer.forget(addresses);
          },
          run: () =>
            inFlight(width, rows, async (n) => {
              const change = changes[n];
              if (change !== undefined) expectVerdicts(await writer.process([change]), ['merged']);
            }),
        };
      };
      const bare = (width: number, one: (entity: (typeof begin)[number]) => Promise<unknown>) => {
        let entities = begin;
        return {
          prepare: (): void => {
            at += 1;
            entities = begin.map((_, n) => entityOf(n, updatedColumns(n, at), seasoned(n)));
          },
          run: () =>
            inFlight(width, rows, async (n) => {
              const entity = entities[n];
              if (entity !== undefined) await one(entity);
            }),
        };
      };
      const upsert = (width: number) => bare(width, (entity) => floor.upsertEntity(entity, 'Merge'));
      const getAndUpdate = (width: number) =>
        bare(width, async (entity) => {
          const { partitionKey, rowKey } = entity;
          const { etag } = await floor.getEntity(partitionKey, rowKey, { disableTypeConversion: true });
          await floor.updateEntity(entity, 'Merge', { etag });
        });

      // The first round is a warm-up: from then on every row is known.
      const options = { rounds: effort.rounds, warmup: 2, operations: rows };
      const isNull = place.name === 'null service';
      for (const width of effort.quick ? [8] : WIDTHS) {
        const turns = await inRounds({ app: app(width, false), upsertEntity: upsert(width) }, options);
        const of = {
          work: `update, warm, ${width} in flight, ${place.name}`,
          subject: 'app',
          against: 'upsertEntity',
        } as const;
        tell(
          figuresOf(turns, [
            { ...of, of: 'rate' },
            { ...of, of: 'CPU', ...(isNull ? { aim: { most: 0.65 }, why: WHY } : {}) },
          ]),
        );
      }
      const turns = await inRounds(
        {
          app: app(COLD_WIDTH, true),
          upsertEntity: upsert(COLD_WIDTH),
          'getEntity, updateEntity': getAndUpdate(COLD_WIDTH),
        },
        options,
      );
      const of = { work: `update, cold, ${COLD_WIDTH} in flight, ${place.name}`, subject: 'app' } as const;
      const same = 'getEntity, updateEntity';
      tell(
        figuresOf(turns, [
          { ...of, against: 'upsertEntity', of: 'rate' },
          { ...of, against: same, of: 'CPU', ...(isNull ? { aim: { most: 0.55 }, why: WHY } : {}) },
          { ...of, against: 'upsertEntity', of: 'requests', aim: { most: 2 } },
        ]),
      );
    });
  },
};

const WHY =
  'A seventh of it collects garbage, an eighth writes to sockets, 3 % sign. Other work on the processors slows both and narrows the gap.';
