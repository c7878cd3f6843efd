/**
 * Proves that an entity lies on the wire as the SDK would send it, whatever its values and keys, with every kind of credential;
 * that it is read back as it was; and that each answer a service can give ends as docs/SPEC.md says.
 */
import type { PipelineRequest } from '@azure/core-rest-pipeline';
import { TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { statusOf } from '../../shared/azure/tables';
import { EntityTable, entityBody, type GuardedWrite } from '../../shared/lob/tables/entity-table';
import { fingerprint, fingerprintsOf, type Property } from '../../shared/lob/tables/columns';
import { plainNaming } from '../../shared/lob/tables/layout';
import { TableStore } from '../../shared/lob/tables/table-store';
import type { WriteOutcome } from '../../shared/lob/store';
import { codeOf } from '../../shared/errors/errors';
import { columns, row, stamp } from '../writer/changes';
import { refused, scriptedClient, transacted, type Scripted } from './scripted-client';

const KEY =
  'DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5;TableEndpoint=https://contoso.table.core.windows.net/';
const SIGNATURE = 'sv=2019-02-02&ss=t&srt=sco&sp=raud&se=2030-01-01T00%3A00%3A00Z&sig=a%2Bb%2Fc%3D';
const SIGNED = `TableEndpoint=https://contoso.table.core.windows.net/;SharedAccessSignature=${SIGNATURE}`;
const LOCAL = `DefaultEndpointsProtocol=http;AccountName=contoso;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:10002/contoso`;

/** What goes over the wire, without what is another one each time. */
interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const EACH_TIME = new Set(['x-ms-client-request-id', 'x-ms-date', 'authorization', 'connection']);

const textOf = ({ body }: PipelineRequest): string => (typeof body === 'string' ? body : '');

function sentOf(request: PipelineRequest): Sent {
  const { method, url, headers } = request;
  const constant = (text: string) => text.replaceAll(/(batch|changeset)_[0-9a-f-]{36}/g, '$1_ID');
  const kept = [...headers].flatMap(([name, value]) =>
    EACH_TIME.has(name.toLowerCase()) ? [] : [[name.toLowerCase(), constant(value)]],
  );
  return {
    method,
    url,
    headers: Object.fromEntries(kept) as Record<string, string>,
    body: constant(textOf(request)),
  };
}

/** What a client sends. */
async function sending(account: string, run: (client: TableClient) => Promise<unknown>): Promise<Sent> {
  const sent: Sent[] = [];
  const client = scriptedClient(
    'rows',
    (request) => {
      sent.push(sentOf(request));
      if (request.method === 'GET') return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
      const tags = { etag: 'W/"1"' };
      const parts = textOf(request).split('application/http').length - 1;
      return request.url.includes('$batch')
        ? transacted(Array.from({ length: parts }, () => ({ status: 204, headers: { ETag: 'W/"1"' } })))
        : { status: 204, headers: tags };
    },
    account,
  );
  await run(client);
  const [only] = sent;
  if (only === undefined || sent.length !== 1) throw new Error(`${sent.length} requests were sent`);
  return only;
}

/** As the SDK orders an object's names, those that are whole numbers come first; names of its own metadata are others. */
const RESERVED = new Set(['etag', 'timestamp', 'partitionKey', 'rowKey', 'PartitionKey', 'RowKey', '__proto__']);
const name = fc
  .oneof(
    fc.stringMatching(/^[a-z_]{1,12}$/),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    fc.constantFrom('Navn_æøå', 'a"b', 'a\\b', 'toString', 'constructor', 'odata', '名前'),
  )
  .filter((of) => !RESERVED.has(of) && !/^\d+$/.test(of) && !of.includes('odata.'));

/** Lone surrogates, controls and line separators too. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('\u2028\u2029', '\ud800', 'a\udc00b', '\r\n--changeset_ID', "it's", '{"odata.error":{}}'),
);
const property: fc.Arbitrary<Property> = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double().map((value) => ({ type: 'Double' as const, value: String(value) })),
  fc.constantFrom<Property>(
    { type: 'Double', value: 'NaN' },
    { type: 'Double', value: 'Infinity' },
    { type: 'Double', value: '-Infinity' },
    { type: 'Double', value: '-0' },
    { type: 'DateTime', value: '1601-01-01T00:00:00.000Z' },
  ),
  fc.date({ noInvalidDate: true }).map((value) => ({ type: 'DateTime' as const, value: value.toISOString() })),
  fc.uint8Array().map((bytes) => ({ type: 'Binary' as const, value: Buffer.from(bytes).toString('base64') })),
);
const key = fc.oneof(
  fc.uuid(),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom("it's", "''", 'a%2Fb', 'é/?#&+ ', '名前'),
);
const entity = fc.record({
  key: fc.record({ partitionKey: fc.constant("p'1"), rowKey: key }),
  properties: fc.uniqueArray(fc.tuple(name, property), { maxLength: 12, selector: ([of]) => of }),
  kind: fc.constantFrom('insert' as const, 'merge' as const, 'replace' as const),
});
type Generated = typeof entity extends fc.Arbitrary<infer T> ? T : never;

const ETAG = `W/"datetime'2026-11-28T09%3A26%3A53.5897932Z'"`;
const ofSdk = ({ key: { partitionKey, rowKey }, properties }: Generated): TableEntity => ({
  partitionKey,
  rowKey,
  ...Object.fromEntries(properties),
});
const modeOf = ({ kind }: Generated): 'Merge' | 'Replace' => (kind === 'merge' ? 'Merge' : 'Replace');
const ofOurs = ({ key: at, properties, kind }: Generated): GuardedWrite => {
  const body = entityBody(at, properties);
  return kind === 'insert' ? { kind, key: at, body } : { kind, key: at, body, etag: ETAG };
};
const accounts = fc.constantFrom(KEY, SIGNED, LOCAL);

describe('what is sent is what the SDK would send', () => {
  test('an entity alone: address, headers and every byte of the body', () =>
    fc.assert(
      fc.asyncProperty(accounts, entity, async (account, one) => {
        const sdk = await sending(account, (client) =>
          one.kind === 'insert'
            ? client.createEntity(ofSdk(one))
            : client.updateEntity(ofSdk(one), modeOf(one), { etag: ETAG }),
        );
        expect(await sending(account, (client) => new EntityTable(client).write(ofOurs(one)))).toEqual(sdk);
      }),
    ));

  test('a transaction: every byte but its boundaries', () =>
    fc.assert(
      fc.asyncProperty(accounts, fc.array(entity, { minLength: 1, maxLength: 6 }), async (account, all) => {
        const actions = all.map((one): TransactionAction =>
          one.kind === 'insert' ? ['create', ofSdk(one)] : ['update', ofSdk(one), modeOf(one), { etag: ETAG }],
        );
        const sdk = await sending(account, (client) => client.submitTransaction(actions));
        expect(await sending(account, (client) => new EntityTable(client).transact(all.map(ofOurs)))).toEqual(sdk);
      }),
    ));

  test('a read of one entity, and a query', () =>
    fc.assert(
      fc.asyncProperty(accounts, key, fc.string({ unit: 'grapheme' }), async (account, rowKey, filter) => {
        const at = { partitionKey: "p'1", rowKey };
        const one = await sending(account, (client) => client.getEntity(at.partitionKey, rowKey));
        expect(await sending(account, (client) => new EntityTable(client).get(at))).toEqual(one);
        const select = ['PartitionKey', 'Stamp'];
        const page = await sending(account, (client) =>
          client.listEntities({ queryOptions: { filter, select } }).byPage({ maxPageSize: 7 }).next(),
        );
        const ours = await sending(account, (client) =>
          new EntityTable(client).query({ filter, select, top: 7 })[Symbol.asyncIterator]().next(),
        );
        expect(ours).toEqual(page);
      }),
    ));
});

test('what is sent comes back with its type and every digit', () => {
  fc.assert(
    fc.property(entity, ({ key: at, properties }) => {
      const wire = JSON.parse(entityBody(at, properties)) as Record<string, unknown>;
      const prints = new Map(properties.map(([of, value]) => [of, fingerprint(value)]));
      expect(new Map(fingerprintsOf(wire))).toEqual(prints);
    }),
  );
});

describe('a query goes on', () => {
  test.each([
    ['both keys', { partition: '1!4!YQ--', row: "1!8!b'b&" }],
    ['a partition alone', { partition: '1!4!YQ--', row: '' }],
  ])('from where the last page ended: %s', async (_what, { partition, row: rowKey }) => {
    const asked: string[] = [];
    const answer = ({ url }: PipelineRequest): Scripted => {
      asked.push(url);
      const headers = {
        'content-type': 'application/json',
        ...(asked.length === 1
          ? { 'x-ms-continuation-NextPartitionKey': partition, 'x-ms-continuation-NextRowKey': rowKey }
          : {}),
      };
      return { status: 200, headers, body: JSON.stringify({ value: [{ RowKey: String(asked.length) }] }) };
    };
    const read = async (pages: AsyncIterable<unknown>): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const page of pages) found.push(page);
      return found;
    };
    const ours = await read(new EntityTable(scriptedClient('rows', answer)).query({ filter: 'x', top: 5 }));
    expect(ours).toMatchObject([{ entities: [{ RowKey: '1' }] }, { entities: [{ RowKey: '2' }], next: undefined }]);
    const byUs = asked.splice(0).map((url) => new URL(url).searchParams);
    const pages = scriptedClient('rows', answer).listEntities({ queryOptions: { filter: 'x' } });
    await read(pages.byPage({ maxPageSize: 5 }));
    const bySdk = asked.map((url) => new URL(url).searchParams);
    expect(byUs.map((of) => [...of].sort())).toEqual(bySdk.map((of) => [...of].sort()));
  });
});

describe('what is answered to a write', () => {
  const written: Scripted = { status: 204, headers: { ETag: ETAG } };
  const writes = [1, 2, 3].map((n) => ({
    row: row(n),
    expected: undefined,
    stamp: stamp({}),
    effect: 'snapshot' as const,
    columns: columns({ name: `secret ${n}` }),
  }));
  const codes = (outcomes: readonly WriteOutcome[]): string[] =>
    outcomes.map((outcome) => (outcome.kind === 'failed' ? codeOf(outcome.error) : outcome.kind));

  /** Writes three rows of one transaction; `answer` is told which rows a request has, from 1. */
  async function writing(answer: (rows: readonly number[], url: string) => Scripted) {
    const sent: string[] = [];
    const client = scriptedClient('account', (request) => {
      const { url } = request;
      const rows = [1, 2, 3].filter((n) => textOf(request).includes(`secret ${n}`));
      const isTable = url.endsWith('/Tables');
      sent.push(isTable ? 'table' : rows.join(''));
      return isTable ? { status: 201 } : answer(rows, url);
    });
    const outcomes = await new TableStore(() => client, plainNaming('')).write(writes);
    return { codes: codes(outcomes), sent, outcomes };
  }
  const all = (rows: readonly number[]): Scripted =>
    rows.length === 1 ? written : transacted(rows.map(() => written));

  test('all are written, each with its own tag', async () => {
    const tags = (rows: readonly number[]): Scripted =>
      transacted(rows.map((n) => ({ status: 204, headers: { ETag: `W/"${n}"` } })));
    const { outcomes, sent } = await writing(tags);
    expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.stored.etag)).toEqual([
      'W/"1"',
      'W/"2"',
      'W/"3"',
    ]);
    expect(sent).toEqual(['123']);
  });

  test.each([
    [412, 'UpdateConditionNotSatisfied'],
    [409, 'EntityAlreadyExists'],
    [404, 'ResourceNotFound'],
  ])('%i within a transaction: that row lost its race, the others are written', async (status, code) => {
    const { codes: ended, sent } = await writing((rows) =>
      rows.includes(2) ? transacted([refused(status, code, '1:It was.')]) : all(rows),
    );
    expect([ended, sent]).toEqual([
      ['written', 'conflict', 'written'],
      ['123', '13'],
    ]);
  });

  test.each([
    ['in the part', () => transacted([refused(404, 'TableNotFound', '0:No such table.')])],
    ['of the whole', () => refused(404, 'TableNotFound')],
  ])('the table is missing, said %s: it is made', async (_what, missing) => {
    let made = false;
    const { codes: ended, sent } = await writing((rows) => {
      const answer = made ? all(rows) : missing();
      made = true;
      return answer;
    });
    expect([ended, sent]).toEqual([
      ['written', 'written', 'written'],
      ['123', 'table', '123'],
    ]);
  });

  test('413 of the whole, from a gateway: halves, and what is too large alone is refused', async () => {
    const {
      codes: ended,
      sent,
      outcomes,
    } = await writing((rows) =>
      rows.includes(3) ? { status: 413, headers: { 'content-type': 'text/html' }, body: '<h1>no</h1>' } : all(rows),
    );
    expect([ended, sent]).toEqual([
      ['written', 'written', 'row-refused'],
      ['123', '12', '3'],
    ]);
    expect(JSON.stringify(outcomes.map((outcome) => outcome.kind === 'failed' && String(outcome.error)))).not.toContain(
      'secret',
    );
  });

  test('500 of the whole, or in the part: one by one', async () => {
    for (const fault of [refused(500, 'InternalError'), transacted([refused(500, 'InternalError', '0:It failed.')])]) {
      const { codes: ended, sent } = await writing((rows) => (rows.length > 1 ? fault : all(rows)));
      expect([ended, sent]).toEqual([
        ['written', 'written', 'written'],
        ['123', '1', '2', '3'],
      ]);
    }
  });

  test.each([
    ['503', refused(503, 'ServerBusy')],
    ['403', { status: 403, headers: { 'content-type': 'application/xml' }, body: '<error/>' }],
    ['fewer parts than rows', transacted([written, written])],
    ['a part without an entity tag', transacted([written, { status: 204 }, written])],
    ['no parts', { status: 202, body: 'nonsense' }],
  ] satisfies [string, Scripted][])('%s: nobody knows, no row is said to be written', async (_what, answer) => {
    const { codes: ended, sent } = await writing(() => answer);
    expect([ended, sent]).toEqual([['unexpected', 'unexpected', 'unexpected'], ['123']]);
  });

  test('an entity alone without an entity tag is not said to be written', async () => {
    const table = new EntityTable(scriptedClient('rows', () => ({ status: 204 })));
    await expect(table.write({ kind: 'insert', key: { partitionKey: 'p', rowKey: 'r' }, body: '{}' })).rejects.toThrow(
      'without an entity tag',
    );
  });
});

describe('what is answered to a read', () => {
  const at = { partitionKey: 'p', rowKey: 'r' };
  const reading = (answer: Scripted) => new EntityTable(scriptedClient('rows', () => answer));

  test('404 is nothing, 503 is no answer', async () => {
    expect(await reading(refused(404, 'ResourceNotFound')).get(at)).toBeUndefined();
    const error = await reading(refused(503, 'ServerBusy'))
      .get(at)
      .catch((caught: unknown) => caught);
    expect(statusOf(error)).toBe(503);
  });

  test('JSON that isn’t said to be', async () => {
    expect(await reading({ status: 200, body: '{"RowKey":"r"}' }).get(at)).toEqual({ RowKey: 'r' });
  });
});

test('a token is never sent to an address without TLS', async () => {
  let asked = 0;
  const credential = {
    getToken: () => Promise.resolve({ token: 't', expiresOnTimestamp: Date.now() + (asked += 1e9) }),
  };
  const table = new EntityTable(new TableClient('http://127.0.0.1:9', 'rows', credential));
  await expect(table.get({ partitionKey: 'p', rowKey: 'r' })).rejects.toThrow(/TLS/);
  expect(asked).toBe(0);
});
