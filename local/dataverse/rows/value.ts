import { Digits, isList, type Json } from '../web-api/json-text';
import { isLookup, type ColumnDefinition, type Table } from '../metadata/table';

/** A reference to a row. */
export interface Reference {
  readonly table: string;
  readonly id: string;
}

/**
 * A column's value as stored, exact: `integer`, `double` and choices are numbers, `bigint` a bigint, `decimal` and `money`
 * their digits, a date `2026-03-14`, a time `2026-03-14T09:26:53Z`, `choices` a sorted list, a lookup a reference, an image
 * its bytes in base64, a file its id.
 */
export type Value = null | string | number | bigint | boolean | readonly number[] | Reference;

/** Columns by logical name. */
export type Columns = Readonly<Record<string, Value>>;

/** What a caller may give for a column: the stored form, a Date for a time, or a number for digits. */
export type ColumnInput = Value | Date;

/** Columns as a caller gives them. */
export type ColumnInputs = Readonly<Record<string, ColumnInput>>;

/** Thrown when a value does not fit its column. */
export class ValueError extends Error {
  constructor(column: ColumnDefinition, value: unknown) {
    super(`Cannot convert the value ${display(value)} of column '${column.logicalName}' to type ${column.type}.`);
  }
}

const display = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? String(value) : JSON.stringify(value);

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The id of no row: messages on several rows have no primary row. */
export const EMPTY_GUID = '00000000-0000-0000-0000-000000000000';

/** Is it a GUID in lower case with hyphens? */
export const isGuid = (text: string): boolean => GUID.test(text);

/** Digits padded to a scale: the database keeps a decimal with its column's scale, money with four places. */
function withScale(text: string, scale: number): string | undefined {
  const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
  if (whole === '' || fraction.length > scale) return undefined;
  return `${sign}${whole}${scale > 0 ? '.' : ''}${fraction.padEnd(scale, '0')}`;
}

function time(input: Date | string): string | undefined {
  const ms = typeof input === 'string' ? Date.parse(input) : input.getTime();
  return Number.isNaN(ms) ? undefined : secondsText(ms);
}

/** A moment as the Web API writes it, in whole seconds: `2026-03-14T09:26:53Z`. */
export const secondsText = (epochMs: number): string =>
  `${new Date(Math.floor(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;

const isReference = (input: ColumnInput): input is Reference =>
  typeof input === 'object' && input !== null && 'table' in input && 'id' in input;

const isWhole = (value: number, bits: number): boolean => Number.isInteger(value) && Math.abs(value) <= 2 ** (bits - 1);

/** Makes a caller's value the stored one; throws {@link ValueError} when it does not fit the column. */
export function acceptValue(column: ColumnDefinition, input: ColumnInput): Value {
  if (input === null) return null;
  const accepted = fit(column, input);
  if (accepted === undefined) throw new ValueError(column, input);
  return accepted;
}

function fit(column: ColumnDefinition, input: Exclude<ColumnInput, null>): Value | undefined {
  switch (column.type) {
    case 'string':
    case 'memo':
    case 'image':
      return typeof input === 'string' ? input : undefined;
    case 'uniqueidentifier':
    case 'file':
      return typeof input === 'string' && isGuid(input.toLowerCase()) ? input.toLowerCase() : undefined;
    case 'boolean':
    case 'managed':
      return typeof input === 'boolean' ? input : undefined;
    case 'integer':
      return typeof input === 'number' && isWhole(input, 32) ? input : undefined;
    case 'double':
      return typeof input === 'number' ? input : undefined;
    case 'bigint':
      if (typeof input === 'bigint') return input;
      return typeof input === 'number' && Number.isSafeInteger(input) ? BigInt(input) : undefined;
    case 'decimal':
    case 'money':
      if (typeof input !== 'string' && typeof input !== 'number') return undefined;
      return withScale(String(input), column.type === 'money' ? 4 : (column.precision ?? 2));
    case 'dateTime':
      if (typeof input !== 'string' && !(input instanceof Date)) return undefined;
      if (column.behavior === 'DateOnly') {
        const date = typeof input === 'string' ? input : input.toISOString().slice(0, 10);
        return DATE.test(date) ? date : undefined;
      }
      return time(input);
    case 'choice':
    case 'state':
    case 'status':
      return typeof input === 'number' && column.options.some((option) => option.value === input) ? input : undefined;
    case 'choices': {
      if (!Array.isArray(input)) return undefined;
      const values = (input as readonly number[]).toSorted((a, b) => a - b);
      if (!values.every((value) => column.options.some((option) => option.value === value))) return undefined;
      return values;
    }
    case 'lookup':
    case 'customer':
    case 'owner':
      if (!isReference(input) || !column.targets.includes(input.table) || !isGuid(input.id.toLowerCase()))
        return undefined;
      return { table: input.table, id: input.id.toLowerCase() };
    default:
      return column satisfies never;
  }
}

/** A value of a Web API request body as a caller's value: numbers arrive as digits, choices as `"1,2,3"`. */
export function inputFromJson(column: ColumnDefinition, json: Json): ColumnInput {
  if (json instanceof Digits) {
    switch (column.type) {
      case 'decimal':
      case 'money':
        return json.text;
      case 'bigint':
        return /^-?\d+$/.test(json.text) ? BigInt(json.text) : Number(json.text);
      default:
        return Number(json.text);
    }
  }
  if (column.type === 'choices' && typeof json === 'string') {
    return json
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number);
  }
  if (json === null || typeof json === 'string' || typeof json === 'boolean' || typeof json === 'number') return json;
  throw new ValueError(column, isList(json) ? 'a list' : 'an object');
}

/** A value as the Web API shows it (a lookup as its bare id). */
export function valueToJson(column: ColumnDefinition, value: Value): Json {
  if (value === null) return null;
  // https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/booleanmanagedproperty
  if (column.type === 'managed')
    return { Value: value === true, CanBeChanged: true, ManagedPropertyLogicalName: column.logicalName };
  if (typeof value === 'bigint') return new Digits(String(value));
  if (typeof value === 'object') return valueText(value);
  if (typeof value === 'string' && (column.type === 'decimal' || column.type === 'money')) return new Digits(value);
  return value;
}

const isReferenceValue = (value: readonly number[] | Reference): value is Reference => 'table' in value;

/** A scalar's text; of lists and references their parts. */
export function valueText(value: Exclude<Value, null>): string {
  if (typeof value !== 'object') return String(value);
  return isReferenceValue(value) ? value.id : value.join(',');
}

/** The value as text; empty when it is none. */
export const asText = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** The value as a reference; undefined when it is none. */
export const asReference = (value: Value | undefined): Reference | undefined =>
  typeof value === 'object' && value !== null && isReferenceValue(value) ? value : undefined;

/**
 * A row as it is kept: what was emptied is null, though a push shows it as it was sent; of an image the thumbnail is kept,
 * which is smaller than what was sent.
 * https://learn.microsoft.com/power-apps/developer/data-platform/image-column-data#only-thumbnail-images-can-be-retrieved
 */
export const keptColumns = (table: Table, columns: Columns): Columns =>
  Object.fromEntries(
    Object.entries(columns).map(([name, value]): [string, Value] => {
      if (value === null || isEmptied(value)) return [name, null];
      return [name, table.byName.get(name)?.type === 'image' ? thumbnailOf(asText(value)) : value];
    }),
  );

const isEmptied = (value: Exclude<Value, null>): boolean =>
  value === '' || (Array.isArray(value) && value.length === 0);

const THUMBNAIL_BYTES = 8;

const thumbnailOf = (base64: string): string =>
  Buffer.from(base64, 'base64').subarray(0, THUMBNAIL_BYTES).toString('base64');

/** The name under which the Web API shows a column. */
export const propertyName = (column: ColumnDefinition): string =>
  isLookup(column) ? `_${column.logicalName}_value` : column.logicalName;
