import { DataverseError } from '../dataverse-error';

/** A delta token: what was known when a run began. */
export interface DeltaToken {
  readonly version: bigint;
  readonly issuedAt: number;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The token's text: `919042!08/22/2017 08:10:44`. */
export function writeDeltaToken(token: DeltaToken): string {
  const at = new Date(token.issuedAt);
  const day = `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${at.getUTCFullYear()}`;
  return `${token.version}!${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** URL-encoded as the platform does it, in lower case: `919042%2108%2f22%2f2017%2008%3a10%3a44`. */
export const encodeDeltaToken = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('!', '%21')
    .replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());

/** Reads a token; throws when it is none. */
export function readDeltaToken(text: string): DeltaToken {
  const [, version, month, day, year, time] = /^(\d+)!(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(text) ?? [];
  if (version === undefined) {
    throw new DataverseError(400, '0x80040203', `The delta token '${text}' is not valid.`);
  }
  return { version: BigInt(version), issuedAt: Date.parse(`${year}-${month}-${day}T${time}Z`) };
}

/**
 * The answer to a token that is too old. The platform's documents name code and message, none the HTTP status: 400, as for
 * other faults of the organisation service, is assumed.
 */
export const expiredToken = (): DataverseError =>
  new DataverseError(
    400,
    '0x80044352',
    'Version stamp associated with the client has expired. Please perform a full sync.',
  );
