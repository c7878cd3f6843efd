/**
 * Dataverse's row version (`versionnumber`, `@odata.etag` as `W/"915244"`): one counter for the whole organisation that
 * only grows, so two versions of a row can be ordered. It exceeds 2^53, hence a bigint.
 * https://learn.microsoft.com/power-apps/developer/data-platform/optimistic-concurrency
 */
export type RowVersion = bigint;

/** The version of a row of which no full read is known. */
export const NO_VERSION: RowVersion = 0n;

const ETAG = /^(?:W\/)?"(\d{1,19})"$/;

/** Reads the version out of an OData entity tag; undefined when the tag is of another form. */
export function versionFromETag(etag: string): RowVersion | undefined {
  const digits = ETAG.exec(etag)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}
