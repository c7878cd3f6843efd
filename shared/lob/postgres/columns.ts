/**
 * How a value becomes a typed column of PostgreSQL: the code behind docs/store.md.
 *
 * Whatever its type, a column's value has one text: it is what is written, what a read is told to give, and what is compared.
 * So nothing goes through a number or date of JavaScript, and sessions of another time zone or date style change nothing.
 */
import { createHash } from 'node:crypto';
import { plainNumber } from '../../json/exact-number';
import { isoText } from '../../change/instant';
import type { Columns, Value } from '../../change/value';
import { plainValue, wallTimeOf } from '../../change/value-json';
import { AVOIDING, textsBeside } from '../derived-names';

/** The types of columns, as PostgreSQL's `format_type` calls them. */
export type SqlType =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'double precision'
  | 'timestamp with time zone'
  | 'timestamp without time zone'
  | 'date'
  | 'uuid'
  | 'integer[]'
  | 'bytea'
  | 'jsonb';

/** The types that columns should have for the values of some rows. */
export class ValueTypes {
  /** That of a column's first value. */
  readonly byColumn = new Map<string, SqlType>();
  /** Whether all values of each column want the same. */
  areSame = true;

  add(column: string, type: SqlType): void {
    const known = this.byColumn.get(column);
    if (known === undefined) this.byColumn.set(column, type);
    else if (known !== type) this.areSame = false;
  }
}

/** A row's columns by their names in PostgreSQL; an empty one isn't there. */
export type Texts = ReadonlyMap<string, string>;

/** Thrown when PostgreSQL has no form for a value. The message says why, and never the value. */
export class NotStorable extends Error {
  constructor(
    readonly column: string,
    why: string,
  ) {
    super(why);
  }
}

/** Names that aren't a column's own: those of this app, and PostgreSQL's system columns. Such a column gets a suffix. */
const TAKEN = new Set([
  ...['id', 'dvo_key', 'dvo_stamp', 'dvo_etag', 'dvo_state', 'dvo_written_at'],
  ...['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'],
]);

/** PostgreSQL cuts longer names silently. https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
const LONGEST_NAME = 63;
/** What a column's name may get added: a label's language code has four or five digits. */
const LONGEST_ADDED = 'Label'.length + 5;

/** A name that fits, the same for the same name: of a longer one the beginning and a hash. */
export function fitting(name: string, longest = LONGEST_NAME): string {
  if (name.length <= longest) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - 1 - hash.length)}_${hash}`;
}

/** The name of a column in PostgreSQL, without what its value may add. */
export const columnName = (column: string): string =>
  TAKEN.has(column) ? column + AVOIDING : fitting(column, LONGEST_NAME - LONGEST_ADDED);

/**
 * A row's columns as texts.
 *
 * @param types is told the type that each text wants
 * @throws NotStorable
 */
export function encodeColumns(columns: Columns, types = new ValueTypes()): Map<string, string> {
  const texts = new Map<string, string>();
  const put: Put = (name, type, text) => {
    texts.set(name, text);
    types.add(name, type);
  };
  for (const [column, value] of columns) encodeValue(put, columnName(column), value);
  return texts;
}

type Put = (name: string, type: SqlType, text: string) => void;

function encodeValue(put: Put, name: string, value: Value): void {
  if (value === null) return;
  switch (value.kind) {
    case 'string':
      putText(put, name, value.value);
      return;
    case 'guid':
      put(name, 'uuid', value.value);
      return;
    case 'boolean':
    case 'managed':
      put(name, 'boolean', String(value.value));
      return;
    case 'integer':
      put(name, 'integer', String(value.value));
      return;
    case 'bigint':
      put(name, 'bigint', String(value.value));
      return;
    case 'double':
      put(name, 'double precision', doubleText(value.value));
      return;
    case 'number':
    case 'decimal':
    case 'money': {
      const digits = plainNumber(value.text);
      if (digits === undefined) throw new NotStorable(name, 'its value is no number that it can hold');
      put(name, 'numeric', digits);
      return;
    }
    case 'instant':
      put(name, 'timestamp with time zone', fourDigits(isoText(value.epochMs)));
      return;
    case 'wallTime':
      put(name, 'timestamp without time zone', value.text);
      return;
    case 'offsetTime':
      put(name, 'timestamp without time zone', fourDigits(wallTimeOf(value.epochMs, value.offsetMinutes)));
      return;
    case 'date':
      put(name, 'date', value.text);
      return;
    case 'choice':
      put(name, 'integer', String(value.value));
      for (const [beside, text] of textsBeside(name, value)) putText(put, beside, text);
      return;
    case 'choices':
      put(name, 'integer[]', `{${value.values.join(',')}}`);
      for (const [beside, text] of textsBeside(name, value)) putText(put, beside, text);
      return;
    case 'lookup':
      put(name, 'uuid', value.id);
      for (const [beside, text] of textsBeside(name, value)) putText(put, beside, text);
      return;
    case 'bytes':
      put(name, 'bytea', `\\x${Buffer.from(value.base64, 'base64').toString('hex')}`);
      return;
    case 'aliased':
      encodeValue(put, name, value.value);
      return;
    case 'rows':
    case 'row':
    case 'list':
    case 'pairs':
    case 'relationship':
    case 'unknown':
      put(name, 'jsonb', canonicalJson(plainValue(value), name));
      return;
    default:
      value satisfies never;
  }
}

const putText = (put: Put, name: string, text: string): void => put(name, 'text', storableText(text, name));

/**
 * A half of a surrogate pair isn't UTF-8: whoever encodes it replaces it. So it is replaced here, where it is compared, too.
 * PostgreSQL's text has no U+0000: https://www.postgresql.org/docs/current/datatype-character.html
 */
export function storableText(text: string, column: string): string {
  if (text.includes('\0'))
    throw new NotStorable(column, 'its text holds the character U+0000, which PostgreSQL has none of');
  return text.toWellFormed();
}

/** A year beyond 9999 as PostgreSQL has it: without the sign and zeros of ISO 8601's longer years. */
const fourDigits = (iso: string): string => iso.replace(/^\+0*/, '');

/** As JavaScript writes it: PostgreSQL's own text of the same number may have another exponent. */
const doubleText = (value: number): string => String(value);

/** JSON with the keys of objects in one order: PostgreSQL gives them back in its own. */
function canonicalJson(plain: unknown, column: string): string {
  const ordered = (value: unknown): unknown => {
    if (typeof value === 'string') return storableText(value, column);
    if (Array.isArray(value)) return value.map(ordered);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, of]) => [storableText(key, column), ordered(of)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return JSON.stringify(ordered(plain));
}

const ISO = `YYYY-MM-DD"T"HH24:MI:SS.MS`;

/** What a read selects, so that it gets the text of a column. `column`: quoted. */
export function selected(column: string, type: SqlType): string {
  switch (type) {
    case 'timestamp with time zone':
      return `to_char(${column} at time zone 'UTC', '${ISO}"Z"')`;
    case 'timestamp without time zone':
      return `to_char(${column}, '${ISO}')`;
    case 'date':
      return `to_char(${column}, 'YYYY-MM-DD')`;
    case 'boolean':
    case 'jsonb':
      return `${column}::text`;
    case 'bytea':
      return `'\\x' || encode(${column}, 'hex')`;
    case 'text':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'double precision':
    case 'uuid':
    case 'integer[]':
      return column;
    default:
      return type satisfies never;
  }
}

/** The text of a column from what a read gave. */
export function readText(given: string, type: SqlType, column: string): string {
  switch (type) {
    case 'double precision':
      return doubleText(Number(given));
    case 'jsonb':
      return canonicalJson(JSON.parse(given), column);
    default:
      return given;
  }
}

const WIDER: Partial<Readonly<Record<SqlType, readonly SqlType[]>>> = {
  integer: ['bigint', 'numeric', 'double precision'],
  bigint: ['numeric'],
};

/** Whether a column of one type holds a value of another just as well, and gives the same text back. Text holds every value. */
export const holds = (column: SqlType, value: SqlType): boolean =>
  column === value || column === 'text' || WIDER[value]?.includes(column) === true;

/** Other names of these types, and the same with bounds that whoever made the column gave it. */
const ALIASES: readonly (readonly [RegExp, SqlType])[] = [
  [/^(?:character varying|character)(?:\(\d+\))?$/, 'text'],
  [/^numeric\(.*\)$/, 'numeric'],
  [/^timestamp(?:\(\d\))? with time zone$/, 'timestamp with time zone'],
  [/^timestamp(?:\(\d\))? without time zone$/, 'timestamp without time zone'],
];
const SQL_TYPES: ReadonlySet<string> = new Set<SqlType>([
  ...(['text', 'boolean', 'integer', 'bigint', 'numeric', 'double precision', 'date', 'uuid', 'integer[]'] as const),
  ...(['timestamp with time zone', 'timestamp without time zone', 'bytea', 'jsonb'] as const),
]);

/** The type of a column by what `format_type` calls it; undefined for one that this app doesn't make. */
export const sqlTypeOf = (formatted: string): SqlType | undefined =>
  SQL_TYPES.has(formatted) ? (formatted as SqlType) : ALIASES.find(([form]) => form.test(formatted))?.[1];
