/** Starts the sample app in the local host, in a process of its own, and watches its log. */
import { join } from 'node:path';
import type { LogRecord } from '../../../local/host/log';
import { spawnHost, type SpawnedHost, type SpawnHostOptions } from '../../../local/host/spawn-host';
import { builtFolder } from '../../build-once';
import { eventually } from '../../eventually';

/** A running sample app. */
export interface SampleApp {
  readonly host: SpawnedHost;
  readonly records: readonly LogRecord[];
  /** Messages of the app's own log that begin with a text. */
  userMessages(start: string): string[];
  /** Waits until a message of any category has the text in it. */
  logged(text: string): Promise<LogRecord>;
}

/** The sample's functions; a test turns off what it doesn't want. */
const FUNCTIONS = [
  'everySecond',
  'monitored',
  'flaky',
  'orders',
  'raw',
  'again',
  'batches',
  'inOrder',
  'telemetry',
] as const;

/** One of the sample's functions. */
export type SampleFunction = (typeof FUNCTIONS)[number];

/** Settings that switch all non-HTTP functions off but those named. */
export function only(...names: readonly SampleFunction[]): Record<string, string> {
  const off = FUNCTIONS.filter((name) => !names.includes(name));
  return Object.fromEntries(off.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']));
}

/** The compiled entry point of the host. */
export const hostMain = async (): Promise<string> => join(await builtFolder(), 'dist/local/host/main.js');

/** Starts the sample app. */
export async function startSampleApp(
  settings: Readonly<Record<string, string>>,
  options: Partial<SpawnHostOptions> = {},
): Promise<SampleApp> {
  const records: LogRecord[] = [];
  const host = await spawnHost({
    appDir: __dirname,
    main: await hostMain(),
    settings,
    onLog: (record) => records.push(record),
    ...options,
  });
  return {
    host,
    records,
    userMessages: (start) =>
      records
        .filter(({ category, message }) => category === 'user' && message.startsWith(start))
        .map(({ message }) => message),
    logged: (text) => eventually(() => records.find(({ message }) => message.includes(text)), text),
  };
}
