/**
 * Proves, against a real HTTPS server, that the Web API client sends what Dataverse asks for, waits as long as it says,
 * never takes its token elsewhere, and tells "the row is gone" from every other failure.
 */
import type { TokenCredential } from '@azure/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { ChangeFeed, needsLoad } from '../../shared/dataverse/change-feed';
import { RateBudget } from '../../shared/dataverse/rate-budget';
import { rowIsMissing, WebApiRowReader } from '../../shared/dataverse/row-reader';
import { messageOf } from '../../shared/errors/errors';
import { WebApi } from '../../shared/dataverse/web-api';
import type { TableDefinition } from '../../shared/mapping/table-definition';
import { eventually } from '../eventually';
import { rowId } from '../writer/changes';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The headers and this body come, the end doesn't. */
  readonly stalls?: boolean;
  /** The headers and this body come, and then the connection is closed. */
  readonly breaksOff?: boolean;
  /** The connection is closed instead of an answer. */
  readonly breaks?: boolean;
  /** Before anything comes, in milliseconds. */
  readonly delayMs?: number;
  /** Nothing comes at all. */
  readonly silent?: boolean;
}

const DATE = 'Thu, 02 Apr 2026 13:05:10 GMT';
const SECOND = Date.parse(DATE) / 1000;

let server: Server;
let url: string;
let asked: IncomingMessage[];
/** Of those that had one. */
let bodies: string[];
let answers: Answer[];
let tokens: string[];
/** Whoever comes with it gets 401. */
let refusedToken: string | undefined;
const trusted = getCACertificates();

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  setDefaultCACertificates([...trusted, cert]);
  server = createServer({ key, cert }, (request, response) => {
    asked.push(request);
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    const refused = request.headers.authorization === `Bearer ${String(refusedToken)}`;
    const {
      status = 200,
      headers = {},
      body = '{}',
      stalls,
      breaksOff,
      breaks,
      delayMs,
      silent,
    } = (refused ? oData(401, '') : answers.shift()) ?? { status: 500 };
    if (silent === true) return;
    if (breaks === true) return void request.socket.destroy();
    const answer = (): void => {
      response.sendDate = false;
      response.writeHead(status, { Date: DATE, 'Content-Type': 'application/json', ...headers });
      if (breaksOff === true) response.write(body, () => request.socket.destroy());
      else if (stalls === true) response.write(body);
      else response.end(body);
    };
    if (delayMs === undefined) answer();
    else setTimeout(answer, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  setDefaultCACertificates(trusted);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  asked = [];
  bodies = [];
  answers = [];
  tokens = [];
  refusedToken = undefined;
});

const credential: TokenCredential = {
  getToken: (scopes) => {
    tokens.push(String(scopes));
    return Promise.resolve({ token: 'the-token', expiresOnTimestamp: Date.now() + 3_600_000 });
  },
};
const quiet = (): RateBudget => new RateBudget({ log: () => undefined });
const api = (maxRetries = 0, budget = quiet()): WebApi =>
  new WebApi({ url, credential: () => credential, maxRetries, budget });
const until = (condition: () => boolean): Promise<true> => eventually(condition, condition.toString());
const oData = (status: number, code: string, message = 'text'): Answer => ({
  status,
  body: JSON.stringify({ error: { code, message } }),
});

describe('a request', () => {
  test('carries the token and the headers that Dataverse asks for', async () => {
    answers = [{ body: '{"value":[]}' }];
    expect(await api().get('accounts', ['odata.track-changes', 'x'])).toEqual({
      body: '{"value":[]}',
      dateMs: SECOND * 1000,
      sentMs: expect.any(Number),
    });
    expect(asked[0]?.url).toBe('/api/data/v9.2/accounts');
    expect(asked[0]?.headers).toMatchObject({
      authorization: 'Bearer the-token',
      accept: 'application/json',
      'odata-version': '4.0',
      'odata-maxversion': '4.0',
      'if-none-match': 'null',
      prefer: 'odata.track-changes,x',
    });
    expect(tokens).toEqual([`${url}/.default`]);
  });

  test('follows a link exactly as it came', async () => {
    answers = [{}];
    const path = '/api/data/v9.2/accounts?$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44';
    await api().get(url + path);
    expect(asked[0]?.url).toBe(path);
  });

  test.each([
    ['another host', () => 'https://evil.example/api/data/v9.2/accounts'],
    ['another port', () => url.replace(/\d+$/, '1')],
    ['no TLS', () => url.replace('https', 'http')],
    ['the own host as a user name', () => `${url}@evil.example/`],
    ['a host that only begins the same', () => `${url.replace(/:\d+$/, '')}.evil.example/`],
    ['no scheme', () => '//evil.example/x'],
  ])('a link to %s is refused before the token is asked for', async (_what, link) => {
    await expect(api().get(link())).rejects.toMatchObject({ code: 'foreign-link', disposition: 'park' });
    expect([asked, tokens]).toEqual([[], []]);
  });

  test('a redirect is not followed', async () => {
    answers = [{ status: 302, headers: { Location: `${url}/elsewhere` } }, {}];
    await expect(api().get('accounts')).rejects.toMatchObject({ status: 302 });
    expect(asked).toHaveLength(1);
  });
});

describe('failures', () => {
  test('401: signs in again once, for every caller, and not again within seconds', async () => {
    const signedIn: string[] = [];
    const twice = new WebApi({
      url,
      maxRetries: 0,
      credential: () => {
        signedIn.push('again');
        const token = `token-${signedIn.length}`;
        return { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
      },
    });
    answers = [oData(401, ''), { body: '{"ok":1}' }, oData(401, '')];
    expect((await twice.get('accounts')).body).toBe('{"ok":1}');
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    await expect(twice.get('accounts')).rejects.toMatchObject({ status: 401, disposition: 'retry' });
    expect(signedIn).toHaveLength(2);
  });

  test('429: waits as long as Retry-After says, then goes on', async () => {
    answers = [{ status: 429, headers: { 'Retry-After': '1' } }, { body: '{"ok":1}' }];
    const started = performance.now();
    expect((await api(1).get('accounts')).body).toBe('{"ok":1}');
    expect(performance.now() - started).toBeGreaterThanOrEqual(950);
  });

  test('429: nobody sends before Retry-After has passed, not the one that got it nor any other', async () => {
    let isRefused = false;
    const one = api(1, new RateBudget({ log: () => void (isRefused = true) }));
    answers = [{ ...oData(429, '0x80072322'), headers: { 'Retry-After': '1' } }, {}, {}];
    const started = performance.now();
    const refused = one.get('accounts(1)');
    await until(() => isRefused);
    await Promise.all([refused, one.get('accounts(2)')]);
    expect(asked).toHaveLength(3);
    expect(performance.now() - started).toBeGreaterThanOrEqual(900);
  });

  test.each([
    ['its own', 'requests', '0x80072322', '1000'],
    ['as a date', 'executionTime', '-2147015903', new Date(Date.now() + 3_600_000).toUTCString()],
  ])(
    '429 with a wait beyond its limit (%s): fails at once, is not sent again',
    async (_what, kind, code, retryAfter) => {
      const logged: unknown[] = [];
      const one = api(5, new RateBudget({ log: (_event, fields) => void logged.push(fields.kind) }));
      answers = [{ ...oData(429, code), headers: { 'Retry-After': retryAfter } }];
      await expect(one.get('accounts(1)?$select=secret')).rejects.toMatchObject({
        code: 'web-api-busy',
        disposition: 'retry',
        message: expect.stringMatching(/^GET accounts\(1\) was not sent: Dataverse asks/),
      });
      await expect(one.get('accounts(2)')).rejects.toMatchObject({ code: 'web-api-busy' });
      expect([asked.length, logged]).toEqual([1, [kind]]);
    },
  );

  test('429 for concurrency holds up nobody else', async () => {
    const one = api(1);
    answers = [
      { ...oData(429, '0x80072326'), headers: { 'Retry-After': '1' } },
      { body: '{"n":2}' },
      { body: '{"n":1}' },
    ];
    const refused = one.get('accounts(1)');
    await until(() => asked.length === 1);
    expect((await one.get('accounts(2)')).body).toBe('{"n":2}');
    expect((await refused).body).toBe('{"n":1}');
  });

  test('every attempt waits for its turn: retries of the pipeline, and the one after signing in again', async () => {
    const budget = quiet();
    const entered = jest.spyOn(budget, 'enter');
    answers = [oData(500, ''), oData(401, ''), {}];
    await api(2, budget).get('accounts');
    expect([asked.length, entered.mock.calls.length]).toEqual([3, 3]);
  });

  test.each([
    ['an answer', 200],
    ['an error', 404],
  ])('%s says what is left of the limits', async (_what, status) => {
    const budget = quiet();
    const answered = jest.spyOn(budget, 'answered');
    const left = {
      'x-ms-ratelimit-burst-remaining-xrm-requests': '5999',
      'x-ms-ratelimit-time-remaining-xrm-requests': '1,199.85',
    };
    answers = [
      { status, headers: left },
      { status, headers: { 'x-ms-ratelimit-burst-remaining-xrm-requests': 'some' } },
    ];
    await Promise.allSettled([api(0, budget).get('accounts(1)')]);
    await Promise.allSettled([api(0, budget).get('accounts(1)')]);
    expect(answered.mock.calls).toEqual([[{ requests: 5999, seconds: 1199.85 }], [{}]]);
  });

  test.each([
    [400, true],
    [403, false],
    [404, true],
    [429, false],
    [500, false],
    [503, false],
  ])('%i can pass; it refuses this very request: %p', async (status, refusesRequest) => {
    answers = [oData(status, '0x1', 'what happened')];
    const failure = api().get('accounts(1)?$filter=name eq secret');
    const told = { code: 'web-api', status, platformCode: '0x1', disposition: 'retry', refusesRequest };
    await expect(failure).rejects.toMatchObject(told);
    await expect(failure).rejects.toThrow(/^GET accounts\(1\) answered \d+: 0x1 what happened/);
    await expect(failure).rejects.not.toThrow(/filter|the-token/);
  });

  test('a page of a proxy instead of OData', async () => {
    answers = [{ status: 502, body: '<html>' }];
    await expect(api().get('accounts')).rejects.toMatchObject({ status: 502, platformCode: '' });
  });

  test('no answer: an attempt has its limit', async () => {
    answers = [{ silent: true }];
    const limits = { attemptMs: 300, totalMs: 300_000 };
    await expect(api().get('accounts', [], limits)).rejects.toMatchObject({ status: 0, disposition: 'retry' });
  });

  test('a body that stalls: the whole GET has its limit', async () => {
    answers = [{ body: '{"value":', stalls: true }];
    const limits = { attemptMs: 5_000, totalMs: 300 };
    await expect(api().get('accounts', [], limits)).rejects.toMatchObject({ status: 0, disposition: 'retry' });
  });

  test('a compressed body that breaks off or stalls: the GET has its limit all the same', async () => {
    const whole = gzipSync(randomBytes(200_000).toString('base64'));
    const half = { body: whole.subarray(0, 100_000), headers: { 'Content-Encoding': 'gzip' } };
    answers = [
      { ...half, stalls: true },
      { ...half, breaksOff: true },
    ];
    const limits = { attemptMs: 5_000, totalMs: 300 };
    for (let time = 0; time < 2; time += 1)
      await expect(api().get('accounts', [], limits)).rejects.toMatchObject({ status: 0, disposition: 'retry' });
  });

  test('[I62] an answer that unpacks to more than is allowed is given up, and its connection closed', async () => {
    const mebibytes = 32;
    const body = gzipSync(Buffer.alloc(mebibytes * 1024 * 1024, 'a'));
    expect(body.length).toBeLessThan(100_000);
    const packed = { body, headers: { 'Content-Encoding': 'gzip' } };
    const bounded = new WebApi({
      url,
      credential: () => credential,
      maxRetries: 2,
      budget: quiet(),
      maxAnswerBytes: 1024 * 1024,
    });
    answers = [{ ...packed, stalls: true }];
    await expect(bounded.get('accounts')).rejects.toMatchObject({
      code: 'web-api-answer-too-large',
      disposition: 'park',
      message: expect.stringMatching(/^GET accounts .* more than 1 MiB/),
    });
    await until(() => asked[0]?.socket.destroyed === true);
    expect(asked).toHaveLength(1);
    // An error's text is bounded in the same way, and so is what isn't packed.
    answers = [{ ...packed, status: 400 }, { body: Buffer.alloc(2 * 1024 * 1024, 'a') }];
    for (let time = 0; time < 2; time += 1)
      await expect(bounded.get('accounts')).rejects.toMatchObject({ code: 'web-api-answer-too-large' });
    answers = [packed];
    expect((await api().get('accounts')).body).toHaveLength(mebibytes * 1024 * 1024);
  });

  test("[I63] the platform's text in an error is short, and can be seen", async () => {
    answers = [oData(400, '0x80040203', `\u001b[2J${'x'.repeat(5000)}`)];
    const error = await api()
      .get('accounts')
      .catch((thrown: unknown) => thrown);
    const message = messageOf(error);
    expect(message).toMatch(/^GET accounts answered 400: 0x80040203 \\u001b\[2Jx+…$/);
    expect(message.length).toBeLessThan(1100);
  });

  test('a page that is called off: it ends at once, and so does its request', async () => {
    answers = [{ body: '{"value":', stalls: true }];
    const ended = new AbortController();
    const page = api().getPage('accounts', [], ended.signal);
    await until(() => asked.length === 1);
    ended.abort();
    await expect(page).rejects.toMatchObject({ status: 0 });
    await until(() => asked[0]?.socket.destroyed === true);
  });

  test('an attempt that gets no answer leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    answers = [{ breaks: true }, { breaks: true }];
    await expect(api(1).get('accounts')).rejects.toMatchObject({ status: 0 });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('several callers that are refused together: one sign-in, all of them answered', async () => {
    let signIns = 0;
    const one = new WebApi({
      url,
      maxRetries: 0,
      credential: () => {
        signIns += 1;
        const token = `token-${signIns}`;
        return { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
      },
    });
    refusedToken = 'token-1';
    answers = Array.from({ length: 5 }, () => ({ body: '{"ok":1}' }));
    const asking = answers.map((_, n) => one.get(`accounts(${n})`));
    expect(new Set((await Promise.all(asking)).map(({ body }) => body))).toEqual(new Set(['{"ok":1}']));
    expect(signIns).toBe(2);
  });

  test('no answer at all', async () => {
    const nowhere = new WebApi({
      url: 'https://localhost:9',
      credential: () => credential,
      maxRetries: 0,
    });
    await expect(nowhere.get('accounts')).rejects.toMatchObject({ status: 0, disposition: 'retry' });
  });
});

describe('a change', () => {
  const change = (one: WebApi): Promise<void> => one.change('PUT', 'EntityDefinitions(x)', { a: 1 }, { Own: 'header' });

  test('is sent with its body and headers; 204 is success', async () => {
    answers = [{ status: 204, body: '' }];
    await change(api());
    const [request] = asked;
    expect([request?.method, request?.url]).toEqual(['PUT', '/api/data/v9.2/EntityDefinitions(x)']);
    expect(request?.headers).toMatchObject({ own: 'header', 'content-type': 'application/json' });
    expect(request?.headers['if-none-match']).toBeUndefined();
    expect(bodies).toEqual(['{"a":1}']);
  });

  test.each([
    ['500', { status: 500 }, 500],
    ['503 with Retry-After', { status: 503, headers: { 'Retry-After': '0' } }, 503],
    ['a lost connection', { breaks: true }, 0],
  ])('%s: it may have been carried out, so it is not sent again', async (_what, answer, status) => {
    answers = [answer, { status: 204 }];
    await expect(change(api(5))).rejects.toMatchObject({ code: 'web-api', status });
    expect(asked).toHaveLength(1);
  });

  test('401 and 429: it was not carried out, so it is sent again', async () => {
    const one = api(5);
    answers = [oData(401, ''), { ...oData(429, ''), headers: { 'Retry-After': '0' } }, { status: 204 }];
    await change(one);
    expect(bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  test('403: the privileges that it takes, and no others', async () => {
    answers = [oData(403, '0x80040220', 'no privilege')];
    const refused = change(api());
    await expect(refused).rejects.toThrow(/^PUT EntityDefinitions\(x\) answered 403: .*prvPublishCustomization/);
    await expect(refused).rejects.not.toThrow(/organisation-level/);
  });
});

describe('only one kind of 404 is a deleted row', () => {
  const gone = (id: string): string => `Entity 'account' With Id = ${id} Does Not Exist`;

  test.each<readonly [string, Answer, boolean]>([
    ['ObjectDoesNotExist', oData(404, '0x80040217', gone(rowId(1))), true],
    ['in any language, and case', oData(404, '0x80040217', `Konto ${rowId(1).toUpperCase()} fehlt`), true],
    ['no code, but said so', oData(404, '', `account With Id = ${rowId(1)} Does Not Exist`), true],
    ['another row', oData(404, '0x80040217', gone(rowId(2))), false],
    ['a definition', oData(404, '0x80040217', `Could not find an entity with name account and id ${rowId(0)}`), false],
    ['a table that is not known', oData(404, '0x8006088a', "Resource not found for the segment 'accounts'."), false],
    ['a proxy', { status: 404, body: '<html>' }, false],
    ['a proxy that speaks JSON', oData(404, '', 'The page does not exist'), false],
    ['the code with another status', oData(400, '0x80040217', gone(rowId(1))), false],
  ])('[I46] by what it says of which row: %s', async (_what, answer, missing) => {
    answers = [answer];
    const error: unknown = await api()
      .get(`accounts(${rowId(1)})`)
      .catch((thrown: unknown) => thrown);
    expect(rowIsMissing(error, rowId(1))).toBe(missing);
  });
});

test.each<readonly [string, Answer, boolean]>([
  ['its code', oData(400, '0x80044352'), true],
  ['its code as a number', oData(410, '-2147204270'), true],
  [
    'its text',
    oData(400, '', 'Version stamp associated with the client has expired. Please perform a full sync.'),
    true,
  ],
  ['another', oData(400, '0x1', 'The token is malformed'), false],
])('an expired token is known by %s', async (_what, answer, is) => {
  answers = [answer];
  const error: unknown = await api()
    .get('accounts')
    .catch((thrown: unknown) => thrown);
  expect(needsLoad(error)).toBe(is);
});

const DEFINITION: TableDefinition = {
  table: 'account',
  entitySet: 'accounts',
  primaryId: 'accountid',
  changeTracking: true,
  columns: new Map([
    ['accountid', { name: 'accountid', type: 'guid' }],
    ['modifiedon', { name: 'modifiedon', type: 'instant' }],
  ]),
};
/** The table as it is now: with a choice that DEFINITION doesn't know yet. */
const NEWER: TableDefinition = {
  ...DEFINITION,
  columns: new Map([
    ...DEFINITION.columns,
    ['new_rank', { name: 'new_rank', type: 'choice', labels: new Map([[3, 'Gold']]) }],
  ]),
};
let refreshes = 0;
const catalog = {
  get: () => Promise.resolve(DEFINITION),
  refresh: () => {
    refreshes += 1;
    return Promise.resolve(NEWER);
  },
};
beforeEach(() => {
  refreshes = 0;
});
const GOLD = { kind: 'choice', value: 3, label: 'Gold' };

const row = JSON.stringify({ '@odata.etag': 'W/"915244"', accountid: rowId(1), modifiedon: '2026-04-02T13:00:00Z' });
const newerRow = row.replace('}', ',"new_rank":3}');

describe('reading a row back', () => {
  const reader = (): WebApiRowReader => new WebApiRowReader(api(), catalog);
  /** An answer takes a part of a second. */
  const window = { begin: SECOND - 1, end: SECOND + 2 };

  test("found: begin is never later, end never earlier than the read, both in Dataverse's clock", async () => {
    answers = [{ body: row }];
    expect(await reader().read({ table: 'account', id: rowId(1) })).toMatchObject({
      kind: 'found',
      version: 915244n,
      modifiedOn: SECOND - 310,
      ...window,
    });
    expect(asked[0]?.url).toBe(`/api/data/v9.2/accounts(${rowId(1)})`);
  });
  test('a column that the definition at hand does not know: the definition is refreshed, the column has its type', async () => {
    answers = [{ body: newerRow }];
    const read = await reader().read({ table: 'account', id: rowId(1) });
    expect(read.kind === 'found' && read.columns.get('new_rank')).toEqual(GOLD);
    expect([refreshes, asked.length]).toEqual([1, 1]);
  });
  test('an answer that takes long was asked for so long before its Date', async () => {
    answers = [{ body: row, delayMs: 1100 }];
    expect(await reader().read({ table: 'account', id: rowId(1) })).toMatchObject({ begin: SECOND - 2 });
  });
  test('missing', async () => {
    answers = [oData(404, '0x80040217', `Entity 'account' With Id = ${rowId(1)} Does Not Exist`)];
    expect(await reader().read({ table: 'account', id: rowId(1) })).toEqual({ kind: 'missing', ...window });
  });
  test('another 404 is no delete', async () => {
    answers = [oData(404, '0x80060888', 'Resource not found')];
    await expect(reader().read({ table: 'account', id: rowId(1) })).rejects.toMatchObject({ status: 404 });
  });
});

describe('the change feed', () => {
  const pages = async (deltaLink?: string, definition = DEFINITION) => {
    const all = [];
    for await (const page of new ChangeFeed(api(), catalog, 2).pages(
      { definition, by: 'changeTracking' },
      deltaLink === undefined ? { mode: 'load' } : { mode: 'delta', link: deltaLink },
    ))
      all.push(page);
    return all;
  };

  test('a column that is newer than the definition: refreshed once, and the page is read with the new one', async () => {
    answers = [
      { body: `{"value":[${newerRow}],"@odata.nextLink":"${url}/api/data/v9.2/accounts?$skiptoken=1"}` },
      { body: `{"value":[${newerRow}],"@odata.deltaLink":"${url}/api/data/v9.2/accounts?$deltatoken=1"}` },
    ];
    const ranks = (await pages()).flatMap(({ items }) =>
      items.map((item) => (item.kind === 'row' ? item.columns.get('new_rank') : undefined)),
    );
    expect(ranks).toEqual([GOLD, GOLD]);
    expect(refreshes).toBe(1);
  });

  test('a row without its version can not be ordered: it is named, and the others are read', async () => {
    const broken = row.replace('@odata.etag', '@odata.other').replace(rowId(1), rowId(2));
    answers = [
      { body: `{"value":[${broken},${row}],"@odata.deltaLink":"${url}/api/data/v9.2/accounts?$deltatoken=1"}` },
    ];
    const [page] = await pages();
    expect(page?.items).toMatchObject([
      { kind: 'unreadable', id: rowId(2), error: { code: 'web-api-answer' } },
      { kind: 'row', id: rowId(1) },
    ]);
  });

  test('asks for tracking at first only, follows next links, ends at the delta link', async () => {
    answers = [
      { body: `{"value":[${row}],"@odata.nextLink":"${url}/api/data/v9.2/accounts?$skiptoken=a%2fb"}` },
      { body: `{"value":[],"@odata.deltaLink":"${url}/api/data/v9.2/accounts?$deltatoken=1%21x"}` },
    ];
    const read = await pages();
    expect(read.map(({ items, deltaLink, end }) => [items.length, deltaLink, end])).toEqual([
      [1, undefined, SECOND + 2],
      [0, `${url}/api/data/v9.2/accounts?$deltatoken=1%21x`, SECOND + 2],
    ]);
    expect(asked.map((request) => request.url)).toEqual([
      '/api/data/v9.2/accounts',
      '/api/data/v9.2/accounts?$skiptoken=a%2fb',
    ]);
    expect(asked[0]?.headers.prefer).toMatch(/^odata.track-changes,odata.maxpagesize=2,/);
    answers = [{ body: `{"value":[],"@odata.deltaLink":"${url}/x"}` }];
    await pages(read[1]?.deltaLink);
    expect(asked[2]?.headers.prefer).not.toContain('track-changes');
  });

  test.each([
    ['neither link', '{"value":[]}'],
    ['both links', '{"value":[],"@odata.nextLink":"a","@odata.deltaLink":"b"}'],
  ])('a page with %s is refused: going on would lose every later change', async (_what, body) => {
    answers = [{ body }];
    await expect(pages()).rejects.toMatchObject({ code: 'web-api-answer' });
  });

  test('a next link to another host is not followed', async () => {
    answers = [{ body: '{"value":[],"@odata.nextLink":"https://evil.example/"}' }];
    await expect(pages()).rejects.toMatchObject({ code: 'foreign-link' });
    expect(asked).toHaveLength(1);
  });
});
