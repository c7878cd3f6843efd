/**
 * A message's body as bytes, as the Azure SDKs give it unparsed: anything that isn't bytes came in another section of
 * AMQP than Dataverse uses.
 */
export const bodyBytes = (body: unknown): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));
