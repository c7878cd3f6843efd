/**
 * Proves that the real `@azure/service-bus` and `@azure/event-hubs` clients work against `local/broker` over real
 * sockets, for all that its README says it supports: nothing of the broker is called directly but its counts and its
 * fault injection. It doesn't compare the broker with Azure itself.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  earliestEventPosition,
  EventHubConsumerClient,
  EventHubProducerClient,
  latestEventPosition,
  type EventPosition,
  type ReceivedEventData,
  type SubscribeOptions,
} from '@azure/event-hubs';
import {
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
  type ServiceBusSessionReceiver,
} from '@azure/service-bus';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker, type Broker } from '../../local/broker/broker';
import { eventually } from '../eventually';

const RETRY = { maxRetries: 1, retryDelayInMs: 100, timeoutInMs: 4_000 };

let broker: Broker;
let client: ServiceBusClient;
let producer: EventHubProducerClient;

beforeAll(async () => {
  broker = await startBroker({
    queues: {
      basic: {},
      batches: {},
      destructive: {},
      peeked: {},
      attempts: { maxDeliveryCount: 3 },
      refused: {},
      deferred: {},
      scheduled: {},
      // As short as locks can be on a machine that may be busy for a while.
      short: { lockMs: 2_000 },
      renewed: { lockMs: 2_000 },
      automatic: { lockMs: 3_000 },
      shared: {},
      many: {},
      large: {},
      typed: {},
      dropped: {},
      ordered: { requiresSession: true, lockMs: 5_000 },
      waiting: { requiresSession: true },
      brief: { requiresSession: true, lockMs: 2_000 },
    },
    topics: { news: { subscriptions: { first: {}, second: {} } }, later: { subscriptions: { only: {} } } },
    hubs: {
      sent: { partitions: 2 },
      positions: { partitions: 1 },
      groups: { partitions: 1, consumerGroups: ['other'] },
      owned: { partitions: 1 },
      lost: { partitions: 1 },
    },
  });
  client = new ServiceBusClient(broker.connectionString, { retryOptions: RETRY });
  producer = new EventHubProducerClient(broker.connectionString, 'sent', { retryOptions: RETRY });
});

afterAll(async () => {
  await Promise.all([client.close(), producer.close()]);
  await broker.close();
});

describe('a queue', () => {
  test('delivers a message with its parts, and forgets it once complete', async () => {
    const begun = Date.now();
    await send('basic', {
      body: { a: 1 },
      messageId: 'm1',
      subject: 'subject',
      correlationId: 'c',
      contentType: 'application/json',
      applicationProperties: { text: 'x', whole: 5, fraction: 1.5 },
    });
    const receiver = client.createReceiver('basic');
    const message = await one(receiver);
    expect(message).toMatchObject({
      body: { a: 1 },
      messageId: 'm1',
      subject: 'subject',
      correlationId: 'c',
      contentType: 'application/json',
      applicationProperties: { text: 'x', whole: 5, fraction: 1.5 },
      deliveryCount: 0,
      state: 'active',
      lockToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(message.sequenceNumber?.toNumber()).toBe(1);
    expectBetween(begun, message.enqueuedTimeUtc, Date.now());
    expect(message.lockedUntilUtc?.getTime()).toBeGreaterThan(Date.now());
    expect(broker.counts().queues.basic).toMatchObject({ active: 0, locked: 1 });
    await receiver.completeMessage(message);
    expect(broker.counts().queues.basic).toMatchObject({ active: 0, locked: 0 });
    await receiver.close();
  });

  test('takes batches of both kinds, keeps their order, and gives an id to a message without one', async () => {
    const sender = client.createSender('batches');
    await sender.sendMessages([{ body: 1 }, { body: 2 }]);
    const batch = await sender.createMessageBatch();
    expect(batch.maxSizeInBytes).toBe(1_048_576);
    for (const body of [3, 4, 5]) expect(batch.tryAddMessage({ body })).toBe(true);
    await sender.sendMessages(batch);
    const receiver = client.createReceiver('batches');
    const messages = await several(receiver, 5);
    expect(bodies(messages)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(messages.map((message) => message.messageId)).size).toBe(5);
    for (const message of messages) await receiver.completeMessage(message);
    await receiver.close();
  });

  test('removes at once what a receive-and-delete receiver gets', async () => {
    await send('destructive', { body: 1 }, { body: 2 });
    const receiver = client.createReceiver('destructive', { receiveMode: 'receiveAndDelete' });
    expect(bodies(await several(receiver, 2))).toEqual([1, 2]);
    expect(broker.counts().queues.destructive).toMatchObject({ active: 0, locked: 0 });
    await receiver.close();
  });

  test('answers an empty receive when its wait is over, each time', async () => {
    const receiver = client.createReceiver('peeked');
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 300 })).toEqual([]);
    // The SDK gives the link up if its credit isn't back in 200 ms: then none takes less than 500. A busy machine may take as long once or twice.
    await eventually(async () => {
      const start = performance.now();
      expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 300 })).toEqual([]);
      return performance.now() - start < 480;
    }, 'an answer in time');
    await receiver.close();
  });

  test('shows messages to a peek without locking them', async () => {
    await send('peeked', { body: 'a' }, { body: 'b' });
    const receiver = client.createReceiver('peeked');
    expect(bodies(await receiver.peekMessages(10))).toEqual(['a', 'b']);
    expect(await receiver.peekMessages(10)).toEqual([]); // it goes on from where it was
    expect(broker.counts().queues.peeked).toMatchObject({ active: 2, locked: 0 });
    await receiver.close();
  });

  test('counts abandoned deliveries, keeps the changed properties, and buries the message at the maximum', async () => {
    await send('attempts', { body: 'x', applicationProperties: { kept: true } });
    const receiver = client.createReceiver('attempts');
    for (let attempt = 0; attempt < 3; attempt++) {
      const message = await one(receiver);
      expect(message.deliveryCount).toBe(attempt);
      expect(message.applicationProperties?.why).toBe(attempt === 0 ? undefined : `attempt ${attempt - 1}`);
      await receiver.abandonMessage(message, { why: `attempt ${attempt}` });
    }
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
    expect(broker.counts().queues.attempts).toMatchObject({ active: 0, deadLettered: 1 });
    const dead = client.createReceiver('attempts', { subQueueType: 'deadLetter' });
    const message = await one(dead);
    expect(message).toMatchObject({
      body: 'x',
      deliveryCount: 3,
      deadLetterReason: 'MaxDeliveryCountExceeded',
      deadLetterSource: 'attempts',
      applicationProperties: { kept: true, why: 'attempt 2' },
    });
    await dead.completeMessage(message);
    await Promise.all([receiver.close(), dead.close()]);
  });

  test('dead-letters with reason, description and further properties', async () => {
    await send('refused', { body: { k: 1 } });
    const receiver = client.createReceiver('refused');
    await receiver.deadLetterMessage(await one(receiver), {
      ...cause('Unreadable'),
      more: 'detail',
    });
    const dead = client.createReceiver('refused', { subQueueType: 'deadLetter' });
    const message = await one(dead);
    expect(message).toMatchObject({
      body: { k: 1 },
      deadLetterReason: 'Unreadable',
      deadLetterErrorDescription: 'Unreadable in detail',
      applicationProperties: { more: 'detail' },
    });
    await dead.completeMessage(message);
    expect(broker.counts().queues.refused).toMatchObject({ deadLettered: 0 });
    await Promise.all([receiver.close(), dead.close()]);
  });

  test('defers a message until it is asked for by its sequence number', async () => {
    await send('deferred', { body: 'x' });
    const receiver = client.createReceiver('deferred');
    const message = await one(receiver);
    await receiver.deferMessage(message);
    expect((await receiver.peekMessages(1))[0]?.state).toBe('deferred');
    expect(broker.counts().queues.deferred).toMatchObject({ active: 0, deferred: 1 });
    const sequence = message.sequenceNumber ?? fail('no sequence number');
    const [again] = await receiver.receiveDeferredMessages(sequence);
    if (again === undefined) throw new Error('the deferred message did not come');
    expect(again).toMatchObject({ body: 'x', state: 'deferred' });
    await receiver.renewMessageLock(again);
    await receiver.completeMessage(again);
    await expect(receiver.receiveDeferredMessages(sequence)).rejects.toMatchObject({ code: 'MessageNotFound' });
    await receiver.close();
  });

  test('holds scheduled messages back, and cancels them', async () => {
    const sender = client.createSender('scheduled');
    const far = new Date(Date.now() + 3_600_000);
    const [held] = await sender.scheduleMessages([{ body: 'held' }], far);
    const [cancelled] = await sender.scheduleMessages({ body: 'cancelled' }, far);
    await sender.cancelScheduledMessages(cancelled ?? fail('no sequence number'));
    await expect(sender.cancelScheduledMessages(cancelled ?? fail(''))).rejects.toMatchObject({
      code: 'MessageNotFound',
    });
    const at = new Date(Date.now() + 500);
    await sender.sendMessages({ body: 'sent', scheduledEnqueueTimeUtc: at });
    await sender.scheduleMessages([{ body: 'scheduled' }], at);
    const receiver = client.createReceiver('scheduled');
    const messages = await several(receiver, 2);
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    expect(bodies(messages)).toEqual(['sent', 'scheduled']);
    expect(messages[0]?.sequenceNumber?.toNumber()).toBe(5); // four were given before its time came
    for (const message of messages) await receiver.completeMessage(message);
    expect((await receiver.peekMessages(10)).map(({ body, state }) => [body as unknown, state])).toEqual([
      ['held', 'scheduled'],
    ]);
    expect(broker.counts().queues.scheduled).toMatchObject({ active: 0, scheduled: 1 });
    await sender.cancelScheduledMessages(held ?? fail('no sequence number'));
    await receiver.close();
  });

  test('gives a message again when its lock expires, and refuses to settle under the lost lock', async () => {
    await send('short', { body: 'x' });
    const receiver = client.createReceiver('short', { maxAutoLockRenewalDurationInMs: 0 });
    const late = await one(receiver);
    const again = await one(receiver);
    expect(again.deliveryCount).toBe(1);
    await expect(receiver.completeMessage(late)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await expect(receiver.renewMessageLock(late)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await receiver.completeMessage(again);
    await receiver.close();
  });

  test('keeps a lock as long as it is renewed', async () => {
    await send('renewed', { body: 'x' });
    const receiver = client.createReceiver('renewed', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await one(receiver);
    const end = message.lockedUntilUtc?.getTime() ?? 0;
    await eventually(async () => {
      await sleep(200);
      expect((await receiver.renewMessageLock(message)).getTime()).toBeGreaterThan(end);
      return Date.now() > end;
    }, 'the end of the first lock');
    await receiver.completeMessage(message);
    await receiver.close();
  });

  test('lets the SDK renew a lock while a handler runs longer than it', async () => {
    await send('automatic', { body: 'x' });
    const receiver = client.createReceiver('automatic');
    const errors: string[] = [];
    let calls = 0;
    const subscription = receiver.subscribe({
      processMessage: async ({ lockedUntilUtc }) => {
        calls++;
        const end = (lockedUntilUtc?.getTime() ?? 0) + 500;
        await eventually(() => Date.now() > end, 'the end of the first lock');
      },
      processError: ({ error }) => {
        errors.push(error.message);
        return ignore();
      },
    });
    await until(() => broker.counts().queues.automatic?.locked === 1);
    await until(() => broker.counts().queues.automatic?.locked === 0);
    expect({ calls, errors, ...broker.counts().queues.automatic }).toMatchObject({
      calls: 1,
      errors: [],
      active: 0,
    });
    await subscription.close();
    await receiver.close();
  });

  test('shares messages between competing receivers, each message to one', async () => {
    await send('shared', ...range(40).map((body) => ({ body })));
    const receivers = [client.createReceiver('shared'), client.createReceiver('shared')];
    const seen: number[][] = [[], []];
    receivers.forEach((receiver, index) =>
      receiver.subscribe({
        processMessage: async ({ body }) => {
          seen[index]?.push(body as number);
          await until(() => seen.every((of) => of.length > 0));
        },
        processError: ignore,
      }),
    );
    await until(() => seen.flat().length >= 40);
    expect(seen.flat().sort((a, b) => a - b)).toEqual(range(40));
    expect(seen.map((of) => of.length > 0)).toEqual([true, true]);
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  // More than rhea's buffer of 2,048 deliveries: each has to be freed when it is settled.
  test('delivers thousands of messages over one link, each once', async () => {
    for (const start of range(25)) await send('many', ...range(100).map((i) => ({ body: start * 100 + i })));
    const receiver = client.createReceiver('many');
    const seen = new Set<number>();
    let calls = 0;
    receiver.subscribe(
      {
        processMessage: ({ body }) => {
          calls++;
          seen.add(body as number);
          return ignore();
        },
        processError: ignore,
      },
      { maxConcurrentCalls: 32 },
    );
    await until(() => seen.size === 2_500 && broker.counts().queues.many?.locked === 0);
    expect(calls).toBe(2_500);
    await receiver.close();
  });

  test('carries a message of many frames, and refuses one above the limit', async () => {
    await send('large', { body: 'x'.repeat(900_000) });
    const receiver = client.createReceiver('large');
    const message = await one(receiver);
    expect(message.body).toHaveLength(900_000);
    await receiver.completeMessage(message);
    await expect(send('large', { body: 'x'.repeat(1_100_000) })).rejects.toMatchObject({ code: 'MessageSizeExceeded' });
    await receiver.close();
  });

  test('passes the bytes of a body through, also to the dead letters', async () => {
    const body = Buffer.from([0, 255, 1, 128, 75]);
    await send('typed', { body, applicationProperties: { when: new Date(0) } });
    const receiver = client.createReceiver('typed');
    await receiver.deadLetterMessage(await one(receiver), cause('unreadable'));
    const dead = client.createReceiver('typed', { subQueueType: 'deadLetter' });
    const message = await one(dead);
    expect(Buffer.compare(message.body as Buffer, body)).toBe(0);
    await dead.completeMessage(message);
    await Promise.all([receiver.close(), dead.close()]);
  });
});

describe('a topic', () => {
  test('gives each subscription its copy, with dead letters of its own', async () => {
    await send('news', { body: 'x' }, { body: 'y' });
    for (const subscription of ['first', 'second']) {
      const receiver = client.createReceiver('news', subscription);
      const [first, second] = await several(receiver, 2);
      if (first === undefined || second === undefined) throw new Error('messages are missing');
      expect(bodies([first, second])).toEqual(['x', 'y']);
      await receiver.completeMessage(first);
      await receiver.deadLetterMessage(second, cause(subscription));
      const dead = client.createReceiver('news', subscription, { subQueueType: 'deadLetter' });
      expect((await one(dead)).deadLetterReason).toBe(subscription);
      await Promise.all([receiver.close(), dead.close()]);
    }
    expect(broker.counts().subscriptions['news/first']).toMatchObject({ active: 0, deadLettered: 1 });
  });

  test('publishes scheduled messages in their time, and cancels them', async () => {
    const sender = client.createSender('later');
    const [at, far] = [500, 3_600_000].map((ms) => new Date(Date.now() + ms)) as [Date, Date];
    await sender.scheduleMessages({ body: 'kept' }, at);
    await sender.cancelScheduledMessages(await sender.scheduleMessages({ body: 'cancelled' }, far));
    const receiver = client.createReceiver('later', 'only');
    expect(bodies(await several(receiver, 1))).toEqual(['kept']);
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    expect(broker.counts().subscriptions['later/only']).toMatchObject({ active: 0, locked: 1, scheduled: 0 });
    await receiver.close();
  });
});

describe('a session', () => {
  test('is held by one receiver, in order, with its state; closing it frees it without counting an attempt', async () => {
    await send('ordered', ...[1, 2, 3].map((body) => ({ body, sessionId: 'A' })), { body: 'b', sessionId: 'B' });
    const a = await client.acceptSession('ordered', 'A');
    await expect(client.acceptSession('ordered', 'A')).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
    const messages = await several(a, 3);
    expect(bodies(messages)).toEqual([1, 2, 3]);
    if (messages[0] !== undefined) await a.completeMessage(messages[0]);
    await a.setSessionState({ step: 1 });
    const before = a.sessionLockedUntilUtc.getTime();
    await sleep(20);
    expect((await a.renewSessionLock()).getTime()).toBeGreaterThan(before);

    const b = await client.acceptNextSession('ordered');
    expect(b.sessionId).toBe('B');
    await a.close();
    const again = await client.acceptNextSession('ordered');
    expect(again.sessionId).toBe('A');
    expect(await again.getSessionState()).toEqual({ step: 1 });
    const rest = await several(again, 2);
    expect(rest.map(({ body, deliveryCount }) => [body as unknown, deliveryCount])).toEqual([
      [2, 0],
      [3, 0],
    ]);
    for (const message of rest) await again.completeMessage(message);
    await Promise.all([again.close(), b.close()]);
    await sleep(50);
    const empty = await client.acceptSession('ordered', 'A');
    expect(await empty.getSessionState()).toEqual({ step: 1 }); // the state outlives the messages
    await empty.close();
  });

  test('is waited for: until a message comes, or the time is over', async () => {
    const pending = client.acceptNextSession('waiting');
    await sleep(200);
    await send('waiting', { body: 'late', sessionId: 'L' });
    const session = await pending;
    expect(session.sessionId).toBe('L');
    await session.completeMessage(await one(session));
    await session.close();

    const impatient = new ServiceBusClient(broker.connectionString, {
      retryOptions: { maxRetries: 0, timeoutInMs: 1_000 },
    });
    await expect(impatient.acceptNextSession('waiting')).rejects.toMatchObject({ code: 'ServiceTimeout' });
    await impatient.close();
    const unlucky = new ServiceBusClient(broker.connectionString, { retryOptions: { ...RETRY, maxRetries: 0 } });
    const cutOff = unlucky.acceptNextSession('waiting').catch((error: unknown) => error);
    await sleep(200);
    broker.dropConnections();
    expect(await cutOff).toBeInstanceOf(Error);
    await unlucky.close();
    // Nobody waits any more: the next message's session goes to who asks next.
    await send('waiting', { body: 'x', sessionId: 'M' });
    const next = await client.acceptNextSession('waiting');
    expect(next.sessionId).toBe('M');
    await next.close();
  });

  test('is lost when its lock expires, and then that was an attempt', async () => {
    await send('brief', { body: 'x', sessionId: 'Z' });
    const session = await client.acceptSession('brief', 'Z', { maxAutoLockRenewalDurationInMs: 0 });
    const message = await one(session);
    await eventually(() => Date.now() > session.sessionLockedUntilUtc.getTime() + 100, 'the end of the lock');
    await expect(session.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
    await session.close();
    const again = await client.acceptSession('brief', 'Z');
    expect((await one(again)).deliveryCount).toBe(1);
    await again.close();
  });

  test('is required where the queue says so', async () => {
    await expect(send('ordered', { body: 'x' })).rejects.toMatchObject({ name: 'ServiceBusError' });
    const receiver = client.createReceiver('ordered');
    await expect(receiver.receiveMessages(1)).rejects.toThrow('an entity that requires sessions');
    await receiver.close();
    await expect(client.acceptSession('basic', 'A')).rejects.toThrow('an entity that does not require sessions');
  });
});

describe('an event hub', () => {
  test('tells its partitions, and sends by partition, by key and in turn', async () => {
    const begun = Date.now();
    expect(await producer.getEventHubProperties()).toMatchObject({ name: 'sent', partitionIds: ['0', '1'] });
    expect(await producer.getPartitionProperties('0')).toMatchObject({ isEmpty: true });
    const batch = await producer.createBatch({ partitionId: '0' });
    expect(batch.maxSizeInBytes).toBe(1_048_576);
    for (const i of range(3)) {
      batch.tryAdd({ body: { i }, properties: { p: 'v', n: 1 }, messageId: `m${i}`, contentType: 'application/json' });
    }
    await producer.sendBatch(batch);
    for (const body of ['k1', 'k2']) await producer.sendBatch([{ body }], { partitionKey: 'key' });
    for (const body of ['r1', 'r2']) await producer.sendBatch([{ body }]);

    const events = await read('sent', { startPosition: earliestEventPosition }, 7);
    const find = (body: unknown) => events.find((event) => event.body === body) ?? fail(`no ${String(body)}`);
    expect(events.filter((event) => event.messageId !== undefined)).toMatchObject(
      range(3).map((i) => ({ body: { i }, properties: { p: 'v', n: 1 }, sequenceNumber: i, partitionId: '0' })),
    );
    expect(find('k1')).toMatchObject({ partitionKey: 'key', partitionId: find('k2').partitionId });
    expect(find('r1').partitionId).not.toBe(find('r2').partitionId);
    expectBetween(begun, find('k1').enqueuedTimeUtc, Date.now());
    expect(await producer.getPartitionProperties('0')).toMatchObject({
      isEmpty: false,
      lastEnqueuedSequenceNumber: events.filter((event) => event.partitionId === '0').length - 1,
    });
    expect(broker.counts().hubs.sent).toMatchObject({ events: 7 });
  });

  test('reads from each kind of start position, and tells where the partition ends', async () => {
    const sender = new EventHubProducerClient(broker.connectionString, 'positions', { retryOptions: RETRY });
    for (const body of range(4)) {
      await sender.sendBatch([{ body }]);
      await sleep(5);
    }
    const all = await read('positions', { startPosition: earliestEventPosition }, 4);
    const third = all[2] ?? fail('no third event');
    const from = async (startPosition: EventPosition, count: number) =>
      (await read('positions', { startPosition }, count)).map((event) => event.sequenceNumber);
    const [after, including, offset, time] = await Promise.all([
      from({ sequenceNumber: 1 }, 2),
      from({ sequenceNumber: 1, isInclusive: true }, 3),
      from({ offset: third.offset }, 1),
      from({ enqueuedOn: new Date(third.enqueuedTimeUtc.getTime() - 1) }, 2),
    ]);
    expect({ after, including, offset, time }).toEqual({
      after: [2, 3],
      including: [1, 2, 3],
      offset: [3],
      time: [2, 3],
    });

    const latest = read('positions', { startPosition: latestEventPosition, trackLastEnqueuedEventProperties: true }, 1);
    await until(() => broker.counts().hubs.positions?.readers === 1);
    await sender.sendBatch([{ body: 'new' }]);
    expect(await latest).toMatchObject([{ body: 'new', sequenceNumber: 4, end: 4 }]);
    await sender.close();
  });

  test('gives each consumer group all events, and refuses an unknown group', async () => {
    const sender = new EventHubProducerClient(broker.connectionString, 'groups', { retryOptions: RETRY });
    await sender.sendBatch([{ body: 1 }, { body: 2 }]);
    for (const group of ['$Default', 'other']) {
      const events = await read('groups', { startPosition: earliestEventPosition }, 2, group);
      expect(events.map((event) => event.body as unknown)).toEqual([1, 2]);
    }
    await expect(read('groups', { startPosition: earliestEventPosition }, 1, 'unknown')).rejects.toMatchObject({
      code: 'MessagingEntityNotFoundError',
    });
    await sender.close();
  });

  test('lets a reader of a higher epoch take the partition, and none of a lower one', async () => {
    const errors: Record<string, string[]> = {};
    const consumer = (name: string, ownerLevel: number) => {
      const of = (errors[name] = [] as string[]);
      const reader = new EventHubConsumerClient('$Default', broker.connectionString, 'owned', { retryOptions: RETRY });
      const subscription = reader.subscribe(
        '0',
        {
          processEvents: ignore,
          processError: (error) => {
            of.push('code' in error ? error.code : error.name);
            return ignore();
          },
        },
        { ownerLevel, startPosition: earliestEventPosition },
      );
      return async () => {
        await subscription.close();
        await reader.close();
      };
    };
    const closeFirst = consumer('first', 1);
    await until(() => broker.counts().hubs.owned?.readers === 1);
    const closeSecond = consumer('second', 2);
    await until(() => errors.first?.includes('ReceiverDisconnectedError') === true);
    const closeThird = consumer('third', 1);
    await until(() => errors.third?.includes('ReceiverDisconnectedError') === true);
    expect(errors.second).toEqual([]);
    await Promise.all([closeFirst(), closeSecond(), closeThird()]);
  });
});

describe('the broker', () => {
  test('refuses entities that it does not have', async () => {
    const unknown = { code: 'MessagingEntityNotFound' };
    await expect(send('nowhere', { body: 1 })).rejects.toMatchObject(unknown);
    const receiver = client.createReceiver('news', 'nobody');
    await expect(receiver.receiveMessages(1)).rejects.toMatchObject(unknown);
    await receiver.close();
    const hub = new EventHubProducerClient(broker.connectionString, 'nowhere', { retryOptions: RETRY });
    await expect(hub.getPartitionIds()).rejects.toMatchObject({ code: 'MessagingEntityNotFoundError' });
    await hub.close();
  });

  test('refuses a key that isn’t its own', async () => {
    const wrong = broker.connectionString.replace(/SharedAccessKey=\w+/, 'SharedAccessKey=wrong');
    const retryOptions = { ...RETRY, maxRetries: 0 };
    const stranger = new ServiceBusClient(wrong, { retryOptions });
    await expect(stranger.createSender('basic').sendMessages({ body: 1 })).rejects.toMatchObject({
      code: 'UnauthorizedAccess',
    });
    const hub = new EventHubProducerClient(wrong, 'sent', { retryOptions });
    await expect(hub.sendBatch([{ body: 1 }])).rejects.toMatchObject({ code: 'UnauthorizedError' });
    await Promise.all([stranger.close(), hub.close()]);
  });

  test('can drop its connections: the SDKs come back and nothing is lost', async () => {
    const receiver = client.createReceiver('dropped');
    const seen: unknown[] = [];
    const subscription = receiver.subscribe({
      processMessage: ({ body }) => {
        seen.push(body);
        return ignore();
      },
      processError: ignore,
    });
    const sender = new EventHubProducerClient(broker.connectionString, 'lost', { retryOptions: RETRY });
    const events: ReadEvent[] = [];
    // The SDK's reader notices a lost connection when its wait for events is over, by default after 60 s.
    const options = { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 };
    const reading = read('lost', options, 2, '$Default', events);
    await sender.sendBatch([{ body: 'before' }]);
    await send('dropped', { body: 'before' });
    await until(() => seen.length === 1 && events.length === 1);
    broker.dropConnections();
    await sleep(100);
    await sender.sendBatch([{ body: 'after' }]);
    await send('dropped', { body: 'after' });
    await until(() => seen.length === 2);
    expect(seen).toEqual(['before', 'after']);
    expect((await reading).map((event) => event.body as unknown)).toEqual(['before', 'after']);
    await subscription.close();
    await Promise.all([receiver.close(), sender.close()]);
  });

  test('closes with clients attached, and its port is free again', async () => {
    const first = await startBroker({ queues: { q: { requiresSession: true } } });
    const attached = new ServiceBusClient(first.connectionString, { retryOptions: { ...RETRY, maxRetries: 0 } });
    await attached.createSender('q').sendMessages({ body: 1, sessionId: 's' });
    const session = await attached.acceptSession('q', 's');
    const waiting = attached.acceptNextSession('q').catch((error: unknown) => error);
    await one(session);
    await sleep(100);
    await first.close();
    expect(await waiting).toBeInstanceOf(Error);
    await attached.close();
    const second = await startBroker({ port: first.port });
    expect(second.port).toBe(first.port);
    await expect(startBroker({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  test('takes no two entities of one name', async () => {
    await expect(startBroker({ queues: { same: {} }, hubs: { Same: {} } })).rejects.toThrow('Same');
  });
});

type Sent = Parameters<ReturnType<ServiceBusClient['createSender']>['sendMessages']>[0];

async function send(address: string, ...messages: Extract<Sent, unknown[]>): Promise<void> {
  const sender = client.createSender(address);
  try {
    await sender.sendMessages(messages.length === 1 && messages[0] !== undefined ? messages[0] : messages);
  } finally {
    await sender.close();
  }
}

/** Receives exactly so many messages, over as many calls as that takes. */
async function several(
  receiver: ServiceBusReceiver | ServiceBusSessionReceiver,
  count: number,
): Promise<ServiceBusReceivedMessage[]> {
  const messages: ServiceBusReceivedMessage[] = [];
  while (messages.length < count) {
    const more = await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 10_000 });
    if (more.length === 0) throw new Error(`${messages.length} of ${count} messages came`);
    messages.push(...more);
  }
  return messages;
}

async function one(receiver: ServiceBusReceiver | ServiceBusSessionReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await several(receiver, 1);
  return message ?? fail('no message came');
}

type ReadEvent = ReceivedEventData & { readonly partitionId: string; readonly end: number | undefined };

/** Reads a hub until so many events came, into `events`; rejects when there is no such hub or group. */
async function read(
  hub: string,
  options: SubscribeOptions,
  count: number,
  group = '$Default',
  events: ReadEvent[] = [],
): Promise<readonly ReadEvent[]> {
  const consumer = new EventHubConsumerClient(group, broker.connectionString, hub, { retryOptions: RETRY });
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.subscribe(
        {
          processEvents: (received, { partitionId, lastEnqueuedEventProperties }) => {
            const end = lastEnqueuedEventProperties?.sequenceNumber;
            for (const event of received) events.push(Object.assign(event, { partitionId, end }));
            if (events.length >= count) resolve();
            return ignore();
          },
          processError: (error) => {
            if ('code' in error && error.code === 'MessagingEntityNotFoundError') reject(error);
            return ignore();
          },
        },
        options,
      );
    });
  } finally {
    await consumer.close();
  }
  return events;
}

const until = (condition: () => boolean): Promise<true> => eventually(condition, condition.toString());

function expectBetween(begun: number, time: Date | undefined, ended: number): void {
  expect(time?.getTime()).toBeGreaterThanOrEqual(begun);
  expect(time?.getTime()).toBeLessThanOrEqual(ended);
}

const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map((message) => message.body as unknown);

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const cause = (
  reason: string,
): { deadLetterReason: string; deadLetterErrorDescription: string } & Record<string, string> => ({
  deadLetterReason: reason,
  deadLetterErrorDescription: `${reason} in detail`,
});

const ignore = (): Promise<void> => Promise.resolve();

function fail(reason: string): never {
  throw new Error(reason);
}
