"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readServiceBusConfig = readServiceBusConfig;
exports.readEventHubConfig = readEventHubConfig;
const setting = (environment, name) => environment[name]?.trim() ?? '';
/** Reads the settings of the Service Bus functions. */
function readServiceBusConfig(environment) {
    const namespace = readNamespace(environment, 'ServiceBusConnection');
    if (!namespace.ok)
        return namespace;
    const named = (key) => {
        const name = setting(environment, `SERVICEBUS_${key.toUpperCase()}`);
        return name === '' ? {} : { [key]: name };
    };
    return {
        ok: true,
        value: { namespace: namespace.value, ...named('queue'), ...named('topic'), ...named('subscription') },
    };
}
/** Reads the settings of the event hub's function; its consumer group is the app's alone. */
function readEventHubConfig(environment) {
    const namespace = readNamespace(environment, 'EventHubConnection');
    const hub = setting(environment, 'EVENTHUB_NAME');
    const faults = [
        ...(namespace.ok ? [] : namespace.faults),
        ...(hub === '' ? ['EVENTHUB_NAME is missing: name the event hub'] : []),
    ];
    return namespace.ok && faults.length === 0
        ? { ok: true, value: { namespace: namespace.value, hub } }
        : { ok: false, faults };
}
/**
 * `NAME`, or `NAME__fullyQualifiedNamespace` with an identity (`NAME__clientId`: a user-assigned one): the platform's own convention.
 * https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
 */
function readNamespace(environment, name) {
    const connectionString = setting(environment, name);
    const host = setting(environment, `${name}__fullyQualifiedNamespace`);
    const clientId = setting(environment, `${name}__clientId`);
    if (connectionString !== '') {
        return /(?:^|;)\s*Endpoint=sb:\/\//i.test(connectionString)
            ? { ok: true, value: { kind: 'connectionString', connectionString } }
            : { ok: false, faults: [`${name} must be a connection string of a namespace (Endpoint=sb://...)`] };
    }
    if (host === '') {
        const identity = `${name}__fullyQualifiedNamespace`;
        const fault = `${name} is missing: set it to a connection string, or set ${identity} to use your identity`;
        return { ok: false, faults: [fault] };
    }
    return /^[a-z0-9][a-z0-9.-]*\.[a-z]+$/i.test(host)
        ? { ok: true, value: { kind: 'identity', host, ...(clientId === '' ? {} : { clientId }) } }
        : {
            ok: false,
            faults: [`${name}__fullyQualifiedNamespace must be a host name such as contoso.servicebus.windows.net`],
        };
}
//# sourceMappingURL=message-connections.js.map