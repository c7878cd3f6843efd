import { setImmediate } from 'node:timers/promises';
import type { RowAddress } from '../change/row-change';
import type { Columns } from '../change/value';
import { timesAfter } from './column-times';
import type { LobStore, RowColumns, RowWrite, StoredRow, WriteOutcome } from './store';
import { ValueNotConvertible } from '../mapping/errors';
import type { Mapping } from '../mapping/mapping';
import type { TableMapping } from '../mapping/table-mapping';
import { idOf, keyOf } from '../mapping/row-key';
import { azureTableName, type StoreNaming } from './tables/layout';

/** Rows that are mapped in one go; then everything else in the process has a turn. */
const ROWS_A_TURN = 64;

const NO_COLUMNS: Columns = new Map();
const NOTHING_SAID: ReadonlyMap<string, boolean> = new Map();

/**
 * A store as the mapping shows it: rows go in as Dataverse has them, and lie there with the mapping's columns, or hidden
 * where they don't meet its filter; their stamps keep the times of columns that the LOB system may change. Whoever writes and
 * reads through it knows of no mapping.
 */
export class MappedStore implements LobStore {
  constructor(
    private readonly store: LobStore,
    private readonly mapping: Pick<Mapping, 'tableOf'>,
  ) {}

  read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    return this.store.read(rows);
  }

  liveRows(table: string, after?: string): ReturnType<LobStore['liveRows']> {
    return this.store.liveRows(table, after);
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const mapped: (RowWrite | WriteOutcome)[] = [];
    for (const write of writes) {
      try {
        const mapping = this.mapping.tableOf(write.row.table);
        mapped.push(this.#mapped(this.#timed(write, mapping), mapping));
      } catch (error) {
        mapped.push({ kind: 'failed', error });
      }
      if (mapped.length % ROWS_A_TURN === 0) await setImmediate();
    }
    const written = await this.store.write(mapped.flatMap((of) => ('kind' in of ? [] : [of])));
    let next = 0;
    return mapped.map((of) => ('kind' in of ? of : (written[next++] ?? { kind: 'conflict' })));
  }

  #timed(write: RowWrite, mapping: TableMapping): RowWrite {
    const columns = mapping.inbound?.unowned.filter((column) => mapping.comparable(column)) ?? [];
    const times = timesAfter(write, columns, (...of) => this.compare(...of));
    return times === write.stamp.times ? write : { ...write, stamp: { ...write.stamp, times } };
  }

  #mapped(write: RowWrite, mapping: TableMapping): RowWrite {
    const { row, effect, columns, expected } = write;
    switch (effect) {
      case 'snapshot':
        return mapping.shows(row, columns, 'all')
          ? { ...write, columns: mapping.map(row, columns) }
          : { ...write, effect: 'hide', columns: NO_COLUMNS };
      case 'patch': {
        if (expected?.hidden !== true) {
          return mapping.shows(row, columns, 'brought')
            ? { ...write, columns: mapping.map(row, columns) }
            : { ...write, effect: 'hide', columns: NO_COLUMNS };
        }
        // Only without a Web API: what isn't in the patch isn't known.
        const shows =
          mapping.filterColumns.every((column) => columns.has(column)) && mapping.shows(row, columns, 'all');
        return shows
          ? { ...write, effect: 'snapshot', columns: mapping.map(row, columns) }
          : { ...write, effect: 'keep', columns: NO_COLUMNS };
      }
      default:
        return write;
    }
  }

  sameData(stored: StoredRow, { row, columns }: RowColumns): boolean {
    const mapping = this.mapping.tableOf(row.table);
    const shown = mapping.shows(row, columns, 'all');
    if (stored.hidden || !shown) return stored.hidden && !shown;
    return this.store.sameData(stored, { row, columns: mapping.map(row, columns) });
  }

  compare(stored: StoredRow, { row, columns }: RowColumns): ReadonlyMap<string, boolean> {
    if (stored.hidden || stored.stamp.deleted) return NOTHING_SAID;
    const mapping = this.mapping.tableOf(row.table);
    const comparable = new Map([...columns].filter(([column]) => mapping.comparable(column)));
    const same = this.store.compare(stored, { row, columns: this.#mappedOrNot(row, comparable) });
    return new Map(
      [...comparable.keys()].flatMap((column) => {
        const is = same.get(mapping.nameOf(column));
        return is === undefined ? [] : [[column, is] as const];
      }),
    );
  }

  async lobHas({ row, columns }: RowColumns, sinceMs: number): Promise<void> {
    if (this.store.lobHas !== undefined)
      await this.store.lobHas({ row, columns: this.#mappedOrNot(row, columns) }, sinceMs);
  }

  /** Columns as they are stored, without those whose value can't be. */
  #mappedOrNot(row: RowAddress, columns: Columns): Columns {
    const mapping = this.mapping.tableOf(row.table);
    return new Map(
      [...columns].flatMap((entry) => {
        try {
          return [...mapping.map(row, new Map([entry]))];
        } catch (error) {
          if (error instanceof ValueNotConvertible) return [];
          throw error;
        }
      }),
    );
  }
}

/** Names in the store as the mapping gives them, after a prefix; a link's table is its relationship's schema name. */
export const namingOf = (mapping: Pick<Mapping, 'tableOf' | 'links'>, prefix: string): StoreNaming => ({
  tableOf: (table) => azureTableName(prefix, mapping.links.get(table)?.target ?? mapping.tableOf(table).target),
  keyOf: ({ table, id }) => keyOf(mapping.tableOf(table).key, id),
  idOf: (table, rowKey) => idOf(mapping.tableOf(table).key, rowKey),
});
