import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startManagedIdentities } from '../../../local/storage/managed-identity';
import type { StorageAccount } from '../../../shared/settings/storage-account';
import { startChild } from '../measure/child';

/** What the service's process tells its parent. */
export interface Listening {
  readonly port: number;
  /** File of its certificate, with TLS. */
  readonly certificate?: string;
}

/** A storage account as the app's settings name it. */
export type Account = StorageAccount<'blob' | 'table'>;

/** The null table service, as the SDK's clients and the app find it. */
export interface NullTables<A extends Account = Account> {
  readonly account: A;
  readonly stop: () => Promise<void>;
}

/** Of no value: nothing checks it. */
const KEY = Buffer.from('null').toString('base64');
const CLIENT_ID = '3e7c1c52-8a61-4c5e-9f0b-6d1a2f84b973';

const start = (...args: readonly string[]) => startChild<Listening>(path.join(__dirname, 'main.js'), args);

/**
 * Starts the null table service in a process of its own.
 *
 * @param latencyMs how long each request waits before it is worked on
 */
export async function startNullTables(
  latencyMs = 0,
): Promise<NullTables<Extract<Account, { readonly kind: 'connectionString' }>>> {
  const { said, stop } = await start(String(latencyMs));
  const endpoint = (service: string): string => `${service}Endpoint=http://127.0.0.1:${said.port}/null;`;
  const account = `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=${KEY};`;
  return {
    account: { kind: 'connectionString', connectionString: `${account}${endpoint('Table')}${endpoint('Blob')}` },
    stop,
  };
}

/**
 * Starts it as a storage account is in production: over HTTPS, for an app with a managed identity, whose tokens come from an
 * endpoint of this process. This process trusts the certificate, and so do those that it starts from now on.
 */
export async function startSecureTables(): Promise<NullTables> {
  const { said, stop } = await start('0', 'tls');
  const identities = await startManagedIdentities([CLIENT_ID]);
  const certificate = said.certificate ?? '';
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
  Object.assign(process.env, identities.settings, { NODE_EXTRA_CA_CERTS: certificate });
  const address = `https://127.0.0.1:${said.port}/null`;
  return {
    account: { kind: 'identity', endpoints: { blob: address, table: address }, clientId: CLIENT_ID },
    stop: async () => {
      await stop();
      await identities.stop();
    },
  };
}
