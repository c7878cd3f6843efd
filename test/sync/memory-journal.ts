import type { JournalName, LoadJournal } from '../../shared/sync/pull-state';
import { PACKED_ID_BYTES } from '../../shared/sync/row-id-set';

/** Load journals in memory. */
export class MemoryJournal implements LoadJournal {
  readonly loads = new Map<string, Buffer>();

  append({ table, load }: JournalName, at: number, ids: Uint8Array): Promise<boolean> {
    const name = `${table}/${load}`;
    if (at === 0 && !this.loads.has(name)) this.loads.set(name, Buffer.alloc(0));
    const bytes = this.loads.get(name);
    if (bytes === undefined) return Promise.resolve(false);
    const from = at * PACKED_ID_BYTES;
    if (bytes.byteLength !== from)
      return Promise.resolve(bytes.subarray(from, from + ids.byteLength).equals(ids) && bytes.byteLength >= from);
    this.loads.set(name, Buffer.concat([bytes, ids]));
    return Promise.resolve(true);
  }

  count({ table, load }: JournalName): Promise<number | undefined> {
    const bytes = this.loads.get(`${table}/${load}`);
    return Promise.resolve(bytes && bytes.byteLength / PACKED_ID_BYTES);
  }

  async *read({ table, load }: JournalName): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    const bytes = this.loads.get(`${table}/${load}`);
    if (bytes !== undefined) yield bytes;
  }

  clear(table: string): Promise<void> {
    for (const name of this.loads.keys()) if (name.startsWith(`${table}/`)) this.loads.delete(name);
    return Promise.resolve();
  }

  /** Loses the first ids of every journal, as nothing should. */
  lose(count: number): void {
    for (const [name, bytes] of this.loads) this.loads.set(name, bytes.subarray(count * PACKED_ID_BYTES));
  }
}
