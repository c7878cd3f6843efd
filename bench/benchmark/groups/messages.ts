import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startAzurite } from '../../../local/storage/azurite';
import { spawnHost, type SpawnedHost } from '../../../local/host/spawn-host';
import type { LogRecord } from '../../../local/host/log';
import { BUS } from '../../../local/stack/stack';
import { TABLE } from '../inputs/rows';
import { bareClient, inFlight, onBoth, type Place } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { plainWrite } from '../processes/plain-write';
import { startChild } from '../measure/child';
import { figuresOf } from '../measure/compare';
import type { Figure, Group } from '../measure/figure';
import { inRounds, type Subject } from '../measure/rounds';

/** As many as host.json lets run at once. */
const UPSERTS_IN_FLIGHT = 32;
const LIMIT_MS = 60_000;
/** Messages of one sending. */
const AT_ONCE = 160;

/** How many deliveries the app has processed, by its log. */
class Processed {
  #count = 0;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  readonly onLog = ({ message }: LogRecord): void => {
    if (!message.startsWith('processed {')) return;
    this.#count += (JSON.parse(message.slice('processed '.length)) as { readonly received: number }).received;
    if (this.#waiting !== undefined && this.#count >= this.#waiting.count) this.#waiting.resolve();
  };

  /** Resolves once so many more are processed. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => (this.#waiting = { count: this.#count + count, resolve }));
  }
}

const within = <T>(what: string, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`Not within ${LIMIT_MS / 1000} s: ${what}.`)), LIMIT_MS).unref();
    }),
  ]);

/** Sends bodies to the queue or the hub of a broker. */
function senderTo(kind: 'queue' | 'hub', broker: string) {
  if (kind === 'queue') {
    const sender = new ServiceBusClient(broker).createSender(BUS.queue);
    return (bodies: readonly Buffer[]) =>
      sender.sendMessages(bodies.map((body) => ({ body, contentType: 'application/json' })));
  }
  const producer = new EventHubProducerClient(broker, BUS.hub);
  return async (bodies: readonly Buffer[]): Promise<void> => {
    const quarter = Math.ceil(bodies.length / 4);
    const batches = [0, 1, 2, 3].map((at) => bodies.slice(at * quarter, (at + 1) * quarter));
    await Promise.all(
      batches.map((batch, partition) =>
        producer.sendBatch(
          batch.map((body) => ({ body })),
          { partitionId: String(partition) },
        ),
      ),
    );
  };
}

const start = (name: string, ...args: string[]) => startChild<string>(path.join(__dirname, '../processes', name), args);

/** The app on a broker, telling of each delivery that it has processed. */
function startApp(
  place: Place,
  prefix: string,
  broker: string,
  state: string,
  processed: Processed,
  settings: Readonly<Record<string, string>> = {},
): Promise<SpawnedHost> {
  return spawnHost({
    appDir: path.resolve('.'),
    onLog: processed.onLog,
    settings: {
      FUNCTIONS_WORKER_RUNTIME: 'node',
      // Only the line by which deliveries are counted.
      AzureFunctionsJobHost__logging__logLevel__default: 'Warning',
      'AzureFunctionsJobHost__logging__logLevel__Function.service-bus-queue.User': 'Information',
      'AzureFunctionsJobHost__logging__logLevel__Function.event-hub.User': 'Information',
      SYNC_TABLES: TABLE,
      LOB_STORAGE: place.connectionString,
      LOB_TABLE_PREFIX: prefix,
      AzureWebJobsStorage: state,
      UNPROVABLE_ORDER: 'apply',
      ServiceBusConnection: broker,
      SERVICEBUS_QUEUE: BUS.queue,
      EventHubConnection: broker,
      EVENTHUB_NAME: BUS.hub,
      EVENTHUB_CONSUMER_GROUP: BUS.group,
      ...settings,
    },
  });
}

/** CPU time of all threads of a host's process but its own, which isn't the app's, in milliseconds; a figure of Linux. */
const appCpuMsOf = ({ pid }: SpawnedHost): number =>
  readdirSync(`/proc/${pid}/task`)
    .filter((thread) => Number(thread) !== pid)
    .reduce(
      (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );

/** The app's CPU where messages come in batches, against one by one. */
async function inBatches(place: Place, rounds: number): Promise<readonly Figure[]> {
  const messages = 32 * 20;
  const state = await startAzurite();
  const stopping: { stop(): Promise<unknown> }[] = [state];
  try {
    const subject = async (name: string, settings: Readonly<Record<string, string>>): Promise<Subject> => {
      const updates = new Updates(messages);
      await updates.seed(bareClient(place, `${name}${TABLE}`));
      const broker = await start('broker-main.js');
      stopping.push(broker);
      const processed = new Processed();
      const host = await startApp(place, name, broker.said, state.connectionString, processed, settings);
      stopping.push(host);
      const send = senderTo('queue', broker.said);
      return {
        run: async () => {
          const before = appCpuMsOf(host);
          const all = within(`${messages} messages`, processed.more(messages));
          // What a namespace takes in one sending is bounded.
          for (let sent = 0; sent < messages; sent += AT_ONCE)
            await send(Array.from({ length: AT_ONCE }, () => updates.next()));
          await all;
          return { overriddenDuration: appCpuMsOf(host) - before };
        },
      };
    };
    const turns = await inRounds(
      {
        'in batches of 32': await subject('many', {
          AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize: '32',
        }),
        'one by one': await subject('single', { SERVICEBUS_BATCHES: 'false' }),
      },
      { rounds, warmup: 3, operations: messages },
    );
    return figuresOf(turns, [
      {
        work: `queue, CPU of the app, ${place.name}`,
        ...{ subject: 'in batches of 32', against: 'one by one', of: 'time', aim: { most: 0.45 } },
      },
    ]);
  } finally {
    for (const started of stopping.reverse()) await started.stop();
  }
}

export const group: Group = {
  about:
    'queue and event hub to the store under the local host, against the SDK with nothing done, and against bare upserts',

  async run({ quick, rounds }, tell) {
    await onBoth(async (place) => {
      if (quick && place.name === 'Azurite') return;
      for (const kind of ['queue', 'hub'] as const) {
        const messages = 200;
        // Of its own each time: a checkpoint of an earlier broker would lie ahead of this one's events.
        const state = await startAzurite();
        const updates = new Updates(messages);
        const plain = bareClient(place, `plain${kind}${TABLE}`);
        for (const client of [plain, bareClient(place, `app${kind}${TABLE}`)]) await updates.seed(client);
        // The app and the floor each have a broker, so that neither waits while the other is served.
        const [broker, idleBroker] = [await start('broker-main.js'), await start('broker-main.js')];
        const idle = await start('consumer-main.js', kind, idleBroker.said, state.connectionString);
        const processed = new Processed();
        const host = await startApp(place, `app${kind}`, broker.said, state.connectionString, processed);
        try {
          const next = () => Array.from({ length: messages }, () => updates.next());
          const sent = (to: string, done: () => Promise<unknown>): Subject => {
            const send = senderTo(kind, to);
            return {
              run: async () => {
                const all = within(`${messages} messages of the ${kind}`, done());
                await send(next());
                await all;
              },
            };
          };
          const turns = await inRounds(
            {
              app: sent(broker.said, () => processed.more(messages)),
              'SDK and nothing': sent(idleBroker.said, () => {
                idle.process.send(messages);
                return new Promise((resolve) => idle.process.once('message', resolve));
              }),
              upserts: {
                run: async () => {
                  const bodies = next();
                  await inFlight(UPSERTS_IN_FLIGHT, messages, async (n) => {
                    const body = bodies[n];
                    if (body !== undefined) await plainWrite(plain, body);
                  });
                },
              },
            },
            { rounds, operations: messages },
          );
          const meanOf = (name: 'SDK and nothing' | 'upserts'): number =>
            turns[name].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
          const slower = meanOf('upserts') > meanOf('SDK and nothing') ? 'upserts' : 'SDK and nothing';
          const of = { work: `${kind}, ${place.name}`, subject: 'app', of: 'rate' } as const;
          tell(
            figuresOf(
              turns,
              (['SDK and nothing', 'upserts'] as const).map((against) => ({
                ...of,
                against,
                ...(against === slower ? { aim: { least: 0.8 }, why: WHY } : {}),
              })),
            ),
          );
        } finally {
          await host.stop();
          for (const started of [idle, idleBroker, broker, state]) await started.stop();
        }
      }
      if (place.name !== 'Azurite') tell([...(await inBatches(place, rounds))]);
    });
  },
};

const WHY =
  'The app does both works in one thread, receiving and upserting, where each floor does one; the local host is part of it.';
