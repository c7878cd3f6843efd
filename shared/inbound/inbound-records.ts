import { hash } from 'node:crypto';
import type { LobStore, RowWrite, StoredRow, WriteOutcome } from '../lob/store';
import { NO_STAMP } from '../lob/stamp';
import { textIn } from '../lob/tables/columns';
import type { HeldRow } from '../lob/tables/layout';
import { RowContended } from '../writer/writer';
import { batched } from '../lob/batcher';
import { decodeRecord, encodeRecord, merge, NO_RECORD, type InboundRecord } from './record';

/** The only table of the store that holds the records. */
export const RECORDS = 'inbound';

/** A record as it was read. */
export interface KeptRecord {
  readonly id: string;
  readonly record: InboundRecord;
  /** To be swapped. */
  readonly stored: StoredRow | undefined;
  /** Where the id leads to, while the record there is of another row. */
  readonly movedTo?: string;
}

/** What lies under an id: a record, or where it is. */
type Entry =
  | { readonly kind: 'record'; readonly record: InboundRecord }
  /** `left`: what was noted here, as long as it isn't there. Nobody notes anything here any more. */
  | { readonly kind: 'moved'; readonly to: string; readonly left?: InboundRecord };

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
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stored = await this.#readOne(id);
      const entry = this.#entryIn(stored);
      if (entry?.kind !== 'moved') return { id, record: entry?.record ?? NO_RECORD, stored };
      const { to, left } = entry;
      const there = await this.#readOne(to);
      const target = this.#entryIn(there);
      const record = target?.kind === 'record' ? target.record : NO_RECORD;
      if (rowId !== undefined && (record.rowId ?? rowId) !== rowId)
        return { id, record: left ?? NO_RECORD, stored, movedTo: to };
      const kept: KeptRecord = { id: to, record, stored: there };
      const whole = rowId === undefined ? kept : await this.#takeOver(kept, { rowId, id, stored, left });
      if (whole !== undefined) return whole;
    }
    throw new RowContended({ table: RECORDS, id }, MAX_ROUNDS);
  }

  /** Writes a record if nobody has written it since; undefined if somebody has. */
  async write(before: KeptRecord, record: InboundRecord): Promise<KeptRecord | undefined> {
    const { id, movedTo } = before;
    const entry: Entry = movedTo === undefined ? { kind: 'record', record } : moved(movedTo, record);
    const stored = await this.#swap(id, before.stored, entry);
    return stored && { ...before, record, stored };
  }

  /** Whether nobody has written a record since it was read. */
  async isLatest({ id, stored }: KeptRecord): Promise<boolean> {
    return (await this.#readOne(id))?.etag === stored?.etag;
  }

  /**
   * Makes a row's id lead to the record of its key. What was noted under the id is taken over.
   *
   * @returns the record as it is now; undefined where somebody has written it since
   */
  async link(kept: KeptRecord, table: string, rowId: string): Promise<KeptRecord | undefined> {
    const id = recordOfRow(table, rowId);
    if (id === kept.id) return kept;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = await this.#readOne(id);
      const entry = this.#entryIn(before);
      const left = entry?.kind === 'record' ? entry.record : entry?.left;
      const isMoved = entry?.kind === 'moved' && entry.to === kept.id;
      const stored = isMoved ? before : await this.#swap(id, before, moved(kept.id, left));
      if (stored !== undefined) return this.#takeOver(kept, { rowId, id, stored, left });
    }
    throw new RowContended({ table, id: rowId }, MAX_ROUNDS);
  }

  /**
   * Brings what was noted under a row's id, which leads to a record by now, into that record. Whoever finds it undone does it
   * first: nobody decides by a half of what is known of a row.
   */
  async #takeOver(
    kept: KeptRecord,
    {
      rowId,
      id,
      stored,
      left,
    }: Omit<KeptRecord, 'record'> & { readonly rowId: string; readonly left: InboundRecord | undefined },
  ): Promise<KeptRecord | undefined> {
    if (left === undefined) return kept;
    const whole = await this.write(kept, { ...merge(kept.record, left), rowId });
    // Fails where somebody else has done it, too.
    if (whole !== undefined) await this.#swap(id, stored, moved(kept.id));
    return whole;
  }

  async #swap(id: string, expected: StoredRow | undefined, entry: Entry): Promise<StoredRow | undefined> {
    const outcome = await this.#writeOne({
      row: { table: RECORDS, id },
      expected,
      stamp: NO_STAMP,
      effect: 'snapshot',
      columns: columnsOf(entry),
    });
    if (outcome.kind === 'failed') throw outcome.error;
    return outcome.kind === 'written' ? outcome.stored : undefined;
  }

  #entryIn(stored: StoredRow | undefined): Entry | undefined {
    if (stored === undefined) return undefined;
    const text = this.textOf(stored, 'Record');
    const record = text === undefined ? undefined : decodeRecord(text);
    const to = this.textOf(stored, 'MovedTo');
    return to === undefined ? record && { kind: 'record', record } : moved(to, record);
  }
}

const moved = (to: string, left?: InboundRecord): Entry => ({
  kind: 'moved',
  to,
  ...(left === undefined ? {} : { left }),
});

function columnsOf(entry: Entry): RowWrite['columns'] {
  const { record, to } =
    entry.kind === 'record' ? { record: entry.record, to: undefined } : { record: entry.left, to: entry.to };
  return new Map([
    ...(record === undefined ? [] : [['Record', { kind: 'string', value: encodeRecord(record) }] as const]),
    ...(to === undefined ? [] : [['MovedTo', { kind: 'string', value: to }] as const]),
  ]);
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
