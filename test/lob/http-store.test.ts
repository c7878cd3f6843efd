/**
 * Proves that the HTTP store keeps the contract of a LOB store, with its notes in a real table service (Azurite) and the
 * reference receiver on a real socket; that two instances never send one row at once; and what each answer means.
 */
import { TableClient } from '@azure/data-tables';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLobReceiver, type Fault, type LobReceiver } from '../../local/lob-receiver/receiver';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { codeOf } from '../../shared/errors/errors';
import { HttpEventStore } from '../../shared/lob/http/http-event-store';
import { HttpStore } from '../../shared/lob/http/http-store';
import { HttpTarget } from '../../shared/lob/http/http-target';
import type { RowEffect, RowWrite, StoredRow, WriteOutcome } from '../../shared/lob/store';
import { plainNaming } from '../../shared/lob/tables/layout';
import { TableStore } from '../../shared/lob/tables/table-store';
import { EventMapping } from '../../shared/mapping/event-mapping';
import type { Columns } from '../../shared/change/value';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import { linkOf } from '../../shared/mapping/link';
import { readHttpTarget } from '../../shared/settings/http-target';
import { columns, row, stamp } from '../writer/changes';
import { eventually } from '../eventually';
import { mappingOf } from '../mapping/mappings';
import { storeContract } from './store-contract';

const KEYS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];

let azurite: Azurite;
let receiver: LobReceiver;
let stores = 0;
let nowMs: (() => number) | undefined;

beforeAll(async () => {
  azurite = await startAzurite();
  receiver = await startLobReceiver([KEYS[0] ?? '']);
});
afterAll(async () => {
  await receiver.close();
  await azurite.stop();
});

const clientOf = (table: string): TableClient =>
  TableClient.fromConnectionString(azurite.connectionString, table, { allowInsecureConnection: true });

/** Instances that share their notes and the receiver's rows, below a path of their own. */
function instances(count: number, settings: Readonly<Record<string, string>> = {}, mapping: Mapping = DEFAULT_MAPPING) {
  const path = `s${(stores += 1)}`;
  const { value, faults } = readHttpTarget({
    LOB_HTTP__url: `${receiver.url}/${path}/{table}/{key}`,
    LOB_HTTP__linkUrl: `${receiver.url}/${path}/links/{relationship}/{id1}/{id2}`,
    LOB_HTTP__signingKeys: KEYS.toReversed().join(' '),
    LOB_HTTP__timeoutSeconds: '2',
    ...settings,
  });
  if (value === undefined) throw new Error(faults.join());
  const make = () =>
    new HttpStore(new TableStore(clientOf, plainNaming(path)), new HttpTarget(value), mapping, nowMs ?? Date.now);
  return { path, stores: Array.from({ length: count }, make) };
}

function fresh(settings?: Readonly<Record<string, string>>, mapping?: Mapping) {
  const { path, stores: made } = instances(1, settings, mapping);
  const [store] = made;
  if (store === undefined) throw new Error('no store');
  const at = (n = 1) => `/${path}/account/${row(n).id}`;
  return {
    store,
    at,
    received: (n = 1) => receiver.rows.get(at(n))?.columns,
    seen: (n = 1) => receiver.seen.filter((one) => one.path === at(n)),
  };
}

storeContract('the HTTP store', () => fresh().store);
storeContract('the HTTP store, in bulk', () => fresh({ LOB_HTTP__bulkUrl: `${receiver.url}/bulk` }).store);

const LIVE = stamp({ version: 7n, knownUntil: 10, latestKnown: 12, recentKeys: ['k1'] });
const write = (of: Parameters<typeof columns>[0], expected?: StoredRow, effect: RowEffect = 'snapshot'): RowWrite => ({
  row: row(),
  expected,
  stamp: effect === 'clear' ? { ...LIVE, deleted: true } : LIVE,
  effect,
  columns: columns(of),
});
const code = (outcome: WriteOutcome | undefined): string | undefined =>
  outcome?.kind === 'failed' ? codeOf(outcome.error) : outcome?.kind;
async function put(store: HttpStore, of: RowWrite): Promise<StoredRow> {
  const [outcome] = await store.write([of]);
  if (outcome?.kind !== 'written') throw new Error('not written', { cause: outcome });
  return outcome.stored;
}
const readOne = async (store: HttpStore): Promise<StoredRow | undefined> => (await store.read([row()]))[0];

describe('what is sent', () => {
  test('[I83] a snapshot is PUT whole, a patch PATCHed, a deletion DELETEd; versions grow', async () => {
    const { store, received, seen } = fresh();
    let last = await put(store, write({ name: 'Ada', size: 1, city: 'Oslo' }));
    expect(received()).toEqual({ name: 'Ada', size: 1, city: 'Oslo' });
    last = await put(store, write({ name: 'Bo', city: null }, last, 'patch'));
    expect(received()).toEqual({ name: 'Bo', size: 1 });
    last = await put(store, write({ size: 3 }, last));
    expect(received()).toEqual({ size: 3 });
    last = await put(store, write({}, last, 'hide'));
    last = await put(store, write({ size: 4 }, last));
    await put(store, write({}, last, 'clear'));
    expect(received()).toBeUndefined();
    expect(seen().map(({ method }) => method)).toEqual(['PUT', 'PATCH', 'PUT', 'DELETE', 'PUT', 'DELETE']);
    const versions = seen().map(({ version }) => version);
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions);
    expect(new Set(versions).size).toBe(6);
    expect(seen().every(({ id, version }) => id.endsWith(`_${version}`) && !id.includes('.'))).toBe(true);
  });

  test('nothing, where the LOB system has all of it', async () => {
    const { store, seen } = fresh();
    let last = await put(store, write({ name: 'Ada', size: 1 }));
    last = await put(store, write({ size: 1, name: 'Ada' }, last));
    last = await put(store, write({ size: 1 }, last, 'patch'));
    last = await put(store, write({}, last, 'keep'));
    last = await put(store, write({}, last, 'clear'));
    await put(store, write({}, last, 'clear'));
    expect(seen().map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
  });

  test('a link to an address of its own; without one it is parked', async () => {
    const link = linkOf('accountleads', [row(1), row(2, 'lead')]).row;
    const { path, stores: made } = instances(1);
    await made[0]?.write([{ ...write({ id1: row(1).id }), row: link }]);
    expect([...receiver.rows.keys()].filter((key) => key.startsWith(`/${path}/links/`))).toEqual([
      `/${path}/links/accountleads/${row(1).id}/${row(2).id}`,
    ]);
    const bare = fresh({ LOB_HTTP__linkUrl: '' });
    expect((await bare.store.write([{ ...write({}), row: link }])).map(code)).toEqual(['lob-refused']);
  });

  test('a signature of each key; a receiver with another key refuses all', async () => {
    const stranger = await startLobReceiver(['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=']);
    try {
      const { store } = fresh({ LOB_HTTP__url: `${stranger.url}/{table}/{key}` });
      expect((await store.write([write({ name: 'x' })])).map(code)).toEqual(['lob-unauthorized']);
      expect(stranger.rows.size).toBe(0);
    } finally {
      await stranger.close();
    }
  });
});

describe('answers', () => {
  test.each<readonly [string, Fault | 'cut', string]>([
    ['409', { status: 409 }, 'written'],
    ['412', { status: 412 }, 'written'],
    ['400', { status: 400, body: 'no such customer' }, 'lob-refused'],
    ['422', { status: 422 }, 'lob-refused'],
    ['302', { status: 302, headers: { Location: 'http://127.0.0.1:1/' } }, 'lob-refused'],
    ['401', { status: 401 }, 'lob-unauthorized'],
    ['500', { status: 500 }, 'lob-unclear'],
    ['500, carried out', { status: 500, carriesOut: true }, 'lob-unclear'],
    ['none', 'cut', 'lob-unclear'],
  ])('%s', async (_name, fault, expected) => {
    const { store, received } = fresh();
    receiver.faults.push(fault);
    const [outcome] = await store.write([write({ name: 'Ada' })]);
    expect(code(outcome)).toBe(expected);
    if (expected === 'written') return;
    // Nothing is known of the row, and the next write brings it.
    expect(await readOne(store)).toBeUndefined();
    await put(store, write({ name: 'Ada' }));
    expect(received()).toEqual({ name: 'Ada' });
  });

  test('the text of a refusal is in the error, short and visible', async () => {
    const { store } = fresh();
    receiver.faults.push({ status: 422, body: `name\u001b[31m is ${'too '.repeat(1000)}long` });
    const [outcome] = await store.write([write({ name: 'Ada' })]);
    if (outcome?.kind !== 'failed') throw new Error('not refused');
    const text = (outcome.error as Error).message;
    expect(text).toMatch(/^The LOB system answered 422 to PUT account\([0-9a-f-]+\): name\\u001b\[31m is too too/);
    expect(text.length).toBeLessThan(1200);
  });

  test.each([
    ['429', { status: 429, headers: { 'Retry-After': '2' } }],
    ['503', { status: 503, headers: { 'Retry-After': '2' } }],
  ])('%s: nothing more is sent for as long as it says', async (_name, fault) => {
    const { store, seen } = fresh();
    receiver.faults.push(fault);
    expect((await store.write([write({ name: 'Ada' })])).map(code)).toEqual(['store-unavailable']);
    const from = seen().length;
    expect((await store.write([write({ name: 'Ada' })])).map(code)).toEqual(['store-unavailable']);
    expect(seen().length).toBe(from);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await put(store, write({ name: 'Ada' }));
  });

  test('after a refused update the row is known as it was', async () => {
    const { store, seen } = fresh();
    const first = await put(store, write({ name: 'Ada' }));
    receiver.faults.push({ status: 422 });
    await store.write([write({ name: 'Bo' }, first)]);
    const again = await readOne(store);
    expect(again?.stamp).toEqual(LIVE);
    await put(store, write({ name: 'Ada' }, again));
    expect(seen().map(({ status }) => status)).toEqual([201, 422]);
  });

  test('[I83] after one without an answer nobody believes to know what the LOB system has', async () => {
    const { store, received } = fresh();
    const first = await put(store, write({ name: 'Ada' }));
    receiver.faults.push({ status: 500, carriesOut: true });
    await store.write([write({ name: 'Bo' }, first)]);
    expect(received()).toEqual({ name: 'Bo' });
    await put(store, write({ name: 'Ada' }, await readOne(store)));
    expect(received()).toEqual({ name: 'Ada' });
  });
});

test('[I83] nor after the request that made the app stop asking for a while', async () => {
  const { store, received } = fresh();
  const first = await put(store, write({ name: 'Ada' }));
  receiver.faults.push(...Array.from({ length: 5 }, () => ({ status: 502, carriesOut: true }) as const));
  for (let other = 2; other < 6; other += 1)
    expect((await store.write([{ ...write({ name: 'x' }), row: row(other) }])).map(code)).toEqual(['lob-unclear']);
  expect((await store.write([write({ name: 'Bo' }, first)])).map(code)).toEqual(['store-unavailable']);
  expect(received()).toEqual({ name: 'Bo' });
  await eventually(async () => {
    const [outcome] = await store.write([write({ name: 'Ada' }, await readOne(store))]);
    return outcome?.kind === 'written';
  }, 'the target is not asked again');
  expect(received()).toEqual({ name: 'Ada' });
});

describe('in bulk', () => {
  const bulks = (): readonly { readonly status: number; readonly body: string }[] =>
    receiver.seen.filter((one) => one.path === '/bulk');
  const some = (from: number, to: number, size = 1): RowWrite[] =>
    Array.from({ length: to - from }, (_, n) => ({ ...write({ size }), row: row(from + n) }));
  const bulky = () => fresh({ LOB_HTTP__bulkUrl: `${receiver.url}/bulk` });

  test('many rows are one signed request; one row goes alone', async () => {
    const { store, received } = bulky();
    const before = bulks().length;
    expect(new Set((await store.write(some(1, 251))).map(code))).toEqual(new Set(['written']));
    expect(bulks().length - before).toBe(3);
    expect(received(250)).toEqual({ size: 1 });
    await store.write(some(300, 301));
    expect(bulks().length - before).toBe(3);
    expect(received(300)).toEqual({ size: 1 });
  });

  test('each row ends as its own answer says, and nothing is known of one that has none', async () => {
    const { store, received } = bulky();
    const idOf = new Map<string, string>();
    await store.write(some(1, 5));
    for (const { id, path: at } of receiver.seen.slice(-5)) idOf.set(at.slice(-36), id.replace(/_\d+$/, ''));
    const statuses: readonly (number | undefined)[] = [200, 422, 500, undefined];
    const answered = (body: string): string =>
      JSON.stringify(
        (JSON.parse(body) as readonly { readonly id: string }[]).flatMap(({ id }) => {
          const n = [1, 2, 3, 4].find((one) => idOf.get(row(one).id) === id.replace(/_\d+$/, '')) ?? 0;
          const status = statuses[n - 1];
          return status === undefined ? [] : [{ id, status, text: `row ${n}` }];
        }),
      );
    receiver.faults.push({ status: 200, carriesOut: true, answers: answered });
    const outcomes = await store.write(
      await Promise.all(some(1, 5, 2).map(async (one) => ({ ...one, expected: (await store.read([one.row]))[0] }))),
    );
    expect(outcomes.map(code)).toEqual(['written', 'lob-refused', 'lob-unclear', 'lob-unclear']);
    expect(received(4)).toEqual({ size: 2 });
  });

  test.each([
    ['refused as a whole: each is sent alone', { status: 413 }, 'written'],
    ['not carried out', { status: 503 }, 'store-unavailable'],
    ['carried out, without an answer', { status: 500, carriesOut: true }, 'lob-unclear'],
    ['no answer that anybody understands', { status: 200, body: '<html>' }, 'lob-unclear'],
    ['not signed as it should be', { status: 401 }, 'lob-unauthorized'],
  ] as const)('%s', async (_name, fault, expected) => {
    const { store } = bulky();
    receiver.faults.push(fault);
    expect((await store.write(some(1, 4))).map(code)).toEqual([expected, expected, expected]);
  });
});

describe('a LOB system that changes rows itself', () => {
  const mapping = mappingOf(
    'tables: { account: { columns: { name: Company }, inbound: { columns: { name: , size: lob } } } }',
  );
  const made = () => {
    const of = fresh({}, mapping);
    const target = {
      ...of,
      patches: () =>
        of
          .seen()
          .filter(({ method }) => method === 'PATCH')
          .map(({ body }) => (JSON.parse(body) as { columns: unknown }).columns),
    };
    return target;
  };

  test('[I100] is not sent what it has given itself, nor what tells of any change alone', async () => {
    const { store, seen, received } = made();
    let last = await put(store, write({ Company: 'Ada', city: 'Oslo', modifiedon: 1 }));
    await store.lobHas({ row: row(), columns: columns({ Company: 'Bo' }) }, Date.now() + 1000);
    const noted = await readOne(store);
    expect(noted?.stamp).toEqual(last.stamp);
    last = await put(store, write({ Company: 'Bo', modifiedon: 2, modifiedby: 'lob' }, noted, 'patch'));
    expect(seen()).toHaveLength(1);
    // The same by a pull: nor is that a difference.
    expect(
      store.sameData(last, {
        row: row(),
        columns: columns({ Company: 'Bo', city: 'Oslo', modifiedon: 2, modifiedby: 'lob' }),
      }),
    ).toBe(true);
    last = await put(store, write({ Company: 'Bo', city: 'Bergen', modifiedon: 3 }, last));
    expect(seen()).toHaveLength(2);
    expect(received()).toMatchObject({ Company: 'Bo', city: 'Bergen', modifiedon: 3 });
    // What it has given, and Dataverse then changed, it is sent.
    await put(store, write({ Company: 'Cy', modifiedon: 4 }, last, 'patch'));
    expect(received()).toMatchObject({ Company: 'Cy' });
  });

  test('[I101] is not sent the columns that it owns', async () => {
    const { store, patches, received } = made();
    const last = await put(store, write({ Company: 'Ada', size: 1 }));
    expect(received()).toEqual({ Company: 'Ada' });
    const next = await put(store, write({ size: 2 }, last, 'patch'));
    await put(store, write({ size: 3, Company: 'Bo' }, next, 'patch'));
    expect(patches()).toEqual([{ Company: 'Bo' }]);
    expect(store.compare(next, { row: row(), columns: columns({ size: 2 }) }).get('size')).toBe(true);
  });

  test('of a row that isn’t known nothing is noted, nor where it isn’t known what it has', async () => {
    const { store } = made();
    await store.lobHas({ row: row(), columns: columns({ Company: 'Bo' }) }, Date.now());
    expect(await readOne(store)).toBeUndefined();
  });

  test('what it gave before it was sent the row may be gone there: it is sent once more', async () => {
    const { store, received } = made();
    const before = Date.now() - 1;
    const last = await put(store, write({ Company: 'Ada' }));
    await store.lobHas({ row: row(), columns: columns({ Company: 'Bo' }) }, before);
    await put(store, write({ Company: 'Bo' }, last, 'patch'));
    expect(received()).toEqual({ Company: 'Bo' });
  });

  test('zeros at the end of a decimal are no change', async () => {
    const { store, seen } = made();
    const decimal = (text: string): Columns => new Map([['rate', { kind: 'decimal', text }]]);
    const last = await put(store, { ...write({}), columns: decimal('1.5') });
    await put(store, { ...write({}, last), columns: decimal('1.5000') });
    expect(seen()).toHaveLength(1);
  });
});

describe('docs/lob-receiver.openapi.json', () => {
  interface Operation {
    readonly requestBody?: unknown;
    readonly responses: Readonly<Record<string, unknown>>;
  }
  const document = JSON.parse(readFileSync('docs/lob-receiver.openapi.json', 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, object>> };
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const misfits = (schema: string, body: string): readonly unknown[] => {
    const validate = ajv.compile({ $ref: `#/components/schemas/${schema}`, components: document.components });
    validate(JSON.parse(body));
    return validate.errors ?? [];
  };

  test('is valid OpenAPI', () => {
    const { stderr, status } = spawnSync(process.execPath, ['test/docs/validate-openapi.mjs'], {
      input: readFileSync('docs/lob-receiver.openapi.json'),
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('has every request that was sent here, and every status that means something', async () => {
    const { stores: made } = instances(1);
    await made[0]?.write([{ ...write({ id1: 'x' }), row: linkOf('accountleads', [row(1), row(2, 'lead')]).row }]);
    expect(receiver.seen.length).toBeGreaterThan(0);
    for (const { method, path: at, body, status } of receiver.seen.filter((one) => one.status > 0)) {
      if (at === '/bulk') {
        expect([status, misfits('Bulk', body)]).toEqual([status, []]);
        continue;
      }
      const kind = at.includes('/links/') ? '/links/{relationship}/{id1}/{id2}' : '/rows/{table}/{key}';
      const operation = document.paths[kind]?.[method.toLowerCase()];
      if (operation === undefined) throw new Error(`${method} ${at} isn't documented`);
      if (body !== '') expect(misfits('Row', body)).toEqual([]);
      expect(operation.requestBody === undefined).toBe(body === '');
      if (status < 300 || status === 409 || status === 404)
        expect(Object.keys(operation.responses)).toContain(String(status));
    }
  });

  test('has what an event is sent as', async () => {
    const { path } = instances(1);
    const { value } = readHttpTarget({
      LOB_HTTP__url: `${receiver.url}/${path}/{table}/{key}`,
      LOB_HTTP__eventUrl: `${receiver.url}/${path}/events/{event}`,
      LOB_HTTP__signingKeys: KEYS.join(),
    });
    if (value === undefined) throw new Error('no target');
    const store = new HttpEventStore(new HttpTarget(value));
    const event = {
      message: 'new_OrderPlaced',
      key: 'k1',
      row: row(),
      occurredAtMs: 1_764_396_000_000,
      committed: true,
      truncated: false,
      columns: columns({ 'input.size': 3 }),
      origin: { source: 'queue', message: 'new_OrderPlaced' },
    };
    const rule = new EventMapping('new_OrderPlaced', {}, () => '');
    expect(await store.append([{ event, rule }])).toEqual([{ kind: 'stored' }]);
    expect(await store.append([{ event, rule }])).toEqual([{ kind: 'stored' }]);
    const sent = receiver.seen.filter((one) => one.path === `/${path}/events/new_OrderPlaced`);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.map(({ body }) => misfits('Event', body))).toEqual([[], []]);
    const bare = new HttpEventStore(new HttpTarget({ ...value, eventUrl: undefined } as never));
    expect((await bare.append([{ event, rule }])).map((outcome) => code(outcome as WriteOutcome))).toEqual([
      'lob-refused',
    ]);
  });
});

describe('two instances', () => {
  test('[I82] one that dies between intent and stamp: the other waits, then sends again', async () => {
    const { path, stores: made } = instances(2);
    const [dying, other] = made;
    if (dying === undefined || other === undefined) throw new Error('no stores');
    const first = await put(dying, write({ name: 'Ada' }));
    let skewMs = 0;
    nowMs = () => Date.now() + skewMs;
    const { value } = readHttpTarget({ LOB_HTTP__url: `${receiver.url}/${path}/{table}/{key}` });
    if (value === undefined) throw new Error('no target');
    const never = {
      timeoutMs: 1,
      methods: { snapshot: 'PUT', patch: 'PATCH' } as const,
      addressOf: () => `${receiver.url}/${path}/x`,
      isBulk: false,
      sendAll: () => new Promise<never>(() => undefined),
    };
    const dead = new HttpStore(new TableStore(clientOf, plainNaming(path)), never, DEFAULT_MAPPING);
    void dead.write([write({ name: 'Bo' }, first)]);
    const waiting = new HttpStore(
      new TableStore(clientOf, plainNaming(path)),
      new HttpTarget({ ...value, signingKeys: [Buffer.from((KEYS[0] ?? '').slice(6), 'base64')] }),
      DEFAULT_MAPPING,
      nowMs,
    );
    nowMs = undefined;
    let read = false;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const reading = readOne(waiting).then((found) => {
      read = true;
      return found;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(read).toBe(false);
    skewMs = 31_000;
    const found = await reading;
    expect(found?.stamp).toEqual(LIVE);
    await put(waiting, write({ name: 'Ada' }, found));
    expect(receiver.rows.get(`/${path}/account/${row().id}`)?.columns).toEqual({ name: 'Ada' });
  });

  test('[I82] they change one row at once: the receiver never sees an older version after a newer one', async () => {
    const { path, stores: made } = instances(2);
    const from = receiver.seen.length;
    await Promise.all(
      made.map(async (store, instance) => {
        for (let size = 0; size < 12;) {
          const [outcome] = await store.write([write({ size: 100 * instance + size }, await readOne(store))]);
          if (outcome?.kind === 'written') size += 1;
          else if (outcome?.kind === 'failed') throw outcome.error;
        }
      }),
    );
    const seen = receiver.seen.slice(from).filter((one) => one.path.startsWith(`/${path}/`));
    expect(seen.length).toBe(24);
    expect(seen.filter(({ status }) => status === 409)).toEqual([]);
    const versions = seen.map(({ version }) => version);
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions);
  });
});
