/**
 * Proves that `local/broker` keeps to AMQP where the .NET clients of the Functions extensions go other ways than
 * JavaScript's: on any machine, by a plain AMQP client that puts on the wire what they do. The clients themselves:
 * broker-dotnet.test.ts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { create_container, types, type Connection, type EventContext, type Receiver, type Session } from 'rhea';
import { startBroker, type Broker } from '../../local/broker/broker';
import { eventually } from '../eventually';

const HUB_PARTITION = 'hub/ConsumerGroups/$Default/Partitions/0';

let broker: Broker;
const connections: { readonly connection: Connection; readonly closed: Promise<void> }[] = [];

beforeAll(async () => {
  broker = await startBroker({
    queues: { queue: {}, ended: {}, sessions: { requiresSession: true } },
    hubs: { hub: { partitions: 1 } },
  });
  const sender = connect().open_sender('hub/Partitions/0');
  await once(sender, 'sendable');
  for (const body of ['0', '1', '2', '3']) sender.send({ body });
  await eventually(() => broker.counts().hubs.hub?.events === 4, 'four events');
});
afterEach(async () => {
  for (const { connection, closed } of connections.splice(0)) {
    connection.close();
    await closed;
  }
});
afterAll(() => broker.close());

function connect(mechanism?: string): Connection {
  const answer = { start: (callback: (error: undefined, response: string) => void) => callback(undefined, '') };
  const connection = create_container().connect({
    ...{ host: '127.0.0.1', port: broker.port, reconnect: false },
    ...(mechanism === undefined ? {} : { sasl_mechanisms: { [mechanism]: () => answer } }),
  });
  // Without a handler of 'disconnected' rhea logs a lost connection, maybe after the tests are done.
  const closed = new Promise<void>((resolve) => {
    for (const event of ['connection_close', 'disconnected']) connection.once(event, () => resolve());
  });
  connections.push({ connection, closed });
  return connection;
}

async function send(queue: string, body: string): Promise<void> {
  const sender = connect().open_sender(queue);
  await once(sender, 'sendable');
  sender.send({ body });
  await once(sender, 'accepted');
}

/** Reads what comes to a receiver, until there is nothing more for a while. */
async function bodies(receiver: Receiver): Promise<unknown[]> {
  const found: unknown[] = [];
  receiver.on('message', ({ message }: EventContext) => found.push(message?.body));
  await once(receiver, 'receiver_open');
  await sleep(200);
  return found;
}

/** Whether the broker's answer has null for this end of the link, which rhea gives in a wrapper. */
const isNull = (terminus: unknown): boolean => (terminus as { readonly value?: unknown }).value === null;

const selector = (text: string): object => ({
  'apache.org:selector-filter:string': types.wrap_described(text, 0x468c00000004),
});

test.each(['MSSBCBS', 'ANONYMOUS'])('a client that speaks only %s signs in', async (mechanism) => {
  await once(connect(mechanism), 'connection_open');
});

test.each(['queue', HUB_PARTITION])('%s: no transfer before the answer to the attach', async (source) => {
  if (source === 'queue') await send('queue', 'x');
  const connection = connect();
  const faults: string[] = [];
  connection.on('disconnected', ({ error }) => faults.push(String(error)));
  await once(connection, 'connection_open');
  // The credit is on the wire behind the attach, and messages are there already.
  const receiver = connection.open_receiver({
    source: { address: source, filter: selector('amqp.annotation.x-opt-offset > -1') },
    credit_window: 0,
  });
  receiver.add_credit(10);
  const [{ message }] = (await once(receiver, 'message')) as [EventContext];
  expect(message).toBeDefined();
  expect(faults).toEqual([]);
});

test.each([
  ["amqp.annotation.x-opt-offset > '-1'", ['0', '1', '2', '3']],
  ['amqp.annotation.x-opt-offset > -1', ['0', '1', '2', '3']],
  ['amqp.annotation.x-opt-offset >= 0', ['0', '1', '2', '3']],
  ['amqp.annotation.x-opt-offset > @latest', []],
  ['amqp.annotation.x-opt-sequence-number >= 1', ['1', '2', '3']],
  ["amqp.annotation.x-opt-sequence-number > '1'", ['2', '3']],
  ['amqp.annotation.x-opt-sequence-number > 1', ['2', '3']],
  ['amqp.annotation.x-opt-enqueued-time > 1', ['0', '1', '2', '3']],
  ['amqp.annotation.x-opt-enqueued-time > 9999999999999', []],
])('start position %s', async (text, expected) => {
  const receiver = connect().open_receiver({ source: { address: HUB_PARTITION, filter: selector(text) } });
  expect(await bodies(receiver)).toEqual(expected);
});

describe('a link that is refused is answered without what it asked for, and then detached with the reason', () => {
  const session = (id: string | null): object => ({ 'com.microsoft:session-filter': id });
  const timeout = { 'com.microsoft:timeout': types.wrap_uint(600) };

  test.each([
    ['a missing entity', { source: 'nowhere' }, 'amqp:not-found'],
    ['a missing hub', { source: 'nowhere/ConsumerGroups/$Default/Partitions/0' }, 'amqp:not-found'],
    ['a missing group', { source: 'hub/ConsumerGroups/nobody/Partitions/0' }, 'amqp:not-found'],
    ['a missing partition', { source: 'hub/ConsumerGroups/$Default/Partitions/7' }, 'amqp:not-found'],
    ['a plain receiver where sessions are', { source: 'sessions' }, 'amqp:not-allowed'],
    ['a session where none are', { source: { address: 'queue', filter: session('A') } }, 'amqp:not-allowed'],
    ['the next session where none are', { source: { address: 'queue', filter: session(null) } }, 'amqp:not-allowed'],
    [
      'a taken session',
      { source: { address: 'sessions', filter: session('taken') } },
      'com.microsoft:session-cannot-be-locked',
    ],
    [
      'no session in time',
      { source: { address: 'sessions', filter: session(null) }, properties: timeout },
      'com.microsoft:timeout',
    ],
    [
      'a start position that the broker can’t read',
      { source: { address: HUB_PARTITION, filter: selector('x-opt-color = 1') } },
      'amqp:not-implemented',
    ],
  ])('%s', async (_, options, condition) => {
    const connection = connect();
    const taken = connection.open_receiver({ source: { address: 'sessions', filter: session('taken') } });
    await once(taken, 'receiver_open');
    const receiver = connection.open_receiver(options);
    const answered = once(receiver, 'receiver_open');
    const refused = once(receiver, 'receiver_error');
    await answered;
    expect(isNull(receiver.source)).toBe(true);
    await refused;
    expect(receiver.error).toMatchObject({ condition });
  });

  test('a sender to a missing entity', async () => {
    const sender = connect().open_sender('nowhere');
    const refused = once(sender, 'sender_error');
    await once(sender, 'sender_open');
    expect(isNull(sender.target)).toBe(true);
    await refused;
    expect(sender.error).toMatchObject({ condition: 'amqp:not-found' });
  });

  test('a lower epoch', async () => {
    const reader = (connection: Connection, epoch: number): Receiver =>
      connection.open_receiver({
        source: HUB_PARTITION,
        properties: { 'com.microsoft:epoch': types.wrap_long(epoch) },
      });
    const connection = connect();
    await once(reader(connection, 2), 'receiver_open');
    const lower = reader(connection, 1);
    const refused = once(lower, 'receiver_error');
    await once(lower, 'receiver_open');
    expect(isNull(lower.source)).toBe(true);
    await refused;
    expect(lower.error).toMatchObject({ condition: 'amqp:link:stolen' });
  });
});

test('frames on a session that has ended are no reason to drop the connection', async () => {
  await send('ended', 'x');
  const connection = connect();
  let isDropped = false;
  connection.on('disconnected', () => (isDropped = true));
  await once(connection, 'connection_open');
  const session: Session = connection.create_session();
  session.open();
  const receiver = session.open_receiver({ source: 'ended', autoaccept: false });
  const [{ delivery }] = (await once(receiver, 'message')) as [EventContext];
  // The client has ended the session and doesn't know yet that the broker has ended it too: so its outcome comes too late.
  const { socket } = connection as unknown as { readonly socket: Socket };
  socket.pause();
  session.close();
  await sleep(50);
  delivery?.accept();
  await sleep(50);
  socket.resume();
  await once(session, 'session_close');
  const other = connection.open_receiver({ source: 'queue' });
  await once(other, 'receiver_open');
  expect(isDropped).toBe(false);
});
