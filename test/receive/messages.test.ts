/**
 * Proves that messages reach the receiver byte for byte, with what the trigger knows of them, and that the invocation fails
 * (so that the broker keeps the messages) exactly when they could not be kept.
 */
import { InvocationContext, type TriggerMetadata } from '@azure/functions';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import type { KeptDelivery } from '../../shared/parking/parking';
import type { Delayed, DelayedCopies } from '../../shared/receive/delayed-copies';
import { messagesHandler, type MessageSource } from '../../shared/receive/messages';
import { Receiver } from '../../shared/receive/receiver';
import type { Outcome } from '../../shared/receive/put-aside';
import { Writer } from '../../shared/writer/writer';
import { RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { RecordingParking, UNMAPPED, fixture } from './deliveries';

const FIXTURES = join(__dirname, '../fixtures');

/** Remembers what it was given, and then does the real thing. */
class RecordingReceiver extends Receiver {
  readonly received: KeptDelivery[] = [];
  override receive(...args: Parameters<Receiver['receive']>): Promise<readonly Outcome[]> {
    this.received.push(...args[0]);
    return super.receive(...args);
  }
}

let parking: RecordingParking;
let receiver: RecordingReceiver;
let lines: string[];
let slept: number[];
let storeFailure: Error | undefined;

beforeEach(() => {
  parking = new RecordingParking();
  const options = { tables: ['contact'], unconfirmedDelayMs: 0 };
  storeFailure = undefined;
  const store = new MemoryStore();
  store.at = () => {
    if (storeFailure !== undefined) throw storeFailure;
  };
  const writer = new Writer(store, undefined, { rule: RULE, unprovable: 'apply' });
  receiver = new RecordingReceiver({ ...UNMAPPED, writer, parking }, options);
  lines = [];
  slept = [];
});

const handle = (
  messages: unknown,
  triggerMetadata: TriggerMetadata = {},
  source: Partial<MessageSource> = {},
): Promise<void> =>
  messagesHandler(
    { name: 'service-bus-queue', ...source },
    () => receiver,
    (milliseconds) => Promise.resolve(slept.push(milliseconds)),
  )(
    messages,
    new InvocationContext({ triggerMetadata, logHandler: (_level, ...args) => void lines.push(args.join(' ')) }),
  );

test('one message: its bytes, its content type', async () => {
  const body = fixture('update-contact');
  await handle(body, { contentType: 'application/json' });
  expect(receiver.received).toEqual([{ source: 'service-bus-queue', body, contentType: 'application/json' }]);
  expect(lines).toEqual([expect.stringMatching(/^processed .*"received":1/)]);
});

describe('when a message first arrived is what its broker says', () => {
  const FIRST = '2026-04-02T00:00:00.1234567';
  const firstMs = Date.UTC(2026, 3, 2, 0, 0, 0, 123);
  const LATER = '2026-04-02T12:00:00Z';

  test.each([
    ['.NET leaves out the zone', { enqueuedTimeUtc: FIRST }, firstMs],
    [
      'a copy: that of the original',
      { enqueuedTimeUtc: LATER, applicationProperties: { dvoFirstEnqueued: FIRST } },
      firstMs,
    ],
    [
      'no sender makes it later',
      { enqueuedTimeUtc: FIRST, applicationProperties: { dvoFirstEnqueued: LATER } },
      firstMs,
    ],
    ['what is none', { enqueuedTimeUtc: 5, applicationProperties: { dvoFirstEnqueued: 'yesterday' } }, undefined],
  ])('[I47] a single message: %s', async (_what, metadata, arrivedAtMs) => {
    await handle(fixture('update-contact'), metadata);
    expect(receiver.received[0]?.arrivedAtMs).toBe(arrivedAtMs);
  });

  test('[I47] in a batch each has its own', async () => {
    await handle([fixture('update-contact'), fixture('update-contact')], { enqueuedTimeUtcArray: [FIRST, LATER] });
    expect(receiver.received.map(({ arrivedAtMs }) => arrivedAtMs)).toEqual([firstMs, Date.parse(LATER)]);
  });
});

test('a batch: each by itself, the bad one parked, the good ones processed', async () => {
  await handle([fixture('update-contact'), Buffer.from('{"cut off'), fixture('delete-account')]);
  expect(parking.parked.map(({ cause }) => cause.code)).toEqual(['json-invalid', 'table-not-synced']);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['parked', 'parked', 'processed']);
});

test.each([
  ['a text', '{"a":1}', '{"a":1}'],
  ['what the platform parsed already', { a: 1 }, '{"a":1}'],
  ['nothing', null, 'null'],
])('%s becomes bytes', async (_what, message, body) => {
  await handle(message);
  expect(receiver.received.map((kept) => Buffer.from(kept.body).toString())).toEqual([body]);
});

describe('the mark of a message that lost members for size', () => {
  test.each([
    ['Service Bus, today', { applicationProperties: { MessageMaxSizeExceeded: 'true' } }],
    ['Service Bus, earlier', { userProperties: { messageMaxSizeExceeded: true } }],
    ['an event hub', { properties: { MessageMaxSizeExceeded: '' } }],
    ['with a trailing blank', { applicationProperties: { 'messageMaxSizeExceeded ': 'true' } }],
  ])('%s', async (_where, metadata) => {
    await handle(fixture('update-contact'), metadata);
    expect(receiver.received[0]?.truncated).toBe(true);
  });

  test('in a batch it belongs to its own message', async () => {
    await handle([fixture('update-contact'), fixture('update-contact')], {
      propertiesArray: [{}, { MessageMaxSizeExceeded: 'true' }],
    });
    expect(receiver.received.map(({ truncated }) => truncated)).toEqual([undefined, true]);
  });

  test.each([[{}], [{ applicationProperties: { Other: 1 } }], [{ applicationProperties: null }]])(
    'without it nothing is said: %j',
    async (metadata) => {
      await handle(fixture('update-contact'), metadata);
      expect(receiver.received[0]).not.toHaveProperty('truncated');
    },
  );
});

test('[I19 A11] parking fails: the invocation fails, and the broker keeps the messages', async () => {
  parking.failure = new Error('storage is down');
  await expect(handle(Buffer.from('{"cut off'))).rejects.toThrow('storage is down');
  expect(lines.join()).toContain('parkingFailed');
  expect(slept).toEqual([]);
});

test.each([
  [1, 1_000],
  [5, 16_000],
  [9, 30_000],
])(
  '… a message of Service Bus only after a pause, which grows: delivery %i after %i ms',
  async (deliveryCount, pause) => {
    parking.failure = new Error('storage is down');
    await expect(handle(Buffer.from('{"cut off'), { deliveryCount })).rejects.toThrow('storage is down');
    expect(slept).toEqual([pause]);
  },
);

describe('a copy', () => {
  const asked: Parameters<DelayedCopies['send']>[] = [];
  const copies = () => ({
    send: (...args: Parameters<DelayedCopies['send']>) => {
      asked.push(args);
      return Promise.resolve({ attempt: 1, dueAtMs: 0 });
    },
  });

  beforeEach(() => {
    asked.length = 0;
    storeFailure = new Error('down');
  });

  test('[I34] the invocation ends once it is accepted; it is asked for with all that is known of the message', async () => {
    const body = fixture('update-contact');
    await handle(
      body,
      {
        ...{ deliveryCount: 1, messageId: 'm', contentType: 'application/json', correlationId: 'c', subject: true },
        ...{ sessionId: 's', partitionKey: 5, enqueuedTimeUtc: '2026-04-02T00:00:00Z', label: 'not kept' },
        applicationProperties: { messageMaxSizeExceeded: 'true', dvoAttempt: 2, nested: {}, empty: null },
      },
      { copies },
    );
    expect(asked).toEqual([
      [
        {
          body,
          named: {
            contentType: 'application/json',
            correlationId: 'c',
            subject: 'true',
            sessionId: 's',
            partitionKey: '5',
          },
          messageId: 'm',
          enqueuedAt: '2026-04-02T00:00:00Z',
          properties: { messageMaxSizeExceeded: 'true', dvoAttempt: 2, empty: null },
        },
        { code: 'unexpected', message: 'down' },
        false,
      ],
    ]);
    expect(lines).toEqual([expect.stringMatching(/^delayed .*"code":"unexpected","reason":"down","attempt":1/)]);
    expect(parking.parked).toEqual([]);
  });

  test('there is no queue for it: the message is parked', async () => {
    await handle(fixture('update-contact'), {}, { copies: () => undefined });
    expect(parking.parked).toHaveLength(1);
  });

  test('[I31] of a batch each has its own, with what is known of its message', async () => {
    const [first, second] = [fixture('update-contact'), fixture('update-contact')];
    await handle(
      [first, second],
      {
        messageIdArray: ['m1', 'm2'],
        contentTypeArray: ['application/json', 'application/json; charset=utf-8'],
        enqueuedTimeUtcArray: ['2026-04-02T00:00:00', '2026-04-02T00:00:01'],
        applicationPropertiesArray: [{ dvoAttempt: 2 }, { messageMaxSizeExceeded: 'true' }],
        deliveryCountArray: [1, 1],
        // The platform has left out the empty ones: nobody can tell whose these are.
        subjectArray: ['of one of both'],
        partitionKeyArray: [],
      },
      { copies },
    );
    expect(asked.map(([message]) => message)).toEqual([
      {
        body: first,
        named: { contentType: 'application/json' },
        messageId: 'm1',
        enqueuedAt: '2026-04-02T00:00:00',
        properties: { dvoAttempt: 2 },
      },
      {
        body: second,
        named: { contentType: 'application/json; charset=utf-8' },
        messageId: 'm2',
        enqueuedAt: '2026-04-02T00:00:01',
        properties: { messageMaxSizeExceeded: 'true' },
      },
    ]);
    expect(parking.parked).toEqual([]);
  });
});

describe('a batch of Service Bus', () => {
  const BATCH = { deliveryCountArray: [1, 3, 2] };
  const good = fixture('update-contact');
  const bad = Buffer.from('{"cut off');
  const used = (whatever: boolean): Promise<Delayed | undefined> =>
    Promise.resolve(whatever ? { attempt: 11, dueAtMs: 0 } : undefined);

  test('[I31] content types: each message has its own, and none where one is missing', async () => {
    const xml = readFileSync(join(FIXTURES, 'update-contact.xml'));
    await handle([good, xml], { contentTypeArray: ['application/json', 'application/xml'] });
    await handle([good, xml], { contentTypeArray: ['application/xml'] });
    expect(receiver.received.map(({ contentType }) => contentType)).toEqual([
      'application/json',
      'application/xml',
      undefined,
      undefined,
    ]);
    expect(parking.parked).toEqual([]);
  });

  test('[I31] a message that is none is parked, and takes no other with it', async () => {
    await handle([good, undefined, good]);
    expect(parking.parked.map(({ cause }) => cause.code)).toEqual(['format-unsupported']);
    expect(lines.join()).toMatch(/processed .*"received":2/);
  });

  test('[I31] one can not be parked, and its attempts are used up: a copy keeps it, and the others are completed', async () => {
    parking.failure = new Error('refused');
    const copies = () => ({ send: (...[, , whatever]: Parameters<DelayedCopies['send']>) => used(whatever) });
    await handle([good, bad, good], BATCH, { copies });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['delayed', 'processed']);
    await expect(handle(bad, {}, { copies })).rejects.toThrow('refused');
  });

  test('[I19] one can neither be parked nor copied: all come again, after a pause, when the others have ended', async () => {
    parking.failure = new Error('refused');
    const ended: string[] = [];
    const copies = () => ({
      send: async () => {
        await setImmediate();
        ended.push('slow');
        throw new Error('no right to send');
      },
    });
    storeFailure = new Error('down');
    await expect(handle([bad, good, good], BATCH, { copies })).rejects.toThrow('refused');
    // The bad one is only parked; each good one is delayed, then parked, then delayed whatever its attempts.
    expect(ended).toHaveLength(5);
    expect(slept).toEqual([4_000]);
    expect(lines.join()).toMatch(/parkingFailed .*"messages":3/);
  });
});

test('[I35] the store is away: a batch of a hub is tried again in place, after all that can be is processed or parked', async () => {
  storeFailure = new StoreUnavailable('the store', 0);
  const batch = [fixture('update-contact'), Buffer.from('{"cut off'), fixture('delete-account')];
  await expect(handle(batch, {}, { name: 'event-hub', holds: true })).rejects.toThrow(
    /^1 events could not be processed/,
  );
  expect(parking.parked.map(({ cause }) => cause.code)).toEqual(['json-invalid', 'table-not-synced']);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['parked', 'parked', 'held']);
  expect(slept).toEqual([]);
});

test('no log shows what a message holds', async () => {
  await handle([fixture('update-contact'), Buffer.from('{"Head of Customs, but cut off')]);
  expect(lines.join()).not.toContain('Head of Customs');
});
