/** Proves that every fault of a rules file is told with its place before the app starts with it, and that no rule is silently useless. */
import { describe, expect, test } from '@jest/globals';
import { readRules } from '../../shared/rules/read-rules';
import { rulesOf } from './operations';

const faultsOf = (text: string): readonly string[] => {
  const read = readRules('rules.yaml', text);
  return read.ok ? [] : read.faults;
};
const ofRule = (body: string): readonly string[] =>
  faultsOf(`tables:\n  account:\n    - { code: a, message: b, ${body} }\n`).map((fault) =>
    fault.replace(/^rules\.yaml:3:\d+ tables\.account\[0\]\.?/, ''),
  );

test('an empty file has no rules, and nothing wrong with it', () => {
  expect(rulesOf('')).toMatchObject({ image: 'pre', tables: new Map(), messages: new Map() });
});

test.each<readonly [string, string, readonly string[]]>([
  ['an unknown key', 'requierd: [name]', ['requierd is no known key; did you mean required?']],
  [
    'a condition that says nothing',
    'when: { a: {} }, required: [b]',
    ['when.a must have an operator, such as { isNull: false }'],
  ],
  ['no columns', 'required: []', ['required must name at least one column']],
  ['no columns of a keyword', 'range: {}', ['range must name at least one column']],
  ['a range without bounds', 'range: { a: {} }', ['range.a must have min, max or both']],
  [
    'a bound that is neither number nor date',
    'range: { a: { min: abc, max: "2026-13-01" } }',
    ['range.a.min must be a number, or a date as 2026-03-14', 'range.a.max must be a number, or a date as 2026-03-14'],
  ],
  ['bounds that nothing is between', 'range: { a: { min: 10, max: 1 } }', ['range.a must not have max below min']],
  [
    'dates that nothing is between',
    'range: { a: { min: "2026-02-01T00:00:00+01:00", max: 2026-01-31 } }',
    ['range.a must not have max below min'],
  ],
  [
    'a number and a date',
    'range: { a: { min: 10, max: 2026-01-31 } }',
    ['range.a must have two numbers, or two dates'],
  ],
  [
    'bounds that are right',
    'range: { a: { min: "9007199254740993.1", max: "9007199254740993.10" }, b: { max: 2026-01-31 } }',
    [],
  ],
  ['a column in capitals', 'required: [Name]', [' names Name, which is no logical name of a column (lower case)']],
  [
    'no regular expression',
    'pattern: { a: "(" }',
    ['pattern.a must be a regular expression of JavaScript (with the flag u)'],
  ],
  [
    'two halves of one',
    'pattern: { a: "a)|(b" }',
    ['pattern.a must be a regular expression of JavaScript (with the flag u)'],
  ],
  ['an operation that is none', 'on: Merge, required: [a]', ['on must be Create, Update, Delete, or a list of them']],
  ['neither condition nor check', 'on: Create', [' must have a condition or a check: it would refuse everything']],
  ['a change of what is no update', 'on: Create, changed: [a]', ['changed has no use: the rule is not for Update']],
  [
    'transitions of what is no update',
    'on: Delete, transitions: { a: { 1: [2] } }',
    ['transitions has no use: the rule is not for Update'],
  ],
  [
    'unique of what is deleted',
    'on: Delete, unique: [a]',
    ["unique can't be: a row that is deleted may be like any other"],
  ],
  ['an expression with a slip', 'expr: "target.a >"', ["expr can't be read: Unexpected token: EOF (at character 11)"]],
  ['an expression that is no truth', 'expr: "1"', ['expr is of type int, not true or false (at character 1)']],
  [
    'a number that no double holds',
    'range: { a: { max: 9007199254740993 } }',
    ['A number of so many digits must be in quotes'],
  ],
])('%s', (_what, body, faults) => {
  expect(ofRule(body).map((fault) => fault.replace(/^rules\.yaml:3:\d+ /, ''))).toEqual(faults);
});

test('a fault says where it is', () => {
  expect(
    faultsOf(`tables:
  Account: []
  contact:
    - { code: a, message: b, required: [name] }
    - code: a
      message: b
      pattern: { name: '[' }
messages:
  Update: []
  UpsertMultiple: []
  'x y': []
  new_A:
    - { code: rule-unjudged, message: b, changed: [a] }
`),
  ).toEqual([
    'rules.yaml:13:42 messages.new_A[0].changed is no known key; known are code, message, when, required, range, pattern, oneOf, expr',
  ]);
  expect(
    faultsOf(`tables:
  Account: []
  contact:
    - { code: a, message: b, required: [name] }
    - code: a
      message: b
      pattern: { name: '[' }
messages:
  Update: []
  UpsertMultiple: []
  'x y': []
  new_A:
    - { code: rule-unjudged, message: b }
`),
  ).toEqual([
    'rules.yaml:2:3 tables.Account must be the logical name of a table (lower case)',
    'rules.yaml:5:13 tables.contact[1].code repeats a code',
    'rules.yaml:7:24 tables.contact[1].pattern.name must be a regular expression of JavaScript (with the flag u)',
    'rules.yaml:9:3 messages.Update is a message on rows: name its tables under tables instead',
    'rules.yaml:10:3 messages.UpsertMultiple is run as Create or Update: name its tables under tables instead',
    'rules.yaml:11:3 messages["x y"] must be the name of a message',
    'rules.yaml:13:7 messages.new_A[0] must have a condition or a check: it would refuse everything',
    "rules.yaml:13:15 messages.new_A[0].code can't be rule-unjudged: the app itself answers that",
  ]);
});

describe('what is known of a rule', () => {
  const { tables, patterns } = rulesOf(`
tables:
  account:
    - { code: a, message: b, when: { statecode: 0 }, changed: [name], required: [fax], pattern: { vat: 'x+' }, unique: [number] }
    - { code: c, message: d, expr: 'has(target.a) || image.b == 1 || message.name.matches("^y$")' }
`);

  test('the columns that it looks at', () => {
    expect(tables.get('account')?.map(({ columns }) => columns)).toEqual([
      ['statecode', 'name', 'fax', 'vat', 'number'],
      ['a', 'b'],
    ]);
  });

  test('its patterns, with their places', () => {
    expect(patterns).toEqual([
      { pattern: /^(?:x+)$/u, path: ['tables', 'account', 0, 'pattern', 'vat'] },
      { pattern: /^y$/, path: ['tables', 'account', 1, 'expr'] },
    ]);
  });
});
