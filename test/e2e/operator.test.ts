/**
 * Proves that the operator's commands do what they say on the whole system, each as a process of its own: what is parked
 * is listed, shown, replayed and discarded; dead letters come back, none lost although the replay is killed in the
 * middle; and a store's table that was wiped comes back from the event hub.
 */
import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startBroker, type Broker } from '../../local/broker/broker';
import { BUS } from '../../local/stack/stack';
import { recorded } from './recorder';
import { runDvo, startDvo, type Ended } from './spawned-dvo';
import { System } from './system';

let system: System;
let settings: Readonly<Record<string, string>>;

beforeAll(async () => {
  system = await System.start(null);
  settings = {
    ...system.stack.settings,
    SYNC_TABLES: 'account,contact',
    UNCONFIRMED_DELAY_SECONDS: '0',
    READ_BACK_MAX_AGE_SECONDS: '2',
  };
});
afterAll(() => system.stop());

const dvo = (...args: string[]): Promise<Ended> => runDvo(args, settings);
const storeTable = (name: string): TableClient =>
  TableClient.fromConnectionString(system.stack.azurite.connectionString, name, { allowInsecureConnection: true });

describe('dvo parked', () => {
  const BAD = 'Good morning, \u0007Müller';
  let contactId: string;
  let accountId: string;

  /** The app keeps only accounts in step; what it parks is a greeting, a contact's event, and a synchronous step's. */
  beforeAll(async () => {
    await system.startApp({ SYNC_TABLES: 'account', REPLAY_SCHEDULE: '0 0 0 1 1 *' });
    await system.post(BAD);
    await system.pushing('contact', 'webhook', async () => {
      contactId = await system.dataverse.create('contact', { firstname: 'Zoë', lastname: 'Quenneville' });
    });
    await system.pushing(
      'account',
      'webhook',
      async () => {
        accountId = await system.dataverse.create('account', { name: 'Secretive Ltd' });
      },
      'sync',
    );
    await system.until('three parked items', async () => (await system.parked()).length === 3);
  });
  afterAll(() => system.host.stop());

  const idOf = async (code: string): Promise<string> => {
    const { out } = await dvo('parked', 'list', '--json', '--code', code);
    return (JSON.parse(out) as { id: string }).id;
  };

  test('list: what is parked, how it is meant to go on, and how many of each code', async () => {
    const { code, out } = await dvo('parked', 'list');
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +kind +source or table +code +attempts +parked at +due$/);
    expect(out).toMatch(/^delivery-[0-9a-f]{32} +delivery +webhook +json-invalid +0 +\d{4}-\d\d-\d\dT\S+Z +waits$/m);
    expect(out).toMatch(/ unconfirmed +0 .* now$/m);
    expect(lines.slice(-3)).toEqual(['1  json-invalid', '1  table-not-synced', '1  unconfirmed']);
    expect((await dvo('parked', 'list', '--due')).out).not.toContain('json-invalid');
    expect((await dvo('parked', 'list', '--waiting', '--source', 'webhook')).out).not.toContain('unconfirmed');
    expect((await dvo('parked', 'list', '--older-than', '1h')).err).toMatch(/^No parked item/);
  });

  test('show: the cause, by an abbreviated id; the body only when asked for, byte for byte', async () => {
    const id = await idOf('table-not-synced');
    const shown = await dvo('parked', 'show', id.slice('delivery-'.length, -20), '--explain');
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain('Table contact isn');
    expect(shown.out).toContain('Create of contact');
    expect(shown.out).toContain('lastname');
    expect(shown.out).not.toContain('Quenneville');
    const bad = await idOf('json-invalid');
    const body = await dvo('parked', 'show', bad, '--body');
    expect([body.code, body.out]).toEqual([0, BAD]);
    expect(body.err).toContain('json-invalid');
  });

  test('replay: what can be processed goes, what can not stays with its cause, exit code 1', async () => {
    const { code, out, err } = await dvo('parked', 'replay', '--all', '--yes');
    expect(code).toBe(1);
    expect(out).toBe('2 processed, 1 failed (json-invalid 1)\n');
    expect(err).toContain('1 could not be processed');
    await system.liveEntity('contact', contactId);
    await system.liveEntity('account', accountId);
    expect(await system.parked()).toMatchObject([{ code: 'json-invalid', attempts: 1 }]);
  });

  test('discard: moved with its body, and one log record of it', async () => {
    const id = await idOf('json-invalid');
    expect(await dvo('parked', 'discard', id, '--yes')).toMatchObject({ code: 64, out: '' });
    const { code, out } = await dvo('parked', 'discard', id.slice(0, 20), '--reason', 'a greeting', '--yes');
    expect(code).toBe(0);
    expect(out).toMatch(/^discarded \{.*\}\n$/);
    expect(JSON.parse(out.slice('discarded '.length))).toEqual({
      event: 3002,
      level: 'warn',
      id,
      code: 'json-invalid',
      source: 'webhook',
      reason: 'a greeting',
    });
    expect(await system.parked()).toEqual([]);
    const kept: Record<string, unknown>[] = [];
    for await (const entity of storeTable('dvodiscarded').listEntities()) kept.push(entity);
    expect(kept).toMatchObject([{ partitionKey: id, reason: 'a greeting', body0: Buffer.from(BAD) }]);
  });
});

describe('dvo dead-letters', () => {
  const COUNT = 1000;
  const QUEUE = ['--queue', BUS.queue];
  const ATTEMPTS = 2;
  /** Locks end soon, so that what a killed replay had locked comes free. */
  const LOCK_MS = 5_000;
  let broker: Broker;
  let bus: Readonly<Record<string, string>>;
  const counts = () => broker.counts().queues[BUS.queue];

  beforeEach(async () => {
    broker = await startBroker({ queues: { [BUS.queue]: { lockMs: LOCK_MS, maxDeliveryCount: ATTEMPTS } } });
    bus = { ...settings, ServiceBusConnection: broker.connectionString };
  });
  afterEach(() => broker.close());

  /** Gives every message back until the broker gives up, as an app does that can neither settle nor park. */
  async function wearOut(bodies: readonly Buffer[]): Promise<void> {
    const client = new ServiceBusClient(broker.connectionString);
    try {
      const sender = client.createSender(BUS.queue);
      const messages = bodies.map((body, index) => ({ body, contentType: 'application/json', messageId: `${index}` }));
      await Promise.all(messages.map((message) => sender.sendMessages(message)));
      const receiver = client.createReceiver(BUS.queue);
      while (counts()?.deadLettered !== bodies.length)
        for (const message of await receiver.receiveMessages(200, { maxWaitTimeInMs: 1000 }))
          await receiver.abandonMessage(message);
    } finally {
      await client.close();
    }
  }

  test(`${COUNT} dead letters, the replay killed in the middle and run again: none is lost`, async () => {
    const ids: string[] = [];
    const bodies = await recorded(system.dataverse, 'account', async () => {
      for (let index = 0; index < COUNT; index += 1)
        ids.push(await system.dataverse.create('account', { name: `Account ${index}` }));
    });
    expect(bodies).toHaveLength(COUNT);
    await wearOut(bodies);

    const listed = await runDvo(['dead-letters', 'list', ...QUEUE], bus);
    expect(listed.code).toBe(0);
    expect(listed.out).toContain('Create of account');
    expect(listed.out).toMatch(/\n1000 {2}MaxDeliveryCountExceeded\n$/);

    const { child, ended } = await startDvo(['dead-letters', 'replay', ...QUEUE, '--rate', '150', '--yes'], bus);
    await system.until('a third of them sent', () => (counts()?.active ?? 0) > COUNT / 3);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    const { active = 0, deadLettered = 0 } = counts() ?? {};
    expect(active).toBeLessThan(COUNT);
    expect(active + deadLettered).toBeGreaterThanOrEqual(COUNT);

    // Some are still locked by the killed one: the replay says so, until their locks end.
    await system.until(
      'a replay that leaves none',
      async () => (await runDvo(['dead-letters', 'replay', ...QUEUE, '--yes'], bus)).code === 0,
    );
    expect(counts()).toMatchObject({ deadLettered: 0 });
    expect(counts()?.active).toBeGreaterThanOrEqual(COUNT);

    await system.startApp({ SYNC_TABLES: 'account', ServiceBusConnection: broker.connectionString });
    try {
      await system.until('an empty queue', () => (counts()?.active ?? 0) + (counts()?.locked ?? 0) === 0);
      const live = new Set<string>();
      for await (const { rowKey } of storeTable('account').listEntities()) live.add(String(rowKey));
      expect(ids.filter((id) => !live.has(id))).toEqual([]);
      expect((await system.compare()).differences).toEqual([]);
    } finally {
      await system.host.stop();
    }
  });
});

describe('dvo hub replay', () => {
  test('a table of the store that was wiped comes back; the checkpoints stay where they were', async () => {
    await system.startApp({ SYNC_TABLES: 'account,contact' });
    try {
      const ids: string[] = [];
      await system.pushing('contact', 'event-hub', async () => {
        for (let index = 0; index < 20; index += 1)
          ids.push(await system.dataverse.create('contact', { lastname: `Contact ${index}` }));
        await system.dataverse.update('contact', String(ids[0]), { lastname: 'Renamed' });
        await system.dataverse.delete('contact', String(ids[1]));
      });
      await system.tombstone('contact', String(ids[1]));
      await system.liveEntity('contact', String(ids[0]), { lastname: 'Renamed' });
      for (const id of ids.slice(2)) await system.liveEntity('contact', id);
      await system.host.stop();

      for (const id of ids) await storeTable('contact').deleteEntity(id.slice(0, 1), id);
      const before = await checkpoints();
      expect(before.length).toBeGreaterThan(0);

      const counted = await dvo('hub', 'replay', '--from', 'start', '--dry-run');
      expect(counted.code).toBe(0);
      expect(counted.out).toMatch(/^22 events/);
      expect(counted.out).toContain('20  Create of contact');
      expect(await system.entity('contact', String(ids[0]))).toBeUndefined();

      const { code, out, err } = await dvo('hub', 'replay', '--from', '1h', '--rate', '200', '--yes');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^22 events/);
      await system.liveEntity('contact', String(ids[0]), { lastname: 'Renamed' });
      for (const id of ids.slice(2)) await system.liveEntity('contact', id);
      await system.tombstone('contact', String(ids[1]));
      expect(await checkpoints()).toEqual(before);
    } finally {
      await system.host.stop();
    }
  });

  async function checkpoints(): Promise<readonly string[]> {
    const service = BlobServiceClient.fromConnectionString(system.stack.azurite.connectionString);
    const found: string[] = [];
    for await (const blob of service
      .getContainerClient('azure-webjobs-eventhub')
      .listBlobsFlat({ includeMetadata: true }))
      if (blob.name.includes('checkpoint')) found.push(`${blob.name} ${JSON.stringify(blob.metadata)}`);
    return found;
  }
});
