/** Credentials of the identity SDK. Loaded by `deferredCredential` alone: connection strings need none of it. */
import {
  AzureCliCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import type { DataverseAuth } from '../config/config';

/** The app's own identity, or a developer's. `clientId`: of a user-assigned one. */
export const appIdentity = (clientId?: string): TokenCredential =>
  new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });

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
      return auth.clientId === undefined
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId: auth.clientId });
    case 'azure-cli':
      return new AzureCliCredential();
    default:
      return auth satisfies never;
  }
}
