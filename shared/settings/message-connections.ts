/**
 * Where messages and events come from, as the operator's CLI and the sender of delayed copies need it: to the triggers, the
 * connections are the platform's.
 */
import type { Environment } from './environment';
import type { Section } from './environment';

/** A namespace of Service Bus or Event Hubs: by connection string, or by name with the caller's identity. */
export type Namespace =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly host: string;
      /** Of a user-assigned identity. */
      readonly clientId?: string;
    };

/** The namespace and the names that the app's triggers have; those that aren't set are absent. */
export interface ServiceBusConfig {
  readonly namespace: Namespace;
  readonly queue?: string;
  readonly topic?: string;
  readonly subscription?: string;
}

/** The event hub. */
export interface EventHubConfig {
  readonly namespace: Namespace;
  readonly hub: string;
}

const setting = (environment: Environment, name: string): string => environment[name]?.trim() ?? '';

/** Reads the settings of the Service Bus functions. */
export function readServiceBusConfig(environment: Environment): Section<ServiceBusConfig> {
  const namespace = readNamespace(environment, 'ServiceBusConnection');
  if (!namespace.ok) return namespace;
  const named = (key: 'queue' | 'topic' | 'subscription'): object => {
    const name = setting(environment, `SERVICEBUS_${key.toUpperCase()}`);
    return name === '' ? {} : { [key]: name };
  };
  return {
    ok: true,
    value: { namespace: namespace.value, ...named('queue'), ...named('topic'), ...named('subscription') },
  };
}

/** Reads the settings of the event hub's function; its consumer group is the app's alone. */
export function readEventHubConfig(environment: Environment): Section<EventHubConfig> {
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
function readNamespace(environment: Environment, name: string): Section<Namespace> {
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
