/** Service Bus by its SDK. This module is imported only where a client is needed: most starts need none of it. */
import { RetryMode, ServiceBusClient } from '@azure/service-bus';
import type { Namespace } from '../settings/message-connections';
import { appIdentity } from './deferred-credential';

/** Bounds how long a request waits that gets no answer. */
export interface RequestLimits {
  readonly maxRetries: number;
  readonly timeoutInMs: number;
}

/** Opens a client. */
export function openServiceBus(namespace: Namespace, limits?: RequestLimits): ServiceBusClient {
  // .NET's pauses: the JavaScript SDK's own would leave a lost link down for 30 s.
  const retryOptions = { mode: RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000, ...limits };
  if (namespace.kind === 'connectionString') return new ServiceBusClient(namespace.connectionString, { retryOptions });
  return new ServiceBusClient(namespace.host, appIdentity(namespace.clientId), { retryOptions });
}
