import type { RowAddress } from '../change/row-change';
import { NO_VERSION } from '../change/row-version';
import type { Columns, Value } from '../change/value';
import type { LobStore, RowWrite, WriteOutcome } from '../lob/store';
import type { Mapping } from '../mapping/mapping';
import type { Parking } from '../parking/parking';
import type { Log } from '../telemetry/log';
import { recordOfKey, recordOfRow, type InboundRecords, type KeptRecord } from './inbound-records';
import { textOfKeyTexts, textOfValue } from './lob-value';
import { knows } from './record';

/** Where deliveries come from that put values of the LOB system back. */
export const RESTORE_SOURCE = 'inbound-restore';

/** The row that values are put back in. Messages by key that are still under way have noted nothing by its id. */
export interface RestoredRow extends RowAddress {
  /** Texts of its alternate key's values, by column, where what is noted is found by that only. */
  readonly key: Readonly<Record<string, string>>;
}

/** What a delivery of that source says. */
export const restoreBody = ({ table, id, key }: RestoredRow): Uint8Array =>
  Buffer.from(JSON.stringify({ table, rowId: id, key }));

/** Reads it back. */
export const restoredRow = (body: Uint8Array): RestoredRow => {
  const { table, rowId, key } = JSON.parse(Buffer.from(body).toString('utf8')) as Omit<RestoredRow, 'id'> & {
    readonly rowId: string;
  };
  return { table, id: rowId, key };
};

/** What owned columns are seen to with. */
export interface OwnedColumnsParts {
  readonly mapping: Pick<Mapping, 'tableOf'>;
  readonly records: Pick<InboundRecords, 'read'>;
  readonly parking: Pick<Parking, 'parkDelivery'>;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * A store that sees to columns which the LOB system owns: where a row comes with another value than the LOB system gave it, that
 * value is to be put back. Before the row is stored this is parked, and due at once: so it is done whoever dies in between, and no
 * row waits for it. What is stored is what Dataverse has.
 *
 * It asks wherever such a column is written, also with the value that is stored: the LOB system's own may have come and gone in between.
 */
export class OwnedColumns implements LobStore {
  readonly read: LobStore['read'];
  readonly sameData: LobStore['sameData'];
  readonly compare: LobStore['compare'];
  readonly liveRows: LobStore['liveRows'];
  readonly #owned = new Map<string, ReadonlySet<string>>();

  constructor(
    private readonly store: LobStore,
    private readonly parts: OwnedColumnsParts,
  ) {
    this.read = (rows) => store.read(rows);
    this.sameData = (stored, snapshot) => store.sameData(stored, snapshot);
    this.compare = (stored, some) => store.compare(stored, some);
    this.liveRows = (table, after) => store.liveRows(table, after);
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const failures = new Map<RowWrite, unknown>();
    await Promise.all(
      writes.map(async (write) => {
        const columns = this.#ownedIn(write);
        if (columns.size === 0) return;
        try {
          await this.#see(write, columns);
        } catch (error) {
          failures.set(write, error);
        }
      }),
    );
    if (failures.size === 0) return this.store.write(writes);
    const outcomes = await this.store.write(writes.filter((write) => !failures.has(write)));
    let next = 0;
    return writes.map((write) =>
      failures.has(write) ? { kind: 'failed', error: failures.get(write) } : (outcomes[next++] ?? { kind: 'conflict' }),
    );
  }

  /** The columns of the LOB system that a write brings. */
  #ownedIn(write: RowWrite): Columns {
    const { row, effect, columns } = write;
    const owned = this.#ownedOf(row.table);
    if (owned.size === 0 || (effect !== 'patch' && !isOfAllColumns(write))) return NO_COLUMNS;
    const brought = new Map<string, Value>([...columns].filter(([name]) => owned.has(name)));
    // A snapshot leaves out what is empty.
    if (effect !== 'patch') for (const name of owned) if (!brought.has(name)) brought.set(name, null);
    return brought;
  }

  #ownedOf(table: string): ReadonlySet<string> {
    const known = this.#owned.get(table);
    if (known !== undefined) return known;
    const columns = [...(this.parts.mapping.tableOf(table).inbound?.columns ?? [])];
    const owned = new Set(columns.flatMap(([name, { owner }]) => (owner === 'lob' ? [name] : [])));
    this.#owned.set(table, owned);
    return owned;
  }

  /** Before the first write of a row is answered, what is noted of it is found by its key only, whatever is noted by its id already. */
  async #recordOf(
    { row, columns }: RowWrite,
    owned: Columns,
  ): Promise<Pick<KeptRecord, 'record'> & Pick<RestoredRow, 'key'>> {
    const { records, mapping } = this.parts;
    const names = mapping.tableOf(row.table).inbound?.key ?? [];
    const texts = names.map((name) => [name, textOfValue(columns.get(name) ?? null) ?? 'null'] as const);
    const key = texts.some(([, text]) => text === 'null') ? {} : Object.fromEntries(texts);
    const { record } = await records.read(recordOfRow(row.table, row.id), row.id);
    const isNoted = [...owned.keys()].some((name) => record.columns.has(name));
    if (isNoted || Object.keys(key).length === 0) return { record, key: {} };
    return { ...(await records.read(recordOfKey(row.table, textOfKeyTexts(texts)))), key };
  }

  async #see(write: RowWrite, columns: Columns): Promise<void> {
    const { row, stamp } = write;
    const { key, record } = await this.#recordOf(write, columns);
    // Of a push no version is known.
    const version = isOfAllColumns(write) && !stamp.hasPushOnTop ? stamp.version : NO_VERSION;
    const others = [...columns].filter(([name, value]) => {
      const note = record.columns.get(name);
      const text = textOfValue(value);
      if (note === undefined || text === undefined || knows(note, text)) return false;
      // What is read of the row as it was before our own write of it is over already.
      return version === NO_VERSION || note.done === undefined || version > note.done.version;
    });
    if (others.length === 0) return;
    const names = others.map(([name]) => name);
    this.parts.log('inboundRestoring', { table: row.table, row: row.id, columns: names });
    await this.parts.parking.parkDelivery(
      { source: RESTORE_SOURCE, body: restoreBody({ ...row, key }) },
      {
        code: 'owner-restored',
        message: `${row.table}(${row.id}): ${names.join(', ')} has another value than the LOB system gave it, which is put back.`,
      },
      this.parts.now(),
    );
  }
}

/** Also where the row was found in a later version with what is stored. */
const isOfAllColumns = ({ effect, stamp, expected }: RowWrite): boolean =>
  effect === 'snapshot' || (effect === 'keep' && stamp.version > (expected?.stamp.version ?? NO_VERSION));

const NO_COLUMNS: Columns = new Map();
