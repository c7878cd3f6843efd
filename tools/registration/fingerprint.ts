import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const SALT_BYTES = 12;
const HASH_BYTES = 18;

/**
 * A fingerprint of a secret that can lie in the open, beside the endpoint that has the secret: salted and slow to guess.
 * `SALT.HASH`, base64url.
 */
export async function fingerprintOf(secret: string, salt = randomBytes(SALT_BYTES)): Promise<string> {
  return `${salt.toString('base64url')}.${(await derive(secret, salt, HASH_BYTES)).toString('base64url')}`;
}

/** Whether a fingerprint is that of this secret; one of another form is of none. */
export async function isFingerprintOf(fingerprint: string, secret: string): Promise<boolean> {
  const [salt, hash] = fingerprint.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (salt?.length !== SALT_BYTES || hash?.length !== HASH_BYTES) return false;
  return timingSafeEqual(await derive(secret, salt, HASH_BYTES), hash);
}
