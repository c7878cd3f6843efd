/** Proves each fault of the TCP proxy on plain sockets: what a client sees of it, and that lifting it lets everything pass again. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy, type TcpFault } from '../../local/faults/tcp-proxy';
import { eventually } from '../eventually';

let server: Server;
let proxy: TcpProxy;
let received = '';
const clients: Socket[] = [];

beforeEach(async () => {
  received = '';
  // Answers each text with itself.
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString();
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

/** A client and what it saw. */
async function client(): Promise<{ socket: Socket; seen: () => string; end: Promise<string> }> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  let text = '';
  let code = 'end';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', (error) => (code = (error as NodeJS.ErrnoException).code ?? ''));
  const connected = new Promise<void>((resolve) => void socket.once('connect', () => resolve()));
  const end = new Promise<string>((resolve) => void socket.once('close', () => resolve(code)));
  await Promise.race([connected, end]);
  return { socket, seen: () => text, end };
}

const until = (holds: () => boolean): Promise<true> => eventually(holds, holds.toString());

/** Resolves when the text has left the client. */
const written = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => void socket.write(text, () => resolve()));

const passes = async (): Promise<void> => {
  const { socket, seen } = await client();
  socket.write('hello');
  await until(() => seen() === 'hello');
};

test('without a fault everything passes', async () => {
  await passes();
  expect(proxy.met).toBe(0);
});

describe.each<[string, TcpFault, seen: string, end: string]>([
  ['reset', { kind: 'reset', afterBytes: 3 }, 'hel', 'ECONNRESET'],
  ['cut', { kind: 'cut', afterBytes: 3 }, 'hel', 'end'],
  ['slow-close', { kind: 'slow-close', afterBytes: 3, ms: 50 }, 'hel', 'end'],
])('%s', (_, fault, seenOf, endOf) => {
  test('after some bytes of an answer, of a connection that was there before as of a new one', async () => {
    const before = await client();
    await proxy.set(fault);
    const after = await client();
    for (const { socket, seen, end } of [before, after]) {
      socket.write('hello');
      expect(await end).toBe(endOf);
      expect(seen()).toBe(seenOf);
    }
    expect(proxy.met).toBe(2);
    expect(received).toBe('hellohello');
    await proxy.lift();
    await passes();
  });
});

test('half-open: nothing passes, nothing ends, until the fault is lifted', async () => {
  const before = await client();
  await proxy.set({ kind: 'half-open' });
  const after = await client();
  for (const { socket } of [before, after]) socket.write('hello');
  await until(() => proxy.met === 2);
  expect(received).toBe('');
  expect([before, after].map(({ socket, seen }) => [socket.destroyed, seen()])).toEqual([
    [false, ''],
    [false, ''],
  ]);
  await proxy.lift();
  expect(await before.end).toBe('ECONNRESET');
  await passes();
});

test('down: refused, and what was there is reset; up again at the same port', async () => {
  const before = await client();
  const { port } = proxy;
  await proxy.set({ kind: 'down' });
  expect(await before.end).toBe('ECONNRESET');
  expect(await (await client()).end).toBe('ECONNREFUSED');
  await proxy.lift();
  expect(proxy.port).toBe(port);
  await passes();
});

test('latency: in order and later, also what a client sent that is gone meanwhile', async () => {
  await proxy.set({ kind: 'latency', ms: 50, jitterMs: 50 });
  const { socket, seen } = await client();
  const begun = performance.now();
  await written(socket, 'one ');
  await written(socket, 'two');
  await until(() => seen() === 'one two');
  // There and back; Node's timers may be a millisecond early.
  expect(performance.now() - begun).toBeGreaterThan(2 * 48);
  const gone = await client();
  received = '';
  await written(gone.socket, 'late');
  gone.socket.destroy();
  await until(() => received === 'late');
});
