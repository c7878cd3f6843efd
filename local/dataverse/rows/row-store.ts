import type { Columns } from './value';

/** A row as committed. Never changed: an update makes a new one. */
export interface Row {
  readonly table: string;
  readonly id: string;
  /** The row version: one counter for the whole organisation that only grows. Also in `columns.versionnumber`. */
  readonly version: bigint;
  /** Every column of the table; one without a value is null. */
  readonly columns: Columns;
}

/** What a commit did to a row: its new state, or that it is gone. */
export interface Commit {
  readonly version: bigint;
  readonly table: string;
  readonly id: string;
  /** As it was before; undefined: there was none. */
  readonly before: Row | undefined;
  /** As it is now; undefined: it is deleted. */
  readonly row: Row | undefined;
}

/** One item of a page of changes. */
export type RowOrDeletion =
  { readonly kind: 'row'; readonly row: Row } | { readonly kind: 'deleted'; readonly id: string };

/** A page of rows, and where the next one begins; undefined after the last row. */
export interface RowPage {
  readonly rows: readonly Row[];
  readonly next: number | undefined;
}

/** Where a page of changes ended: among the rows or among the deletions, and after which version. */
export interface ChangePosition {
  readonly phase: 'rows' | 'deleted';
  readonly after: bigint;
}

interface LogEntry {
  readonly id: string;
  readonly version: bigint;
}

/** Index of the first entry above a version (entries are in order of version). */
function firstAbove(log: readonly LogEntry[], version: bigint): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = log[middle];
    if (entry !== undefined && entry.version <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows of one table, with what change tracking needs of their history. */
export class TableRows {
  readonly #rows = new Map<string, Row>();
  // The order of creation, holes where a row was deleted: pages of a whole table keep their place while rows come and go.
  readonly #sequence: (string | undefined)[] = [];
  readonly #place = new Map<string, number>();
  #changeLog: LogEntry[] = [];
  readonly #deleted = new Map<string, { readonly version: bigint; readonly row: Row }>();
  #deleteLog: LogEntry[] = [];
  #keysOf: ((row: Row) => readonly string[]) | undefined;
  readonly #byKey = new Map<string, Set<string>>();
  /** Delta tokens below this version have expired. */
  oldestToken = 0n;
  /** Grows with every commit. */
  commits = 0;

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  /** A deleted row as it last was. */
  deleted(id: string): Row | undefined {
    return this.#deleted.get(id)?.row;
  }

  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** Makes the rows findable by keys from now on, in place of the keys before. */
  index(keysOf: (row: Row) => readonly string[]): void {
    this.#keysOf = keysOf;
    this.#byKey.clear();
    for (const row of this.#rows.values()) this.#addKeys(row);
  }

  /** The ids of the rows that have this key. */
  withKey(key: string): readonly string[] {
    return [...(this.#byKey.get(key) ?? [])];
  }

  #addKeys(row: Row): void {
    for (const key of this.#keysOf?.(row) ?? []) {
      const ids = this.#byKey.get(key) ?? new Set();
      this.#byKey.set(key, ids.add(row.id));
    }
  }

  #removeKeys(row: Row): void {
    for (const key of this.#keysOf?.(row) ?? []) {
      const ids = this.#byKey.get(key);
      ids?.delete(row.id);
      if (ids?.size === 0) this.#byKey.delete(key);
    }
  }

  put(row: Row): void {
    const before = this.#rows.get(row.id);
    if (before !== undefined) this.#removeKeys(before);
    else {
      this.#place.set(row.id, this.#sequence.length);
      this.#sequence.push(row.id);
      this.#deleted.delete(row.id);
    }
    this.#rows.set(row.id, row);
    this.#addKeys(row);
    this.#changeLog.push({ id: row.id, version: row.version });
    if (this.#changeLog.length > 4 * this.#rows.size + 1024) {
      this.#changeLog = this.#changeLog.filter((entry) => this.#rows.get(entry.id)?.version === entry.version);
    }
    this.commits += 1;
  }

  remove(id: string, version: bigint): void {
    const place = this.#place.get(id);
    const row = this.#rows.get(id);
    if (row === undefined || place === undefined) return;
    this.#sequence[place] = undefined;
    this.#place.delete(id);
    this.#rows.delete(id);
    this.#removeKeys(row);
    this.#deleted.set(id, { version, row });
    this.#deleteLog.push({ id, version });
    if (this.#deleteLog.length > 4 * this.#deleted.size + 1024) {
      this.#deleteLog = this.#deleteLog.filter((entry) => this.#deleted.get(entry.id)?.version === entry.version);
    }
    this.commits += 1;
  }

  /** Changes the columns of all rows, deleted ones too, without giving them new versions. */
  rewrite(change: (columns: Columns) => Columns): void {
    for (const [id, row] of this.#rows) this.#rows.set(id, { ...row, columns: change(row.columns) });
    for (const [id, { version, row }] of this.#deleted) {
      this.#deleted.set(id, { version, row: { ...row, columns: change(row.columns) } });
    }
    if (this.#keysOf !== undefined) this.index(this.#keysOf);
  }

  /** The rows that are accepted, in order of creation, from a place on. */
  page(from: number, size: number, accept: (row: Row) => boolean = () => true): RowPage {
    const rows: Row[] = [];
    let place = from;
    for (; place < this.#sequence.length; place++) {
      const id = this.#sequence[place];
      const row = id === undefined ? undefined : this.#rows.get(id);
      if (row === undefined || !accept(row)) continue;
      if (rows.length === size) return { rows, next: place };
      rows.push(row);
    }
    return { rows, next: undefined };
  }

  /**
   * What changed after a version: first the rows by version, each in its current state, then the deletions. A row that
   * changes while pages are read moves to the end and can come twice, as in the platform.
   */
  changes(since: bigint, from: ChangePosition | undefined, size: number) {
    const items: RowOrDeletion[] = [];
    let phase = from?.phase ?? 'rows';
    let after = from?.after ?? since;
    if (phase === 'rows') {
      for (let index = firstAbove(this.#changeLog, after); index < this.#changeLog.length; index++) {
        const entry = this.#changeLog[index];
        const row = entry === undefined ? undefined : this.#rows.get(entry.id);
        if (row === undefined || row.version !== entry?.version) continue;
        if (items.length === size) return { items, next: { phase, after } satisfies ChangePosition };
        items.push({ kind: 'row', row });
        after = row.version;
      }
      phase = 'deleted';
      after = since;
    }
    for (let index = firstAbove(this.#deleteLog, after); index < this.#deleteLog.length; index++) {
      const entry = this.#deleteLog[index];
      if (entry === undefined || this.#deleted.get(entry.id)?.version !== entry.version) continue;
      if (items.length === size) return { items, next: { phase, after } satisfies ChangePosition };
      items.push({ kind: 'deleted', id: entry.id });
      after = entry.version;
    }
    return { items, next: undefined };
  }
}

/** All rows of the organisation and their version counter. */
export class RowStore {
  readonly #tables = new Map<string, TableRows>();
  readonly #watchers = new Set<(commit: Commit) => void>();
  // Any start will do: real organisations have long left small numbers behind.
  #version = 4_215_300n;

  /** The version of the latest commit. */
  get version(): bigint {
    return this.#version;
  }

  /** Takes the next version. */
  nextVersion(): bigint {
    this.#version += 1n;
    return this.#version;
  }

  /** The rows of a table. */
  table(logicalName: string): TableRows {
    let rows = this.#tables.get(logicalName);
    if (rows === undefined) {
      rows = new TableRows();
      this.#tables.set(logicalName, rows);
    }
    return rows;
  }

  /** Commits a row in its new state. The version is taken at commit, so versions grow in the order of commits. */
  commit(table: string, id: string, columns: Columns): Row {
    const version = this.nextVersion();
    const row: Row = { table, id, version, columns: { ...columns, versionnumber: version } };
    const before = this.table(table).get(id);
    this.table(table).put(row);
    this.#tell({ version, table, id, before, row });
    return row;
  }

  /** Commits a deletion; returns its version. */
  commitDelete(table: string, id: string): bigint {
    const version = this.nextVersion();
    const before = this.table(table).get(id);
    this.table(table).remove(id, version);
    this.#tell({ version, table, id, before, row: undefined });
    return version;
  }

  /** Tells of every commit from now on; the function returned ends that. */
  watch(listener: (commit: Commit) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  #tell(commit: Commit): void {
    for (const tell of this.#watchers) tell(commit);
  }
}
