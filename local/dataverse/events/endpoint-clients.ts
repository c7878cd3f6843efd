import http from 'node:http';
import https from 'node:https';
import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient, type ServiceBusSender } from '@azure/service-bus';
import type { Endpoint } from '../registration/endpoint';

/** What one posting carries, whatever the endpoint. */
export interface PushMessage {
  readonly body: Buffer;
  readonly contentType: string;
  /** The four bulky members were removed: the endpoint is told. */
  readonly reduced: boolean;
  readonly table: string;
  readonly message: string;
  readonly correlationId: string;
  readonly organizationHost: string;
  readonly userId: string;
  readonly initiatingUserId: string;
  readonly userAgent: string;
}

/** Why a posting failed: the status of the answer, no answer in time, or anything else, a second 503 as well. */
type DeliveryFailure = { readonly status: number } | 'timeout' | 'other';

/** How a posting ended; `attempts` counts requests sent. */
export type DeliveryResult =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | {
      /** `failed`: never again by itself. `retryLater`: the system job waits and tries again. */
      readonly kind: 'failed' | 'retryLater';
      readonly attempts: number;
      readonly failure: DeliveryFailure;
      readonly reason: string;
    };

/** Posts to endpoints of one sort. */
export interface DeliveryClient<E extends Endpoint = Endpoint> {
  deliver(endpoint: E, message: PushMessage): Promise<DeliveryResult>;
  close(): Promise<void>;
}

type Webhook = Extract<Endpoint, { kind: 'webhook' }>;

const RETRIED = new Set([502, 503, 504]);

function address(webhook: Webhook): URL {
  const url = new URL(webhook.url);
  if (webhook.auth.kind === 'key') url.searchParams.append('code', webhook.auth.value);
  if (webhook.auth.kind === 'query') {
    for (const [name, value] of Object.entries(webhook.auth.values)) url.searchParams.append(name, value);
  }
  return url;
}

function headers(webhook: Webhook, message: PushMessage): http.OutgoingHttpHeaders {
  return {
    'Content-Type': message.contentType,
    'Content-Length': message.body.length,
    'x-ms-dynamics-organization': message.organizationHost,
    'x-ms-dynamics-entity-name': message.table,
    'x-ms-dynamics-request-name': message.message,
    'x-ms-correlation-request-id': message.correlationId,
    ...(message.reduced ? { 'x-ms-dynamics-msg-size-exceeded': 'true' } : {}),
    ...(webhook.auth.kind === 'headers' ? webhook.auth.values : {}),
  };
}

/**
 * Posts contexts to webhooks as the platform does: only the status of the answer counts, 60 seconds are allowed, and one
 * more attempt follows on 502, 503 and 504 only (use-webhooks).
 */
export function webhookClient(timeoutMs: number): DeliveryClient<Webhook> {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  const post = (webhook: Webhook, message: PushMessage, signal: AbortSignal): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = address(webhook);
      const secure = url.protocol === 'https:';
      const request = (secure ? https : http).request(
        url,
        {
          method: 'POST',
          headers: headers(webhook, message),
          agent: secure ? agents.https : agents.http,
          signal,
        },
        (response) => {
          response.on('error', reject);
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.resume();
        },
      );
      request.on('error', reject);
      request.end(message.body);
    });

  return {
    async deliver(webhook, message): Promise<DeliveryResult> {
      let attempts = 0;
      let signal: AbortSignal | undefined;
      try {
        for (;;) {
          attempts += 1;
          signal = AbortSignal.timeout(timeoutMs);
          const status = await post(webhook, message, signal);
          if (status >= 200 && status < 300) return { kind: 'delivered', attempts };
          const retried = RETRIED.has(status);
          if (attempts === 1 && retried) continue;
          const failure = retried ? 'other' : { status };
          return { kind: 'failed', attempts, failure, reason: `The webhook ${webhook.name} answered ${status}.` };
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const failure = signal?.aborted === true ? 'timeout' : 'other';
        const text = `The webhook ${webhook.name} could not be reached: ${reason}`;
        return { kind: 'failed', attempts, failure, reason: text };
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
      return Promise.resolve();
    },
  };
}

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
        return {
          kind: 'retryLater',
          attempts: 1,
          failure: 'other',
          reason: `Posting to ${endpoint.name} failed: ${reason}`,
        };
      }
    },
    async close() {
      const closed = Promise.allSettled([...producers.values(), ...buses.values()].map((client) => client.close()));
      // A client whose broker is gone closes only after trying long to reach it.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    },
  };
}
