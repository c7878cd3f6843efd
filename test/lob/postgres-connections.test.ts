/**
 * Proves that the PostgreSQL store keeps its contract behind a real pooler in transaction mode (NOT RUN where there is no
 * PgBouncer), and that it signs in over TLS with a token of the app's identity, and to no server that it can't trust.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { Client } from 'pg';
import { makeCertificate, type ServerCertificate } from '../../local/dataverse/web-api/certificate';
import { startPostgres, type Postgres } from '../../local/postgres/postgres';
import { startManagedIdentities, type ManagedIdentities } from '../../local/storage/managed-identity';
import { Database } from '../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../shared/lob/postgres/naming';
import { PostgresStore } from '../../shared/lob/postgres/postgres-store';
import { Schema } from '../../shared/lob/postgres/schema';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { readPostgres } from '../../shared/settings/postgres';
import { eventually } from '../eventually';
import { columns, row, stamp } from '../writer/changes';
import { storeContract } from './store-contract';

const databases: Database[] = [];
let stores = 0;
afterAll(() => Promise.all(databases.map((database) => database.close())));

/** A store with these settings, in schemas of its own. */
function storeOf(settings: Readonly<Record<string, string>>) {
  const { value, faults } = readPostgres(settings);
  if (value === undefined) throw new Error(faults.join('; '));
  const database = new Database(value);
  databases.push(database);
  const tables = `t${(stores += 1)}`;
  const schema = new Schema(database, { schemas: { tables, views: `${tables}_views` }, grows: true });
  const store = new PostgresStore(database, schema, postgresNamingOf(DEFAULT_MAPPING, ''), tables);
  return { store, database };
}

const ROW = [
  { row: row(), expected: undefined, stamp: stamp(), effect: 'snapshot' as const, columns: columns({ name: 'Ada' }) },
];

function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version']);
    return true;
  } catch {
    return false;
  }
}

/** PgBouncer in transaction mode before a server. */
async function startPooler(server: Postgres) {
  const folder = mkdtempSync(path.join(tmpdir(), 'dvo-pooler-'));
  chmodSync(folder, 0o755);
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  writeFileSync(path.join(folder, 'users.txt'), '"dvo" ""\n');
  writeFileSync(
    path.join(folder, 'pgbouncer.ini'),
    [
      ...['[databases]', `postgres = host=127.0.0.1 port=${server.port} dbname=postgres user=dvo`, '[pgbouncer]'],
      ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'pool_mode = transaction'],
      ...['auth_type = any', `auth_file = ${folder}/users.txt`, 'default_pool_size = 4', 'logfile ='],
    ].join('\n'),
  );
  const user = process.getuid?.() === 0 ? ['--user=nobody'] : [];
  const process_: ChildProcess = spawn('pgbouncer', [...user, path.join(folder, 'pgbouncer.ini')], { stdio: 'ignore' });
  const settings = { ...server.settings, LOB_POSTGRES__port: String(port) };
  await eventually(async () => {
    const client = new Client({ host: '127.0.0.1', port, user: 'dvo', database: 'postgres' });
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }, 'the pooler answers');
  return {
    settings,
    stop: async () => {
      const exited = new Promise((resolve) => process_.once('exit', resolve));
      process_.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const pooled = hasPgBouncer();
if (!pooled) process.stderr.write('NOT RUN: PostgreSQL behind a pooler, since there is no pgbouncer\n');
(pooled ? describe : describe.skip)(`behind PgBouncer in transaction mode${pooled ? '' : ': NOT RUN'}`, () => {
  let server: Postgres;
  let pooler: Awaited<ReturnType<typeof startPooler>>;
  beforeAll(async () => {
    server = await startPostgres();
    pooler = await startPooler(server);
  });
  afterAll(async () => {
    await pooler.stop();
    await server.stop();
  });

  storeContract(
    'the PostgreSQL store, without names',
    () => storeOf({ ...pooler.settings, LOB_POSTGRES__prepared: 'false' }).store,
  );

  test('where its setting is forgotten, the error says which one', async () => {
    const [outcome] = await storeOf(pooler.settings).store.write(ROW);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'not-configured' } });
    expect(String(outcome?.kind === 'failed' ? outcome.error : '')).toContain('LOB_POSTGRES__prepared to false');
  });
});

describe('by TLS, with a token of the app’s identity', () => {
  const CLIENT_ID = '0f3a3f0e-58a0-4d9b-9df6-3c1d8c1f6a55';
  const folder = mkdtempSync(path.join(tmpdir(), 'dvo-tls-'));
  const trusted = tls.getCACertificates('default');
  let certificate: ServerCertificate;
  let server: Postgres;
  let identities: ManagedIdentities;
  let settings: Readonly<Record<string, string>>;
  const before = { ...process.env };

  beforeAll(async () => {
    certificate = await makeCertificate('127.0.0.1', folder);
    server = await startPostgres({ certificate, withPassword: ['app'] });
    identities = await startManagedIdentities([CLIENT_ID]);
    Object.assign(process.env, identities.settings);
    settings = {
      LOB_POSTGRES__host: 'localhost',
      LOB_POSTGRES__port: String(server.port),
      LOB_POSTGRES__database: server.database,
      LOB_POSTGRES__user: 'app',
      LOB_POSTGRES__clientId: CLIENT_ID,
    };
    // As Azure does it, the server takes the token for a password.
    const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = identities.settings;
    const asked = `${IDENTITY_ENDPOINT}?client_id=${CLIENT_ID}&resource=https://ossrdbms-aad.database.windows.net`;
    const answer = await fetch(asked, { headers: { 'x-identity-header': IDENTITY_HEADER } });
    const { access_token: token } = (await answer.json()) as { readonly access_token: string };
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(`create role app login password '${token}'; grant create on database postgres to app`);
    await client.end();
  });
  afterAll(async () => {
    tls.setDefaultCACertificates(trusted);
    for (const name of Object.keys(identities.settings)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
    await identities.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const outcomeOf = async (of: Readonly<Record<string, string>>): Promise<string> => {
    const { store } = storeOf({ ...settings, ...of });
    const [outcome] = await store.write(ROW);
    return outcome?.kind === 'failed' ? String(outcome.error) : String(outcome?.kind);
  };

  test('a server whose certificate nobody vouches for is refused', async () => {
    expect(await outcomeOf({})).toMatch(/self-signed certificate/);
  });

  test('trusted, it is written to over TLS, and asked for by a token for this service', async () => {
    tls.setDefaultCACertificates([...trusted, certificate.certificate]);
    const { store, database } = storeOf(settings);
    expect((await store.write(ROW))[0]?.kind).toBe('written');
    expect(
      await database.query(
        'select ssl, usename from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()',
      ),
    ).toEqual([['t', 'app']]);
    expect(identities.asked.at(-1)).toEqual({
      clientId: CLIENT_ID,
      resource: 'https://ossrdbms-aad.database.windows.net',
      status: 200,
    });
  });

  test('without TLS, or with another password, the server refuses it, and the error says so', async () => {
    tls.setDefaultCACertificates([...trusted, certificate.certificate]);
    expect(await outcomeOf({ LOB_POSTGRES__tls: 'false' })).toMatch(/pg_hba\.conf rejects connection/);
    expect(await outcomeOf({ LOB_POSTGRES__password: 'another' })).toMatch(/password authentication failed/);
  });
});
