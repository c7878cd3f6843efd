import { createHmac } from 'node:crypto';

/** The kind of token that clients make of a shared access key; that of an identity has another. */
export const SAS_TOKEN = 'servicebus.windows.net:sastoken';

/**
 * Whether a token is signed with this key, and not over.
 * https://learn.microsoft.com/azure/event-hubs/authenticate-shared-access-signature
 */
export function isSignedWith(key: string, token: string): boolean {
  const field = (name: string): string => new RegExp(`[ &]${name}=([^&]*)`).exec(token)?.[1] ?? '';
  const expiry = field('se');
  const signature = createHmac('sha256', key)
    .update(`${field('sr')}\n${expiry}`)
    .digest('base64');
  return decodeURIComponent(field('sig')) === signature && Number(expiry) * 1000 > Date.now();
}
