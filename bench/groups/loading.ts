import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { digits, duration } from '../measure/compare';
import { median, summary, type Figure } from '../measure/figure';
import type { Group } from '../measure/group';

/** The built app. */
const FUNCTIONS = path.resolve('dist/functions');
/** In all: over the floor, with all functions in one process. */
const MOST_MS = 150;

const run = promisify(execFile);

/** What loading a module took in a process of its own. */
interface Loaded {
  readonly milliseconds: number;
  readonly megabytes: number;
  readonly modules: number;
  /** The packages of the Azure SDK among them that clients are made of. */
  readonly clients: readonly string[];
}

/** Loads modules one after the other; the process's own start isn't counted. */
const SCRIPT = `
  const begun = performance.now();
  for (const file of process.argv.slice(1)) require(file);
  const milliseconds = performance.now() - begun;
  const megabytes = process.memoryUsage().rss / 1024 / 1024;
  const files = Object.keys(require.cache);
  const clients = ['data-tables', 'identity', 'storage-blob'].filter((name) => files.some((file) => file.includes('/@azure/' + name + '/')));
  process.stdout.write('LOADED ' + JSON.stringify({ milliseconds, megabytes, modules: files.length, clients }));
`;

/** All that the functions need to be registered; nothing is called. */
const SETTINGS = {
  SYNC_TABLES: 'account',
  LOB_STORAGE: 'UseDevelopmentStorage=true',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  WEBHOOK_KEYS: 'a-key-of-the-benchmarks',
  DATAVERSE_URL: 'https://bench.crm.dynamics.com',
  AZURE_TENANT_ID: 'bench',
  AZURE_CLIENT_ID: 'bench',
  AZURE_CLIENT_SECRET: 'bench',
};

async function load(files: readonly string[]): Promise<Loaded> {
  const { stdout } = await run(process.execPath, ['-e', SCRIPT, ...files], { env: { ...process.env, ...SETTINGS } });
  return JSON.parse(/LOADED (.+)$/.exec(stdout)?.[1] ?? '') as Loaded;
}

export const group: Group = {
  about: "loading the app's functions, each in a process of its own, over `import '@azure/functions'` alone",

  async run({ quick, rounds }, tell) {
    const names = readdirSync(FUNCTIONS)
      .filter((file) => file.endsWith('.js'))
      .map((file) => path.basename(file, '.js'));
    const fileOf = (name: string): string => path.join(FUNCTIONS, `${name}.js`);
    const floor = 'node_modules/@azure/functions';
    const candidates = new Map<string, readonly string[]>([
      [floor, [require.resolve('@azure/functions')]],
      ...(quick ? [] : names.map((name): [string, string[]] => [name, [fileOf(name)]])),
      ['all functions', names.map(fileOf)],
    ]);
    const loaded = new Map<string, Loaded[]>();
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, files] of candidates) {
        const one = await load(files);
        // The first round brings the files into the system's cache.
        if (round >= 0) loaded.set(name, [...(loaded.get(name) ?? []), one]);
      }
    }
    const floors = loaded.get(floor) ?? [];
    for (const [name, list] of loaded) {
      if (name === floor) continue;
      const over = (of: 'milliseconds' | 'megabytes' | 'modules'): number[] =>
        list.map((one, round) => one[of] - (floors[round]?.[of] ?? Number.NaN));
      const text = (of: readonly Loaded[]): string => duration(median(of.map(({ milliseconds }) => milliseconds)));
      const time: Figure = {
        work: `loading, not bundled: ${name}`,
        measure: 'time over the floor',
        ...summary(over('milliseconds')),
        unit: 'ms',
        own: text(list),
        against: `${text(floors)} @azure/functions`,
        ...(name === 'all functions' ? { aim: { most: MOST_MS }, why: WHY } : {}),
      };
      const modules: Figure = {
        work: `loading, not bundled: ${name}`,
        measure: `modules over the floor (${list[0]?.clients.join(', ') ?? ''})`,
        ...summary(over('modules')),
        unit: 'modules',
        own: `${digits(median(list.map((one) => one.megabytes)))} MiB RSS`,
        against: `${digits(median(floors.map((one) => one.megabytes)))} MiB RSS`,
      };
      tell([time, modules]);
    }
  },
};

const WHY =
  'Each function loads all three clients of the Azure SDK, each from many files, whether or not it uses them; nothing is bundled.';
