import { floorInstant, type Instant } from '../../change/instant';
import type { RowAddress } from '../../change/row-change';
import type { OutboundError } from '../../errors/errors';
import { linkedIds } from '../../mapping/link';
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
import { batched } from '../batcher';
import { belongsTo, sameByColumn, sameValues } from '../derived-names';
import { RowRefused, StampUnreadable } from '../refusals';
import { decodeStamp, encodeStamp } from '../stamp';
import {
  NotStorable,
  columnName,
  encodeColumns,
  holds,
  readText,
  ValueTypes,
  type SqlType,
  type Texts,
} from './columns';
import type { Database, Parameter, Row } from './database';
import { isConflict, isOtherSchema, isRefusal, refusalOf } from './failures';
import { inHalves } from './send-in-halves';
import type { PostgresNaming } from './naming';
import type { KnownTable, Schema } from './schema';
import { Statements, deleteTombstones, jsonOf, selectMany, selectPage, type JsonRow } from './statements';

/** Rows of one statement: beyond it the rate grows no more, and a refused row costs more halves. */
const MAX_ROWS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Rows that are read at once. */
const READ_ROWS = 2000;
const PAGE_ROWS = 1000;

/** What `dvo_state` says. */
const STATE = { live: 0, hidden: 1, deleted: 2 } as const;

/** The columns of a row in PostgreSQL: enough to compare and to merge. */
interface Data {
  readonly texts: Texts;
  /** Of its table's columns. */
  readonly types: ReadonlyMap<string, SqlType>;
}

const NO_TEXTS: Texts = new Map();
const textsOf = (stored: StoredRow | undefined): Texts => (stored?.data as Data | undefined)?.texts ?? NO_TEXTS;

interface Prepared {
  readonly index: number;
  readonly write: RowWrite;
  readonly key: readonly string[];
  /** What is set, by name. */
  readonly set: Texts;
  /** The columns that are emptied; `all`: every column that isn't set. */
  readonly emptied: readonly string[];
  readonly all: boolean;
  /** As they will be stored. */
  readonly texts: Texts;
  readonly size: number;
  readonly changesValues: boolean;
}

const CONFLICT: WriteOutcome = { kind: 'conflict' };

/** Writes of one table that one statement can make. */
interface Group {
  readonly kind: 'insert' | 'update';
  readonly columns: readonly string[];
  readonly rows: readonly Prepared[];
}

/** PostgreSQL as a LOB store: a row per row, in typed columns; an etag from a sequence for each compare-and-swap. */
export class PostgresStore implements LobStore, TombstoneStore {
  readonly #statements: Statements;
  /** Rows that are written alone, and at about the same time, share a statement, and so a round trip and a commit. */
  readonly #writeOne = batched((writes: readonly RowWrite[]) => this.#writeApart(writes), setImmediate);

  /** @param schemaName in which the tables lie */
  constructor(
    private readonly database: Database,
    private readonly schema: Schema,
    private readonly naming: PostgresNaming,
    schemaName: string,
  ) {
    this.#statements = new Statements(schemaName);
  }

  async read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    const found = new Array<StoredRow | undefined>(rows.length).fill(undefined);
    const tables = Map.groupBy(rows.keys(), (index) => rows[index]?.table ?? '');
    const reads: Promise<void>[] = [];
    for (const [table, indexes] of tables) {
      const places = new Map(indexes.map((index) => [rows[index]?.id ?? '', index]));
      const ids = [...places.keys()];
      for (let at = 0; at < ids.length; at += READ_ROWS)
        reads.push(
          this.#readSome(table, ids.slice(at, at + READ_ROWS), (id, stored) => {
            const index = places.get(id);
            if (index !== undefined) found[index] = stored;
          }),
        );
    }
    await Promise.all(reads);
    return found;
  }

  async #readSome(name: string, ids: readonly string[], take: (id: string, stored: StoredRow) => void): Promise<void> {
    let table = await this.schema.table(this.naming.tableOf(name));
    // Until what was read is of the table as it is known: else a column that another instance has added would be missed.
    for (let attempt = 1; table !== undefined; attempt += 1) {
      const known = table;
      let rows: readonly Row[];
      try {
        rows = await this.database.query(selectMany(known), columnsOf(ids.map(keyParts), known.keys.length));
      } catch (error) {
        if (!isOtherSchema(error) || attempt > 3) throw error;
        table = await this.schema.refresh(known.name);
        continue;
      }
      const width = rows[0]?.[known.keys.length + OWN_CELLS - 1];
      if (width === undefined || Number(width) === known.width || attempt > 3) {
        for (const row of rows) take(idOf(row, known), stored(known, row));
        return;
      }
      table = await this.schema.refresh(known.name);
    }
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const [only] = writes;
    return writes.length === 1 && only !== undefined ? [await this.#writeOne(only)] : this.#writeTogether(writes);
  }

  /** Writes that came from several callers: two of one row never share a statement. */
  async #writeApart(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(writes.length);
    const known = new Map<string, number>();
    const rounds = Map.groupBy(writes.entries(), ([, { row }]) => {
      const key = `${row.table}/${row.id}`;
      const round = known.get(key) ?? 0;
      known.set(key, round + 1);
      return round;
    });
    await Promise.all(
      [...rounds.values()].map(async (round) => {
        const ends = await this.#writeTogether(round.map(([, write]) => write));
        round.forEach(([index], at) => (outcomes[index] = ends[at] ?? CONFLICT));
      }),
    );
    return outcomes;
  }

  async #writeTogether(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(writes.length);
    const tables = Map.groupBy(writes.keys(), (index) => writes[index]?.row.table ?? '');
    await Promise.all(
      [...tables].map(async ([name, indexes]) => {
        const types = new ValueTypes();
        const prepared = indexes.flatMap((index): Prepared[] => {
          const write = writes[index];
          if (write === undefined) return [];
          try {
            return [prepare(write, index, types)];
          } catch (error) {
            outcomes[index] = { kind: 'failed', error: refusedBy(error, write.row) };
            return [];
          }
        });
        // What can't be stored makes no column.
        const wanted = prepared.length === indexes.length ? types : typesIn(prepared);
        await this.#writeTable(this.naming.tableOf(name), prepared, wanted, outcomes, true);
      }),
    );
    return outcomes;
  }

  async #writeTable(
    name: string,
    prepared: readonly Prepared[],
    types: ValueTypes,
    outcomes: WriteOutcome[],
    mayRetry: boolean,
  ): Promise<void> {
    if (prepared.length === 0) return;
    const fitted = await this.#fitted(name, prepared, types, outcomes);
    if (fitted === undefined) return;
    const { table, rows } = fitted;
    const again: Prepared[] = [];
    await Promise.all(
      groupsOf(table, rows).map(async ({ kind, columns, rows: group }) => {
        const send = (some: readonly Prepared[]) => this.#send(table, kind, columns, some, outcomes);
        await inHalves(group, send, (some, error) => {
          if (isOtherSchema(error) && mayRetry) again.push(...some);
          else for (const { index, write } of some) outcomes[index] = outcomeOf(error, write.row);
        });
      }),
    );
    if (again.length === 0) return;
    this.schema.forget(name);
    await this.#writeTable(name, again, typesIn(again), outcomes, false);
  }

  /** The table with a place for everything that is to be written, and the rows that fit it. */
  async #fitted(
    name: string,
    prepared: readonly Prepared[],
    { byColumn, areSame }: ValueTypes,
    outcomes: WriteOutcome[],
  ): Promise<{ readonly table: KnownTable; readonly rows: readonly Prepared[] } | undefined> {
    const fail = (rows: readonly Prepared[], error: unknown): void => {
      for (const { index } of rows) outcomes[index] = { kind: 'failed', error };
    };
    let rows = prepared;
    let table: KnownTable;
    try {
      table = await this.schema.with({ name, kind: rows[0]?.key.length === 2 ? 'links' : 'rows', columns: byColumn });
    } catch (error) {
      // Rows without the new columns may well fit what is there.
      const known = this.schema.known(name);
      const [fit, misfit] = known === undefined ? [[], rows] : split(rows, (row) => isHeldBy(known, row));
      fail(misfit, error);
      if (known === undefined || fit.length === 0) return undefined;
      [table, rows] = [known, fit];
    }
    if (rows === prepared && areSame && misfitOf(table, byColumn) === undefined) return { table, rows };
    // A column's type may have been changed since the table was last seen.
    const typed = rows.map((row) => ({ row, types: typesIn([row]).byColumn }));
    if (typed.some(({ types }) => misfitOf(table, types) !== undefined))
      table = (await this.schema.refresh(name)) ?? table;
    const fits: Prepared[] = [];
    for (const { row, types } of typed) {
      const misfit = misfitOf(table, types);
      if (misfit === undefined) fits.push(row);
      else outcomes[row.index] = { kind: 'failed', error: new RowRefused(row.write.row, `since ${misfit}`) };
    }
    return { table, rows: fits };
  }

  async #send(
    table: KnownTable,
    kind: Group['kind'],
    columns: readonly string[],
    rows: readonly Prepared[],
    outcomes: WriteOutcome[],
  ): Promise<void> {
    let sent = rows;
    const stillWanted = (): boolean => {
      sent = rows.filter(({ index, write }) => {
        const wanted = write.onlyWhile?.() !== false;
        if (!wanted) outcomes[index] = CONFLICT;
        return wanted;
      });
      return sent.length === rows.length;
    };
    const startedAt = performance.now();
    const answer = await this.#sendAll(table, kind, columns, rows, stillWanted);
    if (answer === undefined) {
      // Some are no longer to be written: the statement was made for all of them.
      if (sent.length > 0) await this.#send(table, kind, columns, sent, outcomes);
      return;
    }
    for (const { index } of rows) outcomes[index] = CONFLICT;
    const [only] = rows;
    const isOne = rows.length === 1 && only !== undefined;
    const [ids, etags, seconds] = isOne ? [only.write.row.id, ...(answer[0] ?? [])] : (answer[0] ?? []);
    if (etags === undefined || etags === null) return;
    const byId = isOne ? undefined : new Map(rows.map((row) => [row.write.row.id, row]));
    const tags = etags.split(',');
    ids?.split(',').forEach((id, at) => {
      const row = isOne ? only : byId?.get(id);
      if (row === undefined) return;
      const { index, changesValues } = row;
      outcomes[index] = { kind: 'written', stored: written(table, row, tags[at], seconds), changesValues };
    });
    if (Number(seconds) > 0) this.database.tellClock(Number(seconds), startedAt);
  }

  #sendAll(
    table: KnownTable,
    kind: Group['kind'],
    columns: readonly string[],
    rows: readonly Prepared[],
    stillWanted: () => boolean,
  ): Promise<readonly Row[] | undefined> {
    const json = rows.map(({ write, key, set }): JsonRow => {
      const { stamp, expected } = write;
      return { key, set, stamp: encodeStamp(stamp), state: stateOf(write), expected: expected?.etag };
    });
    const [only] = json;
    const statements = this.#statements;
    if (rows.length > 1 || only === undefined) {
      const text = statements.text(kind === 'insert' ? 'insertMany' : 'updateMany', table, columns);
      return this.database.queryIf(stillWanted, text, [jsonOf(json, columns)]);
    }
    const { key, set, stamp, state, expected = null } = only;
    const values = [...key, ...columns.map((column) => set.get(column) ?? null), stamp, state];
    const text = statements.text(kind === 'insert' ? 'insertOne' : 'updateOne', table, columns);
    return this.database.queryIf(stillWanted, text, kind === 'insert' ? values : [...values, expected]);
  }

  sameData({ hidden, data }: StoredRow, { row, columns }: RowColumns): boolean {
    if (hidden) return false;
    const { texts: have, types } = data as Data;
    const want = new ValueTypes();
    let wanted: Texts;
    try {
      wanted = encoded(row, columns, want);
    } catch (error) {
      // What can't be stored isn't what is stored: the write will say so.
      if (error instanceof NotStorable) return false;
      throw error;
    }
    if (have.size !== wanted.size) return false;
    for (const [name, text] of wanted) if (have.get(name) !== text) return false;
    for (const [name, type] of want.byColumn) {
      const column = types.get(name);
      if (column === undefined || !holds(column, type)) return false;
    }
    return true;
  }

  compare({ data }: StoredRow, { row, columns }: RowColumns): ReadonlyMap<string, boolean> {
    const same = new Map<string, boolean>();
    for (const entry of columns) {
      const [column] = entry;
      const name = columnName(column);
      try {
        const want = encoded(row, new Map([entry]));
        same.set(column, sameByColumn((data as Data).texts, want, [name]).get(name) === true);
      } catch (error) {
        if (!(error instanceof NotStorable)) throw error;
      }
    }
    return same;
  }

  async *liveRows(table: string, after?: string): AsyncIterable<ListedPage> {
    const { live, hidden } = STATE;
    for await (const { last, ...page } of this.#pages(table, `dvo_state in (${live}, ${hidden})`, [], after))
      yield { ...page, place: last };
  }

  async *tombstones(table: string, writtenBefore: Instant): AsyncIterable<StoredPage> {
    const where = `dvo_state = ${STATE.deleted} and dvo_written_at < to_timestamp($2)`;
    for await (const { entries, foreign } of this.#pages(table, where, [writtenBefore])) yield { entries, foreign };
  }

  async *#pages(
    name: string,
    where: string,
    parameters: readonly Parameter[],
    after?: string,
  ): AsyncIterable<StoredPage & { readonly last: string }> {
    const table = await this.schema.refresh(this.naming.tableOf(name));
    if (table === undefined) return;
    let last = after;
    for (;;) {
      const text = selectPage(table, where, last !== undefined, 1 + parameters.length);
      const from = last === undefined ? [] : keyParts(last);
      const rows = await this.database.query(text, [PAGE_ROWS, ...parameters, ...from]);
      const end = rows.at(-1);
      if (end === undefined) return;
      last = idOf(end, table);
      const entries: StoredEntry[] = [];
      const foreign: ForeignEntry[] = [];
      for (const row of rows) {
        const id = idOf(row, table);
        try {
          entries.push({ row: { table: name, id }, stored: stampedOf(table, row) });
        } catch (error) {
          foreign.push({ key: id, error: error as OutboundError });
        }
      }
      yield { entries, foreign, last };
      if (rows.length < PAGE_ROWS) return;
    }
  }

  async removeTombstones(tombstones: readonly StoredEntry[]): Promise<number> {
    let removed = 0;
    for (const [name, entries] of Map.groupBy(tombstones, ({ row }) => row.table)) {
      const table = await this.schema.table(this.naming.tableOf(name));
      if (table === undefined) continue;
      for (let at = 0; at < entries.length; at += MAX_ROWS) {
        const some = entries.slice(at, at + MAX_ROWS);
        const keys = columnsOf(
          some.map(({ row }) => keyParts(row.id)),
          table.keys.length,
        );
        const rows = await this.database.query(deleteTombstones(table), [...keys, some.map((one) => one.stored.etag)]);
        removed += rows.length;
      }
    }
    return removed;
  }
}

/** Cells that a read gives between the key and the columns: stamp, etag, state, time, width. */
const OWN_CELLS = 5;

/** A row's id as its key: of a link the two ids. */
const keyParts = (id: string): readonly string[] => linkedIds({ table: '', id }) ?? [id];

/** Keys as arrays, one for each column of theirs. */
const columnsOf = (keys: readonly (readonly string[])[], width: number): string[][] =>
  Array.from({ length: width }, (_, at) => keys.map((key) => key[at] ?? ''));

const idOf = (row: Row, { keys }: KnownTable): string =>
  keys.length === 1 ? (row[0] ?? '') : row.slice(0, keys.length).join('_');

const LINK_IDS: ReadonlySet<string> = new Set(['id1', 'id2']);

/** A row's columns; the ids of a link are its key. */
function encoded(row: RowAddress, columns: RowColumns['columns'], types?: ValueTypes): Map<string, string> {
  if (linkedIds(row) === undefined) return encodeColumns(columns, types);
  return encodeColumns(new Map([...columns].filter(([name]) => !LINK_IDS.has(name))), types);
}

function stateOf(write: RowWrite): number {
  if (leavesHidden(write)) return STATE.hidden;
  return write.stamp.deleted ? STATE.deleted : STATE.live;
}

/** Turns a write into what its row is to be. @throws NotStorable */
function prepare(write: RowWrite, index: number, types: ValueTypes): Prepared {
  const { row, expected, effect, columns } = write;
  const before = textsOf(expected);
  const brings = bringsColumns(write);
  const set = brings ? encoded(row, columns, types) : new Map<string, string>();
  const keeps = effect === 'patch' || effect === 'keep';
  const named = namesOf(columns);
  const emptied: string[] = [];
  let texts = set;
  if (keeps) {
    for (const name of before.keys()) {
      if (set.has(name)) continue;
      if (effect === 'patch' && belongsTo(name, named)) {
        emptied.push(name);
        continue;
      }
      if (texts === set) texts = new Map(set);
      texts.set(name, before.get(name) ?? '');
    }
  }
  const changesValues = effect === 'snapshot' ? !sameValues(before, texts, named) : effect === 'patch';
  // Rows that are made have the columns that all rows of the table have: so there is one statement for all of them.
  const all = expected === undefined ? brings : !keeps;
  return { index, write, key: keyParts(row.id), set, emptied, all, texts, size: sizeOf(texts), changesValues };
}

const bringsColumns = ({ effect }: RowWrite): boolean => effect === 'snapshot' || effect === 'patch';

/** The names of columns, made where somebody asks: of most rows nobody does. */
function namesOf(columns: RowColumns['columns']): { has(name: string): boolean } {
  let names: Set<string> | undefined;
  return { has: (name) => (names ??= new Set(Array.from(columns.keys(), columnName))).has(name) };
}

/** UTF-16 bytes of names and values, with a little for each: about what a row takes in memory. */
function sizeOf(texts: Texts): number {
  let bytes = 600;
  for (const [name, text] of texts) bytes += 2 * (name.length + text.length) + 32;
  return bytes;
}

const isHeldBy = (table: KnownTable, { set }: Prepared): boolean =>
  [...set.keys()].every((column) => table.columns.has(column) || table.others.has(column));

function split<T>(all: readonly T[], holdsFor: (one: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const one of all) parts[holdsFor(one) ? 0 : 1].push(one);
  return parts;
}

/** Why a table can't hold values of these types: a column has another one, as when it was deleted in Dataverse and made anew. */
function misfitOf({ columns, others }: KnownTable, types: ReadonlyMap<string, SqlType>): string | undefined {
  for (const [name, type] of types) {
    const has = columns.get(name);
    if (has !== undefined && holds(has, type)) continue;
    return `its column ${name} is ${has ?? others.get(name) ?? 'not there'}, and the value is ${type}. Change the column's type, or give the column another name in the mapping file`;
  }
  return undefined;
}

/** The types of rows' values. */
function typesIn(rows: readonly Prepared[]): ValueTypes {
  const types = new ValueTypes();
  for (const { write } of rows) if (bringsColumns(write)) encoded(write.row, write.columns, types);
  return types;
}

const kindOf = ({ write }: Prepared): Group['kind'] => (write.expected === undefined ? 'insert' : 'update');

/** Rows by statement: those to be made and those that are there, by the columns that are set, no more than a statement takes. */
function groupsOf(table: KnownTable, rows: readonly Prepared[]): Group[] {
  const columnsFor = ({ all, set, emptied }: Prepared): readonly string[] =>
    all ? [...table.columns.keys()] : [...set.keys(), ...emptied].sort();
  let [last, key]: [Prepared | undefined, string] = [undefined, ''];
  const alike = Map.groupBy(rows, (row) => {
    if (last === undefined || !setTheSame(last, row)) key = `${kindOf(row)} ${row.all ? '*' : columnsFor(row).join()}`;
    last = row;
    return key;
  });
  return [...alike.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const columns = columnsFor(first);
    return chunksOf(some).map((chunk): Group => ({ kind: kindOf(first), columns, rows: chunk }));
  });
}

/** Whether two rows set the same columns in the same order, as the rows of a page do: told without making a text of each. */
function setTheSame(one: Prepared, other: Prepared): boolean {
  if (kindOf(one) !== kindOf(other) || one.all !== other.all || one.set.size !== other.set.size) return false;
  if (one.emptied.length + other.emptied.length > 0) return false;
  const names = one.set.keys();
  for (const name of other.set.keys()) if (names.next().value !== name) return false;
  return true;
}

function chunksOf(rows: readonly Prepared[]): Prepared[][] {
  const chunks: Prepared[][] = [];
  let [chunk, bytes]: [Prepared[], number] = [[], 0];
  for (const row of rows) {
    if (chunk.length === MAX_ROWS || (chunk.length > 0 && bytes + row.size > MAX_BYTES)) [chunk, bytes] = [[], 0];
    if (chunk.length === 0) chunks.push(chunk);
    chunk.push(row);
    bytes += row.size;
  }
  return chunks;
}

const refusedBy = (error: unknown, row: RowAddress): unknown =>
  error instanceof NotStorable ? new RowRefused(row, `for column ${error.column}: ${error.message}`) : error;

function outcomeOf(error: unknown, row: RowAddress): WriteOutcome {
  if (isConflict(error)) return CONFLICT;
  // Without its cause: PostgreSQL tells the values of what it refuses.
  return { kind: 'failed', error: isRefusal(error) ? new RowRefused(row, `since ${refusalOf(error)}`) : error };
}

function written(
  { columns: types }: KnownTable,
  { write, texts, size }: Prepared,
  etag: unknown,
  seconds: unknown,
): StoredRow {
  const tag = typeof etag === 'string' ? etag : '';
  if (tag === '') throw new Error('PostgreSQL answered a write without an etag.');
  const data: Data = { texts, types };
  return { stamp: write.stamp, etag: tag, hidden: leavesHidden(write), writtenAt: after(seconds), data, size };
}

/** The first whole second after a moment of the database's clock. */
const after = (seconds: unknown): Instant => floorInstant(Number(seconds) * 1000) + 1;

function stampedOf({ name, keys }: KnownTable, row: Row): StampedRow {
  const [text, etag, state, seconds] = row.slice(keys.length);
  const stamp = decodeStamp(text ?? '');
  if (stamp === undefined) throw new StampUnreadable(`The row ${row.slice(0, keys.length).join('_')} of ${name}`);
  return { stamp, etag: etag ?? '', hidden: Number(state) === STATE.hidden, writtenAt: after(seconds) };
}

function stored(table: KnownTable, row: Row): StoredRow {
  const texts = new Map<string, string>();
  let at = table.keys.length + OWN_CELLS;
  for (const [name, type] of table.columns) {
    const cell = row[at++];
    if (cell !== null && cell !== undefined) texts.set(name, readText(cell, type, name));
  }
  const data: Data = { texts, types: table.columns };
  return { ...stampedOf(table, row), data, size: sizeOf(texts) };
}
