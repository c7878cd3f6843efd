import { randomBytes } from 'node:crypto';

/**
 * A lock token, as 16 bytes. A delivery's tag carries it in .NET's GUID byte order (the first three groups reversed),
 * `$management` in the order of RFC 4122; `key` is the latter in hex.
 */
export interface LockToken {
  readonly key: string;
  /** For `$management`. */
  readonly uuid: Buffer;
  /** For the delivery tag. */
  readonly tag: Buffer;
}

const DOTNET_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** A fresh, random token. */
export function newLockToken(): LockToken {
  const uuid = randomBytes(16);
  return { key: tokenKey(uuid), uuid, tag: Buffer.from(DOTNET_ORDER.map((from) => uuid.readUInt8(from))) };
}

/** The key of a token that came through `$management`. */
export const tokenKey = (uuid: Buffer): string => uuid.toString('hex');
