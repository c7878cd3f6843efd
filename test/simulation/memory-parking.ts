import type { RowAddress } from '../../shared/change/row-change';
import type { KeptDelivery, ParkCause, ParkedItem, ParkedSubject, Parking } from '../../shared/parking/parking';

/** A parking in memory with the semantics of the real one: one item a subject, processed only as it was read. */
export class MemoryParking implements Parking {
  readonly items = new Map<string, ParkedItem>();
  #tags = 0;

  constructor(private readonly now: () => number) {}

  parkDelivery(delivery: KeptDelivery, cause: ParkCause, dueAtMs?: number): Promise<void> {
    return this.#park(idOf(delivery.body), { kind: 'delivery', delivery }, cause, dueAtMs);
  }

  has(body: Uint8Array): boolean {
    return this.items.has(idOf(body));
  }

  parkRow(row: RowAddress, cause: ParkCause, dueAtMs?: number): Promise<void> {
    return this.#park(`row ${row.table}/${row.id}`, { kind: 'row', row }, cause, dueAtMs);
  }

  #park(id: string, subject: ParkedSubject, cause: ParkCause, dueAtMs?: number): Promise<void> {
    this.#set({ id, subject, cause, attempts: 0, parkedAtMs: this.now() }, dueAtMs);
    return Promise.resolve();
  }

  #set(item: ParkedItem, dueAtMs?: number): void {
    const tag = String((this.#tags += 1));
    this.items.set(item.id, { ...item, tag, ...(dueAtMs === undefined ? {} : { dueAtMs }) });
  }

  due(nowMs: number, limit: number): Promise<readonly ParkedItem[]> {
    const due = [...this.items.values()].filter(({ dueAtMs }) => dueAtMs !== undefined && dueAtMs <= nowMs);
    return Promise.resolve(due.sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0)).slice(0, limit));
  }

  remove(items: readonly ParkedItem[]): Promise<void> {
    for (const { id, tag } of items) if (this.items.get(id)?.tag === tag) this.items.delete(id);
    return Promise.resolve();
  }

  postpone({ id }: ParkedItem, cause: ParkCause, dueAtMs?: number): Promise<void> {
    const item = this.items.get(id);
    if (item !== undefined) {
      const { id: same, subject, attempts, parkedAtMs } = item;
      this.#set({ id: same, subject, cause, attempts: attempts + 1, parkedAtMs }, dueAtMs);
    }
    return Promise.resolve();
  }
}

const idOf = (body: Uint8Array): string => Buffer.from(body).toString('latin1');
