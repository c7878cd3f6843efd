/** Proves on a real PostgreSQL that `dvo store migrate` plans what the metadata and the mapping call for, and only adds. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres, type Postgres } from '../../../local/postgres/postgres';
import { Database } from '../../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../../shared/lob/postgres/naming';
import { PostgresStore } from '../../../shared/lob/postgres/postgres-store';
import { SCHEMAS, Schema, type WantedTable } from '../../../shared/lob/postgres/schema';
import { wantedEvents, wantedLinks, wantedRows } from '../../../shared/lob/postgres/wanted-tables';
import { compileMapping } from '../../../shared/mapping/compile-mapping';
import { DEFAULT_MAPPING } from '../../../shared/mapping/mapping';
import type { ColumnType, TableDefinition } from '../../../shared/mapping/table-definition';
import { readPostgres } from '../../../shared/settings/postgres';
import { migrateTo } from '../../../tools/dvo/store/migrate';
import { DriftFound, type Terminal } from '../../../tools/dvo/terminal/terminal';
import { columns, row, stamp } from '../../writer/changes';

let postgres: Postgres;
let database: Database;
let client: Client;

beforeAll(async () => {
  postgres = await startPostgres();
  const { value } = readPostgres(postgres.settings);
  if (value === undefined) throw new Error('no settings');
  database = new Database(value);
  client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.close();
  await postgres.stop();
});

const definition = (types: Readonly<Record<string, ColumnType>>): TableDefinition => ({
  ...{ table: 'account', entitySet: 'accounts', primaryId: 'accountid', changeTracking: true },
  columns: new Map(Object.entries(types).map(([name, type]) => [name, { name, type }])),
});

const ALL = {
  ...{
    accountid: 'guid',
    name: 'string',
    size: 'integer',
    total: 'money',
    rate: 'double',
    since: 'instant',
    day: 'date',
  },
  ...{ at: 'wallTime', big: 'bigint', flag: 'boolean', rank: 'choice', tags: 'choices', ownerid: 'lookup' },
  ...{ photo: 'bytes', paper: 'file', parties: 'other', versionnumber: 'bigint', code: 'string' },
} as const satisfies Readonly<Record<string, ColumnType>>;

test('the columns are those that rows will have, under the mapping’s names and types', () => {
  const naming = postgresNamingOf(DEFAULT_MAPPING, '');
  expect(Object.fromEntries(wantedRows(definition(ALL), DEFAULT_MAPPING, naming).columns)).toEqual({
    ...{ accountid: 'uuid', name: 'text', size: 'integer', total: 'numeric', rate: 'double precision', code: 'text' },
    ...{ since: 'timestamp with time zone', day: 'date', at: 'timestamp without time zone', big: 'bigint' },
    ...{ flag: 'boolean', rank: 'integer', rankLabel: 'text', tags: 'integer[]', tagsLabel: 'text', paper: 'uuid' },
    ...{ ownerid: 'uuid', owneridTable: 'text', owneridName: 'text', parties: 'jsonb' },
  });
  const mapping = compileMapping(
    {
      languages: [1033, 1031],
      tables: {
        account: {
          target: 'customers',
          columns: {
            ...{ '*': 'drop', name: 'companyName', code: { as: 'integer' }, ownerid: { lookup: ['id'] } },
            ...{ rank: { label: 'all' }, size: { redact: 'hash' }, since: { as: 'date' } },
          },
        },
      },
    },
    () => 'hash',
  );
  const wanted = wantedRows(definition(ALL), mapping, postgresNamingOf(mapping, 'p'));
  expect([wanted.name, Object.fromEntries(wanted.columns)]).toEqual([
    'pcustomers',
    {
      ...{ companyName: 'text', code: 'integer', ownerid: 'uuid', size: 'text', since: 'date' },
      ...{ rank: 'integer', rankLabel: 'text', rankLabel1033: 'text', rankLabel1031: 'text' },
    },
  ]);
});

test('shows the plan and changes nothing; --apply makes it; then there is nothing to change', async () => {
  const naming = postgresNamingOf(DEFAULT_MAPPING, '');
  const wanted: readonly WantedTable[] = [
    wantedRows(definition(ALL), DEFAULT_MAPPING, naming),
    wantedLinks('accountleads_association', naming),
    wantedEvents('shipments', naming),
  ];
  const schema = new Schema(database, { schemas: SCHEMAS, grows: true });
  let out = '';
  const terminal = { out: (text: string) => void (out += text) } as Terminal;
  const run = async (apply?: true, of = wanted): Promise<string> => {
    out = '';
    await migrateTo(terminal, schema, of, apply);
    return out;
  };
  const tables = async (): Promise<number> =>
    Number((await client.query<{ n: string }>(`select count(*) n from pg_tables where schemaname = 'dvo'`)).rows[0]?.n);
  const plan = await run();
  expect(plan).toContain('create table if not exists "dvo"."account" (id uuid primary key');
  expect(plan).toContain('3 tables to change. --apply changes them');
  expect(await tables()).toBe(0);
  expect(await run(true)).toContain('3 tables changed');
  expect([await tables(), await run()]).toEqual([3, 'nothing to change\n']);
  // What the app writes has its place now, although the app may add nothing.
  const frozen = new Schema(database, { schemas: SCHEMAS, grows: false });
  const store = new PostgresStore(database, frozen, naming, SCHEMAS.tables);
  const write = {
    row: row(),
    expected: undefined,
    stamp: stamp(),
    effect: 'snapshot',
    columns: columns({ name: 'Ada', size: 1 }),
  } as const;
  expect((await store.write([write])).map(({ kind }) => kind)).toEqual(['written']);
  // A new column is added; one of another type is told, and stays.
  const grown = [wantedRows(definition({ ...ALL, city: 'string', size: 'string' }), DEFAULT_MAPPING, naming)];
  await expect(run(true, grown)).rejects.toThrow(
    new DriftFound(
      `account.size is integer, and should be text. Types aren't changed: rows that don't fit are parked. Change the type, or rename the column in the mapping file.`,
    ),
  );
  expect(out).toContain('add column if not exists "city" text');
  expect((await client.query(`select name, city, size from lob.account`)).rows).toEqual([
    { name: 'Ada', city: null, size: 1 },
  ]);
});
