import type { Columns, Value } from '../change/value';
import { isoMs } from './convert';
import { compareNumbers } from '../json/exact-number';
import { textOf } from '../change/value-json';

/** What a value is compared with; a number as its digits. */
export type Operand =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean };

/** One condition on one column of the row, by the column's logical name. */
export type Condition = { readonly column: string } & (
  | { readonly op: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'startsWith' | 'contains'; readonly operand: Operand }
  | { readonly op: 'in' | 'notIn'; readonly operands: readonly Operand[] }
  | { readonly op: 'isNull'; readonly isNull: boolean }
);

/**
 * Whether a row's columns meet a condition; an absent column is empty. An empty one is not equal to anything, and neither
 * less nor greater. Undefined where the condition doesn't fit the value's type, so that nobody can say.
 */
export function meets(columns: Columns, condition: Condition): boolean | undefined {
  const value = columns.get(condition.column) ?? null;
  if (condition.op === 'isNull') return (value === null) === condition.isNull;
  if (value === null) return condition.op === 'ne' || condition.op === 'notIn';
  switch (condition.op) {
    case 'eq':
      return isAmong(value, [condition.operand]);
    case 'ne':
      return not(isAmong(value, [condition.operand]));
    case 'in':
      return isAmong(value, condition.operands);
    case 'notIn':
      return not(isAmong(value, condition.operands));
    case 'startsWith':
      return onText(value, condition.operand, (text, part) => text.startsWith(part));
    case 'contains':
      return value.kind === 'choices'
        ? anyOf(value.values.map((one) => isAmong({ kind: 'integer', value: one }, [condition.operand])))
        : onText(value, condition.operand, (text, part) => text.includes(part));
    case 'gt':
      return ordered(value, condition.operand, (order) => order > 0);
    case 'gte':
      return ordered(value, condition.operand, (order) => order >= 0);
    case 'lt':
      return ordered(value, condition.operand, (order) => order < 0);
    case 'lte':
      return ordered(value, condition.operand, (order) => order <= 0);
    default:
      return condition satisfies never;
  }
}

type Present = Exclude<Value, null>;

/** True as soon as one is true, whatever the others; undefined if one of them is and none is true. */
const anyOf = (answers: readonly (boolean | undefined)[]): boolean | undefined =>
  answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;

const not = (answer: boolean | undefined): boolean | undefined => (answer === undefined ? undefined : !answer);

const isAmong = (value: Present, operands: readonly Operand[]): boolean | undefined =>
  anyOf(
    operands.map((operand) => {
      const order = compare(value, operand);
      return order === undefined ? undefined : order === 0;
    }),
  );

function ordered(value: Present, operand: Operand, holds: (order: number) => boolean): boolean | undefined {
  // An id is equal or not; that it sorts somewhere means nothing.
  const order = isId(value) || value.kind === 'boolean' ? undefined : compare(value, operand);
  return order === undefined ? undefined : holds(order);
}

function onText(value: Present, operand: Operand, holds: (text: string, part: string) => boolean): boolean | undefined {
  return value.kind === 'string' && operand.kind === 'text' ? holds(value.value, operand.text) : undefined;
}

const isId = ({ kind }: Present): boolean => kind === 'guid' || kind === 'lookup';

/** Negative, zero or positive as the value is less than, equal to or greater than the operand; undefined: can't be said. */
function compare(value: Present, operand: Operand): number | undefined {
  switch (value.kind) {
    case 'number':
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
    case 'choice':
      return operand.kind === 'boolean' ? undefined : compareNumbers(textOf(value), operand.text);
    case 'boolean':
    case 'managed':
      return operand.kind === 'boolean' ? Number(value.value) - Number(operand.value) : undefined;
    case 'string':
      return operand.kind === 'text' ? compareTexts(value.value, operand.text) : undefined;
    case 'guid':
    case 'lookup':
      return operand.kind === 'text' ? compareTexts(textOf(value), operand.text.toLowerCase()) : undefined;
    case 'instant':
    case 'offsetTime':
    case 'date':
    case 'wallTime':
      return compareTimes(momentOf(value), operand);
    default:
      return undefined;
  }
}

/** A date or time in milliseconds, UTC where it has no zone; undefined for anything else. */
export function momentOf(value: Present): number | undefined {
  switch (value.kind) {
    case 'instant':
    case 'offsetTime':
      return value.epochMs;
    case 'date':
    case 'wallTime':
      return isoMs(value.text);
    default:
      return undefined;
  }
}

/** By UTF-16 units, case and all. */
const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

function compareTimes(epochMs: number | undefined, operand: Operand): number | undefined {
  const other = operand.kind === 'text' ? isoMs(operand.text) : undefined;
  return epochMs === undefined || other === undefined ? undefined : epochMs - other;
}
