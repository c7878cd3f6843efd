import type { TableClient } from '@azure/data-tables';
import type { RowChange } from '../../../shared/change/row-change';
import { PARTITIONS } from '../../../shared/lob/tables/layout';
import { allColumns, EPOCH, pulledOf, rowOf, seasoned, TABLE, updatedColumns, updateOf } from '../inputs/rows';
import { bareClient, entityOf, expectVerdicts, inFlight, servicesOn, transact } from '../inputs/stores';
import { figuresOf, type Wanted } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds, type Subject } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';

const HUB_BATCH = 1000;
const BURST_ROWS = 50;

const PULLED = ['applied'];

const QUERIED = 'queries, transactions';

/** Reads every partition of a table by queries of a thousand rows, as they are. */
async function queryAll(client: TableClient): Promise<void> {
  await inFlight(QUERIES_IN_FLIGHT, PARTITIONS.length, async (at) => {
    const filter = `PartitionKey eq '${PARTITIONS[at] ?? ''}' and RowKey ge '' and RowKey le 'g'`;
    const pages = client.listEntities({ disableTypeConversion: true, queryOptions: { filter } });
    for await (const page of pages.byPage({ maxPageSize: 1000 })) if (page.length === 0) return;
  });
}

/** As many as the app's store has under way. */
const QUERIES_IN_FLIGHT = 4;

export const group: Group = {
  about: 'the writer, many changes at once, against transactions of upserts through the bare SDK, on the same layout',
  apart: true,

  async run({ quick, rounds }, tell) {
    const tables = await startNullTables();
    try {
      const { account } = tables;
      const { writer } = servicesOn(account, 'app');
      let at = EPOCH;
      const later = (): number => (at += 1);

      /** The SDK's client of a table of so many rows that have a history. */
      const table = async (name: string, rows: number) => {
        const client = bareClient(account, name);
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
          run: async () => expectVerdicts(await writer.process(made), verdicts),
        };
      };
      const count = (length: number) => Array.from({ length }, (_, n) => n);
      const wanted = (work: string, most: number, trips?: number): Wanted<'app' | 'transactions'>[] => {
        const of = { work, subject: 'app', against: 'transactions' } as const;
        return [
          { ...of, of: 'CPU', aim: { most }, why: WHY },
          { ...of, of: 'requests', ...(trips === undefined ? {} : { aim: { most: trips } }) },
        ];
      };

      /** What isn't known has to be read: the CPU is compared with the same requests. */
      const cold = (work: string): Wanted<'app' | 'transactions' | typeof QUERIED>[] =>
        wanted(work, 0.75).map((one) => (one.of === 'CPU' ? { ...one, against: QUERIED } : one));

      const rows = quick ? 2000 : 5000;
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
          isFloor: true,
          prepare: () => void (entities = make()),
          run: () => transact(floor, entities, mode),
        };
      };

      // Warm: what a hub brings. Each turn makes the rows known to the next one, the first to all.
      expectVerdicts(await writer.process(count(HUB_BATCH).map((n) => updateOf(n, later()))), ['merged']);
      const batch = { rounds, operations: HUB_BATCH };
      const distinct = changes(() => {
        const now = later();
        return count(HUB_BATCH).map((n) => updateOf(n, now));
      }, ['merged']);
      const burst = changes(() => count(HUB_BATCH).map((n) => updateOf(n % BURST_ROWS, later())), ['merged']);
      const hub = await inRounds({ app: distinct, burst, transactions: transactions(HUB_BATCH, 'Merge') }, batch);
      tell(figuresOf(hub, wanted(`hub batch of ${HUB_BATCH} rows, warm`, 0.7, 0.02)));
      tell(
        figuresOf(
          { app: hub.burst, transactions: hub.transactions },
          wanted(`hub batch of ${HUB_BATCH} on ${BURST_ROWS} rows, warm`, 0.7, 0.02),
        ),
      );

      // Cold: pulled pages. Of each row something older is stored that this process doesn't know.
      const page = { rounds, operations: rows };
      const addresses = count(rows).map(rowOf);
      const pulled = () => {
        const now = later();
        return count(rows).map((n) => pulledOf(n, now));
      };
      const delta = changes(pulled, PULLED, () => writer.forget(addresses));
      const upserts = transactions(rows, 'Replace');
      const deltas = await inRounds(
        {
          app: delta,
          transactions: upserts,
          [QUERIED]: { ...upserts, run: async () => (await queryAll(floor), await upserts.run()) },
        },
        page,
      );
      tell(figuresOf(deltas, cold(`page of ${rows} stored rows, cold`)));

      // Nothing is stored of any row: in a first load, where that is expected, and otherwise.
      const emptied = (name: string) => async (): Promise<void> => {
        const client = bareClient(account, name);
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
          run: async () => expectVerdicts(await writer.process(made, expectNothing), PULLED),
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
        {
          load: into(true),
          reload: into(false),
          transactions: transactionsIntoNothing,
          [QUERIED]: {
            ...transactionsIntoNothing,
            run: async () => (await queryAll(floor), await transactionsIntoNothing.run()),
          },
        },
        page,
      );
      tell(figuresOf({ ...loads, app: loads.load }, wanted(`page of ${rows} new rows, first load`, 0.65)));
      tell(figuresOf({ ...loads, app: loads.reload }, cold(`page of ${rows} new rows, cold`)));
    } finally {
      await tables.stop();
    }
  },
};

/** The stamp of a row that was pulled, and has seen events before. */
const pulledStamp = (n: number) => ({ ...seasoned(n), hasPushOnTop: false });

const WHY =
  'A row becomes properties, fingerprints, a stamp and a body, is decided and told; a cold one is also read back, and told what has changed of it.';
