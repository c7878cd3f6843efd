import { LRUCache } from 'lru-cache';

/** How long a definition is used before it is read again, in milliseconds. */
export const DEFINITION_LIFETIME_MS = 60 * 60 * 1000;

/**
 * Definitions by name, to be asked with `forceFetch`. One that can't be read again for now is better than none; where
 * there is none, the failure of reading it is the answer, and never that it doesn't exist.
 *
 * @param clock milliseconds that only grow
 */
export const definitionCache = <T extends object>(
  read: (name: string) => Promise<T>,
  clock: () => number,
): LRUCache<string, T> =>
  new LRUCache<string, T>({
    max: 1000,
    ttl: DEFINITION_LIFETIME_MS,
    ttlResolution: 0,
    perf: { now: clock },
    noDeleteOnFetchRejection: true,
    fetchMethod: (name, last, { options }) => {
      // Allowed where there is no last one, a rejection would become undefined.
      options.allowStaleOnFetchRejection = last !== undefined;
      return read(name);
    },
  });
