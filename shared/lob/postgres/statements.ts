/**
 * The statements of the store. One row is a plain guarded statement; many rows of a table are two, whatever their number: the
 * inserts, then the updates, each with its rows as one JSON parameter.
 */
import { selected, type SqlType } from './columns';

/** A table as the catalogue has it. */
export interface Table {
  /** Its name and schema, quoted. */
  readonly ref: string;
  /** The columns of its primary key. */
  readonly keys: readonly string[];
  /** Those that hold what it is for, by name. */
  readonly columns: ReadonlyMap<string, SqlType>;
  /** How many columns it ever had: tells that another instance has added one. */
  readonly width: number;
}

/** A key of rows, or of links. */
export const ROW_KEY = ['id'] as const;
export const LINK_KEY = ['id1', 'id2'] as const;

/** A part of a name in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const list = (parts: Iterable<string>): string => [...parts].join(', ');

/** When a row was written, in seconds of the database's clock. */
const WRITTEN = 'extract(epoch from dvo_written_at)';

/** What the entity tag comes from: it never repeats, even for a row that was removed and came again. */
export const SEQUENCE = 'dvo_etag';

/** Sets of columns of a table, more than which would be other ones each time. */
const MAX_TEXTS = 200;

/** Statements of one schema. */
export class Statements {
  readonly #next: string;
  /** Made once for each table as it is known, and its sets of columns. */
  readonly #texts = new WeakMap<Table, Map<string, string>>();

  constructor(schema: string) {
    this.#next = `nextval('${quoted(schema)}.${SEQUENCE}'), clock_timestamp()`;
  }

  /** The text of a statement. */
  text(
    kind: 'insertOne' | 'updateOne' | 'insertMany' | 'updateMany',
    table: Table,
    columns: readonly string[],
  ): string {
    const texts = this.#texts.get(table) ?? new Map<string, string>();
    this.#texts.set(table, texts);
    const key = `${kind} ${columns.join()}`;
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = this[kind](table, columns);
    if (texts.size < MAX_TEXTS) texts.set(key, text);
    return text;
  }

  /** Parameters: the key, the columns, stamp, state. Answers etag and time of the row, unless it was there. */
  insertOne({ ref, keys }: Table, columns: readonly string[]): string {
    const names = [...keys, ...columns.map(quoted), 'dvo_stamp', 'dvo_state'];
    const values = names.map((_, at) => `$${at + 1}`);
    return (
      `insert into ${ref} (${list(names)}, dvo_etag, dvo_written_at) values (${list(values)}, ${this.#next}) ` +
      `on conflict (${list(keys)}) do nothing returning dvo_etag, ${WRITTEN}`
    );
  }

  /** Parameters: the key, the columns, stamp, state, the expected etag. Answers nothing where the row isn't as expected. */
  updateOne({ ref, keys }: Table, columns: readonly string[]): string {
    const names = [...columns.map(quoted), 'dvo_stamp', 'dvo_state'];
    const values = names.map((_, at) => `$${keys.length + at + 1}`);
    const isRow = keys.map((key, at) => `${key} = $${at + 1}`).join(' and ');
    return (
      `update ${ref} set (${list(names)}, dvo_etag, dvo_written_at) = (${list(values)}, ${this.#next}) ` +
      `where ${isRow} and dvo_etag = $${keys.length + names.length + 1} returning dvo_etag, ${WRITTEN}`
    );
  }

  /** Parameter: the rows as JSON (`jsonOf`). Answers those that weren't there (`inOne`). */
  insertMany(table: Table, columns: readonly string[]): string {
    const { ref, keys } = table;
    const names = [...keys, ...columns.map(quoted), 'dvo_stamp', 'dvo_state'];
    return inOne(
      keys,
      '',
      `insert into ${ref} (${list(names)}, dvo_etag, dvo_written_at) ` +
        `select ${list(this.#values(table, columns))}, ${this.#next} from ${recordset(table, columns)} ` +
        `order by ${list(keyAliases(keys))} on conflict (${list(keys)}) do nothing ` +
        `returning ${list(keys)}, dvo_etag, dvo_written_at`,
    );
  }

  /**
   * Parameter: the rows as JSON. Answers those that were as expected.
   *
   * The rows are locked in the order of their keys first, or two such statements would wait for each other. What is locked stays
   * where it is, so its place (`ctid`) finds it again without the index; the key as well, since parts of a table have the same places.
   */
  updateMany(table: Table, columns: readonly string[]): string {
    const { ref, keys } = table;
    const names = [...columns.map(quoted), 'dvo_stamp', 'dvo_state'];
    const isRow = sameKey(keys);
    return inOne(
      keys,
      `i as materialized (select t.ctid as place, i.* from ${ref} t join ${recordset(table, columns)} ` +
        `on ${isRow} and t.dvo_etag = i.e order by ${list(keys.map((key) => `t.${key}`))} for no key update of t), `,
      `update ${ref} t set (${list(names)}, dvo_etag, dvo_written_at) = ` +
        `(${list(this.#values(table, columns).slice(keys.length))}, ${this.#next}) ` +
        `from i where t.ctid = i.place and ${isRow} ` +
        `returning ${list([...keys, 'dvo_etag', 'dvo_written_at'].map((name) => `t.${name}`))}`,
    );
  }

  #values({ keys, columns: types }: Table, columns: readonly string[]): string[] {
    return [
      ...keyAliases(keys),
      ...columns.map((column, at) => `i.c${at}${types.get(column) === 'jsonb' ? '::jsonb' : ''}`),
      'i.s',
      'i.h',
    ];
  }
}

const keyAliases = (keys: readonly string[]): string[] => keys.map((_, at) => `i.k${at}`);
const sameKey = (keys: readonly string[]): string => keys.map((key, at) => `t.${key} = i.k${at}`).join(' and ');

/** The JSON parameter as rows: key, columns, stamp, state and expected etag under short names. JSON as a text, lest it be one. */
function recordset({ keys, columns: types }: Table, columns: readonly string[]): string {
  const typeOf = (column: string): string => {
    const type = types.get(column) ?? 'text';
    return type === 'jsonb' ? 'text' : type;
  };
  return (
    `json_to_recordset($1::json) as i(${list(keys.map((_, at) => `k${at} uuid`))}, ` +
    `${columns.map((column, at) => `c${at} ${typeOf(column)}, `).join('')}s text, h smallint, e bigint)`
  );
}

/**
 * A statement that answers all of its rows in one, which costs a fraction of a row for each: their ids and etags with commas between
 * them, and when the last of them was written. Both null where there are none.
 */
function inOne(keys: readonly string[], before: string, statement: string): string {
  const id = keys.map((key) => `${key}::text`).join(` || '_' || `);
  return (
    `with ${before}w as (${statement}) ` +
    `select string_agg(${id}, ','), string_agg(dvo_etag::text, ','), extract(epoch from max(dvo_written_at)) from w`
  );
}

/** A row of the JSON parameter. */
export interface JsonRow {
  readonly key: readonly string[];
  /** By the names of columns. */
  readonly set: ReadonlyMap<string, string>;
  readonly stamp: string;
  readonly state: number;
  readonly expected: string | undefined;
}

/** Rows as the JSON parameter: what is null is left out. One call for all of them: a third of the time of one for each value. */
export function jsonOf(rows: readonly JsonRow[], columns: readonly string[]): string {
  const names = columns.map((_, at) => `c${at}`);
  return JSON.stringify(
    rows.map(({ key, set, stamp, state, expected }) => {
      const row: Record<string, string | number | undefined> = {
        h: state,
        s: stamp,
        e: expected,
        k0: key[0],
        k1: key[1],
      };
      for (let at = 0; at < names.length; at += 1) {
        const value = set.get(columns[at] ?? '');
        if (value !== undefined) row[names[at] ?? ''] = value;
      }
      return row;
    }),
  );
}

/** Makes the events that aren't there. Parameter: the events as JSON (`eventsJsonOf`). Answers the keys of those made. */
export function insertEvents({ ref, keys, columns: types }: Table, columns: readonly string[]): string {
  const [key = ''] = keys;
  const names = columns.map((column, at) => ({ at, type: types.get(column) ?? 'text' }));
  const values = names.map(({ at, type }) => (type === 'jsonb' ? `i.c${at}::jsonb` : `i.c${at}`));
  const typed = names.map(({ at, type }) => `c${at} ${type === 'jsonb' ? 'text' : type}`);
  return (
    `insert into ${ref} (${list([key, ...columns.map(quoted)])}) select ${list(['i.k', ...values])} ` +
    `from json_to_recordset($1::json) as i(${list(['k text', ...typed])}) order by i.k ` +
    `on conflict (${key}) do nothing returning ${key}`
  );
}

/** Events as the JSON parameter: what is null is left out. */
export const eventsJsonOf = (
  events: readonly { readonly key: string; readonly values: readonly (string | null)[] }[],
) =>
  JSON.stringify(
    events.map(({ key, values }) =>
      Object.fromEntries<string>([
        ['k', key],
        ...values.flatMap((value, at): [string, string][] => (value === null ? [] : [[`c${at}`, value]])),
      ]),
    ),
  );

/** What every read of rows gives first: the key, then these. */
const OWN = `dvo_stamp, dvo_etag, dvo_state, ${WRITTEN}`;

/**
 * Rows by their keys. Parameters: for each column of the key the values. Answers the key, the four columns of our own, how wide
 * the table is, and the columns.
 */
export function selectMany({ ref, keys, columns }: Table): string {
  const cells = [...columns].map(([name, type]) => selected(quoted(name), type));
  const width = `(select relnatts from pg_class where oid = '${ref.replaceAll("'", "''")}'::regclass)`;
  const [key] = keys;
  const isWanted =
    keys.length === 1
      ? `${key ?? ''} = any($1::uuid[])`
      : `(${list(keys)}) in (select * from unnest(${list(keys.map((_, at) => `$${at + 1}::uuid[]`))}))`;
  return `select ${list([...keys, OWN, width, ...cells])} from ${ref} where ${isWanted}`;
}

/** Two rows that have these values, at most; deleted and hidden ones have none. Parameters: the values, each read as its column's type. */
export function selectWith({ ref, keys }: Table, columns: readonly string[]): string {
  const conditions = columns.map((column, at) => `${quoted(column)} = $${at + 1}`);
  return `select ${list(keys)} from ${ref} where ${conditions.join(' and ')} limit 2`;
}

/** A page of a listing in the order of keys. Parameters: how many rows, then the key after which they come, if any. */
export function selectPage({ ref, keys }: Table, where: string, after: boolean, parameters = 1): string {
  const start = keys.map((_, at) => `$${parameters + at + 1}::uuid`);
  const from = after ? `and (${list(keys)}) > (${list(start)})` : '';
  return `select ${list(keys)}, ${OWN} from ${ref} where ${where} ${from} order by ${list(keys)} limit $1`;
}

/** Removes tombstones that are as they were. Parameters: for each column of the key the values, then the etags. */
export function deleteTombstones({ ref, keys }: Table): string {
  const arrays = [...keys.map((_, at) => `$${at + 1}::uuid[]`), `$${keys.length + 1}::bigint[]`];
  const isRow = sameKey(keys);
  return (
    `with i as materialized (select * from unnest(${list(arrays)}) as i(${list(keys.map((_, at) => `k${at}`))}, e)), ` +
    `l as materialized (select 1 from ${ref} t join i on ${isRow} order by ${list(keys.map((key) => `t.${key}`))} for update of t) ` +
    `delete from ${ref} t using i where ${isRow} and t.dvo_etag = i.e and t.dvo_state = 2 and (select count(*) from l) >= 0 ` +
    `returning ${list(keys.map((key) => `t.${key}`))}`
  );
}
