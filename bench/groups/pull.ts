import type { TableEntity } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { fork } from 'node:child_process';
import { startAzurite } from '../../local/azurite';
import { tableClients } from '../../shared/azure/table-clients';
import { ChangeFeed } from '../../shared/dataverse/change-feed';
import { WebApi } from '../../shared/dataverse/web-api';
import { encodeStamp } from '../../shared/lob/tables/layout';
import { TableStore } from '../../shared/lob/tables/table-store';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { MappedStore } from '../../shared/mapping/mapped-store';
import { namingOf } from '../../shared/mapping/naming';
import { TableParking } from '../../shared/parking/table-parking';
import { BlobJournal } from '../../shared/sync/blob-journal';
import { BlobLeases } from '../../shared/sync/blob-leases';
import { tableSubject } from '../../shared/sync/pull-subject';
import { PullSync } from '../../shared/sync/pull-sync';
import { TablePullStates } from '../../shared/sync/table-pull-state';
import { Writer } from '../../shared/writer/writer';
import { seasoned } from '../inputs/rows';
import { bareClient, transact, type Place } from '../inputs/stores';
import { digits, figuresOf } from '../measure/compare';
import type { Group } from '../measure/group';
import { inRounds } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';
import { DEFINITION, PAGE_ROWS } from '../paged-source/rows';
import { startPagedSource } from '../paged-source/start';

/** Runs of the pull in this process, which wants no token of a real authority. */
const CREDENTIAL = { getToken: () => Promise.resolve({ token: 'bench', expiresOnTimestamp: Date.now() + 3_600_000 }) };
const FAR_MS = 24 * 3_600_000;

interface Places {
  /** Rows go there. */
  readonly lob: string;
  /** Pull state, lease and journal go there. */
  readonly state: string;
  readonly source: string;
}

/** The pull as the app composes it, over a source without metadata of its own. */
function pullOf({ lob, state, source }: Places, run: string): PullSync {
  const clients = tableClients({ kind: 'connectionString', connectionString: lob });
  const states = tableClients({ kind: 'connectionString', connectionString: state });
  const blobs = BlobServiceClient.fromConnectionString(state);
  const store = new MappedStore(new TableStore(clients, namingOf(DEFAULT_MAPPING, run)), DEFAULT_MAPPING);
  const api = new WebApi({ url: source, credential: () => CREDENTIAL });
  const refresh = () => Promise.resolve(DEFINITION);
  return new PullSync({
    subjectOf: () => Promise.resolve(tableSubject(DEFINITION, () => ({ fingerprint: run }), refresh)),
    feed: new ChangeFeed(api, { refresh }, PAGE_ROWS),
    writer: new Writer(store, undefined, { rule: { margin: 5, mode: 'default' }, unprovable: 'park' }),
    store,
    states: new TablePullStates(states(`${run}pull`)),
    leases: new BlobLeases(blobs.getContainerClient(`${run}leases`)),
    parking: new TableParking(states(`${run}parked`)),
    // The wait before the sweep is no work.
    maxReadAgeMs: 0,
    journal: new BlobJournal(blobs.getContainerClient(`${run}loads`)),
    maxRunMs: FAR_MS,
  });
}

async function load(places: Places, run: string, rows: number): Promise<void> {
  const report = await pullOf(places, run).run(DEFINITION.table);
  const { applied } = report.verdicts;
  if (report.rows !== rows || applied !== rows)
    throw new Error(`A load of ${rows} rows did: ${JSON.stringify(report)}`);
}

type WireRow = Readonly<Record<string, unknown>>;

interface Page {
  readonly value: readonly WireRow[];
  readonly '@odata.nextLink'?: string;
}

/** The same pages with fetch and JSON.parse, each row's properties as they are, in transactions; the next page is fetched meanwhile. */
async function bareLoad({ lob, source }: Places, run: string, rows: number): Promise<void> {
  const client = bareClient({ connectionString: lob } as Place, `${run}account`);
  const stamp = encodeStamp({ ...seasoned(0), ring: [], ahead: false });
  const page = async (link: string): Promise<Page> => {
    const response = await fetch(link, { headers: { prefer: `odata.maxpagesize=${PAGE_ROWS}` } });
    return JSON.parse(await response.text()) as Page;
  };
  let next: ReturnType<typeof page> | undefined = page(`${source}/api/data/v9.2/accounts`);
  let done = 0;
  while (next !== undefined) {
    const read: Page = await next;
    const { value, '@odata.nextLink': link } = read;
    next = link === undefined ? undefined : page(link);
    const entities = value.map((row) => {
      const id = String(row.accountid);
      const entity: TableEntity = { partitionKey: id.slice(0, 1), rowKey: id, Stamp: stamp, Deleted: false };
      for (const [name, column] of Object.entries(row)) if (!name.includes('@')) entity[name] = column;
      return entity;
    });
    await transact(client, entities, 'Replace');
    done += entities.length;
  }
  if (done !== rows) throw new Error(`The bare load read ${done} of ${rows} rows.`);
}

const CHILD = '--pull';

/** The most memory that a process takes which does nothing but one load, in MiB. */
async function peakMemory(places: Omit<Places, 'source'>, run: string, rows: number): Promise<number> {
  const child = fork(__filename, [CHILD, JSON.stringify(places), run, String(rows)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('message', (peak) => resolve(Number(peak)));
    child.once('exit', (code) => reject(new Error(`The load of ${rows} rows ended with code ${String(code)}.`)));
  });
}

export const group: Group = {
  about: 'the first load of a table from a source that costs nothing, against fetch, JSON.parse and transactions',

  async run({ quick, rounds }, tell) {
    const rows = quick ? 5000 : 100_000;
    const [tables, azurite] = [await startNullTables(), await startAzurite()];
    const source = await startPagedSource(rows);
    const places = { lob: tables.connectionString, state: azurite.connectionString };
    let runs = 0;
    const emptied = async (): Promise<void> => {
      for (const run of [`run${runs}`, `bare${runs}`])
        await bareClient({ connectionString: places.lob } as Place, `${run}account`).deleteTable();
      runs += 1;
    };
    try {
      const turns = await inRounds(
        {
          pull: { prepare: emptied, run: () => load({ ...places, source: source.url }, `run${runs}`, rows) },
          bare: { prepare: emptied, run: () => bareLoad({ ...places, source: source.url }, `bare${runs}`, rows) },
        },
        { rounds: Math.min(rounds, 5), operations: rows },
      );
      const of = { work: `first load of ${rows} rows, null service`, subject: 'pull', against: 'bare' } as const;
      tell(
        figuresOf(turns, [
          { ...of, of: 'rate', aim: { least: 0.7 }, why: WHY },
          { ...of, of: 'CPU', aim: { most: 1.25 }, why: WHY },
          { ...of, of: 'requests' },
        ]),
      );
      const sizes = quick ? [5000, 20_000] : [100_000, 1_000_000];
      const peaks: number[] = [];
      for (const size of sizes) {
        const peak = await peakMemory(places, `peak${size}`, size);
        peaks.push(peak);
        tell([
          {
            work: `first load of ${size} rows, null service`,
            measure: 'peak RSS',
            value: peak,
            spread: [peak, peak],
            unit: 'MiB',
            own: `${digits(peak)} MiB`,
            aim: { most: 200 },
            why: WHY_MEMORY,
          },
        ]);
        await bareClient({ connectionString: places.lob } as Place, `peak${size}account`).deleteTable();
      }
      const [small = Number.NaN, large = Number.NaN] = peaks;
      tell([
        {
          work: `first load of ${sizes.join(' and ')} rows`,
          measure: 'peak RSS',
          value: large / small,
          spread: [large / small, large / small],
          unit: 'x',
          own: `${digits(large)} MiB`,
          against: `${digits(small)} MiB`,
          aim: { most: 1.1 },
          why: WHY_MEMORY,
        },
      ]);
    } finally {
      await source.stop();
      await azurite.stop();
      await tables.stop();
    }
  },
};

const WHY =
  "The writer's CPU (see batches); reading a page takes eight times JSON.parse (numbers kept exact by parsing twice, then a Map a " +
  'row); the sweep at the end reads whole rows back; and no page is read while another is written.';
const WHY_MEMORY =
  'A page is 11 MB of text, held as text, as marked text, as parsed objects, as columns and as entities at once, and V8 lets the heap grow before it collects.';

const [, main, mode, given, run, count] = process.argv;
if (main === __filename && mode === CHILD) {
  const alone = async (): Promise<void> => {
    const source = await startPagedSource(Number(count));
    await load(
      { ...(JSON.parse(given ?? '{}') as Omit<Places, 'source'>), source: source.url },
      run ?? '',
      Number(count),
    );
    const peak = process.resourceUsage().maxRSS / 1024;
    await source.stop();
    process.send?.(peak, undefined, undefined, () => process.exit(0));
  };
  alone().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
