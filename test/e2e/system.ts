/**
 * The whole system for the end-to-end tests: Azurite, the AMQP broker and the Dataverse simulator, and the real app in a
 * process of its own under the local host. What the tests see of the app is what anyone sees: its answers, its log, and
 * its tables by the plain SDK.
 */
import { TableClient } from '@azure/data-tables';
import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { join } from 'node:path';
import { compare, type Difference } from '../../local/day/comparison';
import type { Dataverse, StepRegistration } from '../../local/dataverse/simulator';
import { STANDARD_RELATIONSHIPS } from '../../local/dataverse/metadata/standard-tables';
import type { LogRecord } from '../../local/host/log';
import { spawnHost, type SpawnedHost } from '../../local/host/spawn-host';
import { BUS, startStack, type Stack, type StackOptions } from '../../local/stack/stack';
import { deferredLargeBodies } from '../../shared/parking/large-bodies';
import { TableParking } from '../../shared/parking/table-parking';
import { builtFolder } from '../build-once';
import { eventually, type Probed } from '../eventually';

/** App settings over those of the stack; `undefined` takes one away. */
export type Overrides = Readonly<Record<string, string | undefined>>;

/** The members of a log record, an answer or an entity. */
export type Fields = Readonly<Record<string, unknown>>;

/** A parked item as it lies in Azurite. */
export interface Parked {
  readonly rowKey: string;
  readonly code: string;
  readonly source: string;
  readonly body: Buffer;
  readonly dueAt: Date;
  readonly attempts: number;
}

/** An answer of the app's HTTP endpoint. */
export interface Answer {
  readonly status: number;
  readonly body: Fields;
}

/** How a post to an endpoint of the app is made. */
export interface Post {
  readonly method?: string;
  /** @default webhook */
  readonly function?: 'webhook' | 'validate';
  /** Appended to the address as it stands. @default `?code=` with the stack's key */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The endpoints of Dataverse, one for each way that a change is pushed. */
export const PUSHED = ['webhook', 'service-bus-queue', 'service-bus-topic', 'event-hub'] as const;
export type Pushed = (typeof PUSHED)[number];

/** Pulls and replays happen when a test asks for them. */
const NEVER = '0 0 0 1 1 *';
const LIMIT_MS = 180_000;

/** The stack and the app on it. The app can be ended and started again; the stack stays. */
export class System {
  /** Everything the app and its host have said since the stack was started. */
  readonly log: LogRecord[] = [];
  /** Every answer to a POST to the webhook. */
  readonly answers: Answer[] = [];
  #host: SpawnedHost | undefined;
  #port = 0;
  /** Where the log of the app's present process begins. */
  #logOfApp = 0;
  #tables: readonly string[] = [];
  #relationships: readonly string[] = [];
  readonly #endpoints = new Map<Pushed, string>();

  private constructor(readonly stack: Stack) {}

  /** Starts the stack and, unless `overrides` is null, the app. */
  static async start(overrides: Overrides | null = {}, stackOptions: StackOptions = {}): Promise<System> {
    const [stack] = await Promise.all([startStack(stackOptions), builtFolder()]);
    const system = new System(stack);
    try {
      if (overrides !== null) await system.startApp(overrides);
      return system;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** Another instance of the app on the same stack, to be started: a process, a port and a log of its own. */
  beside(): System {
    return new System(this.stack);
  }

  get dataverse(): Dataverse {
    return this.stack.dataverse;
  }

  /** The app's process. */
  get host(): SpawnedHost {
    if (this.#host === undefined) throw new Error('The app was not started.');
    return this.#host;
  }

  /**
   * Starts the app; at the port that it had before, if it was started before, so that registered webhooks still meet it.
   *
   * @param appDir its folder @default the built one
   */
  async startApp(overrides: Overrides = {}, appDir?: string): Promise<SpawnedHost> {
    const settings: Overrides = {
      ...this.stack.settings,
      PULL_SCHEDULE: NEVER,
      REPLAY_SCHEDULE: NEVER,
      UNCONFIRMED_DELAY_SECONDS: '0',
      READ_BACK_MAX_AGE_SECONDS: '2',
      ...overrides,
    };
    this.#tables = (settings.SYNC_TABLES ?? '').split(',');
    this.#relationships = (settings.SYNC_RELATIONSHIPS ?? '').split(',').filter((name) => name !== '');
    const present = Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.#logOfApp = this.log.length;
    this.#host = await spawnHost({
      appDir: appDir ?? (await builtFolder()),
      main: join(await builtFolder(), 'dist/local/host/main.js'),
      settings: Object.fromEntries(present),
      port: this.#port,
      onLog: (record) => void this.log.push(record),
    });
    this.#port = this.#host.port;
    return this.#host;
  }

  /** Ends the app; the stack stays. */
  async stopApp(): Promise<void> {
    await this.#host?.stop();
  }

  async stop(): Promise<void> {
    await this.stopApp();
    await this.stack.stop();
  }

  /** Resolves with what the probe brings as soon as it is neither undefined nor false; after the limit rejects, naming what was awaited. */
  until<T>(what: string, probe: () => Probed<T> | Promise<Probed<T>>, limitMs = LIMIT_MS): Promise<T> {
    return eventually(probe, () => `${what}. ${this.#troubles()}`, limitMs);
  }

  #troubles(): string {
    const lines = this.log.filter(({ level }) => level !== 'information').map(({ message }) => message);
    return `Of ${lines.length} warnings and errors of the app, the last:\n${lines.slice(-5).join('\n')}`;
  }

  /** The state of each function as the host tells it. */
  states(): Record<string, string> {
    return Object.fromEntries(this.host.functions.map(({ name, state }) => [name, state]));
  }

  /** The records of one event in the app's log, from a position in `log` on. */
  records(event: string, since = 0): Fields[] {
    return this.log.slice(since).flatMap(({ message }) => {
      if (!message.startsWith(`${event} {`)) return [];
      return [JSON.parse(message.slice(event.length + 1)) as Fields];
    });
  }

  /** Waits for records of an event: the app's log takes a way of its own, and may come later than its answers. */
  logged(event: string, since = 0, count = 1): Promise<Fields[]> {
    return this.until(`${count} × ${event} in the log`, () => {
      const records = this.records(event, since);
      return records.length >= count && records;
    });
  }

  /** How often each verdict was logged for a way. */
  verdicts(source: Pushed, since = 0): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const { source: from, verdicts } of this.records('processed', since)) {
      if (from !== source) continue;
      for (const [verdict, count] of Object.entries(verdicts as Record<string, number>))
        sum[verdict] = (sum[verdict] ?? 0) + count;
    }
    return sum;
  }

  /** Posts to the webhook as anyone could; the stack's key is in the query unless another one is given. */
  async post(
    body: string | Uint8Array | undefined,
    { method = 'POST', function: to = 'webhook', query, headers = {} }: Post = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.host.url}/api/${to}${query ?? `?code=${this.stack.webhookKey}`}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Fields) : {} };
    if (method === 'POST' && to === 'webhook') this.answers.push(answer);
    return answer;
  }

  /** Sends bodies by one of the pushed ways, as Dataverse does: in this order, to a hub all to one partition. */
  async send(way: Pushed, bodies: readonly Buffer[]): Promise<void> {
    if (way === 'webhook') {
      for (const body of bodies) await this.post(body);
      return;
    }
    const { path } = TARGETS[way];
    const { connectionString } = this.stack.broker;
    if (way === 'event-hub') {
      const producer = new EventHubProducerClient(connectionString, path);
      const events = bodies.map((body) => ({ body }));
      await producer.sendBatch(events, { partitionId: '0' }).finally(() => producer.close());
      return;
    }
    const client = new ServiceBusClient(connectionString);
    const messages = bodies.map((body) => ({ body, contentType: 'application/json' }));
    await client
      .createSender(path)
      .sendMessages(messages)
      .finally(() => client.close());
  }

  /** Runs a function by hand. */
  async run(functionName: string): Promise<void> {
    const response = await fetch(`${this.host.url}/admin/functions/${functionName}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"input":""}',
    });
    if (response.status !== 202) throw new Error(`Running ${functionName} by hand was answered ${response.status}.`);
  }

  /** Whether no run of a function is under way. */
  isIdle(functionName: string): boolean {
    const log = this.log.slice(this.#logOfApp);
    const said = (word: string): number =>
      log.filter(({ message }) => message.startsWith(`${word} 'Functions.${functionName}'`)).length;
    return said('Executing') === said('Executed');
  }

  /**
   * One complete pull of every table; returns the reports by table. A request may pass its time limit on a busy machine: then it is
   * pulled again, and a table that was pulled before keeps the report of that.
   */
  async pull(attempts = 3): Promise<ReadonlyMap<string, Fields>> {
    const since = this.log.length;
    const reports = (): Map<string, Fields> =>
      new Map(this.records('pulled', since).map((report) => [String(report.table), report]));
    const all = [...this.#tables, ...this.#relationships];
    await this.run('pull-sync');
    const ended = await this.until('a complete pull', () => {
      const [failed] = this.records('pullFailed', since);
      return failed === undefined ? all.every((name) => reports().has(name)) && { failed } : { failed };
    });
    if (ended.failed === undefined) return reports();
    if (ended.failed.code !== 'web-api' || attempts === 1)
      throw new Error(`The pull failed: ${JSON.stringify(ended.failed)}`);
    await this.until('the end of the pull', () => this.isIdle('pull-sync'));
    const before = reports();
    return new Map([...(await this.pull(attempts - 1)), ...before]);
  }

  /** Tries again what is parked and due, of which there must be something; returns the counts that the app logs. */
  async replay(): Promise<Fields> {
    const since = this.log.length;
    await this.run('replay-parked');
    return this.until('the end of a replay', () => this.records('replayed', since)[0]);
  }

  /** Where Dataverse posts for one of the pushed ways; registered at the first use. */
  async endpoint(way: Pushed): Promise<string> {
    const known = this.#endpoints.get(way);
    if (known !== undefined) return known;
    const connectionString = this.stack.broker.connectionString;
    const made = await this.dataverse.registerEndpoint(
      way === 'webhook'
        ? {
            name: way,
            contract: 'webhook',
            url: `${this.host.url}/api/webhook`,
            authvalue: this.stack.webhookKey,
          }
        : { name: way, connectionString, ...TARGETS[way] },
    );
    this.#endpoints.set(way, made);
    return made;
  }

  /** Has Dataverse push a table's changes by one way while the action runs and until its posts are sent. */
  async pushing<T>(
    table: string,
    way: Pushed,
    action: () => Promise<T>,
    mode: StepRegistration['mode'] = 'async',
  ): Promise<T> {
    const steps = ['Create', 'Update', 'Delete'].map((message) => ({ table, message, mode }));
    return this.pushingSteps(way, steps, action);
  }

  /** Has these steps registered while the action runs and until their posts are sent. */
  async pushingSteps<T>(
    way: Pushed,
    registrations: readonly Omit<StepRegistration, 'endpoint'>[],
    action: () => Promise<T>,
  ): Promise<T> {
    const endpoint = await this.endpoint(way);
    const steps: string[] = [];
    for (const step of registrations) steps.push(await this.dataverse.registerStep({ ...step, endpoint }));
    try {
      return await action();
    } finally {
      await this.dataverse.drain(LIMIT_MS);
      for (const id of steps) await this.dataverse.unregister(id);
    }
  }

  /** A row's entity; undefined where there is none. */
  async entity(table: string, id: string): Promise<Fields | undefined> {
    try {
      return await this.#client(table.replaceAll('_', '')).getEntity(id.slice(0, 1), id);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  }

  /** Waits until a row is live in the store (with these properties, if any are given). */
  liveEntity(table: string, id: string, properties: Fields = {}): Promise<Fields> {
    return this.until(
      `${table} ${id} live in the store with ${Object.keys(properties).join(', ') || 'anything'}`,
      async () => {
        const entity = await this.entity(table, id);
        if (entity?.Deleted !== false) return undefined;
        return Object.entries(properties).every(([name, value]) => entity[name] === value) && entity;
      },
    );
  }

  /** Waits until a row is a tombstone in the store. */
  tombstone(table: string, id: string): Promise<Fields> {
    return this.until(`a tombstone of ${table} ${id} in the store`, async () => {
      const entity = await this.entity(table, id);
      return entity?.Deleted === true && entity;
    });
  }

  /** Waits until a change of these rows is provably newer than what is stored of them, so that it is merged without a read. */
  async pastStamps(table: string, ids: readonly string[]): Promise<void> {
    const entities = await Promise.all(ids.map((id) => this.liveEntity(table, id)));
    const seen = entities.map((entity) => (JSON.parse(String(entity.Stamp)) as { readonly seen: number }).seen);
    await this.until('a time after the stamps', () => Math.floor(Date.now() / 1000) > Math.max(...seen));
  }

  /** Everything parked. */
  async parked(): Promise<readonly Parked[]> {
    const items: Parked[] = [];
    try {
      for await (const entity of this.#client(PARKED).listEntities())
        if (entity.kind !== undefined) items.push(parkedFrom(entity));
    } catch (error) {
      // Nothing was ever parked.
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
    return items;
  }

  /** The causes of everything parked. */
  async parkedCodes(): Promise<readonly string[]> {
    return (await this.parked()).map(({ code }) => code);
  }

  /** The body of the one item that is parked with this code, wherever it lies. */
  async parkedBody(code: string): Promise<Buffer | undefined> {
    const [{ rowKey } = { rowKey: '' }] = (await this.parked()).filter((item) => item.code === code);
    const item = await this.#parking().find(rowKey);
    return item?.subject.kind === 'delivery' ? Buffer.from(item.subject.delivery.body) : undefined;
  }

  #parking(): TableParking {
    const { connectionString } = this.stack.azurite;
    const bodies = deferredLargeBodies({ kind: 'connectionString', connectionString }, 'dvo-bodies');
    return new TableParking(this.#client(PARKED), bodies);
  }

  /** Makes everything parked due now: tests don't wait for minutes, and an operator can do the same. */
  async letAllBeDue(): Promise<void> {
    const parking = this.#parking();
    for (const { rowKey, dueAt } of await this.parked()) {
      const item = dueAt.getTime() <= Date.now() ? undefined : await parking.find(rowKey);
      if (item === undefined) continue;
      await parking.postpone({ ...item, attempts: item.attempts - 1 }, item.cause, Date.now() - 1000);
    }
  }

  /** Empties the parking between tests. */
  async unpark(): Promise<void> {
    for (const { rowKey } of await this.parked()) await this.#client(PARKED).deleteEntity('parked', rowKey);
  }

  /** What lies with the broker for the app: in the queue, in the subscription. Locked messages count. */
  waiting(): { readonly queue: number; readonly topic: number } {
    const { queues, subscriptions } = this.stack.broker.counts();
    const sum = (
      counts: { active: number; locked: number; scheduled: number; deadLettered: number } | undefined,
    ): number =>
      counts === undefined ? Number.NaN : counts.active + counts.locked + counts.scheduled + counts.deadLettered;
    return { queue: sum(queues[BUS.queue]), topic: sum(subscriptions[`${BUS.topic}/${BUS.subscription}`]) };
  }

  /** Waits until nothing lies with the broker for the app. */
  async emptyBroker(): Promise<void> {
    await this.until('an empty broker', () => Object.values(this.waiting()).every((count) => count === 0));
  }

  /** Every row of the synced tables in Dataverse against every row of the store. */
  async compare(): Promise<{ readonly rows: number; readonly differences: readonly Difference[] }> {
    const result = await compare(
      this.dataverse,
      this.stack.azurite.connectionString,
      this.#tables,
      STANDARD_RELATIONSHIPS.filter(({ schemaName }) => this.#relationships.includes(schemaName)),
    );
    return { rows: result.tables.reduce((sum, { rows }) => sum + rows, 0), differences: result.differences };
  }

  #client(table: string): TableClient {
    return TableClient.fromConnectionString(this.stack.azurite.connectionString, table, {
      allowInsecureConnection: true,
    });
  }
}

const PARKED = 'dvoparked';

const TARGETS = {
  'service-bus-queue': { contract: 'queue', path: BUS.queue },
  'service-bus-topic': { contract: 'topic', path: BUS.topic },
  'event-hub': { contract: 'eventHub', path: BUS.hub },
} as const;

function parkedFrom(entity: Record<string, unknown>): Parked {
  const parts: Uint8Array[] = [];
  for (let part = 0; entity[`body${part}`] instanceof Uint8Array; part += 1)
    parts.push(entity[`body${part}`] as Uint8Array);
  return {
    rowKey: String(entity.rowKey),
    code: String(entity.code),
    source: String(entity.source),
    body: Buffer.concat(parts),
    dueAt: entity.dueAt as Date,
    attempts: Number(entity.attempts),
  };
}
