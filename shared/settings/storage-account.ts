import type { Found } from './environment';
import type { Environment } from './environment';

/** A service of a storage account. */
export type StorageService = 'blob' | 'table';

/** An account of Azure Storage: by connection string, or by the addresses of its services with an identity. */
export type StorageAccount<S extends StorageService> =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly endpoints: Readonly<Record<S, string>>;
      /** Of a user-assigned identity. @default the system's */
      readonly clientId?: string;
    };

/**
 * `NAME` as a connection string, or `NAME__tableServiceUri` (`NAME__blobServiceUri`) with an identity, or `NAME__accountName`
 * where the account is in the public cloud; `NAME__clientId`: a user-assigned identity. The platform's own convention:
 * https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
 */
export function readStorageAccount<S extends StorageService>(
  environment: Environment,
  name: string,
  services: readonly S[],
): Found<StorageAccount<S>> {
  const setting = (suffix: string): string => environment[`${name}${suffix}`]?.trim() ?? '';
  const connectionString = setting('');
  if (connectionString !== '')
    return /(?:AccountName|UseDevelopmentStorage|TableEndpoint)=/i.test(connectionString)
      ? { value: { kind: 'connectionString', connectionString }, faults: [] }
      : { faults: [`${name} must be a connection string of a storage account`] };
  const account = setting('__accountName');
  const given = services.filter((service) => setting(`__${service}ServiceUri`) !== '');
  if (account === '' && given.length === 0) {
    const addresses = services.map((service) => `${name}__${service}ServiceUri`).join(' and ');
    return {
      faults: [
        `${name} is missing: set it to a storage connection string, or set ${addresses} (or ${name}__accountName) to use the app's identity`,
      ],
    };
  }
  const faults: string[] = [];
  if (account !== '' && !/^[a-z0-9]{3,24}$/.test(account))
    faults.push(`${name}__accountName must be a storage account name (3 to 24 lower-case letters and digits)`);
  const endpoint = (service: S): string => {
    const address = setting(`__${service}ServiceUri`);
    if (address === '') {
      if (account === '')
        faults.push(
          `${name}__${service}ServiceUri is missing: the app needs it beside ${given.map((other) => `${name}__${other}ServiceUri`).join(', ')}`,
        );
      return `https://${account}.${service}.core.windows.net`;
    }
    if (!/^https:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(address))
      faults.push(
        `${name}__${service}ServiceUri must be an https address such as https://contoso.${service}.core.windows.net`,
      );
    return address.replace(/\/$/, '');
  };
  const endpoints = Object.fromEntries(services.map((service) => [service, endpoint(service)])) as Record<S, string>;
  const clientId = setting('__clientId');
  return faults.length > 0
    ? { faults }
    : { value: { kind: 'identity', endpoints, ...(clientId === '' ? {} : { clientId }) }, faults };
}
