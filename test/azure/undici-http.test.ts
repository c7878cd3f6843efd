/**
 * Proves over real sockets that a table client on undici says what it would say on Node's own client: what was answered, or that
 * nothing was, and never half of an answer; that it gives up in time; and that it finds its service again.
 */
import {
  createHttpHeaders,
  createPipelineRequest,
  RestError,
  type HttpClient,
  type PipelineRequest,
} from '@azure/core-rest-pipeline';
import { TableClient } from '@azure/data-tables';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lookup as lookUp } from 'node:dns';
import { getEventListeners } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { TcpProxy, type TcpFault } from '../../local/faults/tcp-proxy';
import { TablesHttp } from '../../shared/azure/tables-http';
import { isPlain, UndiciHttp } from '../../shared/azure/undici-http';
import { EntityTable } from '../../shared/lob/tables/entity-table';
import { eventually } from '../eventually';
import { requestsBy } from './requests-by';

let server: Server;
let answer: RequestListener;
let requests: number;
let proxy: TcpProxy;
let http: UndiciHttp;

beforeEach(async () => {
  requests = 0;
  answer = (_request, response) => void response.end('ok');
  server = createServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open((server.address() as AddressInfo).port);
  http = new UndiciHttp();
});
afterEach(async () => {
  await http.close();
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const request = (of: Partial<Parameters<typeof createPipelineRequest>[0]> = {}) =>
  createPipelineRequest({ url: `http://127.0.0.1:${proxy.port}/rows?a=1`, allowInsecureConnection: true, ...of });
const ended = (sent: Promise<{ readonly bodyAsText?: string | null }>): Promise<unknown> =>
  sent.then(
    ({ bodyAsText }) => bodyAsText,
    (error: unknown) => error,
  );

test('what is sent and answered: method, address, headers, body, status', async () => {
  answer = (incoming, response) => {
    const { method, url, headers } = incoming;
    response.writeHead(412, {
      'X-Told': `${method} ${url} ${headers['if-match']} ${headers['content-length']}`,
      'X-Twice': ['1', '2'],
    });
    response.end('é\u2028');
  };
  const sent = request({ method: 'PUT', body: 'é', headers: createHttpHeaders({ 'If-Match': 'W/"1"' }) });
  const { status, headers, bodyAsText, request: told } = await http.sendRequest(sent);
  expect([status, headers.get('x-told'), bodyAsText]).toEqual([412, 'PUT /rows?a=1 W/"1" 2', 'é\u2028']);
  expect(headers.get('x-twice')).toBe('1,2');
  expect(told).toBe(sent);
});

test('a compressed answer is read', async () => {
  answer = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('long'));
  expect((await http.sendRequest(request())).bodyAsText).toBe('long');
});

test('plain HTTP only where it is allowed', async () => {
  await expect(http.sendRequest(request({ allowInsecureConnection: false }))).rejects.toThrow(
    'allowInsecureConnection',
  );
  expect(requests).toBe(0);
});

describe('connections that break', () => {
  test.each<[string, TcpFault]>([
    ['reset within the body', { kind: 'reset', afterBytes: 5000 }],
    ['cut within the body', { kind: 'cut', afterBytes: 5000 }],
    ['reset before the answer', { kind: 'reset', afterBytes: 0 }],
    ['cut before the answer', { kind: 'cut', afterBytes: 0 }],
    ['cut within the headers', { kind: 'cut', afterBytes: 20 }],
  ])('%s: nobody is told half an answer; the pipeline may try again', async (_what, fault) => {
    for (const headers of [
      { 'content-length': '20000' },
      { 'transfer-encoding': 'chunked' },
      { connection: 'close', 'content-length': '20000' },
    ]) {
      await proxy.lift();
      answer = (_request, response) => void response.writeHead(200, headers).end('x'.repeat(20_000));
      await proxy.set(fault);
      const error = await ended(http.sendRequest(request()));
      expect(error).toBeInstanceOf(RestError);
      expect(error).toMatchObject({ code: 'ECONNRESET' });
    }
  });

  test('nobody listens: said as Node says it', async () => {
    await proxy.set({ kind: 'down' });
    expect(await ended(http.sendRequest(request()))).toMatchObject({ name: 'RestError', code: 'ECONNREFUSED' });
  });

  test('connections that the service has closed meanwhile: the next requests are answered', async () => {
    answer = (_request, response) => void response.writeHead(204, { etag: 'W/"2"' }).end();
    const table = tableOn(http);
    const many = () => Promise.all(Array.from({ length: 8 }, () => table.write(WRITE)));
    await many();
    expect(proxy.connections).toBe(8);
    await proxy.set({ kind: 'down' });
    await proxy.lift();
    expect(await many()).toEqual(Array.from({ length: 8 }, () => 'W/"2"'));
  });

  test('a connection that dies as a write is sent on it: the write is sent again by the pipeline, under its entity tag', async () => {
    const tags: unknown[] = [];
    answer = (incoming, response) => {
      tags.push(incoming.headers['if-match']);
      if (tags.length === 2) incoming.socket.destroy();
      else response.writeHead(204, { etag: 'W/"2"' }).end();
    };
    const table = tableOn(http);
    expect([await table.write(WRITE), await table.write(WRITE)]).toEqual(['W/"2"', 'W/"2"']);
    expect(tags).toEqual(['W/"1"', 'W/"1"', 'W/"1"']);
  });
});

const WRITE = { kind: 'merge', key: { partitionKey: 'p', rowKey: 'r' }, etag: 'W/"1"', body: '{}' } as const;

/** A table whose requests are sent by another HTTP client, with the retries of the SDK's pipeline. */
function tableOn(by: HttpClient): EntityTable {
  const account = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:${proxy.port}/a`;
  return new EntityTable(
    TableClient.fromConnectionString(account, 'rows', {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 2, retryDelayInMs: 1 },
      additionalPolicies: [
        { position: 'perRetry', policy: { name: 'sendBy', sendRequest: (of) => by.sendRequest(of) } },
      ],
    }),
  );
}

describe('requests that are given up', () => {
  test.each<[string, () => unknown]>([
    ['no connection passes anything', () => proxy.set({ kind: 'half-open' })],
    ['no answer comes', () => (answer = () => undefined)],
    ['an answer stops within its body', () => (answer = (_request, response) => void response.write('half'))],
  ])('their time is up: %s', async (_what, begin) => {
    await begin();
    expect(await ended(http.sendRequest(request({ timeout: 50 })))).toMatchObject({ name: 'AbortError' });
    await proxy.lift();
    answer = (_request, response) => void response.end('ok');
    expect((await http.sendRequest(request({ timeout: 5000 }))).bodyAsText).toBe('ok');
  });

  test('their caller aborts them: before, or while they wait; and nothing of them is left', async () => {
    const before = AbortSignal.abort();
    expect(await ended(http.sendRequest(request({ abortSignal: before })))).toMatchObject({ name: 'AbortError' });
    expect(requests).toBe(0);
    let isClosed = false;
    answer = ({ socket }) => void socket.once('close', () => (isClosed = true));
    const caller = new AbortController();
    const sent = ended(http.sendRequest(request({ abortSignal: caller.signal })));
    await eventually(() => requests === 1, 'the request');
    caller.abort();
    expect(await sent).toMatchObject({ name: 'AbortError' });
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    await eventually(() => isClosed, 'its connection being closed');
  });
});

describe('a name that now has another address', () => {
  const at = async (host: string, port: number): Promise<Server> => {
    const one = createServer((_request, response) => void response.end(host));
    // Without a word of the service the client decides how long a connection may be idle.
    one.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => one.listen(port, host, resolve));
    return one;
  };
  const closed = (one: Server) => {
    one.closeAllConnections();
    return new Promise((resolve) => one.close(resolve));
  };

  test.each([
    ['when the old one is gone', 30_000, true],
    ['when its connection has been idle', 1, false],
  ])('%s', async (_what, keepAliveTimeout, isGone) => {
    const first = await at('127.0.0.1', 0);
    const { port } = first.address() as AddressInfo;
    const second = await at('127.0.0.2', port);
    let address = '127.0.0.1';
    const lookup: LookupFunction = (_name, options, callback) => lookUp(address, options, callback);
    const named = new UndiciHttp({ connect: { lookup }, keepAliveTimeout });
    const asked = () => named.sendRequest(request({ url: `http://contoso.example:${port}/` }));
    try {
      const sent = await Promise.all([asked(), asked(), asked()]);
      expect(sent.map(({ bodyAsText }) => bodyAsText)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
      address = '127.0.0.2';
      if (isGone) await closed(first);
      // A request on a connection that just went is one for the pipeline to send again.
      await eventually(async () => (await ended(asked())) === '127.0.0.2', 'the new address');
    } finally {
      await named.close();
      for (const one of [first, second]) if (one.listening) await closed(one);
    }
  });
});

describe('when undici sends', () => {
  test('once a process has had 32 answers; until then Node’s client does, and undici isn’t loaded', async () => {
    const both = new TablesHttp();
    const sent = requestsBy();
    for (let n = 0; n < 32; n += 1) await both.sendRequest(request());
    expect(sent()).toEqual({ node: 32, undici: 0 });
    await eventually(async () => {
      await both.sendRequest(request());
      return sent().undici > 0;
    }, 'undici');
    const { node } = sent();
    for (let n = 0; n < 8; n += 1) await both.sendRequest(request());
    expect(sent().node).toBe(node);
  });

  test.each<[string, Partial<PipelineRequest>]>([
    ['an agent, as for a proxy', { agent: {} as never }],
    ['settings of TLS', { tlsSettings: {} }],
    ['a body that is no text', { body: new Uint8Array(1) }],
    ['an answer as a stream', { streamResponseStatusCodes: new Set([200]) }],
    ['no keep-alive', { disableKeepAlive: true }],
  ])('not what it can’t do: %s', (_what, of) => {
    expect([isPlain(request()), isPlain(Object.assign(request(), of))]).toEqual([true, false]);
  });
});
