import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import type { DeliveryClient, PushMessage } from './delivery';
import type { Endpoint } from '../registration/endpoint';

type BusEndpoint = Extract<Endpoint, { connectionString: string }>;

/** How long closing may take. */
const CLOSE_MS = 2000;

const CLAIM = 'http://schemas.microsoft.com/xrm/2011/Claims/';

/** The application properties by which a listener knows a message of Dataverse (write-listener-application). */
function applicationProperties(message: PushMessage): Record<string, string> {
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

/** Posts contexts to queues, topics and event hubs with the Azure clients; the body goes as bytes. */
export function busClient(): DeliveryClient<BusEndpoint> {
  const buses = new Map<string, ServiceBusClient>();
  const senders = new Map<string, ServiceBusSender>();
  const producers = new Map<string, EventHubProducerClient>();
  const retryOptions = { maxRetries: 0, timeoutInMs: 15_000 };

  const kept = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const found = map.get(key) ?? make();
    map.set(key, found);
    return found;
  };
  const keyOf = (endpoint: BusEndpoint): string => `${endpoint.connectionString}\n${endpoint.path}`;
  const sender = (endpoint: BusEndpoint): ServiceBusSender =>
    kept(senders, keyOf(endpoint), () =>
      kept(
        buses,
        endpoint.connectionString,
        () => new ServiceBusClient(endpoint.connectionString, { retryOptions }),
      ).createSender(endpoint.path),
    );
  const producer = (endpoint: BusEndpoint): EventHubProducerClient =>
    kept(
      producers,
      keyOf(endpoint),
      () => new EventHubProducerClient(endpoint.connectionString, endpoint.path, { retryOptions }),
    );

  const send = async (endpoint: BusEndpoint, message: PushMessage): Promise<void> => {
    if (endpoint.kind === 'eventHub') {
      // No documentation tells of properties on events of an event hub: a reader has the body only.
      const event = { body: message.body, contentType: message.contentType };
      await producer(endpoint).sendBatch([event]);
      return;
    }
    await sender(endpoint).sendMessages({
      body: message.body,
      contentType: message.contentType,
      applicationProperties: applicationProperties(message),
    });
  };

  return {
    async deliver(endpoint, message) {
      try {
        await send(endpoint, message);
        return { kind: 'delivered', attempts: 1 };
      } catch (error) {
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
