/** Credentials of the identity SDK. Loaded by `deferredCredential` alone: connection strings need none of it. */
import {
  AzureCliCredential,
  AzureDeveloperCliCredential,
  AzurePowerShellCredential,
  ChainedTokenCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { type DataverseAuth } from '../settings/dataverse';
import { environment } from '../settings/environment';

/**
 * As whom Azure's own services (storage, Service Bus, Event Hubs, Key Vault) are called: the app's managed identity where the
 * platform offers one, otherwise whoever is signed in on this machine. Nothing else is tried: DefaultAzureCredential would
 * take the settings of any app registration that it finds in the environment.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 *
 * @param clientId of a user-assigned identity
 */
export function appIdentity(clientId?: string): TokenCredential {
  if (environment().IDENTITY_ENDPOINT !== undefined) return managedIdentity(clientId);
  return new ChainedTokenCredential(
    new AzureCliCredential(),
    new AzureDeveloperCliCredential(),
    new AzurePowerShellCredential(),
  );
}

const managedIdentity = (clientId: string | undefined): TokenCredential =>
  clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });

/** An app registration with a secret. */
export const registrationCredential = (registration: {
  readonly tenantId: string;
  readonly clientId: string;
  readonly secret: string;
}): TokenCredential => new ClientSecretCredential(registration.tenantId, registration.clientId, registration.secret);

/** As whom the Web API is called. `disableInstanceDiscovery`: for clouds whose authority Microsoft doesn't know. */
export function dataverseCredential(auth: DataverseAuth, disableInstanceDiscovery: boolean): TokenCredential {
  switch (auth.kind) {
    case 'client-secret':
      return new ClientSecretCredential(auth.tenantId, auth.clientId, auth.secret, { disableInstanceDiscovery });
    case 'client-certificate':
      return new ClientCertificateCredential(auth.tenantId, auth.clientId, auth.certificatePath, {
        disableInstanceDiscovery,
      });
    case 'managed-identity':
      return managedIdentity(auth.clientId);
    case 'azure-cli':
      return new AzureCliCredential();
    default:
      return auth satisfies never;
  }
}
