import { hash } from 'node:crypto';
import type { LobStore, RowWrite, StoredRow, WriteOutcome } from '../lob/store';
import { NO_STAMP } from '../lob/stamp';
import { textIn } from '../lob/tables/columns';
import type { HeldRow } from '../lob/tables/layout';
import { RowContended } from '../writer/writer';
import { batched } from './batcher';
import { decodeRecord, encodeRecord, merge, NO_RECORD, type InboundRecord } from './record';

/** The only table of the store that holds the records. */
export const RECORDS = 'inbound';

/** A record as it was read. */
export interface KeptRecord {
  readonly id: string;
  readonly record: InboundRecord;
  /** To be swapped. */
  readonly stored: StoredRow | undefined;
}

/** What lies under an id: a record, or where it is. */
type Entry =
  { readonly kind: 'record'; readonly record: InboundRecord } | { readonly kind: 'moved'; readonly to: string };

/** The id of what is noted under a name: one that spreads evenly. */
const noteId = (name: string): string => hash('sha256', name, 'hex').slice(0, 32);

/** The id of the record of a row that messages name by a key. */
export const recordOfKey = (table: string, key: string): string => noteId(`${table}(${key})`);

/** The id under which the record of a row, or where it is, is found by the row's id. */
export const recordOfRow = (table: string, rowId: string): string => noteId(`${table}(${rowId})`);

const MAX_ROUNDS = 10;

/**
 * The records of rows that a LOB system changes, with compare-and-swap. A record lies under the key by which messages name its
 * row, and its row's id leads there; or under the id, as long as no message has named a key.
 */
export class InboundRecords {
  readonly #readOne: (id: string) => Promise<StoredRow | undefined>;
  readonly #writeOne: (write: RowWrite) => Promise<WriteOutcome>;

  /**
   * @param textOf a text of a stored row: of Azure Tables by default
   */
  constructor(
    store: Pick<LobStore, 'read' | 'write'>,
    defer: (then: () => void) => void,
    private readonly textOf = heldText,
  ) {
    this.#readOne = batched((ids) => store.read(ids.map((id) => ({ table: RECORDS, id }))), defer);
    this.#writeOne = batched((writes) => writeOnce(store, writes), defer);
  }

  /**
   * The record under an id, or where that leads to.
   *
   * @param rowId where the id is of a row. Its key may be another row's by now, and so may be what is noted there
   */
  async read(id: string, rowId?: string): Promise<KeptRecord> {
    const stored = await this.#readOne(id);
    const entry = this.#entryIn(stored);
    if (entry?.kind === 'moved') {
      const moved = await this.#readOne(entry.to);
      const there = this.#entryIn(moved);
      const record = there?.kind === 'record' ? there.record : NO_RECORD;
      if (rowId !== undefined && (record.rowId ?? rowId) !== rowId) return { id, record: NO_RECORD, stored };
      return { id: entry.to, record, stored: moved };
    }
    return { id, record: entry?.record ?? NO_RECORD, stored };
  }

  /** Writes a record if nobody has written it since; undefined if somebody has. */
  async write({ id, stored }: KeptRecord, record: InboundRecord): Promise<KeptRecord | undefined> {
    const written = await this.#swap(id, stored, { kind: 'record', record });
    return written && { id, record, stored: written };
  }

  /**
   * Makes a row's id lead to the record of its key. What was noted under the id is taken over first.
   *
   * @returns the record as it is now; undefined where somebody has written it since
   */
  async link(kept: KeptRecord, table: string, rowId: string): Promise<KeptRecord | undefined> {
    const id = recordOfRow(table, rowId);
    if (id === kept.id) return kept;
    let taken: KeptRecord = kept;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = await this.#readOne(id);
      const entry = this.#entryIn(before);
      if (entry?.kind === 'moved' && entry.to === kept.id) return taken;
      if (entry?.kind === 'record') {
        const merged = await this.write(taken, merge(taken.record, entry.record));
        if (merged === undefined) return undefined;
        taken = merged;
      }
      if ((await this.#swap(id, before, { kind: 'moved', to: kept.id })) !== undefined) return taken;
    }
    throw new RowContended({ table, id: rowId }, MAX_ROUNDS);
  }

  async #swap(id: string, expected: StoredRow | undefined, entry: Entry): Promise<StoredRow | undefined> {
    const value = entry.kind === 'record' ? encodeRecord(entry.record) : entry.to;
    const outcome = await this.#writeOne({
      row: { table: RECORDS, id },
      expected,
      stamp: NO_STAMP,
      effect: 'snapshot',
      columns: new Map([[entry.kind === 'record' ? 'Record' : 'MovedTo', { kind: 'string', value }]]),
    });
    if (outcome.kind === 'failed') throw outcome.error;
    return outcome.kind === 'written' ? outcome.stored : undefined;
  }

  #entryIn(stored: StoredRow | undefined): Entry | undefined {
    if (stored === undefined) return undefined;
    const to = this.textOf(stored, 'MovedTo');
    if (to !== undefined) return { kind: 'moved', to };
    const text = this.textOf(stored, 'Record');
    return text === undefined ? undefined : { kind: 'record', record: decodeRecord(text) };
  }
}

const heldText = (stored: StoredRow, name: string): string | undefined =>
  textIn((stored.data as HeldRow).columns, name);

/** A store takes one write of a row at a time; of several the others have lost their race. */
async function writeOnce(
  store: Pick<LobStore, 'write'>,
  writes: readonly RowWrite[],
): Promise<readonly WriteOutcome[]> {
  const first = new Map(writes.map(({ row }, at) => [row.id, at] as const).reverse());
  const sent = writes.filter(({ row }, at) => first.get(row.id) === at);
  const outcomes = await store.write(sent);
  const conflict: WriteOutcome = { kind: 'conflict' };
  return writes.map((write) => outcomes[sent.indexOf(write)] ?? conflict);
}
