/**
 * A small Dataverse for simulations: rows with one global row version, modifiedon in whole seconds that may lie before the
 * commit, deletes, restores with the same id, reads that are as of one moment, and a change feed by versions.
 */
import type { Instant } from '../../shared/change/instant';
import type { RowAddress, RowChange } from '../../shared/change/row-change';
import type { Columns } from '../../shared/change/value';
import type { FeedPage, FeedStart } from '../../shared/dataverse/change-feed';
import { endOf } from '../../shared/dataverse/read-back';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { RowRead } from '../../shared/writer/row-reader';
import { columns, eventDelete, hint, image, patch, rowId } from './changes';

interface LiveRow {
  readonly version: number;
  readonly modifiedOn: Instant;
  readonly plain: Readonly<Record<string, number | null>>;
}

/** How a write is told of: its changed columns, its full image, from a synchronous step, or not at all. */
export type Push = 'patch' | 'image' | 'hint' | 'none';

export const TABLES = ['account', 'contact'] as const;
const ROWS_PER_TABLE = 3;
/** Ids of a table, in the order of its pages. */
export const IDS: readonly string[] = Array.from({ length: ROWS_PER_TABLE }, (_, n) => rowId(n + 1));

const keyOf = ({ table, id }: RowAddress): string => `${table}/${id}`;

export class SimulatedDataverse {
  /** Seconds since 1970. */
  clock: Instant = 1000;
  #version = 100;
  #oldestToken = 0;
  #events = 0;
  readonly #live = new Map<string, LiveRow>();
  readonly #deletedAt = new Map<string, number>();

  /** Creates, updates or restores a row; `back` seconds lie between its modifiedon and its commit. */
  write(row: RowAddress, names: readonly string[], back: number, push: Push): RowChange | undefined {
    const version = (this.#version += 1);
    const before = this.#live.get(keyOf(row));
    const modifiedOn = this.clock - back;
    const changed = {
      ...Object.fromEntries(names.map((name) => [name, version % 4 === 0 ? null : version])),
      rev: version,
    };
    const plain = { ...before?.plain, ...changed };
    this.#live.set(keyOf(row), { version, modifiedOn, plain });
    const parts = { row, key: this.#key(), at: modifiedOn };
    switch (push) {
      case 'patch':
        return patch({ ...parts, columns: columns(changed) });
      case 'image':
        return image({ ...parts, columns: columns(plain) });
      case 'hint':
        return hint({ ...parts, columns: columns(changed) });
      case 'none':
        return undefined;
    }
  }

  /** Deletes a row; OperationCreatedOn is up to a second later than the commit. */
  delete(row: RowAddress, late: number, push: Push): RowChange | undefined {
    if (!this.#live.delete(keyOf(row))) return undefined;
    this.#deletedAt.set(keyOf(row), (this.#version += 1));
    if (push === 'none') return undefined;
    const change = eventDelete({ row, key: this.#key(), at: this.clock + late });
    return push === 'hint' ? { ...change, evidence: { kind: 'hint', key: this.#key() } } : change;
  }

  /** What a synchronous step says of a transaction that is then rolled back. */
  rollBack(row: RowAddress): RowChange {
    return hint({ row, key: this.#key(), columns: columns({ a: -1, rev: -1 }) });
  }

  #key(): string {
    return `e${(this.#events += 1)}`;
  }

  /** A GET by id as of now. */
  get(row: RowAddress, begin: Instant): RowRead {
    const live = this.#live.get(keyOf(row));
    const end = endOf(this.clock * 1000);
    if (live === undefined) return { kind: 'missing', begin, end };
    const { version, modifiedOn, plain } = live;
    return { kind: 'found', version: BigInt(version), modifiedOn, columns: columns(plain), begin, end };
  }

  /** The columns of a live row, for the final comparison. */
  columnsOf(row: RowAddress): Columns | undefined {
    const live = this.#live.get(keyOf(row));
    return live && columns(live.plain);
  }

  get version(): number {
    return this.#version;
  }

  /** All tokens given so far are too old from now on. */
  expireTokens(): void {
    this.#oldestToken = this.#version;
  }

  /**
   * Pages of one row each, every one as of the moment it is asked for; the token is that of the first request. A next link
   * carries it, with what the run began from and how many rows it has shown.
   */
  async *pages(table: string, from: FeedStart, pause: () => Promise<void>): AsyncGenerator<FeedPage> {
    await pause();
    const [linkSince = '', linkToken, linkShown] = (from.link ?? '').split('/');
    const since = linkSince === '' ? undefined : Number(linkSince);
    if (since !== undefined && since < this.#oldestToken)
      throw new WebApiError('GET delta', 400, '0x80044352', 'Version stamp associated with the client has expired.');
    const next = linkToken ?? String(this.#version);
    for (const [index, id] of IDS.entries()) {
      if (index < Number(linkShown ?? 0)) continue;
      const items = this.#rowOf({ table, id }, since ?? 0);
      const page = { items, end: endOf(this.clock * 1000), nextLink: `${linkSince}/${next}/${index + 1}` };
      await pause();
      yield page;
      await pause();
    }
    const deleted = since === undefined ? [] : IDS.filter((id) => this.#isDeletedSince({ table, id }, since));
    const page = { items: deleted.map((id) => ({ kind: 'deleted', id }) as const), end: endOf(this.clock * 1000) };
    await pause();
    yield { ...page, deltaLink: next };
  }

  #rowOf(row: RowAddress, since: number): FeedPage['items'] {
    const live = this.#live.get(keyOf(row));
    if (live === undefined || live.version <= since) return [];
    const { version, modifiedOn, plain } = live;
    return [{ kind: 'row', id: row.id, version: BigInt(version), modifiedOn, columns: columns(plain) }];
  }

  #isDeletedSince(row: RowAddress, since: number): boolean {
    return !this.#live.has(keyOf(row)) && (this.#deletedAt.get(keyOf(row)) ?? 0) > since;
  }
}
