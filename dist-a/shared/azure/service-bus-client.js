"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.openServiceBus = openServiceBus;
/** Opens a client. The SDK is loaded only here: most starts need none of it. */
async function openServiceBus(namespace, limits) {
    const { RetryMode, ServiceBusClient: Client } = await import('@azure/service-bus');
    // .NET's pauses: the JavaScript SDK's own would leave a lost link down for 30 s.
    const retryOptions = { mode: RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000, ...limits };
    if (namespace.kind === 'connectionString')
        return new Client(namespace.connectionString, { retryOptions });
    const { DefaultAzureCredential } = await import('@azure/identity');
    const { host, clientId } = namespace;
    const identity = clientId === undefined ? {} : { managedIdentityClientId: clientId };
    return new Client(host, new DefaultAzureCredential(identity), { retryOptions });
}
//# sourceMappingURL=service-bus-client.js.map