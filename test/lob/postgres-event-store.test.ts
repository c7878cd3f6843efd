/**
 * Proves on a real PostgreSQL that an event is stored once however often it is delivered, where docs/store.md says, and that what
 * doesn't fit says so.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres, type Postgres } from '../../local/postgres/postgres';
import type { MessageEvent } from '../../shared/change/message-event';
import { Database } from '../../shared/lob/postgres/database';
import { PostgresEventStore } from '../../shared/lob/postgres/postgres-event-store';
import { Schema } from '../../shared/lob/postgres/schema';
import { postgresNamingOf } from '../../shared/lob/postgres/naming';
import { EventMapping } from '../../shared/mapping/event-mapping';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { readPostgres } from '../../shared/settings/postgres';
import { columns, rowId } from '../writer/changes';

let postgres: Postgres;
let database: Database;
let client: Client;
let stores = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  const { value } = readPostgres(postgres.settings);
  if (value === undefined) throw new Error('no settings');
  database = new Database(value);
  const { host, port, user, database: name } = postgres;
  client = new Client({ host, port, user, database: name, types: { getTypeParser: () => String } });
  client.on('error', () => undefined);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.close();
  await postgres.stop();
});

/** A store in schemas of its own, and what lies in its view. */
function fresh() {
  const tables = `e${(stores += 1)}`;
  const schema = new Schema(database, { schemas: { tables, views: `${tables}v` }, grows: true });
  const store = new PostgresEventStore(database, schema, postgresNamingOf(DEFAULT_MAPPING, ''));
  const found = async () =>
    (await client.query<Record<string, string>>(`select * from ${tables}v.shipments order by occurredat`)).rows;
  return { store, found, tables };
}

const rule = new EventMapping('new_ShipOrder', { target: 'shipments' }, () => '');
const event = (of: Partial<MessageEvent> = {}): MessageEvent => ({
  message: 'new_ShipOrder',
  key: 'AAAAAAAAAAAAAAAAAAAAAA',
  row: { table: 'account', id: rowId(1) },
  occurredAtMs: Date.UTC(2026, 2, 14, 9, 26, 53, 589),
  committed: true,
  truncated: false,
  columns: columns({ input_OrderId: 'A-1', output_Weight: 7 }),
  origin: { source: 'webhook', message: 'new_ShipOrder', correlationId: 'c', operationId: 'o', userId: 'u', depth: 1 },
  ...of,
});

test('an event is a row with its time, and with what came in and out', async () => {
  const { store, found } = fresh();
  expect(await store.append([{ event: event(), rule }])).toEqual([{ kind: 'stored' }]);
  expect(await found()).toEqual([
    {
      ...{ input_orderid: 'A-1', output_weight: '7', message: 'new_ShipOrder', table: 'account', rowid: rowId(1) },
      ...{ occurredat: '2026-03-14 09:26:53.589+00', committed: 't', truncated: 'f', source: 'webhook' },
      ...{ correlationid: 'c', operationid: 'o', userid: 'u', depth: '1' },
    },
  ]);
});

test('delivered twice, even at once, it is stored once', async () => {
  const { store, found } = fresh();
  const five = Array.from({ length: 5 }, () => ({ event: event(), rule }));
  const outcomes = [...(await store.append(five)), ...(await store.append([{ event: event(), rule }]))];
  expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', ...Array<string>(5).fill('duplicate')]);
  const other = { event: event({ key: 'BAAAAAAAAAAAAAAAAAAAAA', row: null, occurredAtMs: -62_135_596_800_000 }), rule };
  const again = await Promise.all([store.append([other]), store.append([other])]);
  expect(
    again
      .flat()
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual(['duplicate', 'stored']);
  expect(await found()).toMatchObject([{ occurredat: '0001-01-01 00:00:00+00', rowid: null }, { rowid: rowId(1) }]);
});

test('[I52] what PostgreSQL refuses is told by its column, without its value; the others are stored', async () => {
  const { store, found } = fresh();
  const wrong = (key: string, of: Readonly<Record<string, string | number>>) => ({
    event: event({ key, columns: columns(of) }),
    rule,
  });
  const outcomes = await store.append([
    { event: event(), rule },
    wrong('B', { input_OrderId: 'se\0cret' }),
    wrong('C', { output_Weight: 'secret' }),
    wrong('D', { output_Weight: 8, output_New: 'x' }),
  ]);
  expect(outcomes).toMatchObject([
    { kind: 'stored' },
    { kind: 'failed', error: { code: 'event-refused', disposition: 'park' } },
    { kind: 'failed', error: { code: 'event-refused', message: expect.stringContaining('output_Weight is integer') } },
    { kind: 'stored' },
  ]);
  expect(JSON.stringify(outcomes.map((one) => String((one as { error?: unknown }).error)))).not.toContain('cret');
  expect((await found()).map((each) => each.output_new)).toEqual([null, 'x']);
});

test('an event with a parameter that none had before adds its column, to the view too', async () => {
  const { store, found } = fresh();
  await store.append([{ event: event(), rule }]);
  const later = event({ key: 'B', occurredAtMs: Date.UTC(2026, 3, 1), columns: columns({ input_Note: 'late' }) });
  expect(await store.append([{ event: later, rule }])).toEqual([{ kind: 'stored' }]);
  expect((await found()).map((each) => each.input_note)).toEqual([null, 'late']);
});

test('an outage is no refusal', async () => {
  const { value } = readPostgres({ ...postgres.settings, LOB_POSTGRES__port: '9' });
  if (value === undefined) throw new Error('no settings');
  const away = new Database(value);
  const schema = new Schema(away, { schemas: { tables: 'x', views: 'y' }, grows: true });
  const store = new PostgresEventStore(away, schema, postgresNamingOf(DEFAULT_MAPPING, ''));
  expect(await store.append([{ event: event(), rule }])).toMatchObject([
    { kind: 'failed', error: { code: 'ECONNREFUSED' } },
  ]);
});
