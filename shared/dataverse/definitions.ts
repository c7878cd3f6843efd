import { LRUCache } from 'lru-cache';
import { WebApiError } from './web-api';

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

/**
 * The definition that was asked for by its name isn't there, for this user and for now: while metadata is being published
 * one may be gone for a moment. A 404 without a code of the platform's own isn't Dataverse's.
 */
export const definitionIsMissing = (error: unknown): boolean =>
  error instanceof WebApiError &&
  error.status === 404 &&
  error.platformCode !== '' &&
  /^GET (?:Entity|Relationship)Definitions\(/.test(error.request);

/** A column that was asked for is no longer there: the table's definition at hand is older than the table. */
export const columnUnknown = (error: unknown): boolean =>
  error instanceof WebApiError &&
  error.status === 400 &&
  (/^0x80060888$/i.test(error.platformCode) || /could not find a property named/i.test(error.message));
