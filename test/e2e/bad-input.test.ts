/**
 * Proves that bad input harms nothing: each bad request to the webhook gets the answer that says why, each bad message on
 * the queue, the topic and the event hub is put aside with its cause, what is kept is kept word for word, good input
 * behind it arrives, and the process that met it all still answers.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { documentedStatuses, undocumented } from '../documented-answers';
import { recorded } from './recorder';
import { System, type Fields } from './system';

const TABLE = 'account';
const OTHER_KEY = 'the-key-before-the-rotation-of-keys';

let system: System;
let pid: number;
/** A context as Dataverse posts it, of a row whose events the store has not seen. */
let context: Fields;
let rowId: string;

beforeAll(async () => {
  system = await System.start(null);
  const { webhookKey } = system.stack;
  const { pid: started } = await system.startApp({ SYNC_TABLES: TABLE, WEBHOOK_KEYS: `${OTHER_KEY}, ${webhookKey}` });
  pid = started;
  const [body] = await recorded(system.dataverse, TABLE, async () => {
    rowId = await system.dataverse.create(TABLE, { name: 'A good row', revenue: '1.10' });
  });
  context = JSON.parse(String(body)) as Fields;
});
afterAll(() => system.stop());
afterEach(() => system.unpark());

const json = (changed: Fields = {}): string => JSON.stringify({ ...context, ...changed });

/** The app answers, from the process that it was started in. */
async function expectAlive(): Promise<void> {
  expect((await system.post(json())).status).toBe(200);
  expect(system.host.pid).toBe(pid);
  expect(() => process.kill(pid, 0)).not.toThrow();
  await system.liveEntity(TABLE, rowId, { name: 'A good row' });
}

describe('the webhook refuses and keeps nothing', () => {
  afterEach(async () => expect(await system.parkedCodes()).toEqual([]));

  test.each([
    ['no key', 401, 'key-refused', json, { query: '' }],
    ['an empty key', 401, 'key-refused', json, { query: '?code=' }],
    ['a wrong key', 401, 'key-refused', json, { query: '?code=not-the-key-of-this-webhook' }],
    ['half of a key', 401, 'key-refused', json, { query: `?code=${OTHER_KEY.slice(0, -1)}` }],
    ['text', 415, 'content-type', json, { headers: { 'content-type': 'text/plain' } }],
    ['XML', 415, 'content-type', json, { headers: { 'content-type': 'application/xml; charset=utf-8' } }],
    ['no body', 400, 'body-empty', () => undefined, {}],
    ['a blank body', 400, 'body-empty', () => ' \r\n\t', {}],
    ['1 MB', 413, 'body-too-large', () => json({ pad: 'x'.repeat(1_000_000) }), {}],
    ['1 MB without a key', 413, 'body-too-large', () => 'x'.repeat(1_000_000), { query: '' }],
    ['a byte over the limit', 413, 'body-too-large', () => json().padEnd(512 * 1024 + 1), {}],
  ] as const)('%s: %i %s', async (_, status, code, body, how) => {
    expect(await system.post(body(), how)).toMatchObject({ status, body: { outcome: 'refused', code } });
    // What comes without a key is counted (below); what comes with it is logged.
    const event = code === 'body-empty' ? 'rejected' : 'refused';
    await system.until('a record of it', () => system.records(event).some((record) => record.code === code));
  });

  test('in chunks, as some gateways post: 411, since the platform hands over no body', async () => {
    const body = new Blob([json()]).stream();
    const { webhookKey } = system.stack;
    const answer = await fetch(`${system.host.url}/api/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-dvo-key': webhookKey },
      body,
      duplex: 'half',
    });
    system.answers.push({ status: answer.status, body: (await answer.json()) as Fields });
    expect(system.answers.at(-1)).toMatchObject({ status: 411, body: { code: 'length-required' } });
  });

  test('more than 1 MiB: 500 without a word of the host, as in Azure, before the function is called', async () => {
    const body = 'x'.repeat(1024 * 1024 + 1);
    const answer = await fetch(`${system.host.url}/api/webhook`, { method: 'POST', body });
    expect([answer.status, await answer.text()]).toEqual([500, '']);
  });

  test('[I70] a hundred forged requests add no record within the minute', async () => {
    await system.post('{}', { query: '' });
    const since = system.log.length;
    await Promise.all(Array.from({ length: 100 }, () => system.post('{}', { query: '?code=guess' })));
    await system.post(undefined); // Its record comes after theirs.
    expect(await system.logged('rejected', since)).toHaveLength(1);
    // The minute of the first one may end meanwhile.
    expect(system.records('refused', since).length).toBeLessThanOrEqual(1);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s: 404', async (method) => {
    expect((await system.post(undefined, { method })).status).toBe(404);
  });
});

describe('the webhook takes', () => {
  test.each<[string, (key: string) => Parameters<System['post']>[1]]>([
    ['query parameter code', (key) => ({ query: `?code=${key}` })],
    ['query parameter x-dvo-key', (key) => ({ query: `?x-dvo-key=${key}` })],
    ['header x-dvo-key', (key) => ({ query: '', headers: { 'x-dvo-key': key } })],
    ['header X-DVO-Key beside a wrong code', (key) => ({ query: '?code=wrong', headers: { 'X-DVO-Key': key } })],
  ])('either key while keys are rotated, in %s', async (_, how) => {
    for (const key of [system.stack.webhookKey, OTHER_KEY])
      expect((await system.post(json(), how(key))).status).toBe(200);
  });

  test('a content type with a charset, and a body of exactly the limit', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await system.post(json().padEnd(512 * 1024), { headers })).status).toBe(200);
  });
});

describe('the webhook keeps with its cause', () => {
  const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;

  test.each<[string, number, string, () => string | Uint8Array]>([
    ['JSON that ends in the middle', 400, 'json-invalid', () => json().slice(0, -200)],
    ['text', 400, 'json-invalid', () => 'Good morning'],
    ['bytes that are no UTF-8', 400, 'json-invalid', () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a list', 400, 'context-invalid', () => `[${json()}]`],
    ['an empty object', 400, 'context-invalid', () => '{}'],
    ['JSON nested ten thousand deep', 400, 'context-invalid', () => deep],
    ['a row id that is no GUID', 400, 'row-id-invalid', () => json({ PrimaryEntityId: 'A-4711' })],
    [
      'a row id of zeros',
      400,
      'row-id-invalid',
      () => json({ MessageName: 'Update', PrimaryEntityId: '00000000-0000-0000-0000-000000000000' }),
    ],
    ['a table name that is none', 400, 'table-invalid', () => json({ PrimaryEntityName: '../dvoparked' })],
    ['a table that is not kept in step', 202, 'table-not-synced', () => json({ PrimaryEntityName: 'systemuser' })],
    ['a table that Dataverse does not have', 202, 'table-not-synced', () => json({ PrimaryEntityName: 'new_nothing' })],
    [
      'an event of a copy of the environment',
      202,
      'organization-foreign',
      () => json({ OrganizationId: '00000000-1111-4222-8333-444455556666' }),
    ],
    ['a message without a meaning for rows', 202, 'message-unsupported', () => json({ MessageName: 'new_ShipOrder' })],
  ])('%s: %i %s', async (_, status, code, make) => {
    const body = make();
    expect(await system.post(body)).toMatchObject({ status, body: { outcome: 'parked', code } });
    const parked = await system.parked();
    expect(parked).toMatchObject([{ code, source: 'webhook', body: Buffer.from(body), attempts: 0 }]);
    // It waits for an operator, not for a time.
    expect(parked[0]?.dueAt.getUTCFullYear()).toBe(9999);

    await system.post(body);
    expect(await system.parkedCodes()).toHaveLength(1);
    await expectAlive();
  });

  test('and a replay that fails for the same cause gives the item up until the next one', async () => {
    await system.post(json({ PrimaryEntityName: 'systemuser' }));
    await system.letAllBeDue();
    expect(await system.replay()).toMatchObject({ processed: 0, postponed: 0, givenUp: 1 });
    const parked = await system.parked();
    expect(parked).toMatchObject([{ code: 'table-not-synced', attempts: 1 }]);
    expect(parked[0]?.dueAt.getUTCFullYear()).toBe(9999);
  });
});

describe('the webhook takes what is odd', () => {
  /** No logical name of Dataverse is like these, but whoever has the key can send them. */
  const NAMES = [
    'Stamp',
    'Deleted',
    'partitionKey',
    'rowKey',
    'PartitionKey',
    'timestamp',
    'etag',
    'odata.etag',
    'name@odata.type',
    '__proto__',
    'constructor',
    'a b-c/é',
    '1',
    '',
    'n'.repeat(300),
  ] as const;
  const unused: string[] = [];
  const nextRow = (): string => unused.pop() ?? '';

  /** Rows whose next change is provably newer than what is stored, so that it is merged without a read. */
  beforeAll(async () => {
    await system.pushing(TABLE, 'webhook', async () => {
      while (unused.length < NAMES.length + 4)
        unused.push(await system.dataverse.create(TABLE, { name: 'odd', revenue: '2.50' }));
    });
    await system.pastStamps(TABLE, unused);
  });

  /** Updates the row; returns the event as it would be posted, with more columns in its Target. */
  async function update(id: string, columns: readonly { key: string; value: unknown }[] = []): Promise<Fields> {
    const [body] = await recorded(system.dataverse, TABLE, () =>
      system.dataverse.update(TABLE, id, { telephone1: '2' }),
    );
    const changed = JSON.parse(String(body)) as { InputParameters: { value: { Attributes: unknown[] } }[] };
    changed.InputParameters[0]?.value.Attributes.push(...columns);
    return changed;
  }

  test('an event without a Target: the row is read', async () => {
    const id = nextRow();
    const event = await update(id);
    for (const parameters of [undefined, [], null]) {
      const body = { ...event, InputParameters: parameters };
      const changes = [{ table: TABLE, id, verdict: 'readBack' }];
      expect(await system.post(JSON.stringify(body))).toEqual({ status: 200, body: { outcome: 'processed', changes } });
      await system.liveEntity(TABLE, id, { telephone1: '2', revenue: '2.5000' });
    }
  });

  test('a column that the metadata does not know: it is stored beside the others until the row is next read', async () => {
    const id = nextRow();
    const body = await update(id, [{ key: 'new_unheardof', value: 'odd' }]);
    expect(await system.post(JSON.stringify(body))).toMatchObject({
      status: 200,
      body: { changes: [{ verdict: 'merged' }] },
    });
    await system.liveEntity(TABLE, id, { telephone1: '2', new_unheardof: 'odd', name: 'odd', revenue: '2.5000' });

    await system.dataverse.update(TABLE, id, { telephone1: '4' });
    await system.pull();
    expect(await system.liveEntity(TABLE, id, { telephone1: '4' })).not.toHaveProperty('new_unheardof');
  });

  test.each(NAMES)(
    'a column named %p: the row keeps its place and its columns, and nothing is tried for ever',
    async (name) => {
      const id = nextRow();
      const answer = await system.post(JSON.stringify(await update(id, [{ key: name, value: 'odd' }])));
      expect([200, 202, 400]).toContain(answer.status);
      const entity = await system.liveEntity(TABLE, id, { name: 'odd', revenue: '2.5000' });
      expect(JSON.parse(String(entity.Stamp))).toMatchObject({ v: expect.stringMatching(/^\d+$/) });
      // Settled, or kept for an operator with a cause: it can't succeed later.
      const parked = await system.parked();
      expect(parked.map(({ code, dueAt }) => [code, dueAt.getUTCFullYear()])).toEqual(
        parked.map(({ code }) => [code, 9999]),
      );
      expect(parked.map(({ code }) => code)).not.toContain('unexpected');
    },
  );

  test('more columns than an entity has room for: the rest lies in a second one', async () => {
    const id = nextRow();
    const columns = Array.from({ length: 300 }, (_, n) => ({ key: `new_c${n}`, value: n }));
    const body = JSON.stringify(await update(id, columns));
    expect(await system.post(body)).toMatchObject({ status: 200 });
    expect(await system.liveEntity(TABLE, id)).toMatchObject({ Parts: 2 });
  });

  test('and after one pull nothing of it is left', async () => {
    await system.pull();
    expect((await system.compare()).differences).toEqual([]);
  });
});

describe('a bad message', () => {
  const MESSAGES = {
    notJson: () => Buffer.from('{"PrimaryEntityName": '),
    empty: () => Buffer.alloc(0),
    unknownTable: () => Buffer.from(json({ PrimaryEntityName: 'new_nothing' })),
    large: () => Buffer.from(JSON.stringify({ pad: 'ø'.repeat(150_000) })),
    bytes: () => Buffer.from([0x00, 0xff, 0xfe, 0x80]),
  };
  /** As large as Dataverse's sender to hubs may make one; more than the app reads, and than an entity of the parking holds. */
  const HUGE = Buffer.from(json().padEnd(1_000_000));
  test.each(['service-bus-queue', 'service-bus-topic', 'event-hub'] as const)(
    'by %s is put aside with its cause, and the good one behind it arrives',
    async (way) => {
      const since = system.log.length;
      const [good] = await recorded(system.dataverse, TABLE, () => system.dataverse.update(TABLE, rowId, { fax: way }));
      if (good === undefined) throw new Error('Nothing was recorded.');
      const bad = Object.values(MESSAGES).map((make) => make());
      await system.send(way, [HUGE]);
      await system.send(way, [...bad, good]);

      await system.liveEntity(TABLE, rowId, { fax: way });
      await system.until('an end of each message', () => {
        const put = [...system.records('parked', since), ...system.records('rejected', since)];
        return put.length === bad.length + 1;
      });
      await system.emptyBroker();
      const parked = await system.parked();
      // Without a content type, which events of a hub don't have, bytes are of no known form rather than broken JSON.
      const codes = [
        'body-too-large',
        'context-invalid',
        'json-invalid',
        way === 'event-hub' ? 'format-unsupported' : 'json-invalid',
        'table-not-synced',
      ];
      expect(parked.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
      expect(new Set(parked.map(({ source }) => source))).toEqual(new Set([way]));
      expect(await system.parkedBody('body-too-large')).toEqual(HUGE);
      for (const sent of [MESSAGES.notJson(), MESSAGES.unknownTable(), MESSAGES.large()])
        expect(parked.filter(({ body }) => body.equals(sent))).toHaveLength(1);
      expect(system.records('rejected', since)).toMatchObject([{ source: way, code: 'body-empty' }]);
      await expectAlive();
    },
  );
});

test('every answer was one that docs/openapi.json documents', () => {
  const statuses = new Set(system.answers.map(({ status }) => status));
  expect([...statuses].toSorted()).toEqual(documentedStatuses('webhook').filter((status) => status !== 503));
  expect(system.answers.flatMap(({ status, body }) => undocumented(status, body))).toEqual([]);
});
