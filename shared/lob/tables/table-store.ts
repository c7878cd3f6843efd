import { odata, RestError, type TableClient, type TransactionAction } from '@azure/data-tables';
import pLimit from 'p-limit';
import { serviceCodeOf, statusOf, tableIsMissing, type TableClientFactory } from '../../azure/tables';
import { ceilInstant, floorInstant, type Instant } from '../../change/instant';
import type { RowAddress } from '../../change/row-change';
import type { LobStore, RowColumns, RowWrite, StoredEntry, StoredRow, TombstoneStore, WriteOutcome } from '../store';
import {
  PARTITIONS,
  HIDDEN_PROPERTY,
  RowKeyForeign,
  RowRefused,
  STAMP_PROPERTY,
  StampUnreadable,
  assertFits,
  belongsTo,
  decodeStamp,
  describesValue,
  encodeColumns,
  fingerprint,
  fingerprintsOf,
  partitionOf,
  toEntity,
  type EntityKey,
  type Property,
  type StoreNaming,
} from './layout';

/**
 * Azure's limits of one entity group transaction: 100 entities, 4 MiB. Rows are measured in UTF-16 and sent as UTF-8, where
 * a character can take half as much again.
 */
const MAX_TRANSACTION_ROWS = 100;
const MAX_TRANSACTION_BYTES = 2.5 * 1024 * 1024;
/**
 * A row of that many bytes goes as a transaction of one. To the service it is the same; Azurite (3.37) reads the body of a
 * plain request in chunks of 64 KiB, each as text of its own, and breaks the characters that lie across two.
 */
const LARGE_ROW_BYTES = 32 * 1024;
/** Lost races after which a transaction isn't tried again. */
const MAX_LOSERS = 2;
/** Requests to the store under way at once from one call. */
const CONCURRENCY = 32;

/** The columns of a row in Azure Tables, as fingerprints by property: enough to compare and to merge. */
type StoredColumns = ReadonlyMap<string, string>;

const columnsOf = (stored: StoredRow | undefined): StoredColumns =>
  (stored?.data as StoredColumns | undefined) ?? new Map<string, string>();

interface Prepared {
  readonly index: number;
  readonly write: RowWrite;
  readonly action: TransactionAction;
  readonly columns: StoredColumns;
  readonly size: number;
}

/** Azure Tables as a LOB store: one entity per row, one entity tag per compare-and-swap, transactions per partition. */
export class TableStore implements LobStore, TombstoneStore {
  readonly #clients = new Map<string, TableClient>();

  constructor(
    private readonly clientOf: TableClientFactory,
    private readonly naming: StoreNaming,
    private readonly now: () => number = Date.now,
  ) {}

  async read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    const limit = pLimit(CONCURRENCY);
    return Promise.all(rows.map((row) => limit(() => this.#readOne(row))));
  }

  async #readOne(row: RowAddress): Promise<StoredRow | undefined> {
    try {
      const { partitionKey, rowKey } = this.#keyOf(row);
      const client = this.#client(row.table);
      return stored(await client.getEntity(partitionKey, rowKey, { disableTypeConversion: true }));
    } catch (error) {
      // A table that isn't there has no rows; it is made by the first write.
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(writes.length);
    const groups = new Map<string, Prepared[]>();
    writes.forEach((write, index) => {
      try {
        const key = this.#keyOf(write.row);
        const group = `${write.row.table}/${key.partitionKey}`;
        const prepared = prepare(write, key, index);
        groups.set(group, [...(groups.get(group) ?? []), prepared]);
      } catch (error) {
        outcomes[index] = { kind: 'failed', error };
      }
    });
    const limit = pLimit(CONCURRENCY);
    const chunks = [...groups.values()].flatMap(chunked);
    await Promise.all(chunks.map((chunk) => limit(() => this.#writeChunk(chunk, outcomes))));
    return outcomes;
  }

  /**
   * One transaction; an operation that lost its race or was refused is taken out and the others are sent again. Where many
   * lose, the rest is given back for deciding again rather than sent once for each loser. What is too large for one
   * request is sent in halves; what the service fails over, one by one.
   */
  async #writeChunk(chunk: readonly Prepared[], outcomes: WriteOutcome[]): Promise<void> {
    let rest = chunk;
    let created = false;
    let losers = 0;
    while (rest.length > 0) {
      const [first] = rest;
      if (first === undefined) return;
      try {
        const alone = rest.length === 1 && first.size < LARGE_ROW_BYTES;
        const etags = alone ? [await this.#single(first)] : await this.#transaction(rest);
        rest.forEach((prepared, at) => {
          outcomes[prepared.index] = { kind: 'written', stored: this.#written(prepared, etags[at] ?? '') };
        });
        return;
      } catch (error) {
        if (tableIsMissing(error) && !created) {
          created = await this.#create(first.write.row.table);
          if (created) continue;
        }
        const at = rest.length === 1 ? 0 : failedOperation(error);
        const loser = at === undefined ? undefined : rest[at];
        if (isFault(error) && rest.length > 1) {
          const limit = pLimit(CONCURRENCY);
          await Promise.all(rest.map((prepared) => limit(() => this.#writeChunk([prepared], outcomes))));
          return;
        }
        if (isRefusal(error)) {
          if (loser === undefined) {
            const half = Math.ceil(rest.length / 2);
            await this.#writeChunk(rest.slice(0, half), outcomes);
            rest = rest.slice(half);
            continue;
          }
          const refused = new RowRefused(loser.write.row, serviceCodeOf(error) ?? 'no code', { cause: error });
          outcomes[loser.index] = { kind: 'failed', error: refused };
          rest = rest.filter((prepared) => prepared !== loser);
          continue;
        }
        if (loser === undefined || !losesRace(error)) {
          for (const { index } of rest) outcomes[index] = { kind: 'failed', error };
          return;
        }
        losers += 1;
        outcomes[loser.index] = { kind: 'conflict' };
        rest = rest.filter((prepared) => prepared !== loser);
        if (losers < MAX_LOSERS) continue;
        for (const { index } of rest) outcomes[index] = { kind: 'conflict' };
        return;
      }
    }
  }

  async #create(table: string): Promise<boolean> {
    try {
      await this.#client(table).createTable();
      return true;
    } catch {
      // The write that needed the table is reported with its own error.
      return false;
    }
  }

  async #single({ write, action }: Prepared): Promise<string> {
    const client = this.#client(write.row.table);
    const [, entity, mode] = action;
    const response =
      action[0] === 'create'
        ? await client.createEntity(entity)
        : await client.updateEntity(entity, mode === 'Merge' ? 'Merge' : 'Replace', {
            etag: write.expected?.etag ?? '',
          });
    return knownTag(response.etag);
  }

  async #transaction(chunk: readonly Prepared[]): Promise<string[]> {
    const [first] = chunk;
    const response = await this.#client(first?.write.row.table ?? '').submitTransaction(
      chunk.map(({ action }) => action),
    );
    // In the order of the operations. The SDK's look-up by row key finds created entities only: an update's part names none.
    return chunk.map((_, at) => knownTag(response.subResponses[at]?.etag));
  }

  #written({ write, columns, size }: Prepared, etag: string): StoredRow {
    const hidden = isHidden(write);
    return { stamp: write.stamp, etag, hidden, writtenAt: ceilInstant(this.now()), data: columns, size };
  }

  sameData(storedRow: StoredRow, { columns }: RowColumns, of: 'all' | 'values' = 'all'): boolean {
    if (storedRow.hidden) return false;
    const counts = (name: string): boolean => of === 'all' || !describesValue(name, columns);
    const have = columnsOf(storedRow);
    const want = encodeColumns(columns);
    for (const [name, property] of want) if (counts(name) && have.get(name) !== fingerprint(property)) return false;
    for (const name of have.keys()) if (counts(name) && !want.has(name)) return false;
    return true;
  }

  liveRows(table: string): AsyncIterable<readonly StoredEntry[]> {
    return this.#entries(table, 'Deleted eq false or Hidden eq true');
  }

  async *tombstones(table: string, writtenBefore: Instant): AsyncIterable<readonly StoredEntry[]> {
    const before = new Date(writtenBefore * 1000);
    for await (const page of this.#entries(table, odata`Deleted eq true and Timestamp lt ${before}`)) {
      // No service filters by a property that isn't there in the same way; and the stamp decides.
      yield page.filter(({ stored: { stamp, hidden } }) => stamp.gone && !hidden);
    }
  }

  async removeTombstones(tombstones: readonly StoredEntry[]): Promise<number> {
    const limit = pLimit(CONCURRENCY);
    const removed = await Promise.all(tombstones.map((entry) => limit(() => this.#remove(entry))));
    return removed.filter((went) => went).length;
  }

  /** One by one: the SDK's transactions delete whatever the entity tag. */
  async #remove({ row, stored: { etag } }: StoredEntry): Promise<boolean> {
    const { partitionKey, rowKey } = this.#keyOf(row);
    try {
      await this.#client(row.table).deleteEntity(partitionKey, rowKey, { etag: knownTag(etag) });
      return true;
    } catch (error) {
      // 412: written since. 404: gone already.
      if (statusOf(error) === 412 || statusOf(error) === 404) return false;
      throw error;
    }
  }

  async *#entries(table: string, filter: string): AsyncIterable<readonly StoredEntry[]> {
    for (const partition of PARTITIONS) {
      const pages = this.#client(table)
        .listEntities({
          disableTypeConversion: true,
          queryOptions: { filter: `PartitionKey eq '${partition}' and (${filter})` },
        })
        .byPage({ maxPageSize: 1000 });
      try {
        for await (const page of pages) {
          yield page.map((entity) => ({ row: this.#rowOf(table, entity), stored: stored(entity) }));
        }
      } catch (error) {
        if (tableIsMissing(error)) return;
        throw error;
      }
    }
  }

  #keyOf(row: RowAddress): EntityKey {
    return { partitionKey: partitionOf(row.id), rowKey: this.naming.keyOf(row) };
  }

  #rowOf(table: string, { partitionKey = '', rowKey = '' }: Partial<EntityKey>): RowAddress {
    const id = this.naming.idOf(table, rowKey);
    if (id === undefined) throw new RowKeyForeign(this.naming.tableOf(table), partitionKey, rowKey);
    return { table, id };
  }

  #client(table: string): TableClient {
    const name = this.naming.tableOf(table);
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = this.clientOf(name);
    this.#clients.set(name, client);
    return client;
  }
}

/** Whether a write leaves its row hidden: the filter's columns decide that, and only `keep` brings none. */
const isHidden = ({ effect, expected }: RowWrite): boolean =>
  effect === 'hide' || (effect === 'keep' && expected?.hidden === true);

/** Turns a write into one operation of the SDK, keeping to Merge where that is enough (it sends only what changed). */
function prepare(write: RowWrite, key: EntityKey, index: number): Prepared {
  const { row, stamp, expected, effect } = write;
  const before = columnsOf(expected);
  const changed =
    effect === 'snapshot' || effect === 'patch' ? encodeColumns(write.columns) : new Map<string, Property>();
  const columns = new Map(effect === 'patch' || effect === 'keep' ? before : undefined);
  let cleared = effect === 'clear' && before.size > 0;
  if (effect === 'patch') {
    for (const column of write.columns.keys()) {
      for (const name of before.keys()) {
        if (!belongsTo(name, column) || changed.has(name)) continue;
        columns.delete(name);
        cleared = true;
      }
    }
  }
  for (const [name, property] of changed) columns.set(name, fingerprint(property));
  assertFits(row, key, stamp, columns);

  const hidden = isHidden(write);
  // Merge can't take a property away; then the whole entity is replaced, from the fingerprints of what stays.
  const merge = effect === 'keep' || (effect === 'patch' && !cleared && expected?.hidden !== true);
  const properties = merge || effect !== 'patch' ? changed : withUnchanged(columns, changed);
  const entity = toEntity(key, stamp, hidden, properties);
  const action: TransactionAction =
    expected === undefined
      ? ['create', entity]
      : ['update', entity, merge ? 'Merge' : 'Replace', { etag: expected.etag }];
  return { index, write, action, columns, size: sizeOf(columns) };
}

function withUnchanged(columns: StoredColumns, changed: ReadonlyMap<string, Property>): Map<string, Property> {
  const all = new Map(changed);
  for (const [name, print] of columns) if (!all.has(name)) all.set(name, fromFingerprint(print));
  return all;
}

/** A stored property from its fingerprint; a Double that happens to be whole may come back as an Int32. */
function fromFingerprint(print: string): Property {
  const text = print.slice(1);
  switch (print[0]) {
    case 'n':
      return Number.isInteger(Number(text)) && Math.abs(Number(text)) < 2 ** 31
        ? Number(text)
        : { type: 'Double', value: text };
    case 'b':
      return text === 'true';
    case 'l':
      return BigInt(text);
    case 't':
      return { type: 'DateTime', value: text };
    case 'x':
      return { type: 'Binary', value: text };
    default:
      return text;
  }
}

function* chunksOf(group: readonly Prepared[]): Generator<Prepared[]> {
  let chunk: Prepared[] = [];
  let bytes = 0;
  for (const prepared of group) {
    if (chunk.length === MAX_TRANSACTION_ROWS || (chunk.length > 0 && bytes + prepared.size > MAX_TRANSACTION_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(prepared);
    bytes += prepared.size;
  }
  if (chunk.length > 0) yield chunk;
}

const chunked = (group: readonly Prepared[]): Prepared[][] => [...chunksOf(group)];

function stored(entity: Record<string, unknown>): StoredRow {
  const property = entity[STAMP_PROPERTY] as { value?: unknown } | undefined;
  const stamp = typeof property?.value === 'string' ? decodeStamp(property.value) : undefined;
  if (stamp === undefined) throw new StampUnreadable(String(entity.partitionKey), String(entity.rowKey));
  const columns = fingerprintsOf(entity);
  const hidden = String((entity[HIDDEN_PROPERTY] as { value?: unknown } | undefined)?.value) === 'true';
  const writtenAt: Instant = floorInstant(Date.parse(String(entity.timestamp))) + 1;
  return { stamp, etag: String(entity.etag), hidden, writtenAt, data: columns, size: sizeOf(columns) };
}

/** UTF-16 bytes of names and values, with a little for each: about what a row takes on the wire and in memory. */
function sizeOf(columns: StoredColumns): number {
  let bytes = 600;
  for (const [name, print] of columns) bytes += 2 * (name.length + print.length) + 32;
  return bytes;
}

/** Without its entity tag a row must not be kept as known: the next write would be sent without a condition. */
function knownTag(etag: string | undefined): string {
  const tag = etag?.trim() ?? '';
  if (tag === '') throw new Error('Azure Tables answered a write without an entity tag.');
  return tag;
}

/** 412: the entity tag has moved; 409: someone made the row first; 404: the row was removed from outside. */
const losesRace = (error: unknown): boolean => {
  const status = statusOf(error);
  return status === 412 || status === 409 || (status === 404 && !tableIsMissing(error));
};

/** 400 and 413: the service doesn't take the request as it stands, and wouldn't later. */
const isRefusal = (error: unknown): boolean => statusOf(error) === 400 || statusOf(error) === 413;

/**
 * 500: the service failed over this very transaction. Sent one by one, only what it fails over isn't written. (Azurite 3.37 fails over U+2028 and U+2029 in a transaction, and takes them in a plain request.)
 */
const isFault = (error: unknown): boolean => statusOf(error) === 500;

/** Which operation failed a transaction: the service says it as `INDEX:text`. */
function failedOperation(error: unknown): number | undefined {
  const index = error instanceof RestError ? /^(\d+):/.exec(error.message)?.[1] : undefined;
  return index === undefined ? undefined : Number(index);
}
