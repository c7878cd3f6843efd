// Proves: what each kind of value is as plain JSON and as text, what an entity tag's version is, and how milliseconds become
// the seconds of the rule.
import { describe, expect, test } from '@jest/globals';
import { compareNumbers, plainNumber, wholeNumber } from '../../shared/json/exact-number';
import { BEGINNING, ceilInstant, floorInstant } from '../../shared/change/instant';
import { versionFromETag } from '../../shared/change/row-version';
import type { RowContent, Value } from '../../shared/change/value';
import { plainValue, textOf, wallTimeOf } from '../../shared/change/value-json';

const row: RowContent = {
  table: 'activityparty',
  id: 'r1',
  columns: new Map<string, Value>([
    ['subject', { kind: 'string', value: 'a' }],
    ['amount', { kind: 'money', text: '1.10' }],
  ]),
  formatted: new Map([['amount', '€1.10']]),
  rowVersion: '7',
  keyAttributes: new Map(),
};
const plainRow = { table: 'activityparty', id: 'r1', columns: { subject: 'a', amount: '1.10' } };

test.each<[string, Value, unknown]>([
  ['null', null, null],
  ['string', { kind: 'string', value: '' }, ''],
  ['guid', { kind: 'guid', value: 'g' }, 'g'],
  ['boolean', { kind: 'boolean', value: false }, false],
  ['integer', { kind: 'integer', value: 0 }, 0],
  ['double', { kind: 'double', value: 1.5 }, 1.5],
  ['managed', { kind: 'managed', value: true, canBeChanged: false, property: 'p' }, true],
  ['choice', { kind: 'choice', value: 3, label: 'Gold' }, 3],
  ['bigint', { kind: 'bigint', value: 9_007_199_254_740_993n }, '9007199254740993'],
  ['number', { kind: 'number', text: '1.10' }, '1.10'],
  ['decimal', { kind: 'decimal', text: '2.50' }, '2.50'],
  ['money', { kind: 'money', text: '3.00' }, '3.00'],
  ['date', { kind: 'date', text: '2026-03-14' }, '2026-03-14'],
  ['wallTime', { kind: 'wallTime', text: '2026-03-14T09:26:53.000' }, '2026-03-14T09:26:53.000'],
  ['instant', { kind: 'instant', epochMs: 0 }, '1970-01-01T00:00:00.000Z'],
  ['offsetTime', { kind: 'offsetTime', epochMs: 0, offsetMinutes: 90 }, '1970-01-01T01:30:00.000'],
  ['choices', { kind: 'choices', values: [1, 2], label: 'A; B' }, [1, 2]],
  ['lookup', { kind: 'lookup', table: 'contact', id: 'c', name: 'Ada' }, { table: 'contact', id: 'c', name: 'Ada' }],
  ['bytes', { kind: 'bytes', base64: 'AQI=' }, 'AQI='],
  ['aliased', { kind: 'aliased', table: 't', column: 'c', value: { kind: 'integer', value: 4 } }, 4],
  ['rows', { kind: 'rows', table: 'activityparty', rows: [row] }, [plainRow]],
  ['row', { kind: 'row', row }, plainRow],
  [
    'relationship',
    { kind: 'relationship', schemaName: 's', role: 'Referenced' },
    { schemaName: 's', role: 'Referenced' },
  ],
  ['pairs', { kind: 'pairs', entries: [['k', 'v']] }, [['k', 'v']]],
  ['list', { kind: 'list', items: [null, { kind: 'number', text: '1.0' }] }, [null, '1.0']],
  ['unknown', { kind: 'unknown', type: 'T', json: '{"a":[1.5,"b"]}' }, { __type: 'T', a: [1.5, 'b'] }],
  ['unknown, with its type inside', { kind: 'unknown', type: 'T', json: '{"__type":"T"}' }, { __type: 'T' }],
  ['unknown, of no type', { kind: 'unknown', type: '', json: '{"a":null}' }, { a: null }],
  ['unknown, a list', { kind: 'unknown', type: 'T', json: '[true]' }, [true]],
  [
    'unknown, with digits that a double loses',
    { kind: 'unknown', type: '', json: '{"a":9007199254740993,"b":[1.10,7]}' },
    { a: '9007199254740993', b: ['1.10', 7] },
  ],
])('%s as plain JSON', (_, value, plain) => expect(plainValue(value)).toStrictEqual(plain));

test.each<[Exclude<Value, null>, string]>([
  [{ kind: 'lookup', table: 'contact', id: 'c', name: 'Ada' }, 'c'],
  [{ kind: 'double', value: 1e21 }, '1000000000000000000000'],
  [{ kind: 'double', value: Number.NaN }, 'NaN'],
  [{ kind: 'integer', value: -5 }, '-5'],
  [{ kind: 'boolean', value: true }, 'true'],
  [{ kind: 'choices', values: [1, 2] }, '[1,2]'],
])('%j as text', (value, text) => expect(textOf(value)).toBe(text));

test('a wall time is the instant moved by its offset, without a zone', () => {
  expect([0, 60, -450].map((minutes) => wallTimeOf(86_400_000, minutes))).toEqual([
    '1970-01-02T00:00:00.000',
    '1970-01-02T01:00:00.000',
    '1970-01-01T16:30:00.000',
  ]);
});

test('instants are whole seconds; before all of them is the beginning', () => {
  expect([1999, 2000, 2001].map(floorInstant)).toEqual([1, 2, 2]);
  expect([1999, 2000, 2001].map(ceilInstant)).toEqual([2, 2, 3]);
  expect(BEGINNING).toBeLessThan(floorInstant(0));
});

describe('the version in an entity tag', () => {
  test.each<[string, bigint | undefined]>([
    ['W/"915244"', 915_244n],
    ['"915244"', 915_244n],
    ['W/"9223372036854775807"', 9_223_372_036_854_775_807n],
    ['W/"0"', 0n],
    ['W/"12345678901234567890"', undefined],
    ['W/""', undefined],
    ['W/"1a"', undefined],
    ['915244', undefined],
    ['xW/"1"', undefined],
    ['W/"1"x', undefined],
    ['', undefined],
  ])('%s', (etag, version) => expect(versionFromETag(etag)).toBe(version));
});

describe('numbers by their digits', () => {
  test('none is longer than anyone writes', () => {
    const digits = (count: number): string => '7'.repeat(count);
    const longest = Array.from({ length: 3000 }, (_, count) => count + 1).findLast(
      (count) => plainNumber(digits(count)) !== undefined,
    );
    expect(plainNumber(digits(longest ?? 0))).toBe(digits(longest ?? 0));
    expect(longest).toBeLessThan(3000);
    expect(wholeNumber(digits(3000))).toBeUndefined();
  });
  test('equal ones are equal however they are written', () => {
    expect(compareNumbers('1.0', '1')).toBe(0);
    expect([compareNumbers('-2', '1'), compareNumbers('2', '1')]).toEqual([-1, 1]);
    expect(wholeNumber('many')).toBeUndefined();
    expect(wholeNumber('5.00')).toBe(5n);
  });
});
