import type { JournalName, LoadJournal } from '../../shared/sync/pull-state';
import { PACKED_ID_BYTES } from '../../shared/sync/row-id-set';

/** Load journals in memory. */
export class MemoryJournal implements LoadJournal {
  readonly loads = new Map<string, Uint8Array[]>();

  append({ table, load }: JournalName, ids: Uint8Array): Promise<void> {
    const name = `${table}/${load}`;
    this.loads.set(name, [...(this.loads.get(name) ?? []), ids]);
    return Promise.resolve();
  }

  count({ table, load }: JournalName): Promise<number | undefined> {
    const pieces = this.loads.get(`${table}/${load}`);
    return Promise.resolve(pieces?.reduce((count, { byteLength }) => count + byteLength / PACKED_ID_BYTES, 0));
  }

  async *read({ table, load }: JournalName): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield* this.loads.get(`${table}/${load}`) ?? [];
  }

  clear(table: string): Promise<void> {
    for (const name of this.loads.keys()) if (name.startsWith(`${table}/`)) this.loads.delete(name);
    return Promise.resolve();
  }
}
