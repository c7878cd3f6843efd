import { createHmac } from 'node:crypto';

/**
 * The headers of Standard Webhooks: one signature for each key, so that a receiver can change its key while both are sent; none
 * without a key.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param seconds since 1970
 */
export function webhookHeaders(
  keys: readonly Uint8Array[],
  id: string,
  seconds: number,
  body: string,
): Readonly<Record<string, string>> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(seconds) };
  if (keys.length === 0) return headers;
  const signed = `${id}.${seconds}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { ...headers, 'webhook-signature': signatures.join(' ') };
}
