import { isFingerprintOf } from './fingerprint';
import type { RegisteredItem } from './item';
import type { EndpointSecret } from './secrets';

/**
 * How far apart the time in an endpoint's mark and the endpoint's last change may be: `modifiedon` is when Dataverse carried
 * out the request that the mark came with, by the clock of one of its servers, in whole seconds. Later, and something else
 * changed it; earlier, and somebody wrote the mark by hand.
 */
const WRITTEN_WITHIN_MS = 15_000;

/** Why an endpoint's secret, which can't be read, may not be the declared one; undefined: nothing says so. */
export async function secretState(
  { mark, hasSecret, modifiedMs }: RegisteredItem,
  secret: EndpointSecret | undefined,
): Promise<string | undefined> {
  if (!hasSecret) return 'none is set';
  if (mark?.secret === undefined) return "unknown: it wasn't written from a declaration";
  const { fingerprint, writtenMs } = mark.secret;
  if (secret?.kind === 'known' && !(await isFingerprintOf(fingerprint, secret.value))) return 'another one';
  return Math.abs(modifiedMs - writtenMs) > WRITTEN_WITHIN_MS
    ? `perhaps another one: the endpoint was changed at ${new Date(modifiedMs).toISOString()}`
    : undefined;
}
