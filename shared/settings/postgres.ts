import type { Environment, Found } from './environment';

/** A PostgreSQL database: where, as whom. */
export interface PostgresConfig {
  readonly kind: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined: the app's identity signs in with a token. */
  readonly password?: string;
  /** Of a user-assigned identity. @default the system's */
  readonly clientId?: string;
  readonly tls: boolean;
  /** Whether statements get names on their connection, which a pooler in transaction mode may not keep. */
  readonly prepared: boolean;
  readonly maxConnections: number;
  /** Whether the app makes tables and columns that it needs. */
  readonly growsSchema: boolean;
}

/** The port of the pooler that Azure Database has built in. https://learn.microsoft.com/azure/postgresql/connectivity/concepts-pgbouncer */
const POOLER_PORT = 6432;

/** `LOB_POSTGRES__…`. */
export function readPostgres(environment: Environment): Found<PostgresConfig> {
  const faults: string[] = [];
  const name = (key: string): string => `LOB_POSTGRES__${key}`;
  const setting = (key: string): string => environment[name(key)]?.trim() ?? '';
  const need = (key: string, what: string): string => {
    if (setting(key) === '') faults.push(`${name(key)} is missing: ${what}`);
    return setting(key);
  };
  const whole = (key: string, least: number, most: number, fallback: number): number => {
    const value = setting(key) === '' ? fallback : Number(setting(key));
    if (!Number.isInteger(value) || value < least || value > most)
      faults.push(`${name(key)} must be a whole number from ${least} to ${most}`);
    return value;
  };
  const flag = (key: string, fallback: boolean): boolean => {
    if (!['', 'true', 'false'].includes(setting(key))) faults.push(`${name(key)} must be one of true, false`);
    return setting(key) === '' ? fallback : setting(key) === 'true';
  };
  const host = need('host', 'name the database server, such as contoso.postgres.database.azure.com');
  if (host !== '' && !/^[A-Za-z0-9._:-]+$/.test(host))
    faults.push(`${name('host')} must be the name of a host, or its address`);
  const port = whole('port', 1, 65_535, 5432);
  const config: PostgresConfig = {
    kind: 'postgres',
    host,
    port,
    database: need('database', 'name the database'),
    user: need('user', "name the role that the app signs in as; with an identity, the identity's name"),
    ...(setting('password') === '' ? {} : { password: setting('password') }),
    ...(setting('clientId') === '' ? {} : { clientId: setting('clientId') }),
    tls: flag('tls', true),
    prepared: flag('prepared', port !== POOLER_PORT),
    maxConnections: whole('maxConnections', 1, 500, 10),
    growsSchema: flag('growsSchema', true),
  };
  return faults.length > 0 ? { faults } : { value: config, faults };
}
