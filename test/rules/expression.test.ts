/**
 * Proves what expressions of rules can say, and that what they can't say has no answer rather than a wrong one. Nine kinds of
 * expressions have to work whatever engine is behind the adapter.
 */
import { describe, expect, test } from '@jest/globals';
import type { Columns, Value } from '../../shared/change/value';
import { compileExpression, ExpressionFailed, type Variables } from '../../shared/rules/expression';
import { expressionColumns } from '../../shared/rules/expression-values';

const TARGET: Columns = new Map<string, Value>([
  ['name', { kind: 'string', value: 'Fjord & Co' }],
  ['creditlimit', { kind: 'money', text: '50000.0000' }],
  ['employees', { kind: 'number', text: '250' }],
  ['discount', { kind: 'number', text: '0.5' }],
  ['closedon', { kind: 'instant', epochMs: Date.UTC(2026, 2, 14) }],
  ['status', { kind: 'choice', value: 3 }],
  ['tags', { kind: 'choices', values: [1, 2] }],
  ['owner', { kind: 'lookup', table: 'team', id: '0f8fad5b-d9cb-469f-a165-70867728950e', name: null }],
  ['emptied', { kind: 'string', value: '' }],
  ['notes', { kind: 'string', value: 'x'.repeat(1001) }],
]);

const variables = (longestText = Infinity): Variables => ({
  target: expressionColumns(TARGET, longestText),
  user: new Map<string, unknown>([
    ['id', 'u1'],
    ['roles', ['clerk', 'manager']],
  ]),
  message: new Map<string, unknown>([
    ['name', 'Update'],
    ['depth', 1n],
    ['at', new Date(Date.UTC(2026, 2, 15))],
  ]),
});

function compiled(text: string) {
  const expression = compileExpression(text);
  if ('fault' in expression) throw new Error(expression.fault);
  return expression;
}
const ask = (text: string, longestText?: number): boolean => compiled(text).holds(variables(longestText));

describe('what can be said', () => {
  test.each([
    ['a member of a list', '"manager" in user.roles', '"boss" in user.roles'],
    ['whether a column came', 'has(target.name)', 'has(target.address)'],
    ['a pattern', 'target.name.matches("^Fjord")', 'target.name.matches("^Acme")'],
    ['one of several', 'target.tags.exists(tag, tag == 2)', 'target.tags.exists(tag, tag > 2)'],
    ['a moment', 'target.closedon < timestamp("2026-03-14T00:00:01Z")', 'target.closedon > message.at'],
    ['a whole number and one with a fraction', 'target.employees > 249.5', 'target.employees == 250.5'],
    ['an amount', 'target.creditlimit <= 50000.0', 'target.creditlimit < 50000'],
    ['a lookup', 'target.owner.table == "team"', 'target.owner.id == "u1"'],
    ['an emptied column', 'has(target.emptied) && target.emptied == null', 'target.name == null'],
    ['a condition', 'target.status != 3 || has(target.closedon)', 'target.status == 3 ? false : true'],
  ])('%s', (_what, right, wrong) => {
    expect([ask(right), ask(wrong)]).toEqual([true, false]);
  });
});

describe('what has no answer', () => {
  test.each([
    ['a column that did not come', 'target.address == "x"', /no_such_key at character 8/],
    ['an image that is not there', 'image.name == target.name', /unknown_variable/],
    ['types that do not go together', 'target.name > 5', /no_such_overload/],
    ['no truth', 'target.name', /neither true nor false/],
    ['a conversion of what a row holds', 'bool(target.name)', /\(bool_conversion_error/],
  ])('%s', (_what, text, why) => {
    expect(() => ask(text)).toThrow(ExpressionFailed);
    expect(() => ask(text)).toThrow(why);
    expect(() => ask(text)).not.toThrow(/Fjord/);
  });

  test('a text that is too long for the expression, even if it is only asked for', () => {
    expect(ask('target.notes.size() > 1000')).toBe(true);
    for (const text of ['target.notes.size() > 1000', 'has(target.notes)'])
      expect(() => ask(text, 1000)).toThrow(/unsupported_type/);
    expect(ask('target.name.size() < 1000', 1000)).toBe(true);
  });
});

describe('what is no expression', () => {
  test.each([
    ['a slip', 'target.name ==', 14, /can't be read/],
    ['an unknown variable', 'row.name == "x"', 0, /Unknown variable: row/],
    ['no truth', '1 + 2', 0, /of type int, not true or false/],
    ['types that never go together', 'message.name == "x" && 1 > "a"', 23, /can't be read/],
    ['a pattern from the row', 'target.name.matches(target.other)', 0, /pattern in quotes/],
    ['no pattern', 'target.name.matches("(")', 0, /no regular expression/],
    ['what nobody would write', Array(600).fill('true').join(' && '), 0, /can't be read/],
  ])('%s', (_what, text, at, why) => {
    const fault = compileExpression(text);
    expect(fault).toEqual({ fault: expect.stringMatching(why), at: expect.any(Number) });
    if (at > 0) expect(fault).toMatchObject({ at });
  });
});

describe('what it can come to', () => {
  test('is what it names, and its patterns', () => {
    const text = 'has(target.a) && image.b > target.c.d && target.l.exists(t, t.matches("^y+$"))';
    expect(compiled(text)).toMatchObject({
      columns: { target: new Set(['a', 'c', 'l']), image: new Set(['b']) },
      patterns: [/^y+$/],
      mayTakeLong: true,
    });
  });

  test.each(['target["x"] == null', '"x" in target', 'target.exists(k, k == "a")', 'size(target) > image.a'])(
    'is everything where it doesn’t name it: %s',
    (text) => {
      expect(compiled(text).columns.target).toBeUndefined();
    },
  );

  test.each([
    ['target.a == 1 && has(image.b) && target.c.startsWith("x")', false],
    ['target.l.map(t, t + 1) == [2]', true],
    ['message.name.matches("^y$")', true],
  ])('%s: may take long: %s', (text, mayTakeLong) => {
    expect(compiled(text).mayTakeLong).toBe(mayTakeLong);
  });

  test('only that is turned into values', () => {
    expect([...expressionColumns(TARGET, Infinity, new Set(['name', 'address'])).keys()]).toEqual(['name']);
    expect(expressionColumns(TARGET, Infinity).size).toBe(TARGET.size);
  });
});

test('values as expressions have them', () => {
  const values = expressionColumns(
    new Map<string, Value>([
      ['big', { kind: 'number', text: '9007199254740993' }],
      ['bigger', { kind: 'number', text: '92233720368547758070' }],
      [
        'rows',
        { kind: 'rows', table: 'party', rows: [{ ...ROW, columns: new Map([['a', TARGET.get('status') ?? null]]) }] },
      ],
      ['list', { kind: 'list', items: [{ kind: 'number', text: '1' }, null] }],
      ['date', { kind: 'date', text: '2026-03-14' }],
      ['bytes', { kind: 'bytes', base64: 'AA==' }],
      ['guid', { kind: 'guid', value: 'g' }],
      ['pairs', { kind: 'pairs', entries: [['k', 'v']] }],
      ['aliased', { kind: 'aliased', table: 't', column: 'c', value: { kind: 'boolean', value: true } }],
    ]),
    10,
  );
  expect(Object.fromEntries(values)).toEqual({
    big: 9007199254740993n,
    bigger: 92233720368547758070,
    rows: [new Map([['a', 3n]])],
    list: [1n, null],
    date: '2026-03-14',
    bytes: expect.any(Symbol),
    guid: 'g',
    pairs: new Map([['k', 'v']]),
    aliased: true,
  });
});

const ROW = {
  table: 'party',
  id: '',
  formatted: new Map<string, string>(),
  rowVersion: null,
  keyAttributes: new Map<string, Value>(),
};
