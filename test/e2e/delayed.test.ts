/**
 * Proves that what can't be processed now waits in a durable place and drains by itself: messages as delayed copies in the
 * queue, also those of a topic; an event hub's batch in its partition; webhook calls as parked items. Neither an
 * outage of the Web API nor one of the whole store makes the broker give a message up.
 */
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BUS } from '../../local/stack/stack';
import { fixture } from '../receive/deliveries';
import { recorded } from './recorder';
import { TcpProxy } from '../../local/faults/tcp-proxy';
import { System, type Pushed } from './system';

/** What the app sends before it gives a read-back up for now. */
const WEB_API_ATTEMPTS = 6;
/** As short as they can be, so that the tests needn't wait for minutes. */
const SOON = { SERVICEBUS_RETRY_FIRST_SECONDS: '1', SERVICEBUS_RETRY_LONGEST_SECONDS: '2' };
const BY = {
  webhook: { table: 'account', set: 'accounts', name: 'name' },
  'service-bus-queue': { table: 'contact', set: 'contacts', name: 'lastname' },
  'service-bus-topic': { table: 'lead', set: 'leads', name: 'lastname' },
  'event-hub': { table: 'opportunity', set: 'opportunities', name: 'name' },
} as const;

let system: System;
let since: number;

/** A new row, pushed by a way. */
const create = (way: Pushed, text: string): Promise<string> =>
  system.pushing(BY[way].table, way, () => system.dataverse.create(BY[way].table, { [BY[way].name]: text }));

/** The next read-backs of a way's rows fail, one after another; by Retry-After at once. */
const failReads = (way: Pushed, times: number): void =>
  system.dataverse.failNext(times * WEB_API_ATTEMPTS, 503, {
    path: `${BY[way].set}(`,
    headers: { 'Retry-After': '0' },
  });

/** The copies that were made, once there are so many. */
const delayed = async (count: number): Promise<readonly unknown[]> =>
  (await system.logged('delayed', since, count)).map(({ attempt, code, source }) => [source, code, attempt]);

const deadLettered = (): readonly number[] => {
  const { queues, subscriptions } = system.stack.broker.counts();
  return [...Object.values(queues), ...Object.values(subscriptions)].map((counts) => counts.deadLettered);
};

beforeEach(() => {
  since = system.log.length;
});

describe('the Web API is away', () => {
  beforeAll(async () => {
    system = await System.start({ ...SOON, SERVICEBUS_RETRY_ATTEMPTS: '3' });
  });
  afterAll(() => system.stop());

  test.each(['service-bus-queue', 'service-bus-topic'] as const)(
    '[I34] %s: copies come again until it is back, and nothing is parked',
    async (way) => {
      failReads(way, 2);
      const id = await create(way, 'late');
      await system.liveEntity(BY[way].table, id);
      expect(await delayed(2)).toEqual([
        [way, 'web-api', 1],
        // Whatever way it came: copies come from the queue.
        ['service-bus-queue', 'web-api', 2],
      ]);
      expect(await system.parkedCodes()).toEqual([]);
      await system.emptyBroker();
    },
  );

  test('[I34] it stays away until the attempts are used up: parked with the last cause', async () => {
    failReads('service-bus-queue', 4);
    const id = await create('service-bus-queue', 'much later');
    const [item] = await system.until('it being parked', async () => {
      const items = await system.parked();
      return items.length > 0 && items;
    });
    expect(item).toMatchObject({ code: 'web-api', source: 'service-bus-queue', attempts: 0 });
    expect(await delayed(3)).toHaveLength(3);
    await system.emptyBroker();
    await system.letAllBeDue();
    expect(await system.replay()).toMatchObject({ processed: 1 });
    await system.liveEntity('contact', id);
  });

  test('a copy says what it is a copy of, how often it was tried, and why', async () => {
    const client = new ServiceBusClient(system.stack.broker.connectionString);
    try {
      failReads('service-bus-queue', 3);
      const id = await create('service-bus-queue', 'told');
      const copy = await system.until('a copy', async () => {
        const waiting = await client.createReceiver(BUS.queue).peekMessages(5);
        return waiting.find(({ state }) => state === 'scheduled');
      });
      expect(copy.applicationProperties).toMatchObject({
        dvoAttempt: expect.any(Number),
        dvoCode: 'web-api',
        dvoReason: expect.stringMatching(/503/),
        dvoFirstEnqueued: expect.any(String),
        dvoMessageId: expect.any(String),
      });
      expect(copy.messageId).not.toBe(copy.applicationProperties?.dvoMessageId);
      expect(copy.contentType).toMatch(/json/);
      await system.liveEntity('contact', id);
    } finally {
      await client.close();
    }
  });

  test('a topic without a queue for its copies: parked; without a queue that takes them: parked, and said once', async () => {
    const parkedBy = async (overrides: Record<string, string>): Promise<void> => {
      await system.host.stop();
      await system.startApp({ ...SOON, ...overrides });
      since = system.log.length;
      failReads('service-bus-topic', 2);
      for (const text of ['one', 'other']) await create('service-bus-topic', text);
      await system.until('both being parked', async () => (await system.parkedCodes()).length === 2);
      expect(system.records('delayed', since)).toEqual([]);
      await system.unpark();
    };
    await parkedBy({ 'AzureWebJobs.service-bus-queue.Disabled': 'true' });
    expect(system.records('copiesRefused', since)).toEqual([]);
    await parkedBy({ SERVICEBUS_QUEUE: 'not-there' });
    expect(await system.logged('copiesRefused', since)).toEqual([
      { event: 1008, level: 'warn', queue: 'not-there', reason: expect.stringMatching(/not-there/) },
    ]);
  });
});

describe('the whole store is away', () => {
  let proxy: TcpProxy;
  /** Messages come twice at most: without copies each would soon be dead-lettered. */
  const twice = { maxDeliveryCount: 2 };

  /** Its address behind the proxy. */
  const proxied = (): string =>
    system.stack.azurite.connectionString.replace(`:${system.stack.azurite.tablePort}/`, `:${proxy.port}/`);

  beforeAll(async () => {
    system = await System.start(null, { queue: twice, subscription: twice });
    proxy = await TcpProxy.open(system.stack.azurite.tablePort);
  });
  afterAll(async () => {
    await system.stop();
    await proxy.close();
  });

  test('[I35] with the parking: nothing is lost, nothing is dead-lettered, and everything drains by itself', async () => {
    await system.startApp({
      ...{ ...SOON, LOB_STORAGE: proxied(), AzureWebJobsStorage: proxied() },
      ...{ SERVICEBUS_RETRY_ATTEMPTS: '2', REPLAY_SCHEDULE: '* * * * * *' },
    });
    const before = await create('service-bus-queue', 'before');
    await system.liveEntity('contact', before);

    await proxy.set({ kind: 'down' });
    const ids = new Map<Pushed, string>();
    for (const way of ['service-bus-queue', 'service-bus-topic', 'event-hub'] as const)
      ids.set(way, await create(way, 'meanwhile'));
    // Neither what will never settle nor what a read has to confirm can be parked now.
    await system.send('service-bus-queue', [Buffer.from('{"cut off'), fixture('create-lead-sync')]);
    expect(await system.post(JSON.stringify({ no: 'context' }))).toMatchObject({ status: 503 });
    // Many more attempts than deliveries are allowed, or retries by the settings.
    await system.until('many copies', () => system.records('delayed', since).length >= 24);
    await system.until('the batch being held', () => system.records('held', since).length >= 2);
    expect(system.records('storeUnavailable', since)).toMatchObject([
      { event: 4001, store: `127.0.0.1:${proxy.port}` },
    ]);
    expect(deadLettered()).toEqual([0, 0]);

    await proxy.lift();
    for (const [way, id] of ids) await system.liveEntity(BY[way].table, id);
    await system.until('only the broken one being parked', async () => {
      const codes = await system.parkedCodes();
      return codes.length === 1 && codes[0] === 'json-invalid';
    });
    await system.emptyBroker();
    expect(deadLettered()).toEqual([0, 0]);
    expect(await system.logged('storeAvailable', since)).toHaveLength(1);
    await system.unpark();
    await system.host.stop();
  });

  test('[I35] without the parking: a hub waits in place, a broken event of it does not; a webhook is parked; the pull goes on later', async () => {
    await system.startApp({ LOB_STORAGE: proxied() });
    await system.pull();
    await proxy.set({ kind: 'down' });
    const byWebhook = [await create('webhook', 'one'), await create('webhook', 'other')];
    await system.until('the circuit being open', () => system.records('storeUnavailable', since).length > 0);
    await system.send('event-hub', [Buffer.from('{"cut off')]);
    const byHub = await create('event-hub', 'meanwhile');
    await system.until('the batch being held', () => system.records('held', since).length >= 2);
    expect((await system.parked()).filter(({ source }) => source === 'event-hub')).toMatchObject([
      { code: 'json-invalid' },
    ]);
    expect((await system.parked()).filter(({ source }) => source === 'webhook')).toHaveLength(2);
    expect(system.dataverse.stats()).toMatchObject({ failed: 0 });
    await system.run('pull-sync');
    await system.until('failed pulls', () =>
      system.records('pullFailed', since).some(({ code }) => code === 'store-unavailable'),
    );

    await proxy.lift();
    await system.liveEntity('opportunity', byHub);
    await system.letAllBeDue();
    await system.replay();
    for (const id of byWebhook) await system.liveEntity('account', id);
    await system.pull();
    expect((await system.compare()).differences).toEqual([]);
  });
});

describe('sessions', () => {
  beforeAll(async () => {
    system = await System.start({ ...SOON, SERVICEBUS_QUEUE_SESSIONS: 'true' }, { queue: { requiresSession: true } });
  });
  afterAll(() => system.stop());

  /** Sends the events of rows as someone does who gives each row its session: the row's id. */
  async function sendInSessions(
    bodies: readonly { readonly body: Buffer; readonly sessionId: string }[],
  ): Promise<void> {
    const client = new ServiceBusClient(system.stack.broker.connectionString);
    const messages: ServiceBusMessage[] = bodies.map((of) => ({ ...of, contentType: 'application/json' }));
    await client
      .createSender(BUS.queue)
      .sendMessages(messages)
      .finally(() => client.close());
  }

  /** What Dataverse posts of an update of a contact. */
  async function updateOf(id: string, jobtitle: string): Promise<Buffer> {
    const [body = Buffer.alloc(0)] = await recorded(system.dataverse, 'contact', () =>
      system.dataverse.update('contact', id, { jobtitle }),
    );
    return body;
  }

  test('[I36] a session whose event fails holds up neither another one nor its own later events; its copy stays in it', async () => {
    const failing = await system.dataverse.create('contact', { lastname: 'failing' });
    const other = await system.dataverse.create('contact', { lastname: 'other' });
    await system.pull();
    const bodies = [
      { body: await updateOf(failing, 'first'), sessionId: failing },
      { body: await updateOf(failing, 'second'), sessionId: failing },
      { body: await updateOf(other, 'only'), sessionId: other },
    ];
    system.dataverse.failNext(3 * WEB_API_ATTEMPTS, 503, {
      path: `contacts(${failing}`,
      headers: { 'Retry-After': '0' },
    });
    since = system.log.length;
    await sendInSessions(bodies);
    await system.liveEntity('contact', other, { jobtitle: 'only' });
    await system.liveEntity('contact', failing, { jobtitle: 'second' });
    await delayed(1);
    expect(await system.parkedCodes()).toEqual([]);
    await system.emptyBroker();
  });

  test('[I36] what has no session, as from a topic, gets one of its own where the queue asks for it', async () => {
    failReads('service-bus-topic', 1);
    const id = await create('service-bus-topic', 'late');
    await system.liveEntity('lead', id);
    expect(await delayed(1)).toEqual([['service-bus-topic', 'web-api', 1]]);
    expect(await system.parkedCodes()).toEqual([]);
  });
});
