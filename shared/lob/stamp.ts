import { BEGINNING, type Instant } from '../change/instant';
import type { DeliveryKey } from '../change/row-change';
import { NO_VERSION, type RowVersion } from '../change/row-version';

/**
 * What is known of a stored row's place in its history, written in one compare-and-swap with the row's data. A deleted
 * row keeps its stamp (a tombstone). docs/store.md shows how each store lays it out.
 */
export interface Stamp {
  /** Row version of the last full read from Dataverse (a pulled row or a read-back); never set from a push. */
  readonly version: RowVersion;
  /** Every change dated before this instant is contained in the stored row. */
  readonly base: Instant;
  /** Every change dated after this instant is newer than all that is stored. Between `base` and it, order is unknown. */
  readonly seen: Instant;
  /** Pushes were merged on top of the row as of `version`. */
  readonly ahead: boolean;
  /** The row is deleted. */
  readonly gone: boolean;
  /** Keys of the last committed events that were settled on this row, oldest first. */
  readonly ring: readonly DeliveryKey[];
}

/** How many delivery keys a stamp remembers. A duplicate that outlives them is settled by its date or by a read. */
export const RING_SIZE = 16;

/** The stamp of a row of which nothing is stored. */
export const NO_STAMP: Stamp = {
  version: NO_VERSION,
  base: BEGINNING,
  seen: BEGINNING,
  ahead: false,
  gone: false,
  ring: [],
};

/** The ring with `keys` added, the oldest keys falling out. */
export function withKeys(ring: readonly DeliveryKey[], keys: readonly DeliveryKey[]): readonly DeliveryKey[] {
  const added = keys.filter((key, index) => !ring.includes(key) && keys.indexOf(key) === index);
  return added.length === 0 ? ring : [...ring, ...added].slice(-RING_SIZE);
}
