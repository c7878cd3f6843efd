/**
 * Proves that the listener of a hybrid connection passes on what is allowed, whole and to one address, against a stand-in relay that
 * checks signatures; that it comes back, and that the HTTP store tells the relay's answers from the LOB system's.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import WebSocket from 'ws';
import { startRelay, type Relay } from '../../../local/relay/relay';
import { relaySignature } from '../../../shared/azure/relay-token';
import { codeOf } from '../../../shared/errors/errors';
import { HttpTarget } from '../../../shared/lob/http/http-target';
import { targetHeaders } from '../../../shared/lob/http/target-headers';
import { readHttpTarget } from '../../../shared/settings/http-target';
import { allowRule, isAllowed, type AllowRule } from '../../../tools/dvo/relay/allow';
import { RelayListener } from '../../../tools/dvo/relay/listener';
import { eventually } from '../../eventually';

const RULES = {
  listen: { key: 'key-of-the-listener', rights: ['Listen'] },
  send: { key: 'key-of-the-sender', rights: ['Send'] },
} as const;
const IN_AN_HOUR = () => Math.floor(Date.now() / 1000) + 3600;

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let lob: Server;
let lobUrl: URL;
let seen: Seen[] = [];
/** What an answer waits for. */
let hold: Promise<void> = Promise.resolve();
let answer: (request: Seen) => { readonly status: number; readonly body?: Buffer };
let relay: Relay;
const listening: { readonly listener: RelayListener; readonly ended: Promise<void> }[] = [];
let lines: string[] = [];

beforeAll(async () => {
  lob = createServer((request, response) => {
    void buffer(request).then(async (body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      await hold;
      const { status, body: text } = answer(one);
      response.writeHead(status, { 'x-lob': 'yes' }).end(text);
    });
  });
  await new Promise<void>((resolve) => lob.listen(0, '127.0.0.1', resolve));
  lobUrl = new URL(`http://127.0.0.1:${(lob.address() as AddressInfo).port}`);
});
afterAll(async () => {
  lob.closeAllConnections();
  await new Promise((resolve) => lob.close(resolve));
});
beforeEach(async () => {
  [seen, lines] = [[], []];
  hold = Promise.resolve();
  answer = () => ({ status: 200 });
  relay = await startRelay('erp', RULES);
});
afterEach(async () => {
  for (const { listener } of listening) listener.stop();
  await Promise.all(listening.splice(0).map(({ ended }) => ended));
  await relay.close();
});

const rule = (text: string): AllowRule => {
  const made = allowRule(text);
  if (made === undefined) throw new Error(`no rule: ${text}`);
  return made;
};

async function listen(lifetimeMs = 3_600_000): Promise<RelayListener> {
  const before = relay.listeners;
  const listener = new RelayListener({
    relay: `ws://${relay.host}`,
    path: 'erp',
    token: () => {
      const endsAtMs = Date.now() + lifetimeMs;
      const token = relaySignature(relay.host, 'erp', 'listen', RULES.listen.key, Math.ceil(endsAtMs / 1000));
      return Promise.resolve({ token, endsAtMs });
    },
    to: lobUrl,
    allow: [rule('PUT,DELETE /rows/')],
    log: (line) => lines.push(line),
  });
  listening.push({ listener, ended: listener.run() });
  await eventually(() => relay.listeners === before + 1, 'another count of listeners');
  return listener;
}

const send = (method: string, path: string, init: RequestInit = {}) =>
  fetch(`http://${relay.host}/erp${path}`, {
    method,
    ...init,
    headers: {
      ServiceBusAuthorization: relaySignature(relay.host, 'erp', 'send', RULES.send.key, IN_AN_HOUR()),
      ...(init.headers as Record<string, string> | undefined),
    },
  });

describe('through the relay', () => {
  test('method, path, query, headers and body come as they were sent, without the token; and the answer goes back', async () => {
    await listen();
    answer = () => ({ status: 201, body: Buffer.from('made') });
    const body = JSON.stringify({ name: 'Ada' });
    const response = await send('PUT', '/rows/1?x=1', { body, headers: { Authorization: 'Bearer lob', 'x-own': 'a' } });
    expect([response.status, await response.text(), response.headers.get('x-lob')]).toEqual([201, 'made', 'yes']);
    expect(response.headers.has('via')).toBe(true);
    const [one] = seen;
    expect([one?.method, one?.path, one?.body.toString()]).toEqual(['PUT', '/rows/1?x=1', body]);
    expect(one?.headers).toMatchObject({ host: lobUrl.host, authorization: 'Bearer lob', 'x-own': 'a' });
    expect(one?.headers).not.toHaveProperty('servicebusauthorization');
  });

  test.each([
    [70_000, 10],
    [10, 300_000],
    [2_000_000, 2_000_000],
  ])('a request of %d bytes and an answer of %d', async (requestBytes, answerBytes) => {
    await listen();
    const body = Buffer.alloc(requestBytes, 'r');
    answer = () => ({ status: 200, body: Buffer.alloc(answerBytes, 'a') });
    const response = await send('PUT', '/rows/1', { body });
    expect((await response.arrayBuffer()).byteLength).toBe(answerBytes);
    expect(seen[0]?.body.equals(body)).toBe(true);
  });

  test('sixty at once are not mixed up', async () => {
    await listen();
    await listen();
    answer = ({ path }) => ({ status: 200, body: Buffer.from(path) });
    const paths = Array.from({ length: 60 }, (_, n) => `/rows/${n}`);
    expect(await Promise.all(paths.map(async (path) => (await send('PUT', path)).text()))).toEqual(paths);
  });

  test.each([
    ['GET', '/rows/1'],
    ['PUT', '/other/1'],
    ['PUT', '/rows/../admin'],
    ['PUT', '/rows/%2e%2e/admin'],
    ['DELETE', '/rowsx/1'],
  ])('%s %s is not passed on', async (method, path) => {
    await listen();
    // Without the client's own resolving of dots.
    const response = await rawStatus(method, path);
    expect([response, seen]).toEqual([403, []]);
  });

  test("what the LOB system says is passed on; 502 and 504 become 503, which are the relay's own", async () => {
    await listen();
    for (const [own, passed] of [
      [409, 409],
      [422, 422],
      [502, 503],
      [504, 503],
    ] as const) {
      answer = () => ({ status: own });
      expect((await send('PUT', '/rows/1')).status).toBe(passed);
    }
  });

  test('it comes back after the channel was lost', async () => {
    await listen();
    relay.drop();
    await eventually(() => relay.listeners === 0, 'another count of listeners');
    await eventually(() => relay.listeners === 1, 'another count of listeners');
    expect((await send('PUT', '/rows/1')).status).toBe(200);
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^disconnected: 1006/)]));
  });

  test("it says why it can't connect, and goes on trying", async () => {
    const listener = new RelayListener({
      relay: `ws://${relay.host}`,
      path: 'erp',
      token: () => Promise.resolve({ token: 'SharedAccessSignature skn=listen', endsAtMs: Date.now() + 3_600_000 }),
      to: lobUrl,
      allow: [],
      log: (line) => lines.push(line),
    });
    listening.push({ listener, ended: listener.run() });
    await eventually(() => lines.length === 2, 'it gave up');
    expect(lines).toEqual(Array.from({ length: 2 }, () => 'not connected: Unexpected server response: 401'));
  });

  test('a sender that wants a WebSocket is refused, and the listener lives', async () => {
    await listen();
    const token = relaySignature(relay.host, 'erp', 'send', RULES.send.key, IN_AN_HOUR());
    const sender = new WebSocket(`ws://${relay.host}/$hc/erp?sb-hc-action=connect`, {
      headers: { ServiceBusAuthorization: token },
    });
    await new Promise((resolve) => sender.on('error', resolve));
    expect((await send('PUT', '/rows/1')).status).toBe(200);
  });

  test('one that stops answers what it has, and leaves the rest to the other', async () => {
    const first = await listen();
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    hold = held;
    const under = send('PUT', '/rows/1');
    await eventually(() => seen.length === 1, 'no request came');
    first.stop();
    await eventually(() => relay.listeners === 0, 'the channel stays open');
    await listen();
    go();
    expect((await under).status).toBe(200);
    expect((await send('PUT', '/rows/2')).status).toBe(200);
  });

  /** The status of a request whose path nobody has touched. */
  async function rawStatus(method: string, path: string): Promise<number> {
    const { request } = await import('node:http');
    const [host, port] = relay.host.split(':');
    return new Promise((resolve, reject) => {
      const token = relaySignature(relay.host, 'erp', 'send', RULES.send.key, IN_AN_HOUR());
      request(
        { host, port, method, path: `/erp${path}`, headers: { ServiceBusAuthorization: token } },
        ({ statusCode = 0 }) => resolve(statusCode),
      )
        .on('error', reject)
        .end();
    });
  }
});

describe('the HTTP store behind a relay', () => {
  const target = (key: string = RULES.send.key) => {
    const { value, faults } = readHttpTarget({
      LOB_HTTP__url: `http://${relay.host}/erp/rows/{table}/{key}`,
      LOB_HTTP__relayKeyName: 'send',
      LOB_HTTP__relayKey: key,
      LOB_HTTP__headerName: 'authorization',
      LOB_HTTP__headerValue: 'Bearer lob',
    });
    if (value === undefined) throw new Error(faults.join());
    return new HttpTarget(value, targetHeaders(value));
  };
  const put = (to: HttpTarget) =>
    to
      .send({
        what: 'PUT account(1)',
        method: 'PUT',
        url: to.addressOf({ table: 'account', key: '1' }),
        body: '{}',
        id: 'a_1',
      })
      .catch((error: unknown) => codeOf(error));

  test('its requests come through, with the credential of the LOB system', async () => {
    await listen();
    expect(await put(target())).toBe('done');
    expect(seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/rows/account/1', 'Bearer lob']]);
  });

  test("without a listener it waits; with a wrong key it says so; the LOB system's refusal stays one", async () => {
    expect(await put(target())).toBe('store-unavailable');
    expect(await put(target('wrong'))).toBe('lob-unauthorized');
    await listen();
    answer = () => ({ status: 404 });
    expect(await put(target())).toBe('lob-refused');
  });
});

test.each([
  ['PUT', '/rows/1', true],
  ['put', '/rows/1?a=../b', true],
  ['PUT', '/rows', true],
  ['PUT', '/rows/./1', false],
  ['PUT', '/rows//1', false],
  ['PUT', '/rows\\1', false],
  ['PUT', '/rows/%5C..', false],
  ['PUT', 'rows/1', false],
])('%s %s: %s', (method, path, allowed) => {
  expect(isAllowed([rule('PUT,DELETE /rows/')], method, path)).toBe(allowed);
});

test.each(['', 'PUT', '/rows/', 'PUT rows/', 'PUT, DELETE /rows/'])('no rule: %j', (text) => {
  expect(allowRule(text)).toBeUndefined();
});
