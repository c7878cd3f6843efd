/** What is seen of Dataverse from outside while the clerks work: who changed which columns when, and how often the app did. */
import type { Commit, Dataverse, Value } from '../dataverse/simulator';
import { asReference, valueText } from '../dataverse/rows/value';
import type { Mapping } from './mapping';

/** The last change of a column by anyone but the app. */
export interface UserChange {
  readonly value: Value;
  readonly atMs: number;
  /** Values that users gave it before, also to an earlier row of the same id. */
  readonly earlier: readonly Value[];
}

/** Whether two values of a column are equal; digits may end with zeros. */
export const isEqual = (one: Value | undefined, other: Value | undefined): boolean =>
  plain(one ?? null) === plain(other ?? null);

const plain = (value: Value): string | null => {
  if (value === null || value === '') return null;
  const text = valueText(value);
  return /^-?\d+\.\d+$/.test(text) ? String(Number(text)) : text;
};

/** Watches the tables that the clerks change. */
export class Witness {
  /** Changes of rows by the app. */
  written = 0;
  /** Versions that the app gave rows. */
  readonly versions = new Set<bigint>();
  readonly #columns = new Map<string, UserChange>();
  readonly #deletions = new Map<string, number>();
  /** Who deletes a row, which its commit doesn't say. */
  readonly #deleters = new Map<string, string>();
  readonly #ends: (() => void)[];

  constructor(
    private readonly dataverse: Dataverse,
    private readonly mapping: Mapping,
    private readonly now: () => number = Date.now,
  ) {
    const deleters = mapping.inbound.map((table) =>
      dataverse.plugIn({
        table,
        message: 'Delete',
        execute: ({ id, initiatingUserId }) => {
          this.#deleters.set(id, initiatingUserId);
          return undefined;
        },
      }),
    );
    this.#ends = [...deleters, dataverse.watch((commit) => this.#see(commit))];
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** The last change of a column by anyone but the app. */
  lastOf(rowId: string, column: string): UserChange | undefined {
    return this.#columns.get(`${rowId} ${column}`);
  }

  /** When anyone but the app last deleted a row of this id or key. */
  deletionOf(table: string, name: string): number | undefined {
    return this.#deletions.get(`${table} ${name}`);
  }

  /** Events that Dataverse raised of the app's changes. */
  echoes(): number {
    return this.dataverse.jobs().filter(({ version }) => version !== undefined && this.versions.has(version)).length;
  }

  #see({ table, id, before, row, version }: Commit): void {
    const { inbound } = this.mapping.table(table);
    if (inbound === undefined) return;
    const who = row === undefined ? this.#deleters.get(id) : asReference(row.columns.modifiedby)?.id;
    if (who === this.dataverse.applicationUserId) {
      this.written += 1;
      this.versions.add(version);
      return;
    }
    const atMs = this.now();
    if (row === undefined) {
      this.#deletions.set(`${table} ${id}`, atMs);
      const key = before?.columns[inbound.key];
      if (typeof key === 'string') this.#deletions.set(`${table} ${key}`, atMs);
      return;
    }
    for (const column of inbound.owners.keys()) {
      const value = row.columns[column] ?? null;
      if (before !== undefined && isEqual(before.columns[column], value)) continue;
      const last = this.lastOf(id, column);
      const earlier = last === undefined ? [] : [...last.earlier, last.value];
      this.#columns.set(`${id} ${column}`, { value, atMs, earlier });
    }
  }
}
