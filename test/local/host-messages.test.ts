/**
 * Proves that the local host drives Service Bus and Event Hubs triggers as the real one does, over the real SDKs, the local broker and Azurite: what settles a message, what the
 * function gets to see (with the platform's losses), and where an event hub goes on after a restart.
 */
import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { startBroker, type Broker } from '../../local/broker/broker';
import { eventually } from '../eventually';
import { only, startSampleApp, type SampleApp, type SampleFunction } from './host-app/start';

let azurite: Azurite;
let broker: Broker;
let client: ServiceBusClient;
let app: SampleApp | undefined;

beforeAll(async () => {
  [azurite, broker] = await Promise.all([
    startAzurite(),
    startBroker({
      queues: {
        orders: { maxDeliveryCount: 3 },
        again: { maxDeliveryCount: 2 },
        raw: {},
        sessions: { requiresSession: true },
      },
      topics: { news: { subscriptions: { all: {} } } },
      hubs: { telemetry: { partitions: 2 } },
    }),
  ]);
  client = new ServiceBusClient(broker.connectionString);
});
afterEach(async () => {
  await app?.host.stop();
  app = undefined;
});
afterAll(async () => {
  await client.close();
  await Promise.all([azurite.stop(), broker.close()]);
});

async function start(...names: SampleFunction[]): Promise<SampleApp> {
  return (app = await startSampleApp({
    ...only(...names),
    BUS: broker.connectionString,
    ORDERS: 'orders',
    AzureWebJobsStorage: azurite.connectionString,
  }));
}

async function send(entity: string, ...messages: ServiceBusMessage[]): Promise<void> {
  const sender = client.createSender(entity);
  await sender.sendMessages(messages.length === 1 && messages[0] ? messages[0] : messages);
  await sender.close();
}

/** What the sample says it was given. */
interface Seen {
  readonly body: unknown;
  readonly metadata: Record<string, unknown>;
}
const seenBy = (running: SampleApp) => running.userMessages('seen').map((text) => JSON.parse(text.slice(5)) as Seen);

describe('Service Bus', () => {
  it('completes a message whose function returns, and shows its metadata with the platform’s losses', async () => {
    const running = await start('orders');
    await send('orders', {
      body: Buffer.from('{"total":5,"MessageID":"of the body","paid":true,"parts":[1],"buyer":{"Name":"n"}}'),
      messageId: '12345678901234567890',
      correlationId: '12345678901234567890',
      subject: 'true',
      contentType: 'application/json',
      applicationProperties: { EventType: 'x' },
    });
    const [seen] = await eventually(() => seenBy(running).length === 1 && seenBy(running), 'the message');
    expect(seen?.body).toMatchObject({ total: 5, MessageID: 'of the body' });
    expect(seen?.metadata).toMatchObject({
      // .NET counts this delivery, AMQP only the earlier ones.
      deliveryCount: 1,
      // A member of the body lies over the real id, whatever its case.
      messageId: 'of the body',
      // A string of digits is parsed as JSON, and so loses digits.
      correlationId: 12345678901234567000,
      subject: true,
      label: true,
      contentType: 'application/json',
      sequenceNumber: expect.any(Number),
      applicationProperties: { eventType: 'x' },
      userProperties: { eventType: 'x' },
      expiresAtUtc: '9999-12-31T23:59:59.9999999',
      enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+$/),
      total: 5,
      paid: 'True',
      buyer: { name: 'n' },
    });
    expect(seen?.metadata).not.toHaveProperty('parts');
    expect(seen?.metadata).not.toHaveProperty('replyTo');
    await eventually(() => total(broker.counts().queues.orders) === 0, 'the message is gone');
  });

  it('abandons a message whose function throws, until the broker gives it up', async () => {
    const running = await start('orders');
    await send('orders', { body: { fail: true } });
    await eventually(() => seenBy(running).length === 3, 'three deliveries');
    expect(seenBy(running).map(({ metadata }) => metadata.deliveryCount)).toEqual([1, 2, 3]);
    const [dead] = await client.createReceiver('orders', { subQueueType: 'deadLetter' }).receiveMessages(1);
    expect(dead?.body).toEqual({ fail: true });
    const refused = () => running.records.filter(({ message }) => message.includes('Error: refused'));
    await eventually(() => refused().length === 3, 'three errors in the log');
  });

  it('runs the retry policy at each delivery, and warns of it', async () => {
    const running = await start('again');
    await send('again', { body: {} });
    const runs = [1, 2].flatMap((delivery) => [0, 1, 2].map((retry) => `again ${delivery} ${retry}`));
    await eventually(() => running.userMessages('again').length === runs.length, 'all attempts');
    expect(running.userMessages('again')).toEqual(runs);
    expect(await running.logged("Function 'again': retry policies")).toMatchObject({ level: 'warning' });
  });

  it('gives bytes where the trigger asks for them', async () => {
    const running = await start('raw');
    await send('raw', { body: Buffer.from([0x7b, 0x22, 0xff]) });
    await running.logged('raw 7b22ff true');
  });

  it('gives batches, in which empty texts are missing', async () => {
    const running = await start('batches');
    const bodies = ['first', '', '3'].map((text) => Buffer.from(text));
    await send('news', ...bodies.map((body, n) => ({ body, ...(n > 0 && { correlationId: `c${n}` }) })));
    const [seen] = await eventually(() => seenBy(running).length === 1 && seenBy(running), 'the batch');
    expect(seen?.body).toEqual(['first', 3]);
    expect(seen?.metadata).toMatchObject({ deliveryCountArray: [1, 1, 1], correlationIdArray: ['c1', 'c2'] });
    await eventually(() => total(broker.counts().subscriptions['news/all']) === 0, 'the messages are gone');
  });

  it('serves sessions in order', async () => {
    const running = await start('inOrder');
    const numbers = [1, 2, 3, 4, 5];
    await send('sessions', ...numbers.flatMap((n) => ['A', 'B'].map((sessionId) => ({ body: { n }, sessionId }))));
    await eventually(() => running.userMessages('session').length === 10, 'ten messages');
    for (const id of ['A', 'B']) {
      expect(running.userMessages(`session ${id}`)).toEqual(numbers.map((n) => `session ${id} ${n}`));
    }
  });

  it('runs by hand with a body of one’s own', async () => {
    const running = await start('orders');
    const body = JSON.stringify({ input: '{"by":"hand"}' });
    await fetch(`${running.host.url}/admin/functions/orders`, { method: 'POST', body });
    const [seen] = await eventually(() => seenBy(running).length === 1 && seenBy(running), 'the run');
    expect(seen?.body).toEqual({ by: 'hand' });
  });

  it('takes up again after the link was lost', async () => {
    const running = await start('raw');
    await client.close();
    broker.dropConnections();
    client = new ServiceBusClient(broker.connectionString);
    await send('raw', { body: Buffer.from('later') });
    await running.logged(`raw ${Buffer.from('later').toString('hex')}`);
  });
});

describe('Event Hubs', () => {
  const publish = async (...numbers: readonly (number | 'fail')[]) => {
    const producer = new EventHubProducerClient(broker.connectionString, 'telemetry');
    const events = numbers.map((n) => ({ body: n === 'fail' ? { n, fail: true } : { n } }));
    await producer.sendBatch(events, { partitionKey: 'same' });
    await producer.close();
  };
  const events = (running: SampleApp) =>
    running.userMessages('events').flatMap((text) => JSON.parse(text.slice('events '.length)) as unknown[]);
  /** Sequence numbers of the checkpoints, the greatest first. */
  const checkpoints = async () => {
    const found: string[] = [];
    const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
      'azure-webjobs-eventhub',
    );
    for await (const blob of container.listBlobsFlat({ includeMetadata: true })) {
      if (blob.name.includes('/checkpoint/')) found.push(blob.metadata?.sequencenumber ?? '');
    }
    return found.map(Number).sort((a, b) => b - a);
  };
  const checkpointed = (sequenceNumber: number) =>
    eventually(async () => (await checkpoints())[0] === sequenceNumber, `a checkpoint at ${sequenceNumber}`);

  it('starts at the earliest event, and goes on at the checkpoint after a restart', async () => {
    await publish(1, 2, 3);
    const before = await start('telemetry');
    await eventually(() => events(before).length === 3, 'the first events');
    await checkpointed(2);
    await before.host.stop();
    await publish(4, 5);
    const after = await start('telemetry');
    await eventually(() => events(after).length === 2, 'the later events');
    expect([events(before), events(after)]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('moves the checkpoint past a batch that failed, after its retries', async () => {
    const running = await start('telemetry');
    await publish('fail');
    await checkpointed(5);
    expect(events(running)).toEqual(['fail', 'fail']);
    await publish(6);
    await eventually(() => events(running).at(-1) === 6, 'the event after it');
  });

  it('goes on soon after a kill, though the dead host still owns the partitions', async () => {
    const killed = await start('telemetry');
    await publish(7);
    await eventually(() => events(killed).includes(7), 'the event before');
    await checkpointed(7);
    killed.host.kill();
    await publish(8);
    const next = await start('telemetry');
    await eventually(() => events(next).includes(8), 'the event after');
    expect(events(next)).toEqual([8]);
  });
});

describe('a monitored timer', () => {
  const status = () => {
    const hosts = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
      'azure-webjobs-hosts',
    );
    return hosts.getBlockBlobClient('timers/local/Host.Functions.monitored/status');
  };

  it('that missed an occurrence while no host ran is run at once, as past due', async () => {
    await (await start('monitored')).host.stop();
    const [last, next] = [2, 1].map((years) => new Date(new Date().getFullYear() - years, 0, 1)) as [Date, Date];
    const record = { Last: last, Next: next, LastUpdated: last };
    const body = JSON.stringify(record);
    await status().upload(body, body.length);
    const running = await start('monitored');
    expect((await running.logged('monitored {')).message).toContain('"isPastDue":true');
    await running.host.stop();
    const { Last } = JSON.parse((await status().downloadToBuffer()).toString()) as { Last: string };
    expect(Date.parse(Last)).toBeGreaterThan(next.getTime());
  });
});

describe('a timer of several hosts on one storage account', () => {
  const EVERY_SECOND = '* * * * * *';
  const startTicking = () =>
    startSampleApp({
      ...only('everySecond'),
      EVERY_SECOND,
      AzureWebJobsStorage: azurite.connectionString,
      AzureFunctionsJobHost__singleton__listenerLockPeriod: '00:00:04',
    });
  const ticks = (running: SampleApp) => running.userMessages('tick').length;

  it('runs in one of them; after a kill in another one when the lock is over, after a stop at once', async () => {
    const first = await startTicking();
    const second = await startTicking();
    try {
      await second.logged("Function 'everySecond' waits for its lock");
      await eventually(() => ticks(first) >= 2, 'ticks of the first');
      expect(ticks(second)).toBe(0);
      first.host.kill();
      const killed = performance.now();
      await eventually(() => ticks(second) > 0, 'a tick of the second');
      // It was prolonged 2 s before at the earliest.
      expect(performance.now() - killed).toBeGreaterThan(1000);
      app = await startTicking();
      const third = app;
      await third.logged("Function 'everySecond' waits for its lock");
      await second.host.stop();
      await eventually(() => ticks(third) > 0, 'a tick of the third');
    } finally {
      await Promise.all([first.host.stop(), second.host.stop()]);
    }
  });
});

const total = (counts: object | undefined): number =>
  Object.values(counts ?? {}).reduce((sum: number, count: unknown) => sum + (typeof count === 'number' ? count : 0), 0);
