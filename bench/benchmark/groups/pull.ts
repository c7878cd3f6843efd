import type { TableEntity } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { fork } from 'node:child_process';
import type { ClientRequest } from 'node:http';
import diagnostics from 'node:diagnostics_channel';
import { startAzurite } from '../../../local/storage/azurite';
import { tableClients } from '../../../shared/azure/table-clients';
import { ChangeFeed } from '../../../shared/dataverse/change-feed';
import { WebApi } from '../../../shared/dataverse/web-api';
import { encodeStamp } from '../../../shared/lob/stamp';
import { TableStore } from '../../../shared/lob/tables/table-store';
import { DEFAULT_MAPPING } from '../../../shared/mapping/mapping';
import { MappedStore, namingOf } from '../../../shared/lob/mapped-store';
import { deferredLargeBodies } from '../../../shared/parking/large-bodies';
import { TableParking } from '../../../shared/parking/table-parking';
import { BlobJournal } from '../../../shared/sync/blob-journal';
import { BlobLeases } from '../../../shared/sync/blob-leases';
import { tableSubject } from '../../../shared/sync/pull-subject';
import type { PullReport } from '../../../shared/sync/pull-report';
import { PullSync } from '../../../shared/sync/pull-sync';
import { TablePullStates } from '../../../shared/sync/pull-state-store';
import { Writer } from '../../../shared/writer/writer';
import { seasoned } from '../inputs/rows';
import { bareClient, inFlight, transact } from '../inputs/stores';
import { digits, figuresOf } from '../measure/compare';
import type { Figure } from '../measure/figure';
import type { Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';
import { DEFINITION, PAGE_ROWS } from '../paged-source/rows';
import { startPagedSource } from '../paged-source/start';

/** Runs of the pull in this process, which wants no token of a real authority. */
const CREDENTIAL = { getToken: () => Promise.resolve({ token: 'bench', expiresOnTimestamp: Date.now() + 3_600_000 }) };

const DAY_MS = 24 * 3_600_000;

interface Places {
  /** Rows go there. */
  readonly lob: string;
  /** Pull state, lease and journal go there. */
  readonly state: string;
  readonly source: string;
}

const accountOf = (connectionString: string) => ({ kind: 'connectionString', connectionString }) as const;

/** The pull as the app composes it, over a source without metadata of its own. */
function pullOf({ lob, state, source }: Places, run: string): PullSync {
  const clients = tableClients(accountOf(lob));
  const states = tableClients(accountOf(state));
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
    parking: new TableParking(states(`${run}parked`), deferredLargeBodies(accountOf(state), `${run}bodies`)),
    // The wait before the sweep is no work.
    maxReadAgeMs: 0,
    journal: new BlobJournal(blobs.getContainerClient(`${run}loads`)),
  });
}

/** One run, of which so many rows have to be written, and no others. */
async function runOf(pull: PullSync, mode: PullReport['mode'], written: number, rows: number): Promise<void> {
  const report = await pull.run(DEFINITION.table, { until: performance.now() + DAY_MS });
  const { contained = 0, ...others } = report.verdicts;
  const writes = Object.values(others).reduce((sum, count) => sum + count, 0);
  if (report.mode !== mode || report.rows !== rows || writes !== written || contained + writes !== rows + report.swept)
    throw new Error(`A ${mode} of ${rows} rows did: ${JSON.stringify(report)}`);
}

const load = (places: Places, run: string, rows: number): Promise<void> =>
  runOf(pullOf(places, run), 'load', rows, rows);

type WireRow = Readonly<Record<string, unknown>>;

interface Page {
  readonly value: readonly WireRow[];
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
}

/**
 * The same pages with fetch and JSON.parse, each row's properties as they are, in transactions; the next page is fetched
 * meanwhile. `reads`: each row is read first, as whoever has to know what is stored does. Gives the link to what changed since.
 */
async function bareRun(lob: string, run: string, from: string, rows: number, reads = false): Promise<string> {
  const client = bareClient(accountOf(lob), `${run}account`);
  await client.createTable();
  const stamp = encodeStamp({ ...seasoned(0), recentKeys: [], hasPushOnTop: false });
  const page = async (link: string): Promise<Page> => {
    const response = await fetch(link, { headers: { prefer: `odata.maxpagesize=${PAGE_ROWS}` } });
    return JSON.parse(await response.text()) as Page;
  };
  let next: ReturnType<typeof page> | undefined = page(from);
  let done = 0;
  let delta = '';
  while (next !== undefined) {
    const read: Page = await next;
    const { value, '@odata.nextLink': link } = read;
    next = link === undefined ? undefined : page(link);
    delta = read['@odata.deltaLink'] ?? '';
    const entities = value.map((row) => {
      const id = String(row.accountid);
      const entity: TableEntity = { partitionKey: id.slice(0, 1), rowKey: id, Stamp: stamp, Deleted: false };
      for (const [name, column] of Object.entries(row)) if (!name.includes('@')) entity[name] = column;
      return entity;
    });
    if (reads)
      await inFlight(READS_IN_FLIGHT, entities.length, async (at) => {
        const { partitionKey = '', rowKey = '' } = entities[at] ?? {};
        await client.getEntity(partitionKey, rowKey, { disableTypeConversion: true });
      });
    await transact(client, entities, 'Replace');
    done += entities.length;
  }
  if (done !== rows) throw new Error(`The bare run read ${done} of ${rows} rows.`);
  return delta;
}

const firstPage = (source: string): string => `${source}/api/data/v9.2/accounts`;

/** Requests that write, sent to a service while something runs. */
async function writeRequests(service: string, run: () => Promise<void>): Promise<number> {
  const port = /127\.0\.0\.1:(\d+)/.exec(service)?.[1] ?? '';
  let count = 0;
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: ClientRequest | { readonly method: string; readonly origin: string } };
    const place = 'origin' in request ? request.origin : String(request.getHeader('host'));
    if (request.method !== 'GET' && place.endsWith(`127.0.0.1:${port}`)) count += 1;
  };
  const channels = ['http.client.request.start', 'undici:request:create'];
  for (const channel of channels) diagnostics.subscribe(channel, onRequest);
  try {
    await run();
  } finally {
    for (const channel of channels) diagnostics.unsubscribe(channel, onRequest);
  }
  return count;
}

const CHILD = '--pull';

/** As infra/modules/app-settings.bicep sets it for instances of so many MB. */
const HEAPS = {
  '512': ['--max-semi-space-size=4', '--max-old-space-size=256'],
  '2048': ['--max-semi-space-size=8', '--max-old-space-size=1024'],
} as const;
/** As many as the app's store has under way. */
const READS_IN_FLIGHT = 32;

/** The most memory that a process with Node's arguments of a deployment takes for one load, in MiB. */
async function peakMemory(
  places: Omit<Places, 'source'>,
  run: string,
  rows: number,
  heap: readonly string[],
): Promise<number> {
  const child = fork(__filename, [CHILD, JSON.stringify(places), run, String(rows)], { execArgv: [...heap] });
  return new Promise((resolve, reject) => {
    child.once('message', (peak) => resolve(Number(peak)));
    child.once('exit', (code) => reject(new Error(`The load of ${rows} rows ended with code ${String(code)}.`)));
  });
}

type Measured = readonly Figure[];

const once = (value: number): Pick<Figure, 'value' | 'spread'> => ({ value, spread: [value, value] });

/** Loads of all rows, in turns. */
async function loads(places: Places, rows: number, rounds: number): Promise<readonly Figure[]> {
  let runs = 0;
  const emptied = async (): Promise<void> => {
    await dropRows(places, `run${runs}`, `bare${runs}`);
    runs += 1;
  };
  const turns = await inRounds(
    {
      pull: { prepare: emptied, run: () => load(places, `run${runs}`, rows) },
      bare: {
        prepare: emptied,
        run: () => bareRun(places.lob, `bare${runs}`, firstPage(places.source), rows),
      },
    },
    { rounds, operations: rows },
  );
  await dropRows(places, `run${runs}`, `bare${runs}`);
  const of = { work: `first load of ${rows} rows`, subject: 'pull', against: 'bare' } as const;
  return figuresOf(turns, [
    { ...of, of: 'rate' },
    { ...of, of: 'CPU', aim: { most: 1.15 }, why: WHY },
    { ...of, of: 'requests' },
  ]);
}

/** One load, and then deltas of a hundredth of its rows in turns, of other rows each time. */
async function deltas(places: Places, rows: number, rounds: number): Promise<readonly Figure[]> {
  const changed = rows / 100;
  const [run, bare] = ['deltas', 'baredeltas'];
  const pull = pullOf(places, run);
  await runOf(pull, 'load', rows, rows);
  let link = await bareRun(places.lob, bare, firstPage(places.source), rows);
  const turns = await inRounds(
    {
      pull: { run: () => runOf(pull, 'delta', changed, changed) },
      'get, transactions': {
        run: async () => {
          link = await bareRun(places.lob, bare, link, changed, true);
        },
      },
    },
    { rounds, operations: changed },
  );
  await dropRows(places, run, bare);
  const of = { work: `1 % delta of ${rows} rows`, subject: 'pull', against: 'get, transactions' } as const;
  return figuresOf(turns, [
    { ...of, of: 'rate' },
    { ...of, of: 'CPU', aim: { most: 0.6 }, why: WHY_DELTA },
    { ...of, of: 'requests' },
  ]);
}

/**
 * A load, and a day later another one of the same table because its token has expired: 1 % of the rows changed and 0.1 %
 * gone.
 */
async function resync(places: Places, rows: number): Promise<readonly Figure[]> {
  const [changed, gone] = [rows / 100, rows / 1000];
  const full = await writeRequests(places.lob, () => load(places, 'resync', rows));
  const later = pullOf(places, 'resync');
  const again = await writeRequests(places.lob, () => runOf(later, 'reload', changed + gone, rows - gone));
  await dropRows(places, 'resync');
  const of = { work: `resync of ${rows} rows, 1 % changed, 0.1 % deleted`, unit: 'x', aim: { most: 0.3 } } as const;
  return [
    {
      ...of,
      ...once((changed + gone) / rows),
      measure: 'rows written',
      own: digits(changed + gone),
      against: `${digits(rows)} full load`,
    },
    { ...of, ...once(again / full), measure: 'writes', own: digits(again), against: `${digits(full)} full load` },
  ];
}

async function dropRows({ lob }: Pick<Places, 'lob'>, ...runs: readonly string[]): Promise<void> {
  for (const run of runs) await bareClient(accountOf(lob), `${run}account`).deleteTable();
}

async function memory(
  places: Omit<Places, 'source'>,
  [few, many]: readonly [number, number],
): Promise<readonly Figure[]> {
  const peakOf = async (rows: number, megabytes: keyof typeof HEAPS): Promise<number> => {
    const run = `peak${megabytes}x${rows}`;
    const peak = await peakMemory(places, run, rows, HEAPS[megabytes]);
    await dropRows(places, run);
    return peak;
  };
  const [small, large, roomy] = [await peakOf(few, '512'), await peakOf(many, '512'), await peakOf(few, '2048')];
  const aim = { aim: { most: 220 }, why: WHY_MEMORY } as const;
  const figure = (rows: number, megabytes: string, peak: number): Figure => ({
    ...once(peak),
    ...{ work: `first load of ${rows} rows, ${megabytes} MB`, measure: 'peak RSS', unit: 'MiB' as const },
    own: `${digits(peak)} MiB`,
  });
  return [
    { ...figure(few, '512', small), ...aim },
    { ...figure(many, '512', large), ...aim },
    figure(few, '2048', roomy),
    {
      ...once(large / small),
      ...{ work: `first load of ${few} and ${many} rows, 512 MB`, measure: 'peak RSS', unit: 'x' },
      ...{ own: `${digits(large)} MiB`, against: `${digits(small)} MiB`, aim: { most: 1.1 }, why: WHY_MEMORY },
    },
  ];
}

export const group: Group = {
  about:
    'a table from a source that costs nothing, against fetch, JSON.parse and transactions: first load, delta, resync, memory',

  async run({ quick, rounds }, tell) {
    const rows = quick ? 5000 : 20_000;
    const [tables, azurite] = [await startNullTables(), await startAzurite()];
    const state = azurite.connectionString;
    const onNull = { lob: tables.account.connectionString, state };
    const from = async (count: number, token: 'lasts' | 'expires', measure: (source: string) => Promise<Measured>) => {
      const source = await startPagedSource(count, token);
      try {
        tell(await measure(source.url));
      } finally {
        await source.stop();
      }
    };
    try {
      await from(rows, 'lasts', (source) => loads({ ...onNull, source }, rows, rounds));
      await from(rows, 'lasts', (source) => deltas({ ...onNull, source }, rows, rounds));
      await from(rows, 'expires', (source) => resync({ ...onNull, source }, rows));
      tell(await memory(onNull, quick ? [5000, 20_000] : [100_000, 1_000_000]));
    } finally {
      await azurite.stop();
      await tables.stop();
    }
  },
};

const WHY =
  'Over the transactions it reads pages exactly, keeps what it knows of each row, and ends with the sweep, which reads every key back.';
const WHY_DELTA =
  'Rows that lie far apart are looked up one by one, as in the floor. A run has its fixed costs, too: lease, state, journal.';
const WHY_MEMORY =
  'Little of it is live: V8 rather grows than collects, up to what its arguments allow. A million ids of the load are 20 MB.';

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
