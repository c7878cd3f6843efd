import type { JournalName, LoadJournal } from '../../shared/sync/pull-state';

/** Load journals in memory. */
export class MemoryJournal implements LoadJournal {
  readonly loads = new Map<string, Uint8Array[]>();

  append({ table, load }: JournalName, ids: Uint8Array): Promise<void> {
    const name = `${table}/${load}`;
    this.loads.set(name, [...(this.loads.get(name) ?? []), ids]);
    return Promise.resolve();
  }

  read({ table, load }: JournalName): Promise<AsyncIterable<Uint8Array> | undefined> {
    const pieces = this.loads.get(`${table}/${load}`);
    return Promise.resolve(pieces && iterate(pieces));
  }

  clear(table: string): Promise<void> {
    for (const name of this.loads.keys()) if (name.startsWith(`${table}/`)) this.loads.delete(name);
    return Promise.resolve();
  }
}

async function* iterate(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield* pieces;
}
