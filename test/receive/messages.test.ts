/**
 * Proves that messages reach the receiver byte for byte, with what the trigger knows of them, and that the invocation fails
 * (so that the broker keeps the messages) exactly when they could not be kept.
 */
import { InvocationContext, type TriggerMetadata } from '@azure/functions';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { KeptDelivery } from '../../shared/parking/parking';
import { messagesHandler } from '../../shared/receive/messages';
import { Receiver, type Outcome } from '../../shared/receive/receiver';
import { Writer } from '../../shared/writer/writer';
import { RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { RecordingParking, UNMAPPED, fixture } from './deliveries';

/** Remembers what it was given, and then does the real thing. */
class RecordingReceiver extends Receiver {
  readonly received: KeptDelivery[] = [];
  override receive(deliveries: readonly KeptDelivery[]): Promise<readonly Outcome[]> {
    this.received.push(...deliveries);
    return super.receive(deliveries);
  }
}

let parking: RecordingParking;
let receiver: RecordingReceiver;
let lines: string[];
let slept: number[];

beforeEach(() => {
  parking = new RecordingParking();
  const options = { tables: ['contact'], hintDelayMs: 0 };
  const writer = new Writer(new MemoryStore(), undefined, { rule: RULE, unprovable: 'apply' });
  receiver = new RecordingReceiver({ ...UNMAPPED, writer, parking }, options);
  lines = [];
  slept = [];
});

const handle = (messages: unknown, triggerMetadata: TriggerMetadata = {}): Promise<void> =>
  messagesHandler(
    'service-bus-queue',
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
  expect(lines).toEqual([expect.stringMatching(/^settled .*"received":1/)]);
});

test('a batch: each by itself, the bad one parked, the good ones settled', async () => {
  await handle([fixture('update-contact'), Buffer.from('{"cut off'), fixture('delete-account')]);
  expect(parking.parked.map(({ cause }) => cause.code)).toEqual(['json-invalid', 'table-not-synced']);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['parked', 'parked', 'settled']);
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

test('no log shows what a message holds', async () => {
  await handle([fixture('update-contact'), Buffer.from('{"Head of Customs, but cut off')]);
  expect(lines.join()).not.toContain('Head of Customs');
});
