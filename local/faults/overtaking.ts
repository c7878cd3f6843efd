import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../dataverse/random';
import type { StoreRequest } from './store-proxy';
import { writesIn, type StoreWrite } from './store-writes';

/** How long a write to a row waits for another one. */
const LIMIT_MS = 600;

/** Holds writes to rows back until another write to the same row was carried out: two writers, both at it from the same state. */
export class Overtaking {
  /** The share of writes that are held back. */
  share = 0;
  /** How many of them another one has overtaken. */
  overtaken = 0;
  /** By row, how to let the write pass. */
  readonly #held = new Map<string, () => void>();

  constructor(private readonly random: Random) {}

  /** Resolves when a request may be carried out. */
  async turnOf(request: StoreRequest): Promise<void> {
    if (this.share === 0) return;
    const rows = writesIn(request)
      .map(rowOf)
      .filter((row) => !this.#held.has(row));
    if (rows.length === 0 || this.random.next() >= this.share) return;
    const over = new AbortController();
    for (const row of rows) this.#held.set(row, () => over.abort());
    await sleep(LIMIT_MS, undefined, { signal: over.signal }).catch(() => (this.overtaken += 1));
    for (const row of rows) this.#held.delete(row);
  }

  /** These were carried out. */
  done(writes: readonly StoreWrite[]): void {
    for (const write of writes) this.#held.get(rowOf(write))?.();
  }
}

const rowOf = ({ table, rowKey }: StoreWrite): string => `${table} ${rowKey}`;
