import { odata, RestError } from '@azure/data-tables';
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import { refusalOf, statusOf, tableIsMissing, type TableClientFactory } from '../../azure/tables';
import { floorInstant, type Instant } from '../../change/instant';
import type { RowAddress } from '../../change/row-change';
import { OutboundError } from '../../errors/errors';
import { belongsTo, sameByColumn, sameValues } from '../derived-names';
import { RowRefused, StampUnreadable } from '../refusals';
import { decodeStamp, encodeStamp } from '../stamp';
import {
  leavesHidden,
  type ForeignEntry,
  type ListedPage,
  type LobStore,
  type RowColumns,
  type RowWrite,
  type StampedRow,
  type StoredEntry,
  type StoredPage,
  type StoredRow,
  type TombstoneStore,
  type WriteOutcome,
} from '../store';
import {
  EntityTable,
  entityBody,
  knownTag,
  type EntityWrite,
  type GuardedWrite,
  type WireEntity,
} from './entity-table';
import {
  DELETED_PROPERTY,
  PARTS_PROPERTY,
  PARTS_TAG_PROPERTY,
  HIDDEN_PROPERTY,
  STAMP_PROPERTY,
  encodeColumns,
  fingerprint,
  fingerprintsOf,
  fromFingerprint,
  type Fingerprints,
  type Property,
} from './columns';
import {
  PARTITIONS,
  RowKeyForeign,
  entitiesOfRow,
  fitsOne,
  isPartKey,
  partKey,
  spread,
  partitionOf,
  type EntityKey,
  type HeldRow,
  type StoreNaming,
} from './layout';
import { sideBySide } from './side-by-side';

/**
 * Azure's limits of one entity group transaction: 100 entities, 4 MiB. Rows are measured in UTF-16 and sent as UTF-8, where
 * a character can take half as much again.
 */
const MAX_TRANSACTION_ENTITIES = 100;
const MAX_TRANSACTION_BYTES = 2.5 * 1024 * 1024;
/**
 * A row of that many bytes goes as a transaction of one. To the service it is the same; Azurite (3.37) reads the body of a
 * plain request in chunks of 64 KiB, each as text of its own, and breaks the characters that lie across two.
 */
const LARGE_ROW_BYTES = 32 * 1024;
/** A row with less of both surely fits an entity. */
const MAY_NOT_FIT_BYTES = 512 * 1024;
const MAY_NOT_FIT_PROPERTIES = 200;
/** Lost races after which a transaction isn't tried again. */
const MAX_LOSERS = 2;
/** Requests to the store under way at once from one call. */
const CONCURRENCY = 32;

/** Rows of one partition that are looked for by ranges of keys rather than each by itself, at least. */
const LEAST_RANGE = 8;
/** An entity of a page takes about an eighth of the time of one that is read alone, so up to so many for each wanted one. */
const SPARSE = 8;
/** https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination */
const MAX_PAGE = 1000;
/** A page of entities takes memory: few at once. */
const RANGE_CONCURRENCY = 4;

/** What is read of an entity for its entry. */
const ENTRY = ['PartitionKey', 'RowKey', STAMP_PROPERTY, HIDDEN_PROPERTY];

/** A row that is looked for. */
interface Wanted extends EntityKey {
  readonly row: RowAddress;
  /** Among those asked for. */
  readonly index: number;
}

/** The columns of a row in Azure Tables, as fingerprints: enough to compare and to merge. */
const heldOf = (stored: StoredRow | undefined): HeldRow => (stored?.data as HeldRow | undefined) ?? NOTHING_HELD;
const NOTHING_HELD: HeldRow = { columns: new Map(), parts: 1 };
/** So often a row of several entities is read again that is written meanwhile. */
const MAX_TORN_READS = 5;
const NO_PROPERTIES: ReadonlyMap<string, Property> = new Map();

/** How far a listing is: of each partition the last key, or null where all of it was listed. */
type Reached = Readonly<Record<string, string | null>>;
const NOWHERE = '{}';

interface PartitionPage extends StoredPage {
  readonly partition: string;
  /** As in `Reached`; undefined where the page says nothing of it. */
  readonly last: string | null | undefined;
}

interface Prepared {
  readonly index: number;
  readonly write: RowWrite;
  /** Of the row's first entity, whose entity tag is the row's, and of its others. */
  readonly sent: readonly [GuardedWrite, ...EntityWrite[]];
  /** As they will be stored. */
  readonly held: HeldRow;
  readonly size: number;
  readonly changesValues: boolean;
}

/** Azure Tables as a LOB store: one entity per row (several, in one transaction, of a row that doesn't fit one), one entity tag per compare-and-swap, transactions per partition. */
export class TableStore implements LobStore, TombstoneStore {
  readonly #tables = new Map<string, EntityTable>();

  constructor(
    private readonly clientOf: TableClientFactory,
    private readonly naming: StoreNaming,
  ) {}

  async read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return [await this.#readOne(only)];
    const found = new Array<StoredRow | undefined>(rows.length);
    const partitions = Map.groupBy(
      rows.map((row, index): Wanted => ({ row, index, ...this.#keyOf(row) })),
      ({ row, partitionKey }) => `${row.table}/${partitionKey}`,
    );
    const [points, ranges] = [pLimit(CONCURRENCY), pLimit(RANGE_CONCURRENCY)];
    await Promise.all(
      [...partitions.values()].map(async (wanted) => {
        const rest = wanted.length < LEAST_RANGE ? wanted : await ranges(() => this.#readRanges(wanted, found));
        await Promise.all(
          rest.map(({ row, index }) => points(async () => void (found[index] = await this.#readOne(row)))),
        );
      }),
    );
    return found;
  }

  /**
   * Reads rows of one partition by ranges of keys: each query goes from the next wanted key to the last. Where most of what
   * comes isn't wanted, it gives back the wanted ones that are left.
   *
   * Were the service's order of keys another one than here, a row that is there would be taken for none: its creation would
   * conflict, and it would then be read alone.
   */
  async #readRanges(wanted: readonly Wanted[], found: (StoredRow | undefined)[]): Promise<readonly Wanted[]> {
    const wide: Wanted[] = [];
    let rest = wanted.toSorted((a, b) => (a.rowKey < b.rowKey ? -1 : 1));
    const last = rest.at(-1)?.rowKey ?? '';
    for (let size = rest.length; rest.length >= LEAST_RANGE; size *= 4) {
      const [{ row, partitionKey, rowKey }] = rest as [Wanted];
      const filter = odata`PartitionKey eq ${partitionKey} and RowKey ge ${rowKey} and RowKey le ${last}`;
      const { entities, isLast } = await this.#page(row.table, filter, Math.min(MAX_PAGE, size));
      const byKey = new Map(entities.map((entity) => [entity.RowKey, entity]));
      const end = lastKey(entities) ?? '';
      const reached = isLast ? rest.length : rest.findIndex((one) => one.rowKey > end);
      const passed = reached < 0 ? rest : rest.slice(0, reached);
      for (const { index, rowKey: key } of passed) {
        const entity = byKey.get(key);
        if (entity !== undefined && partsOf(entity) === 1) found[index] = stored(entity);
      }
      wide.push(...passed.filter((one) => partsOf(byKey.get(one.rowKey)) > 1));
      rest = rest.slice(passed.length);
      if (passed.length * SPARSE < entities.length || entities.length === 0) break;
    }
    return [...rest, ...wide];
  }

  /** The first page of a query. */
  async #page(
    table: string,
    filter: string,
    top: number,
  ): Promise<{ readonly entities: readonly WireEntity[]; readonly isLast: boolean }> {
    try {
      for await (const { entities, next } of this.#table(table).query({ filter, top }))
        return { entities, isLast: next === undefined };
    } catch (error) {
      if (!tableIsMissing(error)) throw error;
    }
    return { entities: [], isLast: true };
  }

  async #readOne(row: RowAddress): Promise<StoredRow | undefined> {
    // A table that isn't there has no rows; it is made by the first write.
    const [table, key] = [this.#table(row.table), this.#keyOf(row)];
    for (let read = 0; read < MAX_TORN_READS; read += 1) {
      const known = await table.get(key);
      if (known === undefined || partsOf(known) === 1) return known && stored(known);
      const [entity, ...others] = await this.#entitiesOf(table, key);
      // Another write may have come while they were listed.
      const isWhole = others.length === partsOf(entity) - 1 && others.every((other) => areTogether(entity, other));
      if (entity !== undefined && isWhole) return stored(entity, others);
    }
    throw new Error(`${row.table}(${row.id}) was written again and again while it was read.`);
  }

  /** All entities of a row, its first one first. */
  async #entitiesOf(table: EntityTable, key: EntityKey): Promise<readonly WireEntity[]> {
    const all: WireEntity[] = [];
    for await (const { entities } of table.query({ filter: entitiesOfRow(key), top: MAX_PAGE })) all.push(...entities);
    return all;
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(writes.length);
    const partitions = Map.groupBy(
      writes.map((write, index) => ({ write, index, key: this.#keyOf(write.row) })),
      ({ write, key }) => `${write.row.table}/${key.partitionKey}`,
    );
    let limit: ReturnType<typeof pLimit> | undefined;
    const underWay: Promise<void>[] = [];
    for (const partition of partitions.values()) {
      const prepared = partition.flatMap(({ write, key, index }): Prepared[] => {
        try {
          return [prepare(write, key, index)];
        } catch (error) {
          outcomes[index] = { kind: 'failed', error };
          return [];
        }
      });
      for (const chunk of chunksOf(prepared)) {
        if (chunk.length === writes.length) await this.#writeChunk(chunk, outcomes);
        else {
          limit ??= pLimit(CONCURRENCY);
          underWay.push(limit(() => this.#writeChunk(chunk, outcomes)));
          // This one is on its way before the next one is made.
          await setImmediate();
        }
      }
    }
    await Promise.all(underWay);
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
    for (;;) {
      rest = stillWanted(rest, outcomes);
      const [first] = rest;
      if (first === undefined) return;
      try {
        const alone = rest.length === 1 && first.sent.length === 1 && first.size < LARGE_ROW_BYTES;
        const table = this.#table(first.write.row.table);
        const etags = alone
          ? [await table.write(first.sent[0])]
          : await table.transact(rest.flatMap(({ sent }) => sent));
        let at = 0;
        for (const prepared of rest) {
          const { index, changesValues, sent } = prepared;
          outcomes[index] = { kind: 'written', stored: written(prepared, etags[at] ?? ''), changesValues };
          at += sent.length;
        }
        return;
      } catch (error) {
        if (tableIsMissing(error) && !created) {
          created = await this.#create(first.write.row.table);
          if (created) continue;
        }
        const loser = rest.length === 1 ? first : ownerOf(rest, failedOperation(error));
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
          const refused = new RowRefused(loser.write.row, `with ${refusalOf(error, loser.held.columns.keys())}`, {
            cause: error,
          });
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
      await this.#table(table).client.createTable();
      return true;
    } catch {
      // The write that needed the table is reported with its own error.
      return false;
    }
  }

  sameData({ hidden, data }: StoredRow, { columns }: RowColumns): boolean {
    if (hidden) return false;
    const have = (data as HeldRow).columns;
    const want = encodeColumns(columns);
    if (have.size !== want.size) return false;
    for (const [name, property] of want) if (have.get(name) !== fingerprint(property)) return false;
    return true;
  }

  compare({ data }: StoredRow, { columns }: RowColumns): ReadonlyMap<string, boolean> {
    const want = new Map([...encodeColumns(columns)].map(([name, property]) => [name, fingerprint(property)]));
    return sameByColumn((data as HeldRow).columns, want, columns.keys());
  }

  async *liveRows(table: string, after: string = NOWHERE): AsyncIterable<ListedPage> {
    const reached = JSON.parse(after) as Record<string, string | null>;
    for await (const { partition, last, ...page } of this.#list(table, 'Deleted eq false or Hidden eq true', reached)) {
      if (last !== undefined) reached[partition] = last;
      yield { ...page, place: JSON.stringify(reached) };
    }
  }

  async *tombstones(table: string, writtenBefore: Instant): AsyncIterable<StoredPage> {
    const before = new Date(writtenBefore * 1000);
    for await (const { entries, foreign } of this.#list(table, odata`Deleted eq true and Timestamp lt ${before}`)) {
      // No service filters by a property that isn't there in the same way; and the stamp decides.
      yield { entries: entries.filter(({ stored: { stamp, hidden } }) => stamp.deleted && !hidden), foreign };
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
      await this.#table(row.table).client.deleteEntity(partitionKey, rowKey, { etag: knownTag(etag) });
      return true;
    } catch (error) {
      // 412: written since. 404: gone already.
      if (statusOf(error) === 412 || statusOf(error) === 404) return false;
      throw error;
    }
  }

  #list(table: string, filter: string, reached: Reached = {}): AsyncIterable<PartitionPage> {
    const partitions = PARTITIONS.filter((partition) => reached[partition] !== null).map((partition) => {
      const after = reached[partition];
      const from = after === undefined ? '' : odata` and RowKey gt ${after}`;
      return this.#listPartition(table, partition, `PartitionKey eq '${partition}'${from} and (${filter})`);
    });
    return sideBySide(partitions, RANGE_CONCURRENCY);
  }

  async *#listPartition(table: string, partition: string, filter: string): AsyncIterable<PartitionPage> {
    const pages = this.#table(table).query({ filter, top: MAX_PAGE, select: ENTRY });
    try {
      for await (const { entities, next } of pages) {
        const entries: StoredEntry[] = [];
        const foreign: ForeignEntry[] = [];
        for (const entity of entities) {
          if (isPartKey(String(entity.RowKey))) continue;
          try {
            entries.push({ row: this.#rowOf(table, entity), stored: stampedOf(entity) });
          } catch (error) {
            if (!(error instanceof OutboundError)) throw error;
            foreign.push({ key: `${partition}/${String(entity.RowKey)}`, error });
          }
        }
        const last = next === undefined ? null : lastKey(entities);
        yield { partition, last, entries, foreign };
      }
    } catch (error) {
      if (!tableIsMissing(error)) throw error;
    }
  }

  #keyOf(row: RowAddress): EntityKey {
    return { partitionKey: partitionOf(row.id), rowKey: this.naming.keyOf(row) };
  }

  #rowOf(table: string, { PartitionKey: partition, RowKey: rowKey }: WireEntity): RowAddress {
    const id = this.naming.idOf(table, String(rowKey));
    if (id === undefined) throw new RowKeyForeign(this.naming.tableOf(table), String(partition), String(rowKey));
    return { table, id };
  }

  #table(table: string): EntityTable {
    const name = this.naming.tableOf(table);
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const made = new EntityTable(this.clientOf(name));
    this.#tables.set(name, made);
    return made;
  }
}

/** Those that are still to be sent; the others count as lost races, so that they are decided again. */
function stillWanted(chunk: readonly Prepared[], outcomes: WriteOutcome[]): readonly Prepared[] {
  return chunk.filter(({ index, write }) => {
    const wanted = write.onlyWhile?.() !== false;
    if (!wanted) outcomes[index] = { kind: 'conflict' };
    return wanted;
  });
}

function written({ write, held, size }: Prepared, etag: string): StoredRow {
  return { stamp: write.stamp, etag, hidden: leavesHidden(write), writtenAt: writtenAtOf(etag), data: held, size };
}

/** What was last read of an entity tag: those of a transaction are of the same second, or two. */
let lastWritten = { text: '', at: Number.POSITIVE_INFINITY };

/**
 * The entity tag of the table service holds the entity's Timestamp: `W/"datetime'2026-11-28T09%3A26%3A53.5897932Z'"`. Of another
 * form it tells nothing: then the row was perhaps written just now.
 */
function writtenAtOf(etag: string): Instant {
  const text = /datetime'([^'.]+)(?:\.\d+)?Z'/.exec(etag)?.[1] ?? '';
  if (text !== lastWritten.text) {
    const ms = Date.parse(`${text.replaceAll('%3A', ':')}Z`);
    lastWritten = { text, at: Number.isNaN(ms) ? Number.POSITIVE_INFINITY : floorInstant(ms) + 1 };
  }
  return lastWritten.at;
}

/** Turns a write into what is sent, keeping to Merge where that is enough (it sends only what changed). */
function prepare(write: RowWrite, key: EntityKey, index: number): Prepared {
  const { row, expected, effect } = write;
  const before = heldOf(expected);
  const changed = effect === 'keep' || effect === 'clear' ? NO_PROPERTIES : encodeColumns(write.columns);
  const columns = new Map(effect === 'patch' || effect === 'keep' ? before.columns : undefined);
  let cleared = false;
  if (effect === 'patch') {
    for (const name of before.columns.keys()) {
      if (changed.has(name) || !belongsTo(name, write.columns)) continue;
      columns.delete(name);
      cleared = true;
    }
  }
  for (const [name, property] of changed) columns.set(name, fingerprint(property));
  const stamp = encodeStamp(write.stamp);
  const size = sizeOf(columns);
  const mayNotFit = size + 2 * stamp.length > MAY_NOT_FIT_BYTES || columns.size > MAY_NOT_FIT_PROPERTIES;
  const isWide = effect !== 'keep' && mayNotFit && !fitsOne(key, stamp, columns);

  const hidden = leavesHidden(write);
  // Merge can't take a property away; then the whole entity is replaced, from the fingerprints of what stays.
  const merge =
    effect === 'keep' || (effect === 'patch' && !cleared && expected?.hidden !== true && !isWide && before.parts === 1);
  const properties = merge || effect !== 'patch' ? changed : withUnchanged(columns, changed);
  const [first = NO_PROPERTIES, ...others] = isWide ? spread(row, stamp, properties, columns) : [properties];
  const together: readonly (readonly [string, Property])[] = isWide ? [[PARTS_TAG_PROPERTY, randomUUID()]] : [];
  const own = [...together, ...(isWide ? [[PARTS_PROPERTY, others.length + 1] as const] : [])];
  const marks = { deleted: write.stamp.deleted || hidden, hidden };
  const body = entityBody(key, allOf(first, stamp, marks, own));
  const sent: GuardedWrite =
    expected === undefined
      ? { kind: 'insert', key, body }
      : { kind: merge ? 'merge' : 'replace', key, body, etag: expected.etag };
  const parts = effect === 'keep' ? before.parts : others.length + 1;
  const changesValues =
    effect === 'snapshot' ? !sameValues(before.columns, columns, write.columns) : effect === 'patch';
  return {
    index,
    write,
    sent: [
      sent,
      ...others.map((other, at): EntityWrite => {
        const of = partKey(key, at + 2);
        return { kind: 'put', key: of, body: entityBody(of, [...together, ...other]) };
      }),
      // Those that the row no longer takes; its entity tag proves that they are there.
      ...Array.from({ length: Math.max(0, before.parts - parts) }, (_, at): EntityWrite => {
        return { kind: 'remove', key: partKey(key, parts + 1 + at) };
      }),
    ],
    held: { columns, parts },
    size,
    changesValues,
  };
}

/** All properties of an entity besides its keys; `deleted` and `hidden` as readers see them. */
function* allOf(
  properties: ReadonlyMap<string, Property>,
  stamp: string,
  { deleted, hidden }: { readonly deleted: boolean; readonly hidden: boolean },
  own: Iterable<readonly [string, Property]>,
): Generator<readonly [string, Property]> {
  yield* properties;
  yield* own;
  yield [STAMP_PROPERTY, stamp];
  yield [DELETED_PROPERTY, deleted];
  if (hidden) yield [HIDDEN_PROPERTY, true];
}

function withUnchanged(columns: Fingerprints, changed: ReadonlyMap<string, Property>): Map<string, Property> {
  const all = new Map(changed);
  for (const [name, print] of columns) if (!all.has(name)) all.set(name, fromFingerprint(print));
  return all;
}

function* chunksOf(group: readonly Prepared[]): Generator<Prepared[]> {
  let chunk: Prepared[] = [];
  let bytes = 0;
  let entities = 0;
  for (const prepared of group) {
    const { size, sent } = prepared;
    const isFull = entities + sent.length > MAX_TRANSACTION_ENTITIES || bytes + size > MAX_TRANSACTION_BYTES;
    if (isFull && chunk.length > 0) {
      yield chunk;
      chunk = [];
      [bytes, entities] = [0, 0];
    }
    chunk.push(prepared);
    bytes += size;
    entities += sent.length;
  }
  if (chunk.length > 0) yield chunk;
}

function stored(entity: WireEntity, others: readonly WireEntity[] = []): StoredRow {
  const columns =
    others.length === 0
      ? fingerprintsOf(entity)
      : new Map([entity, ...others].flatMap((one) => [...fingerprintsOf(one)]));
  const held: HeldRow = { columns, parts: others.length + 1 };
  return { ...stampedOf(entity), data: held, size: sizeOf(columns) };
}

/** How many entities a row takes, by its first one. */
function partsOf(entity: WireEntity | undefined): number {
  const parts = entity?.[PARTS_PROPERTY];
  return typeof parts === 'number' ? parts : 1;
}

const areTogether = (one: WireEntity | undefined, other: WireEntity): boolean =>
  one?.[PARTS_TAG_PROPERTY] === other[PARTS_TAG_PROPERTY];

function stampedOf(entity: WireEntity): StampedRow {
  const { PartitionKey: partition, RowKey: rowKey } = entity;
  const text = entity[STAMP_PROPERTY];
  const stamp = typeof text === 'string' ? decodeStamp(text) : undefined;
  if (stamp === undefined) throw new StampUnreadable(`The entity (${String(partition)}, ${String(rowKey)})`);
  const hidden = entity[HIDDEN_PROPERTY] === true;
  const etag = String(entity['odata.etag']);
  return { stamp, etag, hidden, writtenAt: writtenAtOf(etag) };
}

/** The key of the last entity of a page; undefined for a page without entities. */
function lastKey(entities: readonly WireEntity[]): string | undefined {
  const last = entities.at(-1);
  return last && String(last.RowKey);
}

/** UTF-16 bytes of names and values, with a little for each: about what a row takes on the wire and in memory. */
function sizeOf(columns: Fingerprints): number {
  let bytes = 600;
  for (const [name, print] of columns)
    bytes += 2 * name.length + (typeof print === 'string' ? 2 * print.length : 16) + 32;
  return bytes;
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

/** The row that one of a transaction's operations is of. */
function ownerOf(rows: readonly Prepared[], operation: number | undefined): Prepared | undefined {
  if (operation === undefined) return undefined;
  let end = 0;
  return rows.find(({ sent }) => operation < (end += sent.length));
}

/** Which operation failed a transaction: the service says it as `INDEX:text`. */
function failedOperation(error: unknown): number | undefined {
  const index = error instanceof RestError ? /^(\d+):/.exec(error.message)?.[1] : undefined;
  return index === undefined ? undefined : Number(index);
}
