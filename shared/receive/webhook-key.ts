import { hash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

/**
 * Whether any of the keys offered is one of the keys allowed, in time that depends on neither: digests of equal length
 * are compared, all of them, always.
 */
export function keyMatches(offered: readonly string[], allowed: readonly string[]): boolean {
  let matches = false;
  for (const candidate of offered) {
    const candidateDigest = digest(candidate);
    for (const key of allowed) {
      if (timingSafeEqual(candidateDigest, digest(key))) matches = true;
    }
  }
  return matches;
}
