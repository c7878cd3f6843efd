import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageApp } from '../../../tools/packaging/package-app';
import { TABLE } from '../inputs/rows';
import { bareClient, settingsOf } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { CLIENTS, type Loaded } from '../processes/loader-main';
import { digits, duration } from '../measure/compare';
import { median, summary, type Figure } from '../measure/figure';
import type { Group } from '../measure/figure';
import { startNullTables } from '../null-tables/start';

/** The built app. */
const BUILT = path.resolve('dist/functions');
const LOADER = path.resolve('dist/bench/benchmark/processes/loader-main.js');
/** In all: over the floor, with all functions in one process. */
const MOST_MS = 150;
const FLOOR = '@azure/functions';

/** What the webhook needs to process an event of the fixtures' organisation. */
const SETTINGS = {
  SYNC_TABLES: TABLE,
  WEBHOOK_KEYS: 'a-key-of-the-benchmarks-of-loading',
  ORGANIZATION_ID: 'b3539c1f-d2cc-4daa-a841-b0f0c3f9ec12',
};

/** What the pull needs besides to be registered. Events would have it read the table's definition, which isn't there. */
const WEB_API = {
  DATAVERSE_URL: 'https://bench.crm.dynamics.com',
  DATAVERSE_TENANT_ID: 'bench',
  DATAVERSE_CLIENT_ID: 'bench',
  DATAVERSE_CLIENT_SECRET: 'bench',
};

/** What is loaded in one process. */
interface Candidate {
  readonly name: string;
  readonly files: readonly string[];
  /** Of a bundle, where they can't be told by files. */
  readonly clients?: readonly string[];
  /** Posted when all is loaded. */
  readonly event?: string;
}

/** The functions as they are built, and as they are packaged into a folder. */
async function candidatesIn(folder: string, event: string, quick: boolean): Promise<Candidate[]> {
  const names = readdirSync(BUILT)
    .filter((file) => file.endsWith('.js'))
    .map((file) => path.basename(file, '.js'));
  const packaged = await packageApp({ root: process.cwd(), out: folder });
  const both = (what: string, of: readonly string[], rest: Partial<Candidate> = {}): Candidate[] => {
    const packages = new Set(packaged.filter(({ name }) => of.includes(name)).flatMap((one) => one.packages));
    return [
      { name: `not bundled: ${what}`, files: of.map((name) => path.join(BUILT, `${name}.js`)), ...rest },
      {
        name: `bundled: ${what}`,
        files: of.map((name) => path.join(folder, 'functions', `${name}.mjs`)),
        clients: CLIENTS.filter((client) => packages.has(client)),
        ...rest,
      },
    ];
  };
  return [
    // Of each alone only what is deployed.
    ...(quick ? [] : names.flatMap((name) => both(name, [name]).slice(1))),
    ...both(ALL, names),
    ...both(
      `${ALL} but the pull, and a first event processed`,
      names.filter((name) => name !== 'pull-sync'),
      { event },
    ),
  ];
}

const ALL = 'all functions';

function load({ files, event }: Candidate, settings: Readonly<Record<string, string>>): Promise<Loaded> {
  const env = { ...process.env, ...settings, ...(event === undefined ? WEB_API : { EVENT_FILE: event }) };
  return new Promise((resolve, reject) => {
    const child = fork(LOADER, files, { env, execArgv: [] });
    child.once('message', (loaded) => resolve(loaded as Loaded));
    child.once('exit', (code) => reject(new Error(`Loading ended with code ${String(code)}; its output says why.`)));
  });
}

export const group: Group = {
  about: `loading the app's functions, each in a process of its own, over \`${FLOOR}\` alone`,

  async run({ quick, rounds }, tell) {
    const temporary = mkdtempSync(path.join(tmpdir(), 'dvo-loading-'));
    const tables = await startNullTables();
    try {
      const updates = new Updates(400);
      await updates.seed(bareClient(tables.account, TABLE));
      const event = path.join(temporary, 'event.json');
      const settings = { ...SETTINGS, ...settingsOf(tables.account) };
      const floor: Candidate = { name: FLOOR, files: [require.resolve(FLOOR)] };
      const candidates = await candidatesIn(path.join(temporary, 'app'), event, quick);
      const loaded = new Map<Candidate, Loaded[]>();
      for (let round = -1; round < rounds; round += 1) {
        for (const candidate of [floor, ...candidates]) {
          writeFileSync(event, updates.next());
          const one = await load(candidate, settings);
          // The first round brings the files into the system's cache.
          if (round >= 0) loaded.set(candidate, [...(loaded.get(candidate) ?? []), one]);
        }
      }
      const floors = loaded.get(floor) ?? [];
      for (const candidate of candidates) tell(figuresOf(candidate, loaded.get(candidate) ?? [], floors));
    } finally {
      await tables.stop();
      rmSync(temporary, { recursive: true });
    }
  },
};

function figuresOf({ name, clients, event }: Candidate, own: readonly Loaded[], floors: readonly Loaded[]): Figure[] {
  const ms = ({ milliseconds, answeredMs }: Loaded): number => answeredMs ?? milliseconds;
  const middle = (of: (loaded: Loaded) => number, all: readonly Loaded[]): number => median(all.map(of));
  const memory = ({ megabytes }: Loaded): number => megabytes;
  const named = clients ?? own[0]?.clients ?? [];
  const time: Figure = {
    work: `loading, ${name}`,
    measure: 'time over the floor',
    ...summary(own.map((one, round) => ms(one) - (floors[round]?.milliseconds ?? Number.NaN))),
    unit: 'ms',
    own: duration(middle(ms, own)),
    against: `${duration(middle(ms, floors))} ${FLOOR}`,
    ...(name === `bundled: ${ALL}` ? { aim: { most: MOST_MS }, why: WHY } : {}),
  };
  if (event !== undefined) return [time];
  const count: Figure = {
    work: `loading, ${name}`,
    measure: 'SDK clients loaded',
    ...summary([named.length]),
    unit: 'modules',
    own: named.map((client) => client.replace('@azure/', '')).join(', '),
    against: `${digits(middle(memory, own) - middle(memory, floors))} MiB RSS over the floor`,
    aim: { most: 1 },
    why: 'Every function needs the client of tables in its first call, and no other to be registered.',
  };
  return [time, count];
}

const WHY =
  "What the clients of tables and the library load of Node's own (HTTP, TLS, streams) and the evaluation of both are most of it.";
