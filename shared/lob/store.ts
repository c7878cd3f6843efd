import type { Instant } from '../change/instant';
import type { RowAddress } from '../change/row-change';
import type { Columns } from '../change/value';
import type { OutboundError } from '../errors/errors';
import type { Stamp } from './stamp';

/** What is stored of a row besides its columns, tombstones included. */
export interface StampedRow {
  readonly stamp: Stamp;
  /** The store's entity tag; never repeats for a row. */
  readonly etag: string;
  /** The row is live, but readers don't see it: the mapping's filter hides it, and its columns aren't stored. */
  readonly hidden: boolean;
  /** When it was last written, in the store's clock (or later). */
  readonly writtenAt: Instant;
}

/** A row as the store holds it. */
export interface StoredRow extends StampedRow {
  /** The stored columns in the store's own form: only the store that gave it can read it. */
  readonly data: unknown;
  /** Bytes this takes in memory, roughly: for bounding a cache. */
  readonly size: number;
}

/** A row's address and what is stored of it, without its columns. */
export interface StoredEntry {
  readonly row: RowAddress;
  readonly stored: StampedRow;
}

/** What lies in a store's table and isn't a row of this app, or can't be read as one: somebody else wrote it. */
export interface ForeignEntry {
  /** What it is called in the store. */
  readonly key: string;
  readonly error: OutboundError;
}

/** A part of a store's table. */
export interface StoredPage {
  readonly entries: readonly StoredEntry[];
  readonly foreign: readonly ForeignEntry[];
}

/** A part of a listing that can be gone on with. */
export interface ListedPage extends StoredPage {
  /** What has been listed so far, in the store's own words. */
  readonly place: string;
}

/** A row and its columns. */
export interface RowColumns {
  readonly row: RowAddress;
  readonly columns: Columns;
}

/** What a write does to the stored columns. `hide`: they go, and readers don't see the row, though it isn't deleted. */
export type RowEffect = DataEffect | 'hide';

/**
 * The longest time that a write takes to land, in milliseconds: so long after it was sent it is there, or never will be. Every
 * store sees to it.
 */
export const LONGEST_WRITE_MS = 15_000;

/** One compare-and-swap: data and stamp together, only if the row still is as `expected` (undefined: not there). */
export interface RowWrite {
  readonly row: RowAddress;
  readonly expected: StoredRow | undefined;
  readonly stamp: Stamp;
  readonly effect: RowEffect;
  /** The columns of a `snapshot`, a `patch` or a `hide` (of which a mapped row has none); ignored otherwise. */
  readonly columns: Columns;
  /** When Dataverse changed what the columns show to be other than before, at the latest. @default the stamp's `latestKnown` */
  readonly changedOn?: Instant;
  /** Asked each time before it is sent: once it says no, the write isn't made, and the outcome is a conflict. */
  readonly onlyWhile?: () => boolean;
}

/** Whether a write leaves its row hidden: the filter's columns decide that, and only `keep` brings none. */
export const leavesHidden = ({ effect, expected }: RowWrite): boolean =>
  effect === 'hide' || (effect === 'keep' && expected?.hidden === true);

/** What became of a write. */
export type WriteOutcome =
  | {
      readonly kind: 'written';
      readonly stored: StoredRow;
      /**
       * Whether the values of the stored columns may be other than before, whatever describes them (labels of choices, names of
       * lookups), which most pushes don't bring.
       */
      readonly changesValues: boolean;
    }
  /** The row wasn't as expected, or shared a transaction with such rows: nothing was written, decide again. */
  | { readonly kind: 'conflict' }
  /** The store can't hold the row (nothing was written), or didn't answer (nobody knows). */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * The line-of-business store. Every implementation passes `test/lob/store-contract.ts`.
 *
 * Legal at any time, from any number of processes: the compare-and-swap is what orders them.
 */
export interface LobStore {
  /** The rows as stored, in the order asked for; undefined where nothing is stored. */
  read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]>;
  /** Writes each row on its own merits; the outcomes are in the order of `writes`. At most one write per row. */
  write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]>;
  /** Whether the stored columns of a row equal a snapshot of it. */
  sameData(stored: StoredRow, snapshot: RowColumns): boolean;
  /** By column, whether the stored value is this one; a column of which that can't be said is left out. */
  compare(stored: StoredRow, some: RowColumns): ReadonlyMap<string, boolean>;
  /**
   * The LOB system itself has given a row these values, at a time in milliseconds since 1970, and Dataverse has them now: they
   * aren't sent to it. Only where what is stored is sent on.
   */
  lobHas?(some: RowColumns, sinceMs: number): Promise<void>;
  /**
   * Every row of a table that isn't a tombstone, hidden ones too, in pages. Rows written meanwhile may be missing.
   *
   * @param after the place of an earlier page: the listing goes on there
   */
  liveRows(table: string, after?: string): AsyncIterable<ListedPage>;
}

/** Removes tombstones for good: what makes that safe is not the store's business (shared/sync/tombstone-purge.ts). */
export interface TombstoneStore {
  /**
   * Tombstones of a table that were last written before an instant of the store's clock, in pages. A row that is only hidden
   * is none. Those written meanwhile may be missing.
   */
  tombstones(table: string, writtenBefore: Instant): AsyncIterable<StoredPage>;
  /** Removes those that still are as they were read. Returns how many went. */
  removeTombstones(tombstones: readonly StoredEntry[]): Promise<number>;
}

/** What a write does to the stored row's columns. */
export type DataEffect = 'snapshot' | 'patch' | 'keep' | 'clear';
