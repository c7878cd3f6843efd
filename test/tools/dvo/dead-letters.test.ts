/**
 * Proves, with the real SDK on the local broker, that dead letters are listed and shown without being locked and replayed
 * as they were sent; that a replay ends although its copies fail again; and, with scripted links, that no dead letter is
 * completed before its copy was accepted.
 */
import { ServiceBusClient, type ServiceBusMessage, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copyOf, MARKER, replayDeadLetters, type ReplayLinks } from '../../../tools/dvo/dead-letters/replay';
import { startBroker, type Broker } from '../../../local/broker/broker';
import { fixture } from '../../context/fixture-files';
import { eventually } from '../../eventually';
import { dvo, TestTerminal } from './terminal';

type RawMessage = ServiceBusReceivedMessage['_rawAmqpMessage'];

const QUEUE = ['--queue', 'events'];
const LOB = ['--topic', 'changes', '--subscription', 'lob'];
const saved = { ...process.env };
let broker: Broker;
let client: ServiceBusClient;

beforeEach(async () => {
  broker = await startBroker({
    queues: { events: {}, ordered: { requiresSession: true } },
    topics: { changes: { subscriptions: { lob: {}, audit: {} } } },
  });
  client = new ServiceBusClient(broker.connectionString);
  process.env = { ...saved, ServiceBusConnection: broker.connectionString };
});
afterEach(async () => {
  process.env = { ...saved };
  await client.close();
  await broker.close();
});

const counts = () => broker.counts().queues.events;

/** Sends messages and has each dead-lettered. */
async function bury(
  messages: readonly (ServiceBusMessage | RawMessage)[],
  from: 'events' | 'lob' = 'events',
  deadLetterReason = 'Tests',
): Promise<void> {
  const sender = client.createSender(from === 'lob' ? 'changes' : 'events');
  for (const message of messages) await sender.sendMessages(message);
  const receiver = from === 'lob' ? client.createReceiver('changes', 'lob') : client.createReceiver('events');
  for (let left = messages.length; left > 0;)
    for (const message of await receiver.receiveMessages(left, { maxWaitTimeInMs: 1000 })) {
      await receiver.deadLetterMessage(message, { deadLetterReason, deadLetterErrorDescription: 'A test.' });
      left -= 1;
    }
  await receiver.close();
}

const RECEIVING = { skipParsingBodyAsJson: true, skipConvertingDate: true } as const;

async function received(count: number, subQueueType?: 'deadLetter'): Promise<readonly ServiceBusReceivedMessage[]> {
  const options = subQueueType === undefined ? RECEIVING : { ...RECEIVING, subQueueType };
  const receiver = client.createReceiver('events', { receiveMode: 'receiveAndDelete', ...options });
  const messages: ServiceBusReceivedMessage[] = [];
  while (messages.length < count)
    messages.push(...(await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 2000 })));
  await receiver.close();
  return messages;
}

const context = fixture('update-contact.json');
const body = (text: string): ServiceBusMessage => ({ body: Buffer.from(text) });

describe('list', () => {
  test('all of several pages, none locked', async () => {
    await bury([{ body: context, contentType: 'application/json' }, ...Array.from({ length: 70 }, () => body('{'))]);
    const { code, out } = await dvo(['dead-letters', 'list', ...QUEUE]);
    expect(code).toBe(0);
    expect(out).toMatch(/^sequence +enqueued at +deliveries +about +reason +description\n/);
    expect(out).toMatch(/^1 +\d{4}-\d\d-\d\dT\S+Z +0 +Update of contact +Tests +A test\.$/m);
    expect(out.match(/json-invalid/g)).toHaveLength(70);
    expect(out).toMatch(/\n71 {2}Tests\n$/);
    const limited = await dvo(['dead-letters', 'list', ...QUEUE, '--limit', '3', '--json']);
    expect(limited.out.trimEnd().split('\n')).toHaveLength(3);
    expect(JSON.parse(String(limited.out.split('\n')[0]))).toMatchObject({ sequence: '1', about: 'Update of contact' });
    // A receiver gets them all right away, which it couldn't were any locked.
    expect(await received(71, 'deadLetter')).toHaveLength(71);
  });

  test('a delayed copy that came too often says why it could not be settled; any other reason stands', async () => {
    const applicationProperties = { dvoAttempt: 4, dvoCode: 'web-api', dvoReason: 'It was not answered.' };
    const reasons = ['MaxDeliveryCountExceeded', 'Tests'];
    await bury([{ ...body('{'), applicationProperties }], 'events', reasons[0]);
    await bury([{ ...body('{'), applicationProperties }], 'events', reasons[1]);
    await bury([body('{')], 'events', reasons[0]);
    const { out } = await dvo(['dead-letters', 'list', ...QUEUE]);
    expect(out).toMatch(/^1 .* web-api +It was not answered\.$/m);
    expect(out).toMatch(/^2 .* Tests +A test\.$/m);
    expect(out).toMatch(/^3 .* MaxDeliveryCountExceeded +A test\.$/m);
    const json = await dvo(['dead-letters', 'list', ...QUEUE, '--json']);
    expect(JSON.parse(json.out.split('\n')[0] ?? '')).toMatchObject({
      reason: 'web-api',
      description: 'It was not answered.',
    });
    const shown = await dvo(['dead-letters', 'show', '1', ...QUEUE]);
    expect(shown.out).toMatch(/^reason +web-api\ndescription +It was not answered\.$/m);
    expect(shown.out).toMatch(/^tried before +4 times, each time as a new copy$/m);
  });

  test('none', async () => {
    expect(await dvo(['dead-letters', 'list', ...LOB])).toEqual({
      code: 0,
      out: '',
      err: 'There are no dead letters.\n',
    });
  });
});

describe('show', () => {
  test('one by its sequence number; the body and values only when asked for', async () => {
    await bury([
      body('{'),
      { body: context, contentType: 'application/json', applicationProperties: { key: 'secret' } },
    ]);
    const { code, out } = await dvo(['dead-letters', 'show', '2', ...QUEUE, '--explain']);
    expect(code).toBe(0);
    expect(out).toMatch(/^about +Update of contact$/m);
    expect(out).toMatch(/^reason +Tests$/m);
    expect(out).toMatch(/^properties +.*key/m);
    expect(out).toContain('Will be handled as a change of contact');
    expect(out).not.toContain('secret');
    expect((await dvo(['dead-letters', 'show', '2', ...QUEUE, '--body'])).out).toBe(context.toString());
    for (const sequence of ['0', '3', '9223372036854775807'])
      expect(await dvo(['dead-letters', 'show', sequence, ...QUEUE])).toMatchObject({
        code: 64,
        err: `dvo: there is no dead letter with sequence number ${sequence}\n`,
      });
    expect(await dvo(['dead-letters', 'show', 'x', ...QUEUE])).toMatchObject({ code: 64 });
  });
});

describe('replay', () => {
  test('a copy is as the message was sent, but for the marker', async () => {
    const same = {
      body: Buffer.from([0, 1, 255]),
      contentType: 'application/msbin1',
      messageId: 'the id',
      sessionId: 'the session',
      subject: 'a subject',
      correlationId: 'a correlation',
    };
    const own = { text: 'a', number: 5, flag: true, when: new Date(1_000) };
    await bury([{ ...same, applicationProperties: own, timeToLive: 60_000 }]);
    expect(await dvo(['dead-letters', 'replay', ...QUEUE, '--yes'])).toEqual({
      code: 0,
      out: 'copies sent: 1, dead letters completed: 1\n',
      err: '',
    });
    const [copy] = await received(1);
    const { applicationProperties = {}, timeToLive, ...rest } = copy ?? { body: undefined };
    const { [MARKER]: marker, dvoFirstEnqueued, ...properties } = applicationProperties;
    expect(properties).toEqual(own);
    expect(Date.parse(String(dvoFirstEnqueued))).toBeLessThan(copy?.enqueuedTimeUtc?.getTime() ?? 0);
    expect(marker).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(timeToLive).not.toBe(60_000);
    expect(rest).toMatchObject(same);
    expect(counts()).toMatchObject({ active: 0, deadLettered: 0 });
  });

  test('[I47] a copy of a copy keeps when the first one was enqueued', async () => {
    await bury([{ body: '{}', applicationProperties: { dvoFirstEnqueued: '2026-04-02T00:00:00Z' } }]);
    expect(await dvo(['dead-letters', 'replay', ...QUEUE, '--yes'])).toMatchObject({ code: 0 });
    expect((await received(1))[0]?.applicationProperties).toMatchObject({ dvoFirstEnqueued: '2026-04-02T00:00:00Z' });
  });

  test('a body in another section of AMQP goes out in the same', async () => {
    await bury([{ body: 'a text', bodyType: 'value' } satisfies RawMessage]);
    expect(await dvo(['dead-letters', 'replay', ...QUEUE, '--yes'])).toMatchObject({ code: 0 });
    const [copy] = await received(1);
    expect([copy?.body, copy?._rawAmqpMessage.bodyType]).toEqual(['a text', 'value']);
  });

  test('a session of a queue that requires them', async () => {
    await client.createSender('ordered').sendMessages({ ...body('{}'), sessionId: 's' });
    const session = await client.acceptSession('ordered', 's');
    for (const message of await session.receiveMessages(1)) await session.deadLetterMessage(message);
    await session.close();
    expect(await dvo(['dead-letters', 'replay', '--queue', 'ordered', '--yes'])).toMatchObject({ code: 0 });
    expect(broker.counts().queues.ordered).toMatchObject({ active: 1, deadLettered: 0 });
  });

  test("a subscription's go to the topic, and so to all its subscriptions, which is said", async () => {
    await bury([body('{}')], 'lob');
    expect((await dvo(['dead-letters', 'replay', ...LOB])).err).toContain(
      'All subscriptions of topic changes get them. Not a terminal',
    );
    expect(broker.counts().subscriptions['changes/lob']).toMatchObject({ deadLettered: 1 });
    expect(await dvo(['dead-letters', 'replay', ...LOB, '--yes'])).toMatchObject({ code: 0 });
    expect(broker.counts().subscriptions).toMatchObject({
      'changes/lob': { active: 1 },
      'changes/audit': { active: 2 },
    });
    expect((await dvo(['dead-letters', 'replay', '--help'])).out).toContain('ALL ITS SUBSCRIPTIONS');
  });

  test('--limit leaves the rest, --new-message-ids gives ids', async () => {
    await bury(['a', 'b', 'c'].map((messageId) => ({ ...body('{}'), messageId })));
    const { code } = await dvo(['dead-letters', 'replay', ...QUEUE, '--yes', '--limit', '2', '--new-message-ids']);
    expect(code).toBe(0);
    expect(counts()).toMatchObject({ active: 2, deadLettered: 1 });
    for (const { messageId } of await received(2)) expect(String(messageId)).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('copies that fail again at once are not chased', async () => {
    await bury(Array.from({ length: 300 }, () => body('{}')));
    const receiver = client.createReceiver('events');
    const failing = receiver.subscribe(
      {
        processMessage: (message) => receiver.deadLetterMessage(message),
        processError: () => Promise.resolve(),
      },
      { autoCompleteMessages: false },
    );
    const { code, out, err } = await dvo(['dead-letters', 'replay', ...QUEUE, '--yes']);
    expect({ code, out }).toEqual({ code: 0, out: 'copies sent: 300, dead letters completed: 300\n' });
    expect(err).toContain('dead-lettered after the start');
    // Each copy is a dead letter again, none is lost and none was sent twice.
    await eventually(() => counts()?.deadLettered === 300, 'every copy being dead-lettered');
    expect(counts()).toMatchObject({ active: 0, locked: 0, deadLettered: 300 });
    await failing.close();
  });

  test('what another reader has locked is named, with exit code 1', async () => {
    await bury([body('{}'), body('{}')]);
    const other = client.createReceiver('events', { subQueueType: 'deadLetter' });
    expect(await other.receiveMessages(1)).toHaveLength(1);
    const { code, out, err } = await dvo(['dead-letters', 'replay', ...QUEUE, '--yes']);
    expect({ code, out }).toEqual({ code: 1, out: 'copies sent: 1, dead letters completed: 1\n' });
    expect(err).toMatch(/^dvo: Dead letters left: 1\. Another reader/);
  });
});

describe('with links that fail', () => {
  interface Script {
    readonly send?: (sequence: string) => unknown;
    readonly complete?: (sequence: string, time: number) => unknown;
  }
  const messageOf = (sequence: number) =>
    ({ body: Buffer.from('{}'), sequenceNumber: sequence, messageId: String(sequence) }) as unknown;

  /** Dead letters 1, 2 and 3; one that isn't completed comes again. */
  function scripted({ send, complete }: Script): { links: ReplayLinks; events: string[] } {
    const events: string[] = [];
    let lying = [1, 2, 3];
    const refused = new Set<number>();
    const numberOf = (message: ServiceBusReceivedMessage): number => Number(message.sequenceNumber);
    const run = async (action: unknown): Promise<void> => {
      await Promise.resolve();
      if (action instanceof Error) throw action;
    };
    const page = (): Promise<ServiceBusReceivedMessage[]> =>
      Promise.resolve(lying.filter((at) => !refused.has(at)).map((at) => messageOf(at) as ServiceBusReceivedMessage));
    let peeked = false;
    const links: ReplayLinks = {
      receiver: {
        receiveMessages: page,
        completeMessage: async (message) => {
          const at = numberOf(message);
          events.push(`complete ${at}`);
          await run(complete?.(String(at), events.filter((event) => event === `complete ${at}`).length));
          lying = lying.filter((other) => other !== at);
        },
        abandonMessage: (message) => Promise.resolve(void events.push(`abandon ${numberOf(message)}`)),
      },
      peeker: { peekMessages: () => (peeked ? Promise.resolve([]) : ((peeked = true), page())) },
      sender: {
        sendMessages: async (message) => {
          const id = String((message as ServiceBusMessage).messageId);
          const failure = send?.(id);
          if ((failure as { code?: string } | undefined)?.code === 'MessageSizeExceeded') refused.add(Number(id));
          await run(failure);
          events.push(`sent ${id}`);
        },
      },
    };
    return { links, events };
  }

  test('each is completed after its copy was accepted', async () => {
    const { links, events } = scripted({});
    await replayDeadLetters(new TestTerminal(), links, {});
    for (const at of [1, 2, 3]) {
      expect(events.indexOf(`sent ${at}`)).toBeGreaterThanOrEqual(0);
      expect(events.indexOf(`complete ${at}`)).toBeGreaterThan(events.indexOf(`sent ${at}`));
    }
  });

  test('a copy that is not accepted: its dead letter stays, and the replay stops', async () => {
    const { links, events } = scripted({ send: (id) => (id === '2' ? new Error('The queue is full.') : undefined) });
    const terminal = new TestTerminal();
    await expect(replayDeadLetters(terminal, links, {})).rejects.toThrow(/not accepted.*The queue is full/);
    expect(events).not.toContain('complete 2');
    expect(events).toContain('abandon 2');
    expect(terminal.text).toBe('copies sent: 2, dead letters completed: 2\n');
  });

  test('one that is too large is left and named; the others go', async () => {
    const tooLarge = Object.assign(new Error('Too large.'), { code: 'MessageSizeExceeded' });
    const { links, events } = scripted({ send: (id) => (id === '2' ? tooLarge : undefined) });
    await expect(replayDeadLetters(new TestTerminal(), links, {})).rejects.toThrow(/left: sequence 2$/);
    expect(events).toContain('complete 3');
    expect(events).not.toContain('complete 2');
  });

  test('a lock that was lost: the copy is not sent again when the dead letter comes again', async () => {
    const lost = new Error('The lock was lost.');
    const { links, events } = scripted({ complete: (at, time) => (at === '2' && time === 1 ? lost : undefined) });
    await replayDeadLetters(new TestTerminal(), links, {});
    expect(events.filter((event) => event === 'sent 2')).toHaveLength(1);
    expect(events.filter((event) => event === 'complete 2')).toHaveLength(2);
  });

  test('none can be completed: it says so instead of going on for ever', async () => {
    const { links } = scripted({ complete: () => new Error('Forbidden.') });
    await expect(replayDeadLetters(new TestTerminal(), links, {})).rejects.toThrow(/none of their dead letters/);
  });
});

test('a copy of a copy carries only the newer marker, and attempts are counted anew', () => {
  const message = {
    body: Buffer.from('{}'),
    applicationProperties: { [MARKER]: 'old', DeadLetterReason: 'a', own: 1, dvoAttempt: 10, dvoMessageId: 'm' },
  };
  const copy = copyOf(message as unknown as ServiceBusReceivedMessage, 'new');
  expect(copy.applicationProperties).toEqual({ [MARKER]: 'new', own: 1, dvoMessageId: 'm' });
});

describe('which entity', () => {
  test.each<[string, Record<string, string>, string[], RegExp]>([
    ['no settings', { ServiceBusConnection: '' }, QUEUE, /ServiceBusConnection is missing/],
    ['not a connection string', { ServiceBusConnection: 'secret' }, QUEUE, /must be a connection string(?!.*secret)/],
    ['no entity', {}, [], /SERVICEBUS_QUEUE, SERVICEBUS_TOPIC and SERVICEBUS_SUBSCRIPTION are missing/],
    [
      'several of the app',
      { SERVICEBUS_QUEUE: 'events', SERVICEBUS_TOPIC: 'changes', SERVICEBUS_SUBSCRIPTION: 'lob' },
      [],
      /pass --queue events, or --topic changes --subscription lob/,
    ],
    ['both', {}, [...QUEUE, ...LOB], /either --queue, or --topic/],
    ['half', {}, ['--topic', 'changes'], /pass both --topic and --subscription/],
  ])('%s: exit code 64', async (_, settings, flags, reason) => {
    Object.assign(process.env, settings);
    const { code, out, err } = await dvo(['dead-letters', 'list', ...flags]);
    expect([code, out]).toEqual([64, '']);
    expect(err).toMatch(reason);
  });

  test('the only one of the app needs no name', async () => {
    process.env.SERVICEBUS_QUEUE = 'events';
    expect(await dvo(['dead-letters', 'list'])).toMatchObject({ code: 0 });
  });

  test('one that is not there: exit code 1, with its name', async () => {
    const { code, err } = await dvo(['dead-letters', 'list', '--queue', 'elsewhere']);
    expect(code).toBe(1);
    expect(err).toContain('elsewhere');
  });
});
