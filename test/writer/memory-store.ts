/**
 * A LOB store in memory with the semantics of a real one: compare-and-swap by entity tags that never repeat, tombstones,
 * merge and replace. It counts its work, and can be made to wait or fail at any step.
 */
import { isDeepStrictEqual } from 'node:util';
import { floorInstant, type Instant } from '../../shared/change/instant';
import type { RowAddress } from '../../shared/change/row-change';
import type { Columns, Value } from '../../shared/change/value';
import type {
  ForeignEntry,
  ListedPage,
  LobStore,
  RowColumns,
  RowWrite,
  StoredEntry,
  StoredPage,
  StoredRow,
  TombstoneStore,
  WriteOutcome,
} from '../../shared/lob/store';

/**
 * Where a store can be made to wait or fail: before a read, before a page of a listing, before a write, after a write whose
 * answer is then lost.
 */
export type StorePoint = 'read' | 'list' | 'write' | 'written';

const ROWS_A_PAGE = 2;

const keyOf = ({ table, id }: RowAddress): string => `${table}/${id}`;

const withoutNulls = (columns: Columns): Columns => new Map([...columns].filter(([, value]) => value !== null));

export class MemoryStore implements LobStore, TombstoneStore {
  readonly rows = new Map<string, StoredRow>();
  /** Rows read, rows sent to be written, and calls of `write`. */
  readonly counts = { reads: 0, writes: 0, calls: 0 };
  /** Runs at each point; what it throws is what the caller of the store gets. */
  at: (point: StorePoint, rows: readonly RowAddress[]) => Promise<void> | void = () => undefined;
  /** What a listing meets besides its rows. */
  foreign: readonly ForeignEntry[] = [];
  #etags = 0;

  constructor(private readonly now: () => number = Date.now) {}

  async read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    await this.at('read', rows);
    this.counts.reads += rows.length;
    return rows.map((row) => this.rows.get(keyOf(row)));
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const rows = writes.map(({ row }) => row);
    await this.at('write', rows);
    this.counts.calls += 1;
    this.counts.writes += writes.length;
    const outcomes = writes.map((write) => this.#writeOne(write));
    await this.at('written', rows);
    return outcomes;
  }

  #writeOne(write: RowWrite): WriteOutcome {
    const key = keyOf(write.row);
    const have = this.rows.get(key);
    if (write.onlyWhile?.() === false || !this.isAsExpected(have, write)) return { kind: 'conflict' };
    const written: StoredRow = {
      stamp: write.stamp,
      etag: String((this.#etags += 1)),
      hidden: write.effect === 'hide' || (write.effect === 'keep' && have?.hidden === true),
      writtenAt: floorInstant(this.now()) + 1,
      data: dataAfter(have, write),
      size: 100,
    };
    this.rows.set(key, written);
    const changesValues = write.effect === 'snapshot' ? !sameValues(have, written) : write.effect === 'patch';
    return { kind: 'written', stored: written, changesValues };
  }

  /** The compare of the compare-and-swap. */
  protected isAsExpected(have: StoredRow | undefined, { expected }: RowWrite): boolean {
    return have?.etag === expected?.etag;
  }

  sameData(stored: StoredRow, { columns }: RowColumns): boolean {
    return !stored.hidden && isDeepStrictEqual(stored.data, withoutNulls(columns));
  }

  compare(stored: StoredRow, { columns }: RowColumns): ReadonlyMap<string, boolean> {
    const have = stored.data as Columns;
    const bare = (value: Value): Columns => bareValues(new Map([['x', value]]));
    return new Map(
      [...columns].map(([name, value]) => [name, isDeepStrictEqual(bare(have.get(name) ?? null), bare(value))]),
    );
  }

  async *liveRows(table: string, after = ''): AsyncIterable<ListedPage> {
    for await (const page of this.#list(table, ({ stamp }) => !stamp.deleted, after))
      yield { ...page, place: page.entries.at(-1)?.row.id ?? after };
  }

  tombstones(table: string, writtenBefore: Instant): AsyncIterable<StoredPage> {
    return this.#list(table, ({ stamp, writtenAt }) => stamp.deleted && writtenAt <= writtenBefore, '');
  }

  /** In the order of ids; each page as of when it is listed. */
  async *#list(table: string, which: (stored: StoredRow) => boolean, after: string): AsyncIterable<StoredPage> {
    let last = after;
    let { foreign } = this;
    for (;;) {
      await this.at('list', []);
      const entries = this.#entriesAfter(table, which, last).slice(0, ROWS_A_PAGE);
      if (entries.length > 0 || foreign.length > 0) yield { entries, foreign };
      if (entries.length < ROWS_A_PAGE) return;
      foreign = [];
      last = entries.at(-1)?.row.id ?? last;
    }
  }

  #entriesAfter(table: string, which: (stored: StoredRow) => boolean, last: string): readonly StoredEntry[] {
    const found = [...this.rows].flatMap(([key, stored]) => {
      const [of = '', id = ''] = key.split('/');
      return of === table && id > last && which(stored) ? [{ row: { table, id }, stored }] : [];
    });
    return found.sort((a, b) => (a.row.id < b.row.id ? -1 : 1));
  }

  removeTombstones(tombstones: readonly StoredEntry[]): Promise<number> {
    const as = tombstones.filter(({ row, stored }) => this.rows.get(keyOf(row))?.etag === stored.etag);
    for (const { row } of as) this.rows.delete(keyOf(row));
    return Promise.resolve(as.length);
  }

  /** The columns that readers see; undefined for a tombstone, a hidden row, or where nothing is stored. */
  columnsOf(row: RowAddress): Columns | undefined {
    const stored = this.rows.get(keyOf(row));
    return stored === undefined || stored.stamp.deleted || stored.hidden ? undefined : (stored.data as Columns);
  }

  stampOf(row: RowAddress): StoredRow['stamp'] | undefined {
    return this.rows.get(keyOf(row))?.stamp;
  }
}

const sameValues = (before: StoredRow | undefined, after: StoredRow): boolean =>
  before !== undefined && isDeepStrictEqual(bareValues(before.data as Columns), bareValues(after.data as Columns));

/** Choices without their labels, lookups without their names. */
const bareValues = (columns: Columns): Columns =>
  new Map(
    [...columns].map(([name, value]): [string, Value] => {
      if (value?.kind === 'choice') return [name, { kind: 'choice', value: value.value }];
      if (value?.kind === 'choices') return [name, { kind: 'choices', values: value.values }];
      return [name, value?.kind === 'lookup' ? { ...value, name: null } : value];
    }),
  );

function dataAfter(have: StoredRow | undefined, { effect, columns }: RowWrite): Columns {
  const before = (have?.data as Columns | undefined) ?? new Map<string, Value>();
  switch (effect) {
    case 'snapshot':
      return withoutNulls(columns);
    case 'patch':
      return withoutNulls(new Map([...before, ...columns]));
    case 'keep':
      return before;
    case 'clear':
    case 'hide':
      return new Map();
    default:
      return effect satisfies never;
  }
}
