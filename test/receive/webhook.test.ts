/**
 * Proves every status that the webhook answers, with the platform's own request and context: Dataverse looks at nothing
 * else. Above all: never 500, and 503 only when nothing could be kept.
 */
import { HttpRequest, InvocationContext, type HttpResponseInit } from '@azure/functions';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import crypto from 'node:crypto';
import type { WebhookConfig } from '../../shared/receive/webhook-endpoint';
import type { Section } from '../../shared/settings/environment';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { Receiver } from '../../shared/receive/receiver';
import type { Refusal } from '../../shared/receive/refusal-count';
import { webhookHandler } from '../../shared/receive/webhook';
import { keyMatches } from '../../shared/receive/webhook-key';
import { Writer } from '../../shared/writer/writer';
import { RULE, found } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { CONTACT, RecordingParking, UNMAPPED, fixture } from './deliveries';

const KEYS = ['the-first-valid-key', 'the-second-valid-key'];
const CONFIG: Section<WebhookConfig> = { ok: true, value: { keys: KEYS, keyName: 'x-dvo-key', maxBytes: 64 * 1024 } };

let parking: RecordingParking;
let store: MemoryStore;
let receiver: Receiver;
let lines: string[];
let refused: string[];

beforeEach(() => {
  parking = new RecordingParking();
  store = new MemoryStore();
  const reader = new ScriptedReader(() => found(300n, undefined, { modifiedOn: 2_000_000_000 }));
  const writer = new Writer(store, reader, { rule: RULE });
  receiver = new Receiver(
    { ...UNMAPPED, writer, parking },
    {
      tables: ['contact', 'lead'],
      unconfirmedDelayMs: 10_000,
    },
  );
  lines = [];
  refused = [];
});

interface Post {
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

async function post(
  { body = fixture('update-contact'), headers = {}, query = { code: KEYS[0] ?? '' } }: Post,
  config = CONFIG,
  target: () => Receiver | undefined = () => receiver,
): Promise<{ readonly status: number | undefined; readonly json: unknown }> {
  const request = new HttpRequest({
    method: 'POST',
    url: 'https://app.example/api/webhook',
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    query: { ...query },
    body: typeof body === 'string' ? { string: body } : { bytes: body },
  });
  const context = new InvocationContext({ logHandler: (_level, ...args) => void lines.push(args.join(' ')) });
  const refusals = { count: ({ code }: Pick<Refusal, 'code'>) => void refused.push(code) };
  const response = (await webhookHandler(config, target, refusals)(request, context)) as HttpResponseInit;
  return { status: response.status, json: response.jsonBody };
}

describe('statuses', () => {
  test('200: processed, with the verdict', async () => {
    expect(await post({})).toEqual({
      status: 200,
      json: { outcome: 'processed', changes: [{ ...CONTACT, verdict: 'readBack' }] },
    });
  });

  test.each([
    ['ignore', 200, 'ignored'],
    ['refuse', 400, 'refused'],
  ] as const)('what is not mapped, by its policy: %s is %i', async (messages, status, outcome) => {
    const mapping = { ...DEFAULT_MAPPING, unmapped: { ...DEFAULT_MAPPING.unmapped, messages } };
    const writer = new Writer(store, undefined, { rule: RULE });
    const of = new Receiver({ ...UNMAPPED, mapping, writer, parking }, { tables: [], unconfirmedDelayMs: 0 });
    const answer = await post({ body: fixture('custom-action-account') }, CONFIG, () => of);
    expect(answer).toMatchObject({ status, json: { outcome, code: 'message-unsupported' } });
    expect(parking.parked).toEqual([]);
  });

  test.each([
    ['of a table that is not synced', 'delete-account', 'table-not-synced'],
    ['of a synchronous step', 'create-lead-sync', 'unconfirmed'],
    ['of a message that is no change of a row', 'custom-action-account', 'message-unsupported'],
    ['of a relationship that is not kept', 'associate-account-lead', 'relationship-not-synced'],
  ])('202: parked, an event %s', async (_what, name, code) => {
    expect(await post({ body: fixture(name) })).toMatchObject({ status: 202, json: { outcome: 'parked', code } });
    expect(parking.parked).toHaveLength(1);
  });

  test('202: the store is down, the event is parked', async () => {
    store.at = () => {
      throw new Error('down');
    };
    expect(await post({})).toMatchObject({ status: 202 });
  });

  test.each([
    ['no JSON', '{"MessageName":', 'json-invalid', 1],
    ['no execution context', '{}', 'context-invalid', 1],
    ['an empty body', '', 'body-empty', 0],
  ])('400: %s', async (_what, body, code, kept) => {
    expect(await post({ body })).toMatchObject({ status: 400, json: { code } });
    expect(parking.parked).toHaveLength(kept);
  });

  test.each([
    ['no key', { query: {} }],
    ['another key', { query: { code: 'the-first-valid-kex' } }],
    ['an empty key', { query: { code: '' } }],
    ['the beginning of a key', { query: { code: 'the-first' } }],
    ['a key in another header', { query: {}, headers: { authorization: KEYS[0] ?? '' } }],
  ])('401: %s', async (_what, request) => {
    expect(await post(request)).toMatchObject({ status: 401, json: { code: 'key-refused' } });
    expect([parking.parked, store.rows.size]).toEqual([[], 0]);
  });

  test.each([
    ['code in the query, as Dataverse sends a webhook key', { query: { code: KEYS[0] ?? '' } }],
    ['the named query parameter', { query: { 'x-dvo-key': KEYS[0] ?? '' } }],
    ['the named header', { query: {}, headers: { 'X-DVO-Key': KEYS[0] ?? '' } }],
    ['the second key, while rotating', { query: { code: KEYS[1] ?? '' } }],
    ['a valid one beside another', { query: { code: 'wrong', 'x-dvo-key': KEYS[1] ?? '' } }],
  ])('a key opens as %s', async (_what, request) => {
    expect(await post(request)).toMatchObject({ status: 200 });
  });

  test.each([
    ['text', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['a type that begins the same', 'application/json-seq'],
  ])('415: %s', async (_what, type) => {
    expect(await post({ headers: { 'content-type': type } })).toMatchObject({ status: 415 });
  });

  test.each([
    ['said so', { headers: { 'content-length': String(64 * 1024 + 1) } }],
    ['not said so', { body: Buffer.alloc(64 * 1024 + 1) }],
    ['said otherwise', { body: Buffer.alloc(64 * 1024 + 1), headers: { 'content-length': '5' } }],
  ])('413: too large and %s', async (_what, request) => {
    expect(await post(request)).toMatchObject({ status: 413 });
    expect(parking.parked).toEqual([]);
  });

  test('411: in chunks, which the platform hands over without a body, and what to do about it', async () => {
    const { status, json } = await post({ body: '', headers: { 'transfer-encoding': 'chunked' } });
    expect([status, json]).toEqual([
      411,
      { outcome: 'refused', code: 'length-required', message: expect.stringMatching(/Content-Length/) },
    ]);
    expect(parking.parked).toEqual([]);
  });

  test.each([
    ['length-required', { headers: { 'transfer-encoding': 'chunked' } }],
    ['content-type', { headers: { 'content-type': 'text/plain' } }],
    ['key-refused', { query: {} }],
    ['body-too-large', { body: Buffer.alloc(64 * 1024 + 1) }],
  ])('[I70] what is refused unread is counted and not logged: %s', async (code, request) => {
    await post(request);
    expect([refused, lines]).toEqual([[code], []]);
  });

  test('[I19] 503: neither processed nor parked', async () => {
    parking.failure = new Error('storage is down');
    expect(await post({ body: 'not json' })).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(lines.join()).toContain('parkingFailed');
  });

  test.each([
    ['the webhook has faults', { ok: false, faults: ['WEBHOOK_KEYS is missing'] } as const, () => receiver],
    ['the core has faults', CONFIG, () => undefined],
  ])('503: %s', async (_what, config, target) => {
    expect(await post({}, config, target)).toMatchObject({ status: 503, json: { code: 'not-configured' } });
  });

  test('503, never 500: the services can not be made', async () => {
    const broken = (): Receiver => {
      throw new Error('Invalid connection string');
    };
    const { status, json } = await post({}, CONFIG, broken);
    expect(status).toBe(503);
    expect(JSON.stringify(json)).not.toContain('connection string');
  });
});

describe('the order of the checks: size, type, key, body', () => {
  const tooLong = { 'content-length': '999999' };
  const chunked = { 'transfer-encoding': 'chunked' };
  test.each([
    ['in chunks, type and key wrong', { headers: { ...chunked, 'content-type': 'text/plain' }, query: {} }, 411],
    ['all wrong', { headers: { ...tooLong, 'content-type': 'text/plain' }, query: {}, body: 'x' }, 413],
    ['type, key and body wrong', { headers: { 'content-type': 'text/plain' }, query: {}, body: 'x' }, 415],
    ['key and body wrong', { query: {}, body: 'x' }, 401],
    ['body wrong', { body: 'x' }, 400],
  ])('%s', async (_what, request, status) => {
    expect(await post(request)).toMatchObject({ status });
  });
});

test('the header that says members were removed for size reaches the parser', async () => {
  await post({ body: fixture('create-lead-sync'), headers: { 'x-ms-dynamics-msg-size-exceeded': 'true' } });
  expect(parking.parked[0]?.delivery.truncated).toBe(true);
});

test('neither answers nor logs show a key', async () => {
  const answers = [await post({}), await post({ query: { code: 'a-wrong-but-secret-key' } })];
  const all = JSON.stringify(answers) + lines.join();
  for (const key of [...KEYS, 'a-wrong-but-secret-key']) expect(all).not.toContain(key);
});

describe('keys are compared in constant time', () => {
  test.each([
    ['the first matches', ['the-first-valid-key', 'x']],
    ['the last matches', ['x', 'the-second-valid-key']],
    ['none matches', ['x', 'y']],
  ])('every key offered with every key allowed: %s', (_what, offered) => {
    const compared = jest.spyOn(crypto, 'timingSafeEqual');
    keyMatches(offered, KEYS);
    expect(compared).toHaveBeenCalledTimes(4);
    compared.mockRestore();
  });
  test.each([
    [[], KEYS, false],
    [['x'], [], false],
    [['the-second-valid-key'], KEYS, true],
    [['The-second-valid-key'], KEYS, false],
    [['the-second-valid-key '], KEYS, false],
  ])('%j of %j: %s', (offered, allowed, matches) => expect(keyMatches(offered, allowed)).toBe(matches));
});
