import type { ServiceBusClient } from '@azure/service-bus';
import type { Namespace } from '../config/message-connections';
import { appIdentity } from './deferred-credential';

/** Bounds how long a request waits that gets no answer. */
export interface RequestLimits {
  readonly maxRetries: number;
  readonly timeoutInMs: number;
}

/** Opens a client. The SDK is loaded only here: most starts need none of it. */
export async function openServiceBus(namespace: Namespace, limits?: RequestLimits): Promise<ServiceBusClient> {
  const { RetryMode, ServiceBusClient: Client } = await import('@azure/service-bus');
  // .NET's pauses: the JavaScript SDK's own would leave a lost link down for 30 s.
  const retryOptions = { mode: RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000, ...limits };
  if (namespace.kind === 'connectionString') return new Client(namespace.connectionString, { retryOptions });
  return new Client(namespace.host, appIdentity(namespace.clientId), { retryOptions });
}
