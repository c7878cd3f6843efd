import { RestError, TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import type { StorageAccount } from '../settings/storage-account';
import { messageOf } from '../errors/errors';
import type { ClockSample } from '../telemetry/clock-watch';
import type { Log } from '../telemetry/log';
import { Circuit, type Answer, type End } from './circuit';
import { appIdentity } from './deferred-credential';
import { keepKey } from './signing';
import { StoreUnavailable } from './store-unavailable';
import { tablesHttp } from './tables-http';
import type { TableClientFactory } from './tables';

/**
 * Time allowed for one attempt, in milliseconds. A write has ended within 15 s, with its retries: half of the default
 * READ_BACK_MAX_AGE_SECONDS, on which the sweep after a full load relies (a smaller setting is for tests and demos). A
 * query may take longer.
 */
const ATTEMPT_LIMIT_MS = 4_000;
const QUERY_LIMIT_MS = 30_000;

/** Attempts in a row without an answer, over all of an account's tables, after which it isn't asked for a while. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A query's path names a table, an entity's its keys. */
const isQuery = (method: string, url: string): boolean => method === 'GET' && new URL(url).pathname.endsWith('()');

/**
 * No connection, no answer in time, or one that says that nobody is there. 500 says that the service failed over this
 * request, and so may an event of its own doing; 503 of one busy partition comes among answers of the others.
 */
function answerOf(end: End<{ readonly status: number }>): Answer {
  if (end.kind === 'error') return isUnanswered(end.error) ? 'down' : 'unclear';
  if (end.value.status === 500) return 'unclear';
  return [502, 503, 504].includes(end.value.status) ? 'down' : 'up';
}

/** No connection, or (as an AbortError) none within the time limit. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof RestError || (error instanceof Error && error.name === 'AbortError');

/** The circuit of one account, with what it says when it opens and closes. */
function circuitOf(place: string, log: Log): Circuit {
  return new Circuit({
    failures: FAILURES,
    firstPauseMs: FIRST_PAUSE_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    refusal: (nextAtMs, cause) => new StoreUnavailable(place, nextAtMs, { cause }),
    onOpened: (_nextAtMs, cause) =>
      log('storeUnavailable', { store: place, reason: cause === undefined ? 'status 502 to 504' : messageOf(cause) }),
    onClosed: (openMs) => log('storeAvailable', { store: place, milliseconds: openMs }),
  });
}

/**
 * Attempts are short and few, and none is made while the account doesn't answer: what waits for it is parked, or stays
 * where it is durable.
 */
function optionsOf(log: Log, answered?: (sample: ClockSample) => void): TableServiceClientOptions {
  let circuit: Circuit | undefined;
  return {
    httpClient: tablesHttp,
    retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 1_000 },
    additionalPolicies: [
      {
        position: 'perRetry',
        policy: {
          name: 'timeLimitAndCircuit',
          sendRequest: async (request, next) => {
            request.timeout = isQuery(request.method, request.url) ? QUERY_LIMIT_MS : ATTEMPT_LIMIT_MS;
            circuit ??= circuitOf(new URL(request.url).host, log);
            const sentAt = performance.now();
            const response = await circuit.run(() => next(request), answerOf);
            const dateMs = Date.parse(response.headers.get('Date') ?? '');
            if (!Number.isNaN(dateMs))
              answered?.({ dateMs, receivedMs: Date.now(), tookMs: performance.now() - sentAt });
            return response;
          },
        },
      },
    ],
  };
}

/**
 * Makes the clients of an account's tables. They share one circuit: while the account doesn't answer, each request ends
 * at once with StoreUnavailable.
 *
 * @param answered is told when each answer was made and came
 */
export function tableClients(
  account: StorageAccount<'table'>,
  log: Log = () => undefined,
  answered?: (sample: ClockSample) => void,
): TableClientFactory {
  const shared = optionsOf(log, answered);
  if (account.kind === 'identity') {
    const credential = appIdentity(account.clientId);
    return (name) => new TableClient(account.endpoints.table, name, credential, shared);
  }
  const options = { ...shared, allowInsecureConnection: isPlainHttp(account.connectionString) };
  return (name) => keepKey(TableClient.fromConnectionString(account.connectionString, name, options));
}

/** Plain HTTP only where the connection string itself says so, as Azurite's does. */
const isPlainHttp = (connectionString: string): boolean =>
  /(?:=http:|UseDevelopmentStorage=true|EndpointsProtocol=http(?:;|$))/i.test(connectionString);
