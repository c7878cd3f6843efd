/**
 * Proves that the PostgreSQL store keeps the contract of a LOB store on a real PostgreSQL, and that every value lies there exactly
 * as docs/store.md says: tables and views are read with the client alone, past all code of the app.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { startPostgres, type Postgres } from '../../local/postgres/postgres';
import { Database } from '../../shared/lob/postgres/database';
import { PostgresFinder } from '../../shared/lob/postgres/postgres-finder';
import { PostgresStore } from '../../shared/lob/postgres/postgres-store';
import { Schema } from '../../shared/lob/postgres/schema';
import { postgresNamingOf } from '../../shared/lob/postgres/naming';
import type { Columns, Value } from '../../shared/change/value';
import { codeOf } from '../../shared/errors/errors';
import {
  LONGEST_WRITE_MS,
  type LobStore,
  type RowEffect,
  type RowWrite,
  type StoredRow,
  type WriteOutcome,
} from '../../shared/lob/store';
import { linkOf } from '../../shared/mapping/link';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { readPostgres, type PostgresConfig } from '../../shared/settings/postgres';
import type { Log } from '../../shared/telemetry/log';
import { eventually } from '../eventually';
import { columns, row, rowId, stamp } from '../writer/changes';
import { finderContract } from './finder-contract';
import { sameData, storeContract } from './store-contract';

let postgres: Postgres;
const databases: Database[] = [];
let stores = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await Promise.all(databases.map((database) => database.close()));
  await postgres.stop();
});

function configOf(of: Partial<PostgresConfig> = {}): PostgresConfig {
  const { value } = readPostgres(postgres.settings);
  if (value === undefined) throw new Error('no settings');
  return { ...value, ...of };
}

/** A store in schemas of its own, unless they are given. */
function fresh(of: Partial<PostgresConfig> & { readonly tables?: string; readonly log?: Log } = {}) {
  const { tables = `t${(stores += 1)}`, log, ...config } = of;
  const database = new Database(configOf(config), log);
  databases.push(database);
  const schemas = { tables, views: `${tables}_views` };
  const schema = new Schema(database, {
    schemas,
    grows: config.growsSchema ?? true,
    ...(log === undefined ? {} : { log }),
  });
  return {
    store: new PostgresStore(database, schema, postgresNamingOf(DEFAULT_MAPPING, ''), tables),
    schemas,
    database,
    schema,
  };
}

storeContract('the PostgreSQL store', () => fresh().store);
finderContract('the PostgreSQL store', () => {
  const { store, schemas } = fresh();
  // As in another instance, which doesn't know what this one adds.
  const { database, schema } = fresh({ tables: schemas.tables });
  return { store, finder: new PostgresFinder(database, schema, postgresNamingOf(DEFAULT_MAPPING, '')) };
});

const LIVE = stamp({ version: 7n, knownUntil: 10, latestKnown: 12, recentKeys: ['k1', 'k2'] });

const write = (effect: RowEffect, of: Columns, expected?: StoredRow, n = 1): RowWrite => ({
  row: row(n),
  expected,
  stamp: effect === 'clear' ? { ...LIVE, deleted: true } : LIVE,
  effect,
  columns: of,
});

async function put(store: LobStore, of: RowWrite): Promise<StoredRow> {
  const [outcome] = await store.write([of]);
  if (outcome?.kind !== 'written') throw new Error('not written', { cause: outcome });
  return outcome.stored;
}

async function get(store: LobStore, n = 1): Promise<StoredRow> {
  const [stored] = await store.read([row(n)]);
  if (stored === undefined) throw new Error('nothing is stored');
  return stored;
}

const one = (value: Value, name = 'x'): Columns => new Map([[name, value]]);
const text = (value: string): Value => ({ kind: 'string', value });
const codes = (outcomes: readonly WriteOutcome[]): string[] =>
  outcomes.map((outcome) => (outcome.kind === 'failed' ? codeOf(outcome.error) : outcome.kind));

/** Runs SQL past the app; everything comes as PostgreSQL's text. */
async function sql(query: string): Promise<Record<string, string | null>[]> {
  const client = await connected();
  const { rows } = await client.query<Record<string, string | null>>(query);
  await client.end();
  return rows;
}

async function connected(): Promise<Client> {
  const { host, port, user, database } = postgres;
  const client = new Client({ host, port, user, database, types: { getTypeParser: () => String } });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

describe('where a row lies', () => {
  test('a table with the row id and four columns of ours; a view with live rows, and nothing of ours', async () => {
    const { store, schemas } = fresh();
    const written = await put(store, write('snapshot', columns({ name: 'Ada', size: 3 })));
    await put(
      store,
      write('clear', new Map(), await put(store, write('snapshot', columns({ name: 'x' }), undefined, 2)), 2),
    );
    await put(store, write('hide', new Map(), undefined, 3));
    const rows = await sql(
      `select *, dvo_written_at > now() - interval '1 min' young from ${schemas.tables}.account order by id`,
    );
    expect(rows).toEqual([
      {
        ...{ id: row(1).id, name: 'Ada', size: '3', dvo_state: '0', dvo_etag: written.etag, young: 't' },
        dvo_stamp: '{"v":"7","base":10,"seen":12,"ring":"k1 k2"}',
        dvo_written_at: expect.any(String),
      },
      expect.objectContaining({ id: row(2).id, name: null, size: null, dvo_state: '2' }),
      expect.objectContaining({ id: row(3).id, name: null, size: null, dvo_state: '1' }),
    ]);
    expect(await sql(`select * from ${schemas.views}.account`)).toEqual([{ id: row(1).id, name: 'Ada', size: '3' }]);
  });

  test('names that a value adds need no quotes in the view, unless a column has that name', async () => {
    const { store, schemas } = fresh();
    const rank: Value = { kind: 'choice', value: 1, label: 'Gold' };
    await put(
      store,
      write(
        'snapshot',
        new Map([
          ['rank', rank],
          ['ranklabel', text('own')],
          ['owner', null],
        ]),
      ),
    );
    const owner: Value = { kind: 'lookup', table: 'contact', id: rowId(9), name: 'Ada' };
    await put(store, write('patch', new Map([['owner', owner]]), await get(store)));
    expect(
      await sql(
        `select rank, ranklabel, ranklabelcolumn, owner, ownertable, ownername from (select *, "ranklabelColumn" ranklabelcolumn from ${schemas.views}.account) v`,
      ),
    ).toEqual([
      {
        rank: '1',
        ranklabel: 'Gold',
        ranklabelcolumn: 'own',
        owner: rowId(9),
        ownertable: 'contact',
        ownername: 'Ada',
      },
    ]);
  });

  test('the example of docs/store.md answers as shown there', async () => {
    const { store, schemas } = fresh();
    const [, query = '', answer = ''] =
      /```sql\n([^]*?)```\n\n```text\n([^]*?)\n```/.exec(readFileSync('docs/store.md', 'utf8')) ?? [];
    const account = (n: number, name: string, label: string): RowWrite => {
      const status: Value = { kind: 'choice', value: n, label };
      return write('snapshot', new Map([...columns({ name }), ['statuscode', status]]), undefined, n);
    };
    const opportunity = (n: number, of: number, value: string, state = 0): RowWrite => {
      const customer: Value = { kind: 'lookup', table: 'account', id: rowId(of), name: null };
      const money: Value = { kind: 'money', text: value };
      const made = new Map([['customerid', customer], ['estimatedvalue', money], ...columns({ statecode: state })]);
      return { ...write('snapshot', made, undefined, n), row: row(n, 'opportunity') };
    };
    await store.write([
      account(1, 'Contoso', 'Active'),
      account(2, 'Fabrikam', 'On hold'),
      account(3, 'Adatum', 'Active'),
    ]);
    const opportunities = [opportunity(1, 1, '1000.00'), opportunity(2, 1, '250.50'), opportunity(3, 2, '99.90')];
    await store.write([...opportunities, opportunity(4, 3, '5', 1)]);
    const rows = await sql(query.replaceAll('lob.', `${schemas.views}.`));
    const [head = '', ...lines] = answer.split('\n').map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .join('|'),
    );
    expect([Object.keys(rows[0] ?? {}).join('|'), rows.map((each) => Object.values(each).join('|'))]).toEqual([
      head,
      lines,
    ]);
  });

  test('names that PostgreSQL has taken or would cut', async () => {
    const { store, schemas } = fresh();
    const long = `new_${'x'.repeat(90)}`;
    const of: Columns = new Map<string, Value>([
      ...['id', 'dvo_etag', 'xmin', 'user', 'a"b'].map((name) => [name, text(name)] as const),
      [`${long}1`, { kind: 'choice', value: 1, label: 'one' }],
      [`${long}2`, { kind: 'choice', value: 2, label: 'two' }],
    ]);
    const stored = await put(store, write('snapshot', of));
    expect([stored, await get(store)].map((each) => sameData(store, each, of))).toEqual([true, true]);
    const [found = {}] = await sql(`select * from ${schemas.tables}.account`);
    expect(found).toMatchObject({
      idColumn: 'id',
      dvo_etagColumn: 'dvo_etag',
      xminColumn: 'xmin',
      user: 'user',
      'a"b': 'a"b',
    });
    const cleared = await put(store, write('patch', one(null, `${long}1`), stored));
    const rest = new Map([...of].filter(([name]) => name !== `${long}1`));
    expect(sameData(store, cleared, rest)).toBe(true);
    expect(sameData(store, await get(store), rest)).toBe(true);
  });

  test('a link has the ids of its rows as its key', async () => {
    const { store, schemas } = fresh();
    const address = { table: 'accountleads_association', id: `${rowId(1)}_${rowId(2)}` };
    const of = linkOf('accountleads_association', [
      { table: 'account', id: rowId(1) },
      { table: 'lead', id: rowId(2) },
    ]).columns;
    const second = { ...write('snapshot', of), row: { ...address, id: `${rowId(1)}_${rowId(3)}` } };
    const [stored] = await store.write([{ ...write('snapshot', of), row: address }, second]);
    expect(stored?.kind === 'written' && store.sameData(stored.stored, { row: address, columns: of })).toBe(true);
    const [read, none] = await store.read([address, { ...address, id: `${rowId(2)}_${rowId(1)}` }]);
    expect(read !== undefined && store.sameData(read, { row: address, columns: of })).toBe(true);
    expect(none).toBeUndefined();
    expect(await sql(`select * from ${schemas.views}.accountleads_association order by id2`)).toEqual([
      { id1: rowId(1), id2: rowId(2), table1: 'account', table2: 'lead' },
      { id1: rowId(1), id2: rowId(3), table1: 'account', table2: 'lead' },
    ]);
    const listed: string[] = [];
    for await (const { entries } of store.liveRows(address.table)) listed.push(...entries.map((entry) => entry.row.id));
    expect(listed).toEqual([address.id, second.row.id]);
    const gone = await store.write([{ ...write('clear', new Map(), read), row: address }]);
    expect(codes(gone)).toEqual(['written']);
    for await (const { entries } of store.tombstones(address.table, 9_999_999_999))
      expect([entries.map((entry) => entry.row.id), await store.removeTombstones(entries)]).toEqual([[address.id], 1]);
  });

  test('a row that somebody else wrote is passed over by a listing', async () => {
    const { store, schemas } = fresh();
    await put(store, write('snapshot', columns({ name: 'Ada' })));
    await sql(
      `insert into ${schemas.tables}.account (id, dvo_stamp, dvo_etag, dvo_state, dvo_written_at) values ('${rowId(2)}', 'x', 0, 0, now())`,
    );
    for await (const { entries, foreign } of store.liveRows('account')) {
      expect(entries.map((entry) => entry.row.id)).toEqual([rowId(1)]);
      expect(foreign).toMatchObject([{ key: rowId(2), error: { code: 'stamp-unreadable' } }]);
    }
    await expect(store.read([row(2)])).rejects.toMatchObject({ code: 'stamp-unreadable' });
  });
});

describe('every kind of value is exact', () => {
  const cases: readonly (readonly [what: string, value: Value, type: string, stored: Record<string, string>])[] = [
    ['a string', text('Ærø & <b> 👩‍👩‍👧 \u0001\t\r\n\u2028'), 'text', { x: 'Ærø & <b> 👩‍👩‍👧 \u0001\t\r\n\u2028' }],
    ['an empty string', text(''), 'text', { x: '' }],
    ['a lone surrogate, which is no UTF-8', text('a\ud800b'), 'text', { x: 'a\ufffdb' }],
    ['true', { kind: 'boolean', value: true }, 'boolean', { x: 't' }],
    ['the smallest Int32', { kind: 'integer', value: -2147483648 }, 'integer', { x: '-2147483648' }],
    ['the largest Int64', { kind: 'bigint', value: 9223372036854775807n }, 'bigint', { x: '9223372036854775807' }],
    ['a decimal with its scale', { kind: 'decimal', text: '1.10' }, 'numeric', { x: '1.10' }],
    ['money', { kind: 'money', text: '922337203685477.5807' }, 'numeric', { x: '922337203685477.5807' }],
    ['a number whose type is lost', { kind: 'number', text: '1E-07' }, 'numeric', { x: '0.0000001' }],
    ['a double', { kind: 'double', value: 0.1 }, 'double precision', { x: '0.1' }],
    [
      'a huge double',
      { kind: 'double', value: 1.7976931348623157e308 },
      'double precision',
      { x: '1.7976931348623157e+308' },
    ],
    ['a double below one', { kind: 'double', value: 1e-7 }, 'double precision', { x: '1e-07' }],
    [
      'an instant',
      { kind: 'instant', epochMs: 1775135110123 },
      'timestamp with time zone',
      { x: '2026-04-02 13:05:10.123+00' },
    ],
    [
      'the least date of .NET',
      { kind: 'instant', epochMs: -62_135_596_800_000 },
      'timestamp with time zone',
      { x: '0001-01-01 00:00:00+00' },
    ],
    [
      'a year of five digits',
      { kind: 'instant', epochMs: Date.UTC(10_000, 0, 1) },
      'timestamp with time zone',
      { x: '10000-01-01 00:00:00+00' },
    ],
    ['a date', { kind: 'date', text: '1969-07-20' }, 'date', { x: '1969-07-20' }],
    [
      'a wall time',
      { kind: 'wallTime', text: '2026-02-28T17:45:00.000' },
      'timestamp without time zone',
      { x: '2026-02-28 17:45:00' },
    ],
    [
      'a time with an offset, as the wall time',
      { kind: 'offsetTime', epochMs: 0, offsetMinutes: -90 },
      'timestamp without time zone',
      { x: '1969-12-31 22:30:00' },
    ],
    ['a guid', { kind: 'guid', value: rowId(7) }, 'uuid', { x: rowId(7) }],
    ['a choice', { kind: 'choice', value: 3, label: 'Gold' }, 'integer', { x: '3', xLabel: 'Gold' }],
    ['choices', { kind: 'choices', values: [1, -2], label: 'A; B' }, 'integer[]', { x: '{1,-2}', xLabel: 'A; B' }],
    [
      'a lookup',
      { kind: 'lookup', table: 'contact', id: rowId(7), name: 'Ada' },
      'uuid',
      { x: rowId(7), xTable: 'contact', xName: 'Ada' },
    ],
    ['bytes', { kind: 'bytes', base64: 'AAEC/w==' }, 'bytea', { x: '\\x000102ff' }],
    [
      'a managed property',
      { kind: 'managed', value: false, canBeChanged: false, property: 'p' },
      'boolean',
      { x: 'f' },
    ],
    ['pairs', { kind: 'pairs', entries: [['a', 'b']] }, 'jsonb', { x: '[["a", "b"]]' }],
    [
      'a list keeps the digits of its numbers',
      { kind: 'list', items: [{ kind: 'number', text: '1.10' }, null, { kind: 'string', value: '\ud800 \\u0041' }] },
      'jsonb',
      { x: '["1.10", null, "\ufffd \\\\u0041"]' },
    ],
    [
      'an unknown type, its keys in any order',
      { kind: 'unknown', type: 'New', json: '{"zz":1,"a":{"c":1e2,"b":[]}}' },
      'jsonb',
      { x: '{"a": {"b": [], "c": "1e2"}, "zz": 1, "__type": "New"}' },
    ],
    ['a text that is JSON', { kind: 'unknown', type: '', json: '"5"' }, 'jsonb', { x: '"5"' }],
  ];

  test.each(cases)('%s', async (_what, value, type, found) => {
    const { store, schemas } = fresh();
    const written = await put(store, write('snapshot', one(value)));
    const own = ['id', 'dvo_stamp', 'dvo_etag', 'dvo_state', 'dvo_written_at'];
    const [raw = {}] = await sql(`select * from ${schemas.tables}.account`);
    const shown = Object.fromEntries(Object.entries(raw).filter(([name]) => !own.includes(name)));
    expect(shown).toEqual(found);
    expect(
      await sql(
        `select format_type(atttypid, atttypmod) type from pg_attribute where attrelid = '${schemas.tables}.account'::regclass and attname = 'x'`,
      ),
    ).toEqual([{ type }]);
    // By the statements of many rows, too.
    const both = await store.write([11, 12].map((n) => write('snapshot', one(value), undefined, n)));
    expect(codes(both)).toEqual(['written', 'written']);
    const reads = [written, await get(store), await get(store, 11)];
    expect(reads.map((each) => sameData(store, each, one(value)))).toEqual([true, true, true]);
  });

  test('whoever reads sees the same, whatever the time zone and date style of the session', async () => {
    await sql(`alter role dvo set timezone = 'America/St_Johns'; alter role dvo set datestyle = 'German'`);
    try {
      const { store } = fresh();
      const of: Columns = new Map<string, Value>([
        ['a', { kind: 'instant', epochMs: 1775135110123 }],
        ['b', { kind: 'wallTime', text: '2026-02-28T17:45:00.000' }],
        ['c', { kind: 'date', text: '1969-07-20' }],
      ]);
      await put(store, write('snapshot', of));
      expect(sameData(store, await get(store), of)).toBe(true);
    } finally {
      await sql('alter role dvo reset all');
    }
  });
});

describe('what PostgreSQL refuses', () => {
  test('[I52] a row with U+0000, too large a number or against a constraint is refused alone; no value is told', async () => {
    const { store, schemas } = fresh();
    await put(store, write('snapshot', columns({ name: 'Ada', size: 1 })));
    await sql(`alter table ${schemas.tables}.account add check (size < 1000)`);
    const bad = new Map<number, Columns>([
      [3, new Map([...columns({ never: 1 }), ...one(text('se\0cret'), 'name')])],
      [77, columns({ name: 'secret', size: 5000 })],
      [78, columns({ name: 'secret', size: 5001 })],
      [150, one({ kind: 'number', text: '1e999' }, 'amount')],
      [151, one({ kind: 'pairs', entries: [['se\0cret', '']] }, 'pairs')],
      [152, one({ kind: 'date', text: '2026-02-30' }, 'day')],
    ]);
    const outcomes = await store.write(
      Array.from({ length: 200 }, (_, n) => write('snapshot', bad.get(n) ?? columns({ size: n }), undefined, 1000 + n)),
    );
    expect(codes(outcomes)).toEqual(Array.from({ length: 200 }, (_, n) => (bad.has(n) ? 'row-refused' : 'written')));
    // What can't be stored makes no column.
    const [row] = await sql(`select * from ${schemas.tables}.account limit 1`);
    expect(row).not.toHaveProperty('never');
    const told = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [String(outcome.error)] : [])).join('\n');
    expect(told).toContain('column name: its text holds the character U+0000');
    expect(told).toContain('23514 by account_size_check');
    expect(told).toContain('22008');
    expect(told).not.toContain('cret');
    expect(told).not.toContain('5000');
  });

  test('a value of another type than its column: the row is refused, and told which; the column stays', async () => {
    const { store, schemas } = fresh();
    const first = await put(store, write('snapshot', columns({ size: 1 })));
    const outcomes = await store.write([
      write('snapshot', columns({ size: 'large' }), first),
      write('snapshot', columns({ size: 2 }), undefined, 2),
    ]);
    expect(codes(outcomes)).toEqual(['row-refused', 'written']);
    expect(outcomes[0]).toMatchObject({
      error: { message: expect.stringContaining('column size is integer, and the value is text') },
    });
    // Wider types hold it.
    await sql(`drop view ${schemas.views}.account; alter table ${schemas.tables}.account alter size type numeric`);
    const { store: later } = fresh({ tables: schemas.tables });
    const [read] = await later.read([row()]);
    expect(read !== undefined && sameData(later, read, columns({ size: 1 }))).toBe(true);
    await put(later, write('snapshot', columns({ size: 3 }), read));
    // And the other instance finds out.
    await put(store, write('snapshot', one({ kind: 'decimal', text: '4.50' }, 'size'), await get(store)));
    expect(await sql(`select size from ${schemas.tables}.account where id = '${rowId(1)}'`)).toEqual([
      { size: '4.50' },
    ]);
  });

  test('a column that this app has no type for is left alone, and nothing is written there', async () => {
    const { store, schemas } = fresh();
    await put(store, write('snapshot', columns({ size: 1 })));
    await sql(
      `alter table ${schemas.tables}.account add twice int generated always as (size * 2) stored, add place point`,
    );
    const read = await get(store);
    expect(sameData(store, read, columns({ size: 1 }))).toBe(true);
    const outcomes = await store.write([write('snapshot', columns({ size: 2, place: 'x' }), read)]);
    expect(outcomes).toMatchObject([
      { kind: 'failed', error: { message: expect.stringContaining('column place is point') } },
    ]);
    await put(store, write('snapshot', columns({ size: 2 }), read));
    expect(await sql(`select twice from ${schemas.tables}.account`)).toEqual([{ twice: '4' }]);
  });
});

describe('many at once', () => {
  test('12 lanes add 50 times to one row: 600', async () => {
    const { store } = fresh();
    await put(store, write('snapshot', columns({ size: 0 })));
    const sizeOf = ({ data }: StoredRow): number => Number((data as { texts: Map<string, string> }).texts.get('size'));
    const lane = async (): Promise<void> => {
      for (let added = 0; added < 50;) {
        const known = await get(store);
        const [outcome] = await store.write([write('patch', columns({ size: sizeOf(known) + 1 }), known)]);
        if (outcome?.kind === 'written') added += 1;
        else expect(outcome?.kind).toBe('conflict');
      }
    };
    await Promise.all(Array.from({ length: 12 }, lane));
    expect(sizeOf(await get(store))).toBe(600);
  });

  test('of 12 who make one row, one does', async () => {
    const { store } = fresh();
    await put(store, write('snapshot', columns({ size: 0 })));
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, n) => store.write([write('snapshot', columns({ size: n }), undefined, 2)])),
    );
    expect(codes(outcomes.flat()).sort()).toEqual([...Array<string>(11).fill('conflict'), 'written']);
    const winner = outcomes.findIndex(([outcome]) => outcome?.kind === 'written');
    expect(sameData(store, await get(store, 2), columns({ size: winner }))).toBe(true);
  });

  test('rows that are written alone at the same time share a statement, and each has its own outcome', async () => {
    const { store, database } = fresh();
    const old = await put(store, write('snapshot', columns({ size: 0 }), undefined, 0));
    let sent = 0;
    const query = database.queryIf.bind(database);
    database.queryIf = (...of) => {
      sent += 1;
      return query(...of);
    };
    const made = Array.from({ length: 20 }, (_, n) => write('snapshot', columns({ size: n }), undefined, n));
    const refused = write('snapshot', columns({ name: 'a\u0000b' }), undefined, 30);
    const unwanted = { ...write('snapshot', columns({ size: 1 }), undefined, 31), onlyWhile: () => false };
    const changed = [1, 2].map((size) => write('patch', columns({ size }), old, 0));
    const outcomes = await Promise.all([...made, refused, unwanted, ...changed].map((of) => store.write([of])));
    const all = codes(outcomes.flat());
    expect(all.slice(0, 22)).toEqual(['conflict', ...Array<string>(19).fill('written'), 'row-refused', 'conflict']);
    const changes = all.slice(22);
    expect(changes.toSorted()).toEqual(['conflict', 'written']);
    // The inserts, once more without the one that is no longer wanted, and an update for each of the two changes of one row.
    expect(sent).toBe(4);
    for (const n of [1, 7, 19]) expect(sameData(store, await get(store, n), columns({ size: n }))).toBe(true);
    expect(sameData(store, await get(store, 0), columns({ size: 1 + changes.indexOf('written') }))).toBe(true);
  });

  test('8 lanes write the same 400 rows in orders of their own: no deadlock, and every row is some lane’s', async () => {
    const { store, schemas } = fresh();
    const ids = Array.from({ length: 400 }, (_, n) => n);
    // Among many others, so that each row is looked up in the order of the statement; it takes its time, so that the lanes meet.
    const all = Array.from({ length: 20_000 }, (_, n) => write('snapshot', columns({ size: 0 }), undefined, n));
    await store.write(all);
    await sql(`
      analyze ${schemas.tables}.account;
      create function ${schemas.tables}.slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.0005); return new; end';
      create trigger slowly before update on ${schemas.tables}.account for each row execute function ${schemas.tables}.slowly()`);
    const before = await deadlocks();
    for (let round = 0; round < 3; round += 1) {
      const known = await store.read(ids.map((n) => row(n)));
      const lanes = Array.from({ length: 8 }, (_, lane) => (lane % 2 === 0 ? ids : ids.toReversed()));
      const outcomes = await Promise.all(
        lanes.map((order, lane) => store.write(order.map((n) => write('patch', columns({ size: lane }), known[n], n)))),
      );
      const count = (kind: WriteOutcome['kind']): number => outcomes.flat().filter((one) => one.kind === kind).length;
      expect([count('written'), count('conflict')]).toEqual([400, 2800]);
    }
    expect(await deadlocks()).toBe(before);
  });

  const deadlocks = async (): Promise<string | null | undefined> => {
    // What sessions have counted is told a second later at most, unless they are asked to.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    return (await sql(`select deadlocks from pg_stat_database where datname = 'postgres'`))[0]?.deadlocks;
  };

  test('5,000 cold rows are read by at most 4 statements', async () => {
    const { store, database } = fresh();
    const ids = Array.from({ length: 5000 }, (_, n) => n);
    await store.write(ids.map((n) => write('snapshot', columns({ size: n }), undefined, n)));
    let sent = 0;
    const query = database.query.bind(database);
    database.query = (...of: Parameters<Database['query']>) => {
      sent += 1;
      return query(...of);
    };
    const found = await store.read(ids.map((n) => row(n)));
    expect([found.filter((one) => one !== undefined).length, sent <= 4]).toEqual([5000, true]);
  });
});

describe('the schema grows', () => {
  test('two instances that find a table missing make it once', async () => {
    const tables = `t${(stores += 1)}`;
    const two = [fresh({ tables }), fresh({ tables }), fresh({ tables })];
    const outcomes = await Promise.all(
      two.map(({ store }, n) => store.write([write('snapshot', columns({ [`c${n}`]: n, name: 'x' }), undefined, n)])),
    );
    expect(codes(outcomes.flat())).toEqual(['written', 'written', 'written']);
    const [{ columns: names } = {}] = await sql(
      `select string_agg(column_name, ',' order by column_name) columns from information_schema.columns where table_schema = '${tables}' and column_name not like 'dvo%'`,
    );
    expect(names).toBe('c0,c1,c2,id,name');
  });

  test('[I81] a column that one instance adds is seen by the other, which neither keeps nor loses its values', async () => {
    const tables = `t${(stores += 1)}`;
    const [a, b] = [fresh({ tables }), fresh({ tables })];
    const first = await put(a.store, write('snapshot', columns({ name: 'Ada' })));
    await put(b.store, write('snapshot', columns({ name: 'Ada', city: 'Oslo' }), await get(b.store)));
    expect(codes(await a.store.write([write('snapshot', columns({ name: 'x' }), first)]))).toEqual(['conflict']);
    const read = await get(a.store);
    expect(sameData(a.store, read, columns({ name: 'Ada', city: 'Oslo' }))).toBe(true);
    await put(a.store, write('snapshot', columns({ name: 'Ada' }), read));
    expect(await sql(`select name, city from ${tables}.account`)).toEqual([{ name: 'Ada', city: null }]);
  });

  test('columns are added while four lanes write', async () => {
    const tables = `t${(stores += 1)}`;
    const instances = [fresh({ tables }), fresh({ tables })];
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      const { store } = instances[lane % 2] ?? fresh();
      for (let n = 0; n < 12; n += 1) {
        const of = columns({ name: 'x', [`c${lane}_${n % 3}`]: n, [`d${n}`]: lane });
        const rows = [0, 1, 2].map((k) => write('snapshot', of, undefined, 1000 * lane + 10 * n + k));
        expect(codes(await store.write(rows))).toEqual(['written', 'written', 'written']);
      }
    });
    await Promise.all(lanes);
    expect(await sql(`select count(*), count(d11) d from ${tables}.account`)).toEqual([{ count: '144', d: '12' }]);
  });

  test('a long reader is in the way of a new column: that row is tried again later, others go on', async () => {
    const { store, schemas } = fresh();
    await put(store, write('snapshot', columns({ name: 'Ada' })));
    const reader = await connected();
    await reader.query(`begin; select * from ${schemas.tables}.account`);
    const outcomes = await store.write([
      write('snapshot', columns({ name: 'x', city: 'Oslo' }), undefined, 2),
      write('snapshot', columns({ name: 'x' }), undefined, 3),
    ]);
    expect(codes(outcomes)).toEqual(['schema-locked', 'written']);
    await reader.query('rollback');
    await reader.end();
    expect(codes(await store.write([write('snapshot', columns({ city: 'Oslo' }), undefined, 2)]))).toEqual(['written']);
  });

  test('where the app isn’t to make columns, it says what to run; rows without them are written', async () => {
    const { store, schemas } = fresh();
    const readOnly = fresh({ tables: schemas.tables, growsSchema: false });
    expect(codes(await readOnly.store.write([write('snapshot', columns({ name: 'x' }))]))).toEqual(['schema-behind']);
    await put(store, write('snapshot', columns({ name: 'Ada' })));
    const outcomes = await readOnly.store.write([
      write('snapshot', columns({ city: 'Oslo' }), undefined, 2),
      write('snapshot', columns({ name: 'x' }), undefined, 3),
    ]);
    expect(codes(outcomes)).toEqual(['schema-behind', 'written']);
    expect(outcomes[0]).toMatchObject({ error: { message: expect.stringContaining('lacks column city') } });
  });
});

describe('connections', () => {
  const recorded = (): { readonly log: Log; readonly events: string[] } => {
    const events: string[] = [];
    return { log: (event) => void events.push(event), events };
  };

  test('named statements that a pooler doesn’t keep: unnamed ones for good, said once', async () => {
    const { log, events } = recorded();
    const { store, database } = fresh({ maxConnections: 1, log });
    await put(store, write('snapshot', columns({ size: 1 })));
    await get(store);
    await database.query('deallocate all');
    await put(store, write('snapshot', columns({ size: 2 }), await get(store)));
    await database.query('deallocate all');
    await put(store, write('snapshot', columns({ size: 3 }), await get(store)));
    expect(events.filter((event) => event === 'statementsUnnamed')).toEqual(['statementsUnnamed']);
    expect(sameData(store, await get(store), columns({ size: 3 }))).toBe(true);
  });

  test('without names nothing is prepared', async () => {
    const { store, database } = fresh({ maxConnections: 1, prepared: false });
    await put(store, write('snapshot', columns({ size: 1 })));
    expect(await database.query('select count(*) from pg_prepared_statements')).toEqual([['0']]);
    const named = fresh({ maxConnections: 1 });
    await put(named.store, write('snapshot', columns({ size: 1 })));
    expect(Number((await named.database.query('select count(*) from pg_prepared_statements'))[0]?.[0])).toBeGreaterThan(
      0,
    );
  });

  /** Writes while somebody holds the row, and runs `during` while the write waits for it. */
  async function whileBlocked(store: PostgresStore, table: string, known: StoredRow, during: () => Promise<unknown>) {
    const holder = await connected();
    await holder.query(`begin; select * from ${table} for update`);
    const writing = store.write([write('snapshot', columns({ size: 9 }), known)]);
    await eventually(
      async () => (await sql(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`)).length > 0,
      'the write waits for the row',
    );
    await during();
    const outcomes = await writing;
    await holder.end().catch(() => undefined);
    return outcomes;
  }

  test('a connection that is cut while a write is under way: nobody knows, and the next write goes', async () => {
    const { store, schemas } = fresh();
    const known = await put(store, write('snapshot', columns({ size: 1 })));
    const outcomes = await whileBlocked(store, `${schemas.tables}.account`, known, () =>
      sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dataverse-outbound'`),
    );
    expect(codes(outcomes)).toEqual(['unexpected']);
    await put(store, write('snapshot', columns({ size: 2 }), await get(store)));
  });

  test('[F43] kill -9 of the database: what was acknowledged is there, what was under way is unknown, then it answers again', async () => {
    const { log, events } = recorded();
    const { store, schemas } = fresh({ log });
    const known = await put(store, write('snapshot', columns({ size: 1 })));
    const outcomes = await whileBlocked(store, `${schemas.tables}.account`, known, () => postgres.kill());
    expect(codes(outcomes)).toEqual(['unexpected']);
    const ends: string[] = [];
    for (let n = 0; n < 8; n += 1)
      ends.push(...codes(await store.write([write('snapshot', columns({ size: 2 }), known)])));
    // The write that was under way counts, too.
    expect(ends).toEqual([...Array<string>(3).fill('unexpected'), ...Array<string>(5).fill('store-unavailable')]);
    expect(events.filter((event) => event === 'storeUnavailable')).toHaveLength(1);
    await postgres.startAgain();
    await eventually(async () => {
      await store.read([row()]).catch(() => undefined);
      return events.includes('storeAvailable');
    }, 'the circuit closes');
    expect(sameData(store, await get(store), columns({ size: 1 }))).toBe(true);
    await put(store, write('snapshot', columns({ size: 2 }), await get(store)));
  });

  test('[A9] a statement that waits too long is ended by the server: it lands neither now nor later', async () => {
    const { store, schemas } = fresh();
    const known = await put(store, write('snapshot', columns({ size: 1 })));
    const began = performance.now();
    const outcomes = await whileBlocked(store, `${schemas.tables}.account`, known, () => Promise.resolve());
    expect(codes(outcomes)).toEqual(['unexpected']);
    expect(outcomes).toMatchObject([{ error: { code: '57014' } }]);
    expect(performance.now() - began).toBeLessThan(LONGEST_WRITE_MS);
    expect(sameData(store, await get(store), columns({ size: 1 }))).toBe(true);
  });
});
