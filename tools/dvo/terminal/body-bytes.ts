/**
 * Largest body that a command reads: a message of Service Bus Premium has 100 MB at most, and nobody waits for this process.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
 */
export const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * A message's body as bytes, as the Azure SDKs give it unparsed: anything that isn't bytes came in another section of
 * AMQP than Dataverse uses.
 */
export const bodyBytes = (body: unknown): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
