import type { EventDraft, User } from '../events/event';
import type { Row, RowStore } from './row-store';
import type { Table } from '../metadata/table';
import type { Columns } from './value';

/** A row to be committed, or to be removed when there are no columns. */
export interface Write {
  readonly table: Table;
  readonly id: string;
  readonly columns: Columns | undefined;
}

/** What one transaction is about to do: rows in their new state, and the events that tell of them. */
export class UnitOfWork {
  /** When the operation began, milliseconds since 1970. */
  readonly startedAt: number;
  /** Under whom the operation runs. */
  readonly user: User;
  readonly writes: Write[] = [];
  readonly events: EventDraft[] = [];
  readonly #store: RowStore;
  readonly #pending = new Map<string, Columns | undefined>();

  constructor(store: RowStore, startedAt: number, user: User) {
    this.#store = store;
    this.startedAt = startedAt;
    this.user = user;
  }

  /** The row as this transaction sees it; its version is that of the committed one. */
  row(table: Table, id: string): Row | undefined {
    const committed = this.#store.table(table.logicalName).get(id);
    const key = rowKey(table, id);
    if (!this.#pending.has(key)) return committed;
    const columns = this.#pending.get(key);
    if (columns === undefined) return undefined;
    return { table: table.logicalName, id, version: committed?.version ?? 0n, columns };
  }

  /** Gives a row its new state. */
  put(table: Table, id: string, columns: Columns): void {
    this.#pending.set(rowKey(table, id), columns);
    this.writes.push({ table, id, columns });
  }

  /** Removes a row. */
  remove(table: Table, id: string): void {
    this.#pending.set(rowKey(table, id), undefined);
    this.writes.push({ table, id, columns: undefined });
  }

  /** Tells of something: an operation inside another one before that one. */
  raise(event: EventDraft): void {
    this.events.push(event);
  }
}

/** What identifies a row in the organisation. */
export const rowKey = (table: Table, id: string): string => `${table.logicalName} ${id}`;
