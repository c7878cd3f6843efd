import type { RowChange } from '../change/row-change';
import type { Columns, Labels, Value } from '../change/value';
import type { Context } from '../context/context';
import { OutboundError } from '../errors/errors';
import { int32Of, int64Of } from '../json/exact-number';
import { isoMs } from './convert';
import type { ColumnDefinition, TableDefinition } from './table-definition';
import { isPartitioned, TableTypeUnsupported } from './table-type';

/**
 * The row version is order evidence when it is read, and says nothing when it is pushed: never a data column. Readers
 * find it in the stamp.
 */
const NOT_DATA = new Set(['versionnumber']);

/** https://learn.microsoft.com/power-apps/developer/data-platform/entity-metadata#table-names (columns are alike) */
const LOGICAL_NAME = /^[a-z_][a-z0-9_]{0,127}$/;

/** Thrown when a change brings a column that Dataverse could not have: the message was changed or made up. */
export class ColumnNameInvalid extends OutboundError {
  constructor({ table, id }: RowChange['row']) {
    super(
      'column-name-invalid',
      `A change of ${table}(${id}) has a column whose name is no logical name (lower case, digits, underscores). Find its sender.`,
    );
  }
}

/** A change with its columns in the types that the table's metadata gives them. */
export function conformChange(change: RowChange, definition: TableDefinition | undefined): RowChange {
  if (change.kind !== 'delete' && !hasLogicalNames(change.columns)) throw new ColumnNameInvalid(change.row);
  return change.kind === 'delete' ? change : { ...change, columns: conformColumns(change.columns, definition) };
}

/**
 * A change of a table without metadata; `context` is what told of it, undefined for a notice.
 *
 * @throws TableTypeUnsupported where it shows that the table is elastic
 */
export function conformUnknown(change: RowChange, context: Pick<Context, 'preImages'> | undefined): RowChange {
  if (context !== undefined && isPartitioned(change, context))
    throw new TableTypeUnsupported(change.row.table, 'elastic');
  return conformChange(change, undefined);
}

/** An aliased value is a column of another table that an image brings along: it is left out, so its name may be any. */
const hasLogicalNames = (columns: Columns): boolean =>
  [...columns].every(([name, value]) => LOGICAL_NAME.test(name) || value?.kind === 'aliased');

/** Columns in the types of the table's metadata. */
export function conformColumns(columns: Columns, definition: TableDefinition | undefined): Columns {
  const conformed = new Map<string, Value>();
  for (const [name, value] of columns) {
    if (NOT_DATA.has(name) || value?.kind === 'aliased') continue;
    conformed.set(name, conformValue(value, definition?.columns.get(name)));
  }
  return conformed;
}

/**
 * One value in the type of its column; of a column that the metadata doesn't know, as it came. So is a value that doesn't fit
 * the type.
 *
 * Dataverse keeps no empty texts and lists: what a user clears is null when it is read, though a push says `""` or an empty
 * list. So it is null by every way.
 */
export function conformValue(value: Value, column: ColumnDefinition | undefined): Value {
  if (value === null || isEmpty(value)) return null;
  if (column === undefined) return value.kind === 'list' ? (bytesIn(value.items) ?? value) : value;
  switch (value.kind) {
    case 'number':
      return conformNumber(value.text, column) ?? value;
    case 'string':
      return conformText(value.value, column) ?? value;
    case 'instant':
    case 'offsetTime':
      return conformTime(value, column);
    case 'choice':
      return column.type === 'choice' ? choice(value.value, column, value.label) : value;
    case 'choices':
      return column.type === 'choices' ? choices(value.values, column, value.label) : value;
    case 'list':
      return conformList(value.items, column) ?? value;
    default:
      return value;
  }
}

function isEmpty(value: Exclude<Value, null>): boolean {
  switch (value.kind) {
    case 'string':
      return value.value === '';
    case 'bytes':
      return value.base64 === '';
    case 'choices':
      return value.values.length === 0;
    case 'list':
      return value.items.length === 0;
    case 'rows':
      return value.rows.length === 0;
    default:
      return false;
  }
}

function conformNumber(text: string, column: ColumnDefinition): Value | undefined {
  switch (column.type) {
    case 'integer': {
      const value = int32Of(text);
      return value === undefined ? undefined : { kind: 'integer', value };
    }
    case 'bigint': {
      const value = int64Of(text);
      return value === undefined ? undefined : { kind: 'bigint', value };
    }
    case 'decimal':
    case 'money':
      return { kind: column.type, text };
    case 'double':
      return { kind: 'double', value: Number(text) };
    case 'choice': {
      const value = int32Of(text);
      return value === undefined ? undefined : choice(value, column, undefined);
    }
    default:
      return undefined;
  }
}

const GUID = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;

function conformText(text: string, column: ColumnDefinition): Value | undefined {
  switch (column.type) {
    case 'guid':
    case 'file': {
      const id = GUID.exec(text)?.[1];
      return id === undefined ? undefined : { kind: 'guid', value: id.toLowerCase() };
    }
    // The Web API's forms: `2026-03-14`, `2026-03-14T09:26:53Z`, and `1,2,3` for a multi-select choice.
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? { kind: 'date', text } : undefined;
    case 'wallTime':
      return wallTime(isoMs(text));
    case 'instant': {
      const epochMs = isoMs(text);
      return epochMs === undefined ? undefined : { kind: 'instant', epochMs };
    }
    case 'choices':
      return /^-?\d+(?:,-?\d+)*$/.test(text) ? choices(text.split(',').map(Number), column, undefined) : undefined;
    case 'bytes':
      return { kind: 'bytes', base64: text };
    default:
      return undefined;
  }
}

function conformTime(value: Extract<Value, { kind: 'instant' | 'offsetTime' }>, column: ColumnDefinition): Value {
  const wallMs = value.kind === 'instant' ? value.epochMs : value.epochMs + value.offsetMinutes * 60_000;
  switch (column.type) {
    case 'instant':
      return { kind: 'instant', epochMs: value.epochMs };
    case 'date':
      return { kind: 'date', text: new Date(wallMs).toISOString().slice(0, 10) };
    case 'wallTime':
      return wallTime(wallMs) ?? value;
    case 'string':
      // JSON has no form of its own for a date: text of exactly that form was text all along.
      return { kind: 'string', value: jsonDate(value) };
    default:
      return value;
  }
}

function jsonDate(value: Extract<Value, { kind: 'instant' | 'offsetTime' }>): string {
  if (value.kind === 'instant') return `/Date(${value.epochMs})/`;
  const minutes = Math.abs(value.offsetMinutes);
  const digits = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join('');
  return `/Date(${value.epochMs}${value.offsetMinutes < 0 ? '-' : '+'}${digits})/`;
}

const wallTime = (ms: number | undefined): Value | undefined =>
  ms === undefined ? undefined : { kind: 'wallTime', text: new Date(ms).toISOString().replace('Z', '') };

function conformList(items: readonly Value[], column: ColumnDefinition): Value | undefined {
  if (column.type === 'bytes') return bytesIn(items);
  const numbers = numbersIn(items);
  return column.type === 'choices' && numbers !== undefined ? choices(numbers, column, undefined) : undefined;
}

function numbersIn(items: readonly Value[]): readonly number[] | undefined {
  const numbers = items.flatMap((item) => (item?.kind === 'number' ? [Number(item.text)] : []));
  return numbers.length === items.length ? numbers : undefined;
}

/** In JSON bytes are a list of numbers; no other column of a row is one. */
function bytesIn(items: readonly Value[]): Value | undefined {
  const numbers = numbersIn(items);
  const areBytes = numbers?.every((number) => Number.isInteger(number) && number >= 0 && number <= 255);
  return numbers !== undefined && areBytes === true
    ? { kind: 'bytes', base64: Buffer.from(numbers).toString('base64') }
    : undefined;
}

/**
 * The metadata's label wins over the one that came along: that one is in the language of whoever caused the event, and
 * most events bring none.
 */
function choice(value: number, column: ColumnDefinition, came: string | undefined): Value {
  const label = column.labels?.get(value) ?? came;
  const labels = column.labelsByLanguage?.get(value);
  return {
    kind: 'choice',
    value,
    ...(label === undefined ? {} : { label }),
    ...(labels === undefined ? {} : { labels }),
  };
}

function choices(values: readonly number[], column: ColumnDefinition, came: string | undefined): Value {
  const label = joined(values.map((value) => column.labels?.get(value))) ?? came;
  const labels = choicesLabels(values, column);
  return {
    kind: 'choices',
    values,
    ...(label === undefined ? {} : { label }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** Labels as Dataverse joins them; undefined where one is missing. */
const joined = (labels: readonly (string | undefined)[]): string | undefined =>
  labels.length === 0 || labels.includes(undefined) ? undefined : labels.join('; ');

function choicesLabels(values: readonly number[], { labelsByLanguage }: ColumnDefinition): Labels | undefined {
  if (labelsByLanguage === undefined) return undefined;
  const byValue = values.map((value) => labelsByLanguage.get(value));
  const languages = new Set(byValue.flatMap((labels) => [...(labels?.keys() ?? [])]));
  return new Map(
    [...languages].flatMap((language) => {
      const text = joined(byValue.map((labels) => labels?.get(language)));
      return text === undefined ? [] : [[language, text] as const];
    }),
  );
}
