import { TableClient } from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import type { StorageAccount } from '../config/config';
import type { TableClientFactory } from './tables';

/** Makes the clients of an account's tables. */
export function tableClients(account: StorageAccount): TableClientFactory {
  // A store that doesn't answer within these retries is reported, and what waits for it is parked or stays with its sender.
  const retryOptions = { maxRetries: 3, maxRetryDelayInMs: 2000 };
  if (account.kind === 'identity') {
    const credential = new DefaultAzureCredential();
    return (name) => new TableClient(account.tableEndpoint, name, credential, { retryOptions });
  }
  const allowInsecureConnection = isPlainHttp(account.connectionString);
  return (name) =>
    TableClient.fromConnectionString(account.connectionString, name, { allowInsecureConnection, retryOptions });
}

/** Plain HTTP only where the connection string itself says so, as Azurite's does. */
const isPlainHttp = (connectionString: string): boolean =>
  /(?:=http:|UseDevelopmentStorage=true|EndpointsProtocol=http(?:;|$))/i.test(connectionString);
