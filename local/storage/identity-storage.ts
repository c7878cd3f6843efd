/** Azurite as an app meets storage that takes identities only: over TLS, by bearer tokens of two managed identities. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeCertificate } from '../dataverse/web-api/certificate';
import { startAzurite, type Azurite, type AzuriteOptions } from './azurite';
import { startManagedIdentities, type ManagedIdentities } from './managed-identity';

/** Client ids of the identities: of the app's own state, and of the LOB store. */
export const IDENTITIES = {
  state: '5a1d0000-0000-4000-8000-000000000001',
  lob: '5a1d0000-0000-4000-8000-000000000002',
} as const;

/** Storage, and what gives out tokens for it. */
export interface IdentityStorage {
  readonly azurite: Azurite;
  readonly identities: ManagedIdentities;
  /** In place of the connection strings. `NODE_EXTRA_CA_CERTS` holds Azurite's certificate and those of `alsoTrusted`. */
  settings(alsoTrusted: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts both. This process trusts Azurite's certificate from then on. */
export async function startIdentityStorage(options: AzuriteOptions): Promise<IdentityStorage> {
  const directory = mkdtempSync(join(tmpdir(), 'storage-'));
  const {
    key,
    certificate,
    path: certificatePath,
  } = await makeCertificate('127.0.0.1', directory, 'Storage on this machine');
  const keyPath = join(directory, 'key.pem');
  writeFileSync(keyPath, key, { mode: 0o600 });
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
  const identities = await startManagedIdentities(Object.values(IDENTITIES));
  const azurite = await startAzurite({ ...options, tls: { certificatePath, keyPath } });
  const { blob, queue, table } = azurite.endpoints;
  return {
    azurite,
    identities,
    settings(alsoTrusted) {
      const trusted = join(directory, 'trusted.pem');
      writeFileSync(trusted, [certificate, alsoTrusted].join('\n'));
      return {
        AzureWebJobsStorage__blobServiceUri: blob,
        AzureWebJobsStorage__queueServiceUri: queue,
        AzureWebJobsStorage__tableServiceUri: table,
        AzureWebJobsStorage__credential: 'managedidentity',
        AzureWebJobsStorage__clientId: IDENTITIES.state,
        LOB_STORAGE__tableServiceUri: table,
        LOB_STORAGE__clientId: IDENTITIES.lob,
        ...identities.settings,
        NODE_EXTRA_CA_CERTS: trusted,
      };
    },
    async stop() {
      await azurite.stop();
      await identities.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
