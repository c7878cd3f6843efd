"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.busClient = busClient;
const event_hubs_1 = require("@azure/event-hubs");
const service_bus_1 = require("@azure/service-bus");
/** How long closing may take. */
const CLOSE_MS = 2000;
const CLAIM = 'http://schemas.microsoft.com/xrm/2011/Claims/';
/** The application properties by which a listener knows a message of Dataverse (write-listener-application). */
function applicationProperties(message) {
    return {
        [`${CLAIM}Organization`]: message.organizationHost,
        [`${CLAIM}User`]: message.userId,
        [`${CLAIM}InitiatingUser`]: message.initiatingUserId,
        [`${CLAIM}EntityLogicalName`]: message.table,
        [`${CLAIM}RequestName`]: message.message,
        ...(message.userAgent === '' ? {} : { [`${CLAIM}InitiatingUserAgent`]: message.userAgent }),
        ...(message.reduced ? { MessageMaxSizeExceeded: 'true' } : {}),
    };
}
/** Posts contexts to queues, topics and event hubs with the Azure clients; the body goes as the bytes of its JSON. */
function busClient() {
    const buses = new Map();
    const senders = new Map();
    const producers = new Map();
    const retryOptions = { maxRetries: 0, timeoutInMs: 15_000 };
    const kept = (map, key, make) => {
        const found = map.get(key) ?? make();
        map.set(key, found);
        return found;
    };
    const keyOf = (endpoint) => `${endpoint.connectionString}\n${endpoint.path}`;
    const sender = (endpoint) => kept(senders, keyOf(endpoint), () => kept(buses, endpoint.connectionString, () => new service_bus_1.ServiceBusClient(endpoint.connectionString, { retryOptions })).createSender(endpoint.path));
    const producer = (endpoint) => kept(producers, keyOf(endpoint), () => new event_hubs_1.EventHubProducerClient(endpoint.connectionString, endpoint.path, { retryOptions }));
    const send = async (endpoint, message) => {
        if (endpoint.kind === 'eventHub') {
            // No documentation tells of properties on events of an event hub: a reader has the body only.
            const event = { body: message.body, contentType: 'application/json' };
            await producer(endpoint).sendBatch([event]);
            return;
        }
        await sender(endpoint).sendMessages({
            body: message.body,
            contentType: 'application/json',
            applicationProperties: applicationProperties(message),
        });
    };
    return {
        async deliver(endpoint, message) {
            try {
                await send(endpoint, message);
                return { kind: 'delivered', attempts: 1 };
            }
            catch (error) {
                const reason = error instanceof Error ? error.message : String(error);
                return { kind: 'retryLater', attempts: 1, reason: `Posting to ${endpoint.name} failed: ${reason}` };
            }
        },
        async close() {
            const closed = Promise.allSettled([...producers.values(), ...buses.values()].map((client) => client.close()));
            // A client whose broker is gone closes only after trying long to reach it.
            await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
        },
    };
}
//# sourceMappingURL=bus-client.js.map