"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tableClients = tableClients;
const data_tables_1 = require("@azure/data-tables");
const identity_1 = require("@azure/identity");
const errors_1 = require("../errors");
const circuit_1 = require("./circuit");
const store_unavailable_1 = require("./store-unavailable");
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
const isQuery = (method, url) => method === 'GET' && new URL(url).pathname.endsWith('()');
/**
 * No connection, no answer in time, or one that says that nobody is there. 500 says that the service failed over this
 * request, and so may an event of its own doing; 503 of one busy partition comes among answers of the others.
 */
function answerOf(end) {
    if (end.kind === 'error')
        return isUnanswered(end.error) ? 'down' : 'unclear';
    if (end.value.status === 500)
        return 'unclear';
    return [502, 503, 504].includes(end.value.status) ? 'down' : 'up';
}
/** No connection, or (as an AbortError) none within the time limit. */
const isUnanswered = (error) => error instanceof data_tables_1.RestError || (error instanceof Error && error.name === 'AbortError');
/** The circuit of one account, with what it says when it opens and closes. */
function circuitOf(place, log) {
    return new circuit_1.Circuit({
        failures: FAILURES,
        firstPauseMs: FIRST_PAUSE_MS,
        longestPauseMs: LONGEST_PAUSE_MS,
        refusal: (nextAtMs, cause) => new store_unavailable_1.StoreUnavailable(place, nextAtMs, { cause }),
        onOpened: (_nextAtMs, cause) => log('storeUnavailable', { store: place, reason: cause === undefined ? 'status 502 to 504' : (0, errors_1.messageOf)(cause) }),
        onClosed: (openMs) => log('storeAvailable', { store: place, milliseconds: openMs }),
    });
}
/**
 * Attempts are short and few, and none is made while the account doesn't answer: what waits for it is parked, or stays
 * where it is durable.
 */
function optionsOf(log) {
    let circuit;
    return {
        retryOptions: { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 1_000 },
        additionalPolicies: [
            {
                position: 'perRetry',
                policy: {
                    name: 'timeLimitAndCircuit',
                    sendRequest: (request, next) => {
                        request.timeout = isQuery(request.method, request.url) ? QUERY_LIMIT_MS : ATTEMPT_LIMIT_MS;
                        circuit ??= circuitOf(new URL(request.url).host, log);
                        return circuit.run(() => next(request), answerOf);
                    },
                },
            },
        ],
    };
}
/**
 * Makes the clients of an account's tables. They share one circuit: while the account doesn't answer, each request ends
 * at once with StoreUnavailable.
 */
function tableClients(account, log = () => undefined) {
    const shared = optionsOf(log);
    if (account.kind === 'identity') {
        const credential = new identity_1.DefaultAzureCredential();
        return (name) => new data_tables_1.TableClient(account.tableEndpoint, name, credential, shared);
    }
    const options = { ...shared, allowInsecureConnection: isPlainHttp(account.connectionString) };
    return (name) => data_tables_1.TableClient.fromConnectionString(account.connectionString, name, options);
}
/** Plain HTTP only where the connection string itself says so, as Azurite's does. */
const isPlainHttp = (connectionString) => /(?:=http:|UseDevelopmentStorage=true|EndpointsProtocol=http(?:;|$))/i.test(connectionString);
//# sourceMappingURL=table-clients.js.map