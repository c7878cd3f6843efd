/**
 * Proves what a delayed copy carries and when it comes: later after every attempt, within its bounds, never more often than
 * is allowed; and that nobody takes one for sent that the broker has not accepted.
 */
import type { ServiceBusMessage } from '@azure/service-bus';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DelayedCopies, type DelayedCopiesOptions, type ReceivedMessage } from '../../shared/receive/delayed-copies';

const NOW = Date.UTC(2026, 3, 2);
const CAUSE = { code: 'web-api', message: 'It was not answered.' };

let sent: ServiceBusMessage[];
let opened: number;
let refusal: Error | undefined;
let records: unknown[];

beforeEach(() => {
  sent = [];
  opened = 0;
  refusal = undefined;
  records = [];
});

function copies(options: Partial<DelayedCopiesOptions> = {}): DelayedCopies {
  const sendMessages = (message: ServiceBusMessage): Promise<void> => {
    if (refusal !== undefined) return Promise.reject(refusal);
    sent.push(message);
    return Promise.resolve();
  };
  return new DelayedCopies(() => Promise.resolve({ sendMessages }).finally(() => (opened += 1)), {
    ...{ attempts: 10, firstDelayMs: 5000, longestDelayMs: 900_000, queue: 'q', sessions: false },
    log: (event, fields) => void records.push([event, fields]),
    now: () => NOW,
    random: () => 0.5,
    ...options,
  });
}

const received = (attempt?: number, more: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  body: Buffer.from([0, 1, 255]),
  named: { contentType: 'application/json' },
  messageId: 'the original',
  enqueuedAt: '2026-04-01T00:00:00Z',
  properties: { own: 7, ...(attempt === undefined ? {} : { dvoAttempt: attempt }) },
  ...more,
});

const propertiesOf = (message: ServiceBusMessage | undefined) => message?.applicationProperties ?? {};
const delayOf = (message: ServiceBusMessage | undefined) =>
  (message?.scheduledEnqueueTimeUtc?.getTime() ?? Number.NaN) - NOW;

test('a copy: body, names and properties as they came, its own id, when it comes, and why', async () => {
  const named = {
    ...{
      contentType: 'application/xml',
      correlationId: 'c',
      subject: 's',
      to: 't',
      replyTo: 'r',
      replyToSessionId: 'rs',
    },
    partitionKey: 'p',
  };
  const due = await copies().send(received(undefined, { named }), CAUSE, false);
  expect(due).toEqual({ attempt: 1, dueAtMs: NOW + 3750 });
  expect(sent).toEqual([
    {
      body: Buffer.from([0, 1, 255]),
      ...named,
      messageId: expect.not.stringMatching('the original'),
      scheduledEnqueueTimeUtc: new Date(NOW + 3750),
      applicationProperties: {
        own: 7,
        dvoAttempt: 1,
        dvoCode: 'web-api',
        dvoReason: 'It was not answered.',
        dvoFirstEnqueued: '2026-04-01T00:00:00Z',
        dvoMessageId: 'the original',
      },
    },
  ]);
});

test('a copy of a copy counts on, and keeps what is said of the original', async () => {
  const of = copies();
  await of.send(received(), CAUSE, false);
  const properties = propertiesOf(sent[0]) as ReceivedMessage['properties'];
  const again = { properties, messageId: String(sent[0]?.messageId), enqueuedAt: '2026-04-02T00:00:00Z' };
  await of.send(received(undefined, again), { code: 'unexpected', message: 'another' }, false);
  expect(propertiesOf(sent[1])).toEqual({ ...properties, dvoAttempt: 2, dvoCode: 'unexpected', dvoReason: 'another' });
  expect(sent[1]?.messageId).not.toBe(sent[0]?.messageId);
});

test('[I34] each attempt waits longer, between half and all of its time, and never longer than the longest', async () => {
  const delays = fc.record({
    attempt: fc.integer({ min: 0, max: 99 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    firstDelayMs: fc.integer({ min: 1000, max: 60_000 }),
    longestDelayMs: fc.integer({ min: 60_000, max: 900_000 }),
  });
  await fc.assert(
    fc.asyncProperty(delays, async ({ attempt, random, firstDelayMs, longestDelayMs }) => {
      sent = [];
      const of = copies({ attempts: 100, firstDelayMs, longestDelayMs, random: () => random });
      await of.send(received(attempt), CAUSE, false);
      const full = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt);
      expect(delayOf(sent[0])).toBeGreaterThanOrEqual(Math.floor(full / 2));
      expect(delayOf(sent[0])).toBeLessThanOrEqual(full);
    }),
  );
});

test('[I34] attempts are bounded: the last one is sent, the next one is not, unless it has to be', async () => {
  const of = copies({ attempts: 3 });
  expect(await of.send(received(2), CAUSE, false)).toMatchObject({ attempt: 3 });
  expect(await of.send(received(3), CAUSE, false)).toBeUndefined();
  expect(sent).toHaveLength(1);
  expect(await of.send(received(3), CAUSE, true)).toMatchObject({ attempt: 4 });
  expect(sent).toHaveLength(2);
});

test.each([['a text'], [-1], [1.5], [null]])('an attempt count that is none (%j) counts as none', async (value) => {
  expect(await copies().send(received(undefined, { properties: { dvoAttempt: value } }), CAUSE, false)).toMatchObject({
    attempt: 1,
  });
});

test('a long reason is cut: properties have their limit', async () => {
  await copies().send(received(), { code: 'unexpected', message: 'x'.repeat(100_000) }, false);
  expect(propertiesOf(sent[0]).dvoReason).toHaveLength(1000);
});

describe('sessions', () => {
  test('a copy stays in its session, which is its partition too', async () => {
    await copies().send(received(undefined, { named: { sessionId: 'row', partitionKey: 'row' } }), CAUSE, false);
    expect(sent[0]).toMatchObject({ sessionId: 'row' });
    expect(sent[0]).not.toHaveProperty('partitionKey');
  });

  test('where the queue has them, a message without one gets one of its own', async () => {
    const of = copies({ sessions: true });
    await of.send(received(), CAUSE, false);
    await of.send(received(), CAUSE, false);
    const [one, other] = sent.map(({ sessionId }) => sessionId);
    expect([typeof one, one === other]).toEqual(['string', false]);
  });
});

describe('the broker does not accept it', () => {
  const unauthorized = Object.assign(new Error("'Send' claim(s) are required."), { code: 'UnauthorizedAccess' });

  test('the caller hears of it; nobody asks for a while; it is said once, with what to do', async () => {
    let now = NOW;
    const of = copies({ now: () => now });
    refusal = unauthorized;
    await expect(of.send(received(), CAUSE, false)).rejects.toBe(unauthorized);
    refusal = new Error('asked again');
    await expect(of.send(received(), CAUSE, false)).rejects.toBe(unauthorized);
    now += 60_000;
    await expect(of.send(received(), CAUSE, false)).rejects.toThrow('asked again');
    expect(records).toEqual([
      ['copiesRefused', { queue: 'q', reason: expect.stringMatching(/claim.*right to send to the queue/) }],
    ]);
    refusal = undefined;
    now += 600_000;
    await of.send(received(), CAUSE, false);
    expect(records).toHaveLength(2);
    expect(records[1]).toEqual(['copiesAccepted', { queue: 'q', milliseconds: 660_000 }]);
  });

  test('a message that is too large says nothing of the others', async () => {
    const of = copies();
    refusal = Object.assign(new Error('too large'), { code: 'MessageSizeExceeded' });
    await expect(of.send(received(), CAUSE, false)).rejects.toThrow('too large');
    refusal = undefined;
    expect(await of.send(received(), CAUSE, false)).toMatchObject({ attempt: 1 });
    expect(records).toEqual([]);
  });
});

test('one sender, made at the first copy; one that can not be made is made anew', async () => {
  const of = copies();
  expect(opened).toBe(0);
  await Promise.all([of.send(received(), CAUSE, false), of.send(received(), CAUSE, false)]);
  expect([opened, sent.length]).toEqual([1, 2]);

  let now = NOW;
  let failures = 1;
  const failing = new DelayedCopies(
    () =>
      failures-- > 0
        ? Promise.reject(new Error('no token'))
        : Promise.resolve({ sendMessages: () => Promise.resolve() }),
    {
      ...{ attempts: 1, firstDelayMs: 1, longestDelayMs: 1, queue: 'q', sessions: false },
      log: () => undefined,
      now: () => now,
    },
  );
  await expect(failing.send(received(), CAUSE, false)).rejects.toThrow('no token');
  now += 60_000;
  expect(await failing.send(received(), CAUSE, false)).toMatchObject({ attempt: 1 });
});
