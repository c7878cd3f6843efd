import { BEGINNING, type Instant } from '../change/instant';
import type { DeliveryKey } from '../change/row-change';
import { NO_VERSION, type RowVersion } from '../change/row-version';

/** When Dataverse changed the columns that nobody owns, of a table that the LOB system changes too. */
export interface ColumnTimes {
  /** When the row was changed as it was first stored; absent where that was before such times were kept. */
  readonly first?: Instant;
  /** By logical name, of those that have changed since. */
  readonly columns: ReadonlyMap<string, Instant>;
}

/**
 * What is known of a stored row's place in its history, written in one compare-and-swap with the row's data. A deleted
 * row keeps its stamp (a tombstone). docs/store.md shows how each store lays it out.
 */
export interface Stamp {
  /** Row version of the last full read from Dataverse (a pulled row or a read-back); never set from a push. */
  readonly version: RowVersion;
  /** Every change dated before this instant is contained in the stored row. */
  readonly knownUntil: Instant;
  /** Every change dated after this instant is newer than all that is stored. Between `knownUntil` and it, order is unknown. */
  readonly latestKnown: Instant;
  /** Pushes were merged on top of the row as of `version`. */
  readonly hasPushOnTop: boolean;
  /** The row is deleted. */
  readonly deleted: boolean;
  /** Keys of the last committed events that were processed on this row, oldest first. */
  readonly recentKeys: readonly DeliveryKey[];
  readonly times?: ColumnTimes | undefined;
}

/** How many delivery keys a stamp remembers. A duplicate that outlives them is processed by its date or by a read. */
export const RECENT_KEYS = 16;

/** The stamp of a row of which nothing is stored. */
export const NO_STAMP: Stamp = {
  version: NO_VERSION,
  knownUntil: BEGINNING,
  latestKnown: BEGINNING,
  hasPushOnTop: false,
  deleted: false,
  recentKeys: [],
};

/** The recent keys with `keys` added, the oldest falling out. */
export function withKeys(recentKeys: readonly DeliveryKey[], keys: readonly DeliveryKey[]): readonly DeliveryKey[] {
  const added = keys.filter((key, index) => !recentKeys.includes(key) && keys.indexOf(key) === index);
  return added.length === 0 ? recentKeys : [...recentKeys, ...added].slice(-RECENT_KEYS);
}

/** The stamp as one text, JSON: short names, since every row carries it. */
export function encodeStamp(stamp: Stamp): string {
  const flags = (stamp.hasPushOnTop ? ',"ahead":true' : '') + (stamp.deleted ? ',"gone":true' : '');
  const keys = JSON.stringify(stamp.recentKeys.join(' '));
  const times = stamp.times === undefined ? '' : `,"at":${encodeTimes(stamp.times)}`;
  return `{"v":"${stamp.version}","base":${stamp.knownUntil},"seen":${stamp.latestKnown}${flags},"ring":${keys}${times}}`;
}

/** No column is called so. */
const FIRST = '';

const encodeTimes = ({ first, columns }: ColumnTimes): string =>
  JSON.stringify(Object.fromEntries([...(first === undefined ? [] : [[FIRST, first] as const]), ...columns]));

function decodeTimes(wire: object): ColumnTimes {
  const columns = new Map(Object.entries(wire as Readonly<Record<string, Instant>>));
  const first = columns.get(FIRST);
  columns.delete(FIRST);
  return { ...(first === undefined ? {} : { first }), columns };
}

/** Reads a stamp's text back; undefined where it isn't one. */
export function decodeStamp(text: string): Stamp | undefined {
  try {
    const { v, base, seen, ahead, gone, ring, at } = JSON.parse(text) as Record<string, unknown>;
    if (typeof v !== 'string' || typeof base !== 'number' || typeof seen !== 'number' || typeof ring !== 'string')
      return undefined;
    return {
      version: BigInt(v),
      knownUntil: base,
      latestKnown: seen,
      hasPushOnTop: ahead === true,
      deleted: gone === true,
      recentKeys: ring === '' ? [] : ring.split(' '),
      ...(typeof at === 'object' && at !== null ? { times: decodeTimes(at) } : {}),
    };
  } catch {
    return undefined;
  }
}
