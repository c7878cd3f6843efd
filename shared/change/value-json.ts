import { isoText } from '../change/instant';
import type { RowContent, Value } from '../change/value';
import { withDigitsAsText } from '../json/exact-json';
import { plainNumber } from '../json/exact-number';

/** A value as plain JSON: digits of exact numbers as text, a date as its ISO form, a lookup as an object. */
export function plainValue(value: Value): unknown {
  if (value === null) return null;
  switch (value.kind) {
    case 'string':
    case 'guid':
    case 'boolean':
    case 'integer':
    case 'double':
    case 'managed':
    case 'choice':
      return value.value;
    case 'bigint':
      return value.value.toString();
    case 'number':
    case 'decimal':
    case 'money':
    case 'date':
    case 'wallTime':
      return value.text;
    case 'instant':
      return isoText(value.epochMs);
    case 'offsetTime':
      return wallTimeOf(value.epochMs, value.offsetMinutes);
    case 'choices':
      return value.values;
    case 'lookup':
      return { table: value.table, id: value.id, name: value.name };
    case 'bytes':
      return value.base64;
    case 'aliased':
      return plainValue(value.value);
    case 'rows':
      return value.rows.map(plainRow);
    case 'row':
      return plainRow(value.row);
    case 'relationship':
      return { schemaName: value.schemaName, role: value.role };
    case 'pairs':
      return value.entries;
    case 'list':
      return value.items.map(plainValue);
    case 'unknown':
      return typedPlain(value.type, JSON.parse(withDigitsAsText(value.json)));
    default:
      return value satisfies never;
  }
}

/** An object of a type that isn't known, with its type as .NET's JSON has it; a list has no place for one. */
const typedPlain = (type: string, plain: unknown): unknown =>
  type === '' || typeof plain !== 'object' || plain === null || Array.isArray(plain)
    ? plain
    : { __type: type, ...plain };

const plainRow = (row: RowContent): unknown => ({
  table: row.table,
  id: row.id,
  columns: Object.fromEntries([...row.columns].map(([name, value]) => [name, plainValue(value)])),
});

/** The wall time that a time with an offset shows: `2026-02-28T17:45:00.000`. */
export const wallTimeOf = (epochMs: number, offsetMinutes: number): string =>
  isoText(epochMs + offsetMinutes * 60_000).replace('Z', '');

/** A value as one text: an id for a lookup, plain digits for a number, JSON for what has parts. */
export function textOf(value: Exclude<Value, null>): string {
  if (value.kind === 'lookup') return value.id;
  const plain = plainValue(value);
  if (typeof plain === 'number') return plainNumber(String(plain)) ?? String(plain);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}
