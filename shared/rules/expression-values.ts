import type { Columns, Value } from '../change/value';
import { int64Of } from '../json/exact-number';
import { conformValue } from '../mapping/conform';
import { UNUSABLE, type Keys } from './expression';

/** Columns as expressions have them; an emptied one is null. */
export function expressionColumns(columns: Columns, longestText: number, keys?: Keys): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const name of keys ?? columns.keys())
    if (columns.has(name))
      values.set(name, expressionValue(conformValue(columns.get(name) ?? null, undefined), longestText));
  return values;
}

/**
 * A value as CEL has it. Numbers with a fraction, decimals and amounts are doubles there, and lose digits beyond 15: keywords
 * compare exactly.
 */
function expressionValue(value: Value, longestText: number): unknown {
  const usable = (text: string): unknown => (text.length > longestText ? UNUSABLE : text);
  if (value === null) return null;
  switch (value.kind) {
    case 'string':
      return usable(value.value);
    case 'guid':
    case 'boolean':
    case 'managed':
    case 'bigint':
    case 'double':
      return value.value;
    case 'integer':
    case 'choice':
      return BigInt(value.value);
    case 'number':
      return int64Of(value.text) ?? Number(value.text);
    case 'decimal':
    case 'money':
      return Number(value.text);
    case 'instant':
    case 'offsetTime':
      return new Date(value.epochMs);
    case 'date':
    case 'wallTime':
      return value.text;
    case 'choices':
      return value.values.map(BigInt);
    case 'lookup':
      return new Map([
        ['table', value.table],
        ['id', value.id],
      ]);
    case 'list':
      return value.items.map((item) => expressionValue(item, longestText));
    case 'row':
      return expressionColumns(value.row.columns, longestText);
    case 'rows':
      return value.rows.map((row) => expressionColumns(row.columns, longestText));
    case 'pairs':
      return new Map(value.entries.map(([name, text]) => [name, usable(text)]));
    case 'aliased':
      return expressionValue(value.value, longestText);
    case 'bytes':
    case 'relationship':
    case 'unknown':
      return UNUSABLE;
    default:
      return value satisfies never;
  }
}
