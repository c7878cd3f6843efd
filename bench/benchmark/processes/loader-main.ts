/**
 * Loads modules as the platform's worker does, in a process of its own, and says what it took; with `EVENT_FILE`, until the
 * webhook has answered that event, too. The process's own start isn't counted.
 */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

/** What it took. */
export interface Loaded {
  readonly milliseconds: number;
  /** Until the webhook's answer; absent without one. */
  readonly answeredMs?: number;
  /** Resident, at the end. */
  readonly megabytes: number;
  /** Packages of the Azure SDK that clients are made of, as far as they were loaded from node_modules before the event. */
  readonly clients: readonly string[];
}

/** The clients of the Azure SDK that the app may use. */
export const CLIENTS = ['@azure/data-tables', '@azure/identity', '@azure/storage-blob', '@azure/service-bus'];

type Handler = (request: object, context: object) => Promise<{ readonly status?: number }>;

const handlers = new Map<string, Handler>();

/** What the library asks of the worker: https://github.com/Azure/azure-functions-nodejs-worker, setupCoreModule.ts. */
const worker = {
  version: '3.14.1',
  hostVersion: '4.1052.0',
  Disposable: Object,
  registerFunction: ({ name }: { name: string }, handler: Handler) => handlers.set(name, handler),
  registerHook: () => undefined,
  setProgrammingModel: () => undefined,
  getProgrammingModel: () => undefined,
  log: () => undefined,
};

async function main(files: readonly string[], eventFile: string | undefined): Promise<void> {
  const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
  const original = loader._load.bind(loader);
  loader._load = (request, ...rest) => (request === '@azure/functions-core' ? worker : original(request, ...rest));
  const body = eventFile === undefined ? undefined : readFileSync(eventFile);

  const begun = performance.now();
  for (const file of files) {
    if (file.endsWith('.mjs')) await import(pathToFileURL(file).href);
    else Module.createRequire(__filename)(file);
  }
  const milliseconds = performance.now() - begun;
  const loadedFiles = Object.keys(require.cache);
  const clients = CLIENTS.filter((name) => loadedFiles.some((file) => file.includes(`/node_modules/${name}/`)));
  if (body !== undefined) await post(body);
  const answered = body === undefined ? {} : { answeredMs: performance.now() - begun };
  const loaded: Loaded = { milliseconds, ...answered, megabytes: process.memoryUsage().rss / 1024 / 1024, clients };
  process.send?.(loaded);
  process.disconnect();
}

async function post(body: Uint8Array): Promise<void> {
  const silent = () => undefined;
  const request = {
    headers: new Headers({ 'content-type': 'application/json', 'x-dvo-key': process.env.WEBHOOK_KEYS ?? '' }),
    query: new URLSearchParams(),
    arrayBuffer: () => Promise.resolve(body),
  };
  const answer = await handlers.get('webhook')?.(request, { info: silent, warn: silent, error: silent });
  if (answer?.status !== 200) throw new Error(`The webhook answered ${JSON.stringify(answer)}.`);
}

if (require.main === module)
  main(process.argv.slice(2), process.env.EVENT_FILE).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
