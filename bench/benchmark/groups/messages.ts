import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startAzurite } from '../../../local/storage/azurite';
import { spawnHost, type SpawnedHost } from '../../../local/host/spawn-host';
import type { LogRecord } from '../../../local/host/log';
import { BUS } from '../../../local/stack/stack';
import { TABLE } from '../inputs/rows';
import { bareClient, inFlight, settingsOf } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { plainWrite } from '../processes/plain-write';
import { startChild } from '../measure/child';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds, type Subject } from '../measure/rounds';
import { startNullTables, type Account } from '../null-tables/start';

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

/** The app on a broker, telling of each delivery that it has processed. */
function startApp(
  account: Account,
  prefix: string,
  broker: string,
  state: string,
  processed: Processed,
  settings: Readonly<Record<string, string>>,
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
      ...settingsOf(account),
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

const APPS = {
  'queue, one by one': { kind: 'queue', settings: { DISABLED_FUNCTIONS: 'event-hub', SERVICEBUS_BATCHES: 'false' } },
  'queue, batches of 32': {
    kind: 'queue',
    settings: {
      DISABLED_FUNCTIONS: 'event-hub',
      AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize: '32',
    },
  },
  hub: { kind: 'hub', settings: { DISABLED_FUNCTIONS: 'service-bus-queue' } },
} as const;
type App = keyof typeof APPS;

export const group: Group = {
  about:
    "queue and event hub to the store under the local host: the app's CPU without the host's, against bare upserts",

  async run({ quick, rounds }, tell) {
    const messages = AT_ONCE * (quick ? 2 : 4);
    const [tables, state] = [await startNullTables(), await startAzurite()];
    const stopping: { stop(): Promise<unknown> }[] = [tables, state];
    const { account } = tables;
    const updates = new Updates(messages);
    const app = async (name: App): Promise<Subject> => {
      const { kind, settings } = APPS[name];
      const prefix = name.replaceAll(/\W/g, '');
      await updates.seed(bareClient(account, `${prefix}${TABLE}`));
      const broker = await startChild<string>(path.join(__dirname, '../processes/broker-main.js'));
      stopping.push(broker);
      const processed = new Processed();
      const host = await startApp(account, prefix, broker.said, state.connectionString, processed, settings);
      stopping.push(host);
      const send = senderTo(kind, broker.said);
      return {
        run: async () => {
          const all = within(`${messages} messages of ${name}`, processed.more(messages));
          // What a namespace takes in one sending is bounded.
          for (let sent = 0; sent < messages; sent += AT_ONCE)
            await send(Array.from({ length: AT_ONCE }, () => updates.next()));
          await all;
        },
        cpuMs: () => appCpuMsOf(host),
      };
    };
    try {
      const plain = bareClient(account, `plain${TABLE}`);
      await updates.seed(plain);
      let bodies: readonly Buffer[] = [];
      const upserts: Subject = {
        prepare: () => void (bodies = Array.from({ length: messages }, () => updates.next())),
        run: () =>
          inFlight(UPSERTS_IN_FLIGHT, messages, async (n) => {
            const body = bodies[n];
            if (body !== undefined) await plainWrite(plain, body);
          }),
      };
      const [single, many, hub] = ['queue, one by one', 'queue, batches of 32', 'hub'] as const;
      const subjects = { [single]: await app(single), [many]: await app(many), hub: await app(hub), upserts };
      const turns = await inRounds(subjects, { rounds, warmup: 3, operations: messages });
      tell(
        figuresOf(turns, [
          { work: many, subject: many, against: single, of: 'CPU', aim: { most: 0.45 } },
          ...[single, many, hub].flatMap((name) => [
            { work: name, subject: name, against: 'upserts', of: 'CPU' } as const,
            { work: name, subject: name, against: 'upserts', of: 'rate' } as const,
          ]),
        ]),
      );
    } finally {
      for (const started of stopping.reverse()) await started.stop();
    }
  },
};
