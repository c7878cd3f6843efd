/** What the keywords of a rules file ask of a row. Numbers are compared by their digits, dates as moments. */
import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../change/value';
import { textOf } from '../change/value-json';
import { compareNumbers } from '../json/exact-number';
import { meets, momentOf, type Condition, type Operand } from '../mapping/filter';
import { ExpressionFailed, type Expression } from './expression';
import { triesOf } from './pattern-tries';
import { all, type Answer, type Question, type Unknown } from './rule';
import { valueBefore, valueOf, type Subject } from './subject';

/** The longest text that a pattern is tried on: most patterns are quick then, and those that aren't are stopped. */
export const LONGEST_MATCHED = 1000;

type Present = Exclude<Value, null>;

const unknown = (why: string): Unknown => ({ unknown: why });

/** A column that only the row before the operation has, which isn't known. */
export const notKnown = (column: string): Unknown =>
  unknown(`column ${column} is neither in the message nor in the pre image that the rules file names`);

/** Asks of a column's value; what is empty is right. */
const ofValue =
  (column: string, ask: (value: Present) => Answer): Question =>
  ({ subject }) => {
    const value = valueOf(subject, column);
    if (value === undefined) return notKnown(column);
    return value === null || ask(value);
  };

/** The column isn't empty. */
export const isFilled =
  (column: string): Question =>
  ({ subject }) => {
    const value = valueOf(subject, column);
    return value === undefined ? notKnown(column) : value !== null;
  };

const answerOf = (value: Value, condition: Condition): Answer =>
  meets(new Map([[condition.column, value]]), condition) ??
  unknown(`${condition.op} doesn't fit the value of column ${condition.column}`);

/** A condition of the mapping file's kind holds of the row as it will be. */
export const meetsCondition =
  (condition: Condition): Question =>
  ({ subject }) => {
    const value = valueOf(subject, condition.column);
    return value === undefined ? notKnown(condition.column) : answerOf(value, condition);
  };

/** The value is so large at least, or at most. */
export const isWithin = (condition: Condition): Question =>
  ofValue(condition.column, (value) =>
    value.kind === 'string'
      ? unknown(`column ${condition.column} holds neither a number nor a date`)
      : answerOf(value, condition),
  );

/** The value is one of these; of a multi-select choice all are. */
export const isOneOf = (column: string, operands: readonly Operand[]): Question =>
  ofValue(column, (value) => {
    const isIn = (one: Present): Answer => answerOf(one, { column, op: 'in', operands });
    if (value.kind !== 'choices') return isIn(value);
    return all(value.values.map((one) => isIn({ kind: 'choice', value: one })));
  });

/** The whole text matches. */
export const matches = (column: string, pattern: RegExp): Question =>
  ofValue(column, (value) => {
    if (value.kind !== 'string' && value.kind !== 'guid') return unknown(`column ${column} holds no text`);
    if (value.value.length > LONGEST_MATCHED)
      return unknown(`column ${column} holds more than ${LONGEST_MATCHED} characters, too many for a pattern`);
    return pattern.test(value.value);
  });

/** How many characters a search for a pattern in the column's text may look at, roughly and at most. */
export function triesIn(column: string, pattern: RegExp): (subject: Subject) => number {
  const tries = triesOf(pattern.source);
  return (subject) => {
    const value = valueOf(subject, column);
    return value?.kind === 'string' && value.value.length <= LONGEST_MATCHED ? tries(value.value.length) : 0;
  };
}

/** Whether two values are the same, in whatever form and order they came. */
function areSame(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === 'choices' && b.kind === 'choices') return isDeepStrictEqual(new Set(a.values), new Set(b.values));
  const moment = momentOf(a);
  if (moment !== undefined && moment === momentOf(b)) return true;
  const [left, right] = [textOf(a), textOf(b)];
  return left === right || (a.kind !== 'string' && compareNumbers(left, right) === 0);
}

/** What an update makes of a column that it changes; undefined where it leaves it as it is. */
type Transition = { readonly from: Value; readonly to: Value } | Unknown | undefined;

function transitionOf(column: string, { subject }: Parameters<Question>[0]): Transition {
  if (subject.operation !== 'Update' || !subject.brought.has(column)) return undefined;
  const [from, to] = [valueBefore(subject, column), valueOf(subject, column)];
  if (from === undefined || to === undefined) return notKnown(column);
  return areSame(from, to) ? undefined : { from, to };
}

const isUnknown = (of: Transition): of is Unknown => of !== undefined && 'unknown' in of;

/** Values of a column before or after; absent: any. An empty column has none of them. */
type Among = readonly Operand[] | undefined;

/** The update changes the column, from and to one of these values. */
export const isChanged =
  (column: string, from: Among, to: Among): Question =>
  (asked) => {
    const transition = transitionOf(column, asked);
    if (transition === undefined) return false;
    if (isUnknown(transition)) return transition;
    const isAmong = (value: Value, operands: Among): Answer =>
      operands === undefined || answerOf(value, { column, op: 'in', operands });
    return all([isAmong(transition.from, from), isAmong(transition.to, to)]);
  };

/** The column keeps its value, or gets one that may follow it. What may follow a value that isn't named, nobody can say. */
export const mayFollow =
  (column: string, next: ReadonlyMap<string, readonly Operand[]>): Question =>
  (asked) => {
    const transition = transitionOf(column, asked);
    if (transition === undefined) return true;
    if (isUnknown(transition)) return transition;
    const { from, to } = transition;
    const operands = next.get(from === null ? '' : textOf(from));
    if (operands === undefined) return unknown(`transitions doesn't name the value that column ${column} had`);
    return answerOf(to, { column, op: 'in', operands });
  };

/** The expression is true. */
export const isTrue =
  (expression: Expression): Question =>
  ({ variables }) => {
    try {
      const longestText = expression.patterns.length > 0 ? LONGEST_MATCHED : Infinity;
      return expression.holds(variables(expression, longestText));
    } catch (error) {
      if (error instanceof ExpressionFailed) return unknown(error.message);
      throw error;
    }
  };
