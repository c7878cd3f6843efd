import type { RowChange } from '../../shared/change/row-change';
import { allColumns, EPOCH, pulledOf, rowOf, seasoned, TABLE, updatedColumns, updateOf } from '../inputs/rows';
import { bareClient, entityOf, expectVerdicts, onBoth, servicesOn, transact, type Place } from '../inputs/stores';
import { figuresOf, type Wanted } from '../measure/compare';
import type { Effort, Group } from '../measure/group';
import { inRounds, type Subject } from '../measure/rounds';

const HUB_BATCH = 1000;
const BURST_ROWS = 50;

/** Rows of a pulled page; Azurite is given fewer in a quick run. */
const pageRows = ({ quick }: Effort, { name }: Place): number => {
  if (name === 'Azurite') return quick ? 1000 : 5000;
  return quick ? 2000 : 5000;
};

const PULLED = ['applied'];

export const group: Group = {
  about: 'the writer, many changes at once, against transactions of upserts through the bare SDK, on the same layout',

  async run(effort, tell) {
    await onBoth(async (place) => {
      const isNull = place.name === 'null service';
      const { writer } = servicesOn(place, 'app');
      let at = EPOCH;
      const later = (): number => (at += 1);

      /** The SDK's client of a table of so many rows that have a history. */
      const table = async (name: string, rows: number) => {
        const client = bareClient(place, name);
        await client.createTable();
        const entities = Array.from({ length: rows }, (_, n) => entityOf(n, allColumns(n, EPOCH), pulledStamp(n)));
        await transact(client, entities, 'Replace');
        return client;
      };
      const changes = (make: () => readonly RowChange[], verdicts: readonly string[], before?: () => void): Subject => {
        let made = make();
        return {
          prepare: () => {
            before?.();
            made = make();
          },
          run: async () => expectVerdicts(await writer.settle(made), verdicts),
        };
      };
      const count = (length: number) => Array.from({ length }, (_, n) => n);
      const rate = (least: number, why: string) => (isNull ? {} : { aim: { least }, why });
      const CPU = (why: string) => (isNull ? { aim: { most: 1.25 }, why } : {});
      const wanted = (work: string, least: number, trips?: number): Wanted<'app' | 'transactions'>[] => {
        const of = { work: `${work}, ${place.name}`, subject: 'app', against: 'transactions' } as const;
        return [
          { ...of, of: 'rate', ...rate(least, WHY.rate) },
          { ...of, of: 'CPU', ...CPU(WHY.CPU) },
          { ...of, of: 'requests', ...(trips === undefined ? {} : { aim: { most: trips } }) },
        ];
      };

      const rows = pageRows(effort, place);
      await table(`app${TABLE}`, rows);
      const floor = await table(`bare${TABLE}`, rows);
      const transactions = (length: number, mode: 'Merge' | 'Replace'): Subject => {
        const make = () => {
          const now = later();
          return count(length).map((n) =>
            mode === 'Merge'
              ? entityOf(n, updatedColumns(n, now), seasoned(n))
              : entityOf(n, allColumns(n, now), pulledStamp(n)),
          );
        };
        let entities = make();
        return {
          prepare: () => void (entities = make()),
          run: () => transact(floor, entities, mode),
        };
      };

      // Warm: what a hub brings. Each turn makes the rows known to the next one, the first to all.
      expectVerdicts(await writer.settle(count(HUB_BATCH).map((n) => updateOf(n, later()))), ['merged']);
      const batch = { rounds: effort.rounds, operations: HUB_BATCH };
      const distinct = changes(() => {
        const now = later();
        return count(HUB_BATCH).map((n) => updateOf(n, now));
      }, ['merged']);
      const burst = changes(() => count(HUB_BATCH).map((n) => updateOf(n % BURST_ROWS, later())), ['merged']);
      const hub = await inRounds({ app: distinct, burst, transactions: transactions(HUB_BATCH, 'Merge') }, batch);
      tell(figuresOf(hub, wanted(`hub batch of ${HUB_BATCH} rows, warm`, 1, 0.02)));
      tell(
        figuresOf(
          { app: hub.burst, transactions: hub.transactions },
          wanted(`hub batch of ${HUB_BATCH} on ${BURST_ROWS} rows, warm`, 1, 0.02),
        ),
      );

      // Cold: pulled pages. Of each row something older is stored that this process doesn't know.
      const page = { rounds: effort.rounds, operations: rows };
      const addresses = count(rows).map(rowOf);
      const pulled = () => {
        const now = later();
        return count(rows).map((n) => pulledOf(n, now));
      };
      const delta = changes(pulled, PULLED, () => writer.forget(addresses));
      const deltas = await inRounds({ app: delta, transactions: transactions(rows, 'Replace') }, page);
      tell(figuresOf(deltas, wanted(`page of ${rows} stored rows, cold`, 0.6)));

      // Nothing is stored of any row: in a first load, where that is expected, and otherwise.
      const emptied = (name: string) => async (): Promise<void> => {
        const client = bareClient(place, name);
        await client.deleteTable();
        await client.createTable();
      };
      const into = (expectNothing: boolean): Subject => {
        let made = pulled();
        return {
          prepare: async () => {
            made = pulled();
            writer.forget(addresses);
            await emptied(`app${TABLE}`)();
          },
          run: async () => expectVerdicts(await writer.settle(made, expectNothing), PULLED),
        };
      };
      const bare = transactions(rows, 'Replace');
      const transactionsIntoNothing: Subject = {
        ...bare,
        prepare: async () => {
          await bare.prepare?.();
          await emptied(`bare${TABLE}`)();
        },
      };
      const loads = await inRounds(
        { load: into(true), reload: into(false), transactions: transactionsIntoNothing },
        page,
      );
      const { transactions: against } = loads;
      tell(figuresOf({ app: loads.load, transactions: against }, wanted(`page of ${rows} new rows, first load`, 0.6)));
      tell(figuresOf({ app: loads.reload, transactions: against }, wanted(`page of ${rows} new rows, cold`, 0.6)));
    });
  },
};

/** The stamp of a row that was pulled, and has seen events before. */
const pulledStamp = (n: number) => ({ ...seasoned(n), ahead: false });

const WHY = {
  rate:
    'Warm and in a first load, the CPU below (the store answers quickly); cold, one point read for each row before the transactions: ' +
    'each costs as much as an upsert.',
  CPU:
    'Warm, three quarters of what it takes over the SDK turn columns into properties, fingerprints and entities, the rest is the writer; ' +
    "a pulled row's columns are turned once more to tell whether it changed; cold, point reads and their answers are most of it.",
} as const;
