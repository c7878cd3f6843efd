/**
 * Proves which credential serves which client: Azure's services never that of the app registration for Dataverse, whatever
 * is in the environment; Dataverse the one that DATAVERSE_AUTH names.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  AzureCliCredential,
  ChainedTokenCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import { startManagedIdentities, type ManagedIdentities } from '../../local/storage/managed-identity';
import { appIdentity, dataverseCredential } from '../../shared/azure/credentials';

const TENANT = '7e4a0000-0000-4000-8000-000000000001';
const [OURS, REGISTRATION] = ['1d000000-0000-4000-8000-000000000001', '1d000000-0000-4000-8000-000000000002'];
/** All that DefaultAzureCredential would take an app registration from. */
const REGISTRATION_OF_ENVIRONMENT = {
  AZURE_TENANT_ID: TENANT,
  AZURE_CLIENT_ID: REGISTRATION,
  AZURE_CLIENT_SECRET: 'a-secret',
};

const before = { ...process.env };
let endpoint: ManagedIdentities;
beforeAll(async () => {
  endpoint = await startManagedIdentities([OURS, REGISTRATION]);
});
beforeEach(() => {
  Object.assign(process.env, REGISTRATION_OF_ENVIRONMENT, endpoint.settings);
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(() => endpoint.stop());

describe("Azure's services", () => {
  test('by the identity that the connection names, where the platform offers one', async () => {
    const resource = 'https://storage.azure.com';
    expect(appIdentity(OURS)).toBeInstanceOf(ManagedIdentityCredential);
    expect((await appIdentity(OURS).getToken(`${resource}/.default`))?.token).toMatch(/^ey/);
    expect(endpoint.asked).toEqual([{ clientId: OURS, resource: expect.stringContaining(resource), status: 200 }]);
  });
  test("by the system's identity where none is named", async () => {
    await expect(appIdentity().getToken('https://vault.azure.net/.default')).rejects.toThrow();
    expect(endpoint.asked.at(-1)).toMatchObject({ clientId: null, status: 400 });
  });
  test('as whoever is signed in on this machine, where the platform offers none', () => {
    delete process.env.IDENTITY_ENDPOINT;
    expect(appIdentity(OURS)).toBeInstanceOf(ChainedTokenCredential);
  });
});

describe('Dataverse', () => {
  const registration = { tenantId: TENANT, clientId: REGISTRATION };
  test.each([
    [{ kind: 'client-secret', ...registration, secret: 's' }, ClientSecretCredential],
    [{ kind: 'client-certificate', ...registration, certificatePath: '/c.pem' }, ClientCertificateCredential],
    [{ kind: 'managed-identity', clientId: OURS }, ManagedIdentityCredential],
    [{ kind: 'managed-identity' }, ManagedIdentityCredential],
    [{ kind: 'azure-cli' }, AzureCliCredential],
  ] as const)('$kind', (auth, credential) => expect(dataverseCredential(auth, false)).toBeInstanceOf(credential));
});
