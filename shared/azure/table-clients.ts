import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import type { StorageAccount } from '../config/config';
import type { TableClientFactory } from './tables';

/**
 * Time allowed for one attempt, in milliseconds. A write has ended within 15 s, with its retries: half of the default
 * READ_BACK_MAX_AGE_SECONDS, on which the sweep after a full load relies (a smaller setting is for tests and demos). A
 * query may take longer.
 */
const WRITE_LIMIT_MS = 4_000;
const READ_LIMIT_MS = 30_000;

/** A store that doesn't answer within these is reported; what waits for it is parked or stays with its sender. */
const OPTIONS: TableServiceClientOptions = {
  retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 1_000 },
  additionalPolicies: [
    {
      position: 'perRetry',
      policy: {
        name: 'timeLimit',
        sendRequest: (request, next) => {
          request.timeout = request.method === 'GET' ? READ_LIMIT_MS : WRITE_LIMIT_MS;
          return next(request);
        },
      },
    },
  ],
};

/** Makes the clients of an account's tables. */
export function tableClients(account: StorageAccount): TableClientFactory {
  if (account.kind === 'identity') {
    const credential = new DefaultAzureCredential();
    return (name) => new TableClient(account.tableEndpoint, name, credential, OPTIONS);
  }
  const options = { ...OPTIONS, allowInsecureConnection: isPlainHttp(account.connectionString) };
  return (name) => TableClient.fromConnectionString(account.connectionString, name, options);
}

/** Plain HTTP only where the connection string itself says so, as Azurite's does. */
const isPlainHttp = (connectionString: string): boolean =>
  /(?:=http:|UseDevelopmentStorage=true|EndpointsProtocol=http(?:;|$))/i.test(connectionString);
