/**
 * Proves that docs/openapi.json is a valid OpenAPI 2.0 document that custom connectors can take, and that it is true: of the
 * defaults, of the functions that are registered, of the bodies that are read, and of every answer of the webhook.
 */
import { app, HttpRequest, InvocationContext, type HttpResponseInit } from '@azure/functions';
import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Section } from '../../shared/settings/environment';
import { FUNCTION_NAMES } from '../../shared/settings/functions';
import { NOTICE_MESSAGES } from '../../shared/context/messages/row-notice';
import { readPush } from '../../shared/context/read-push';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { Receiver } from '../../shared/receive/receiver';
import { webhookHandler } from '../../shared/receive/webhook';
import {
  WEBHOOK_DEFAULTS,
  WEBHOOK_ENDPOINT,
  WEBHOOK_STATUS,
  type WebhookConfig,
} from '../../shared/receive/webhook-endpoint';
import { VALIDATE_STATUS } from '../../shared/rules/validate-endpoint';
import { VERDICTS } from '../../shared/writer/decide';
import { Writer } from '../../shared/writer/writer';
import { fixture, FIXTURES, type Wire } from '../context/fixture-files';
import { DOCUMENT, documentedStatuses, misfits, undocumented } from '../documented-answers';
import { RecordingParking, UNMAPPED } from '../receive/deliveries';
import { RULE, found } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';

const COMMITTED = readFileSync('docs/openapi.json', 'utf8');
const NOTICE = { table: 'contact', id: '445649e8-8ab9-47f8-9a6b-d999b67edfb2', message: 'Update' };

const parsed = (name: string): Wire => JSON.parse(fixture(name).toString('utf8')) as Wire;

describe('the document', () => {
  test('is valid OpenAPI 2.0, and small enough for a custom connector', () => {
    const validated = (document: string) =>
      spawnSync(process.execPath, [path.join(__dirname, 'validate-openapi.mjs')], {
        input: document,
        encoding: 'utf8',
      });
    expect(validated(COMMITTED)).toMatchObject({ status: 0, stderr: '' });
    expect(validated(COMMITTED.replace('"#/definitions/Taken"', '"#/definitions/Lost"')).status).toBe(1);
    expect(validated(COMMITTED.replace('"in": "body"', '"in": "soul"')).stderr).toContain('/parameters/0/in');
    expect(JSON.parse(COMMITTED)).toMatchObject({ swagger: '2.0', schemes: ['https'] });
    expect(COMMITTED.length).toBeLessThan(1024 * 1024);
  });

  test('has one way to sign in, and says of the operation what a connector shows', () => {
    const { paths, securityDefinitions } = JSON.parse(COMMITTED) as { paths: object; securityDefinitions: object };
    expect(securityDefinitions).toEqual({
      key: { type: 'apiKey', in: 'header', name: WEBHOOK_DEFAULTS.keyName, description: expect.any(String) },
    });
    expect(paths).toMatchObject({
      '/webhook': { post: { operationId: 'NotifyRow', summary: expect.any(String), security: [{ key: [] }] } },
    });
  });

  test('says what the code says: names, limits, and every word and status that it answers', () => {
    const { codeParameter, contentType, truncatedHeader } = WEBHOOK_ENDPOINT;
    expect(DOCUMENT).toMatchObject({
      consumes: [contentType],
      produces: [contentType],
      paths: {
        '/webhook': {
          post: {
            description: expect.stringContaining(` ${WEBHOOK_DEFAULTS.maxKilobytes} KB at most`),
            parameters: [
              { in: 'body', required: true },
              { in: 'header', name: truncatedHeader, required: false },
            ],
          },
        },
      },
      definitions: {
        Pushed: { properties: { message: { enum: NOTICE_MESSAGES } } },
        Notice: { properties: { message: { enum: NOTICE_MESSAGES } } },
        Taken: {
          properties: { changes: { items: { properties: { verdict: { enum: [...VERDICTS, 'stored'] } } } } },
        },
      },
      securityDefinitions: { key: { description: expect.stringContaining(`"${codeParameter}"`) } },
    });
    expect(documentedStatuses('webhook')).toEqual(Object.values(WEBHOOK_STATUS).toSorted());
    expect(documentedStatuses('validate')).toEqual(Object.values(VALIDATE_STATUS).toSorted());
  });

  test('has every function that is registered for HTTP, and no other', () => {
    // What validate works with is read when it is loaded, perhaps after this test.
    const rules = { RULES_FILE: 'docs/rules.sample.yaml', VALIDATE_KEYS: 'a-key-of-the-tests-of-documents-0001' };
    Object.assign(process.env, rules);
    const saved = { ...process.env };
    Object.assign(process.env, { AzureWebJobsStorage: 'UseDevelopmentStorage=true', SYNC_TABLES: 'account' });
    const registered: unknown[] = [];
    jest.spyOn(app, 'http').mockImplementation((_name, options) => {
      registered.push(...(options.methods ?? []).map((method) => `${method.toLowerCase()} /${options.route ?? ''}`));
    });
    for (const other of ['timer', 'serviceBusQueue', 'serviceBusTopic', 'eventHub'] as const)
      jest.spyOn(app, other).mockImplementation(() => undefined);
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const name of FUNCTION_NAMES) jest.requireActual(`../../functions/${name}`);
    jest.restoreAllMocks();
    process.env = saved;
    const documented = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(documented).toEqual(registered);
    const host = JSON.parse(readFileSync('host.json', 'utf8')) as { extensions: { http: { routePrefix: string } } };
    expect(DOCUMENT.basePath).toBe(`/${host.extensions.http.routePrefix}`);
  });
});

describe('the bodies', () => {
  test.each(FIXTURES.map((name) => `${name}.json`))('a context: %s', (name) => {
    expect([misfits('ExecutionContext', parsed(name)), misfits('Pushed', parsed(name))]).toEqual([[], []]);
    expect(misfits('Notice', parsed(name))).not.toEqual([]);
  });

  test.each(['notices/update-account.json', 'notices/delete-account.json'])('a notice: %s', (name) => {
    expect(misfits('Pushed', parsed(name))).toEqual([]);
    expect(misfits('ExecutionContext', parsed(name))).not.toEqual([]);
  });

  const accepts = (body: Wire): boolean => {
    try {
      readPush(JSON.stringify(body));
      return true;
    } catch {
      return false;
    }
  };
  const without = (body: Wire, member: string): Wire =>
    Object.fromEntries(Object.entries(body).filter(([name]) => name !== member));

  test.each(DOCUMENT.definitions.ExecutionContext?.required ?? [])('a context needs %s', (member) => {
    const body = parsed('delete-account.json');
    expect([accepts(body), accepts(without(body, member))]).toEqual([true, false]);
  });

  test('and no other member', () => {
    const body = parsed('delete-account.json');
    const needed = Object.keys(body).filter((member) => !accepts(without(body, member)));
    expect(needed.toSorted()).toEqual([...(DOCUMENT.definitions.ExecutionContext?.required ?? [])].toSorted());
  });

  test.each(DOCUMENT.definitions.Notice?.required ?? [])('a notice without a row needs %s', (member) => {
    expect([misfits('Notice', NOTICE), accepts(NOTICE), accepts(without(NOTICE, member))]).toEqual([[], true, false]);
  });
});

describe('the answers', () => {
  const KEY = 'the-key-of-this-webhook';
  const CONFIG: Section<WebhookConfig> = {
    ok: true,
    value: { keys: [KEY], keyName: 'x-dvo-key', maxBytes: 64 * 1024 },
  };
  let parking: RecordingParking;
  const answered = new Set<number | undefined>();

  beforeEach(() => {
    parking = new RecordingParking();
  });

  interface Post {
    readonly body?: string | Uint8Array;
    readonly headers?: Readonly<Record<string, string>>;
    readonly config?: Section<WebhookConfig>;
    readonly policy?: 'park' | 'refuse' | 'ignore';
  }
  async function post({ body = JSON.stringify(NOTICE), headers = {}, config = CONFIG, policy = 'park' }: Post) {
    const reader = new ScriptedReader(() => found(300n, undefined, { modifiedOn: 2_000_000_000 }));
    const writer = new Writer(new MemoryStore(), reader, { rule: RULE });
    const unmapped = { tables: policy, relationships: policy, messages: policy };
    const parts = { ...UNMAPPED, mapping: { ...DEFAULT_MAPPING, unmapped }, writer, parking };
    const receiver = new Receiver(parts, { tables: ['contact'], unconfirmedDelayMs: 0 });
    const request = new HttpRequest({
      method: 'POST',
      url: 'https://app.example/api/webhook',
      headers: { 'content-type': 'application/json', 'x-dvo-key': KEY, ...headers },
      body: typeof body === 'string' ? { string: body } : { bytes: body },
    });
    const handler = webhookHandler(config, () => receiver, { count: () => undefined });
    const context = new InvocationContext({ logHandler: () => undefined });
    const response = (await handler(request, context)) as HttpResponseInit;
    const { status } = response;
    answered.add(status);
    return { status, wrong: undocumented(status, JSON.parse(JSON.stringify(response.jsonBody))) };
  }

  test.each<[string, number, Post]>([
    ['a notice', 200, {}],
    ['a context', 200, { body: fixture('update-contact.json') }],
    ['a table that is ignored', 200, { body: fixture('delete-account.json'), policy: 'ignore' }],
    ['a table that is not kept in step', 202, { body: fixture('delete-account.json') }],
    [
      'a synchronous step',
      202,
      { body: fixture('create-lead-sync.json').toString().replaceAll('"lead"', '"contact"') },
    ],
    ['a table that is refused', 400, { body: fixture('delete-account.json'), policy: 'refuse' }],
    ['no JSON', 400, { body: '{' }],
    ['nothing', 400, { body: '' }],
    ['a notice that does not say enough', 400, { body: JSON.stringify({ table: 'contact' }) }],
    ['another key', 401, { headers: { 'x-dvo-key': 'another' } }],
    ['chunks', 411, { body: '', headers: { 'transfer-encoding': 'chunked' } }],
    ['too much', 413, { body: ' '.repeat(64 * 1024 + 1) }],
    ['text', 415, { headers: { 'content-type': 'text/plain' } }],
    ['no settings', 503, { config: { ok: false, faults: ['WEBHOOK_KEYS is missing'] } }],
  ])('%s: %i, as documented', async (_what, status, request) => {
    expect(await post(request)).toEqual({ status, wrong: [] });
  });

  test('nothing can be kept: 503, as documented', async () => {
    parking.failure = new Error('storage is down');
    expect(await post({ body: '{' })).toEqual({ status: 503, wrong: [] });
  });

  test('a judge that judges: other statuses and members are found out', () => {
    const change = { table: 'contact', id: NOTICE.id, verdict: 'readBack' };
    expect(undocumented(200, { outcome: 'processed', changes: [change] })).toEqual([]);
    for (const [status, body] of [
      [500, { outcome: 'refused', code: 'x', message: 'y' }],
      [204, {}],
      [200, { outcome: 'processed', changes: [{ ...change, verdict: 'done' }] }],
      [200, { outcome: 'processed', changes: [change], more: 1 }],
      [202, { outcome: 'parked', code: 'x' }],
      [401, { outcome: 'parked', code: 'x', message: 'y' }],
    ] as const)
      expect(undocumented(status, body)).not.toEqual([]);
  });

  // Last: it needs the answers of all tests above.
  afterAll(() => expect([...answered].toSorted()).toEqual(documentedStatuses('webhook')));
});
