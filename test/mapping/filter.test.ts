/** Proves what each operator of a filter says of each kind of value, and that it says nothing where it can't know. */
import { describe, expect, test } from '@jest/globals';
import type { Value } from '../../shared/change/value';
import { mappingOf } from './mappings';

const ID = 'a0000001-0000-4000-8000-00000000000a';
const text = (value: string): Value => ({ kind: 'string', value });
const integer = (value: number): Value => ({ kind: 'integer', value });
const choice = (value: number): Value => ({ kind: 'choice', value, label: 'x' });
const date = (of: string): Value => ({ kind: 'date', text: of });
const lookup: Value = { kind: 'lookup', table: 'contact', id: ID, name: 'Ada' };

/** Whether a row with this value in column x is shown; 'unfit': it is parked. */
function shows(condition: string, value: Value): boolean | string {
  const mapping = mappingOf(`tables: { account: { filter: { x: ${condition} } } }`).tableOf('account');
  try {
    return mapping.shows({ table: 'account', id: ID }, new Map([['x', value]]), 'all');
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const UNFIT = 'filter-unfit';

describe('numbers, by their digits', () => {
  test.each<[string, Value, boolean | string]>([
    ['0', choice(0), true],
    ['{ eq: 0 }', choice(1), false],
    ['{ gte: 1000 }', { kind: 'money', text: '1000.00' }, true],
    ['{ gt: 1000 }', { kind: 'money', text: '1000.00' }, false],
    ['{ gt: 1000 }', { kind: 'money', text: '1000.0000000001' }, true],
    ['{ eq: "9007199254740993" }', { kind: 'bigint', value: 9007199254740992n }, false],
    ['{ lt: "9007199254740993" }', { kind: 'bigint', value: 9007199254740992n }, true],
    ['{ lte: 0.1 }', { kind: 'double', value: 0.1 }, true],
    ['{ in: [1, 2.50] }', { kind: 'decimal', text: '2.5' }, true],
    ['{ notIn: [1, 2] }', integer(2), false],
    ['{ gte: 1, lt: 5 }', integer(5), false],
    ['{ gte: 1, lt: 5 }', integer(4), true],
    ['{ lte: 4 }', integer(4), true],
    ['{ lte: 4 }', integer(5), false],
    ['{ lt: 4 }', integer(4), false],
    ['4', { kind: 'number', text: '4.0' }, true],
    ['{ ne: many }', integer(4), UNFIT],
    ['{ notIn: [many] }', integer(4), UNFIT],
    ['{ eq: many }', integer(4), UNFIT],
    ['{ eq: true }', integer(1), UNFIT],
    ['{ in: [many, 4] }', integer(4), true],
    ['{ in: [many, 5] }', integer(4), UNFIT],
    ['{ startsWith: "4" }', integer(4), UNFIT],
  ])('%s of %j', (condition, value, then) => expect(shows(condition, value)).toBe(then));
});

describe('texts, ordinal and case-sensitive', () => {
  test.each<[string, Value, boolean | string]>([
    ['NO', text('NO'), true],
    ['NO', text('no'), false],
    ['{ in: [NO, SE] }', text('SE'), true],
    ['{ ne: NO }', text('no'), true],
    ['{ gt: a }', text('B'), false],
    ['{ startsWith: Ad }', text('Ada'), true],
    ['{ startsWith: ad }', text('Ada'), false],
    ['{ startsWith: a }', text('Ada'), false],
    ['{ lt: b }', text('a'), true],
    ['{ gt: b }', text('a'), false],
    ['{ lte: a }', text('a'), true],
    ['{ gt: b }', text('c'), true],
    ['{ contains: d }', text('Ada'), true],
    ['{ eq: 1234 }', text('1234'), UNFIT],
    ['{ eq: "1234" }', text('1234'), true],
  ])('%s of %j', (condition, value, then) => expect(shows(condition, value)).toBe(then));
});

describe('times as instants, ids, yes/no, choices', () => {
  test.each<[string, Value, boolean | string]>([
    ['{ gte: 2026-03-14 }', { kind: 'instant', epochMs: Date.UTC(2026, 2, 14) }, true],
    ['{ gt: 2026-03-14T00:00:00+01:00 }', { kind: 'instant', epochMs: Date.UTC(2026, 2, 14) }, true],
    ['{ lt: 2026-03-14 }', date('2026-03-13'), true],
    ['{ eq: 2026-03-14 }', { kind: 'wallTime', text: '2026-03-14T00:00:00.000' }, true],
    ['{ gte: soon }', date('2026-03-13'), UNFIT],
    ['{ gte: 20260314 }', date('2026-03-13'), UNFIT],
    [ID.toUpperCase(), lookup, true],
    [`{ ne: ${ID} }`, { kind: 'guid', value: ID }, false],
    [`{ gt: ${ID} }`, lookup, UNFIT],
    [`{ gt: ${ID} }`, { kind: 'guid', value: ID }, UNFIT],
    ['{ eq: 5 }', lookup, UNFIT],
    ['true', { kind: 'managed', value: true, canBeChanged: false, property: '' }, true],
    ['{ gt: 1 }', { kind: 'boolean', value: true }, UNFIT],
    ['{ eq: 1970-01-01 }', { kind: 'offsetTime', epochMs: 0, offsetMinutes: 60 }, true],
    ['{ eq: 2026-03-14 }', date('no date'), UNFIT],
    ['true', { kind: 'boolean', value: true }, true],
    ['{ ne: true }', { kind: 'boolean', value: true }, false],
    ['{ eq: "true" }', { kind: 'boolean', value: true }, UNFIT],
    ['{ gt: false }', { kind: 'boolean', value: true }, 'no such file'],
    ['{ contains: 2 }', { kind: 'choices', values: [1, 2] }, true],
    ['{ contains: 3 }', { kind: 'choices', values: [1, 2] }, false],
    ['{ contains: 3 }', { kind: 'choices', values: [] }, false],
    ['{ contains: x }', { kind: 'choices', values: [1] }, UNFIT],
    ['{ eq: 2 }', { kind: 'choices', values: [2] }, UNFIT],
    ['{ isNull: false }', { kind: 'bytes', base64: '' }, true],
    ['{ eq: x }', { kind: 'bytes', base64: '' }, UNFIT],
  ])('%s of %j', (condition, value, then) => {
    if (then === 'no such file') expect(() => shows(condition, value)).toThrow(/must be a text or a number/);
    else expect(shows(condition, value)).toBe(then);
  });
});

describe('an empty column', () => {
  test.each([
    ['0', false],
    ['{ ne: 0 }', true],
    ['{ in: [0] }', false],
    ['{ notIn: [0] }', true],
    ['{ gt: 0 }', false],
    ['{ lte: 0 }', false],
    ['{ startsWith: "" }', false],
    ['{ contains: x }', false],
    ['{ isNull: true }', true],
    ['{ isNull: false }', false],
  ])('%s', (condition, then) => expect(shows(condition, null)).toBe(then));
});

describe('of a patch', () => {
  const mapping = mappingOf('tables: { account: { filter: { x: 1, y: { ne: 2 } } } }').tableOf('account');
  const row = { table: 'account', id: ID };
  test('only the conditions on what it brings are asked; of a snapshot all are, absent columns being empty', () => {
    const brings = (columns: readonly (readonly [string, Value])[]): readonly boolean[] =>
      (['brought', 'all'] as const).map((of) => mapping.shows(row, new Map(columns), of));
    expect(brings([])).toEqual([true, false]);
    expect(brings([['x', integer(1)]])).toEqual([true, true]);
    expect(brings([['x', null]])).toEqual([false, false]);
    expect(brings([['y', integer(3)]])).toEqual([true, false]);
    expect(brings([['y', integer(2)]])).toEqual([false, false]);
  });
});
