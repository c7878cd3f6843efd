/**
 * Proves what happens to one value: conversions that are exact or refused, hashes that are the same for the same value in
 * any type, masks that show half of a text at most, and comparisons that never pass through a double.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '../../shared/change/value';
import { convertValue, isoMs, type TargetType } from '../../shared/mapping/convert';
import { compareNumbers, plainNumber, wholeNumber } from '../../shared/json/exact-number';
import { hashWith, redact } from '../../shared/mapping/redact';
import { KEY } from './mappings';

const text = (value: string): Value => ({ kind: 'string', value });
const integer = (value: number): Value => ({ kind: 'integer', value });
const bigint = (value: bigint): Value => ({ kind: 'bigint', value });
const decimal = (digits: string): Value => ({ kind: 'decimal', text: digits });
const double = (value: number): Value => ({ kind: 'double', value });
const instant = (iso: string): Value => ({ kind: 'instant', epochMs: Date.parse(iso) });
const ID = 'a0000001-0000-4000-8000-00000000000a';
const lookup: Value = { kind: 'lookup', table: 'contact', id: ID, name: 'Ada' };

describe('as', () => {
  const NO = undefined;
  test.each<[TargetType, Value, Value | undefined]>([
    ['text', decimal('1.10'), text('1.10')],
    ['text', double(1e21), text('1000000000000000000000')],
    ['text', double(1e-7), text('0.0000001')],
    ['text', bigint(9007199254740993n), text('9007199254740993')],
    ['text', { kind: 'boolean', value: false }, text('false')],
    ['text', instant('2026-03-14T09:26:53Z'), text('2026-03-14T09:26:53.000Z')],
    ['text', lookup, text(ID)],
    ['text', { kind: 'choice', value: 3, label: 'Gold' }, text('3')],
    ['text', { kind: 'choices', values: [1, 2], label: 'A; B' }, text('[1,2]')],
    ['integer', text('-7'), integer(-7)],
    ['integer', decimal('12.00'), integer(12)],
    ['integer', double(3), integer(3)],
    ['integer', { kind: 'choice', value: 3, label: 'Gold' }, integer(3)],
    ['integer', bigint(2147483647n), integer(2147483647)],
    ['integer', bigint(2147483648n), NO],
    ['integer', decimal('12.5'), NO],
    ['integer', text('12 '), NO],
    ['integer', text(''), NO],
    ['integer', { kind: 'boolean', value: true }, NO],
    ['integer', lookup, NO],
    ['bigint', text('9223372036854775807'), bigint(9223372036854775807n)],
    ['bigint', text('9223372036854775808'), NO],
    ['decimal', { kind: 'money', text: '1234.50' }, decimal('1234.50')],
    ['decimal', { kind: 'number', text: '1E-07' }, decimal('0.0000001')],
    ['decimal', double(Number.NaN), NO],
    ['decimal', text('1,5'), NO],
    ['double', { kind: 'money', text: '1234.50' }, double(1234.5)],
    ['double', text('x'), NO],
    ['boolean', text('True'), { kind: 'boolean', value: true }],
    ['boolean', text('FALSE'), { kind: 'boolean', value: false }],
    ['boolean', text('untrue'), NO],
    ['boolean', text('truely'), NO],
    ['boolean', text('1'), { kind: 'boolean', value: true }],
    ['boolean', { kind: 'boolean', value: false }, { kind: 'boolean', value: false }],
    ['boolean', decimal('1.5'), NO],
    ['bigint', text('x'), NO],
    ['date', { kind: 'offsetTime', epochMs: 0, offsetMinutes: -60 }, { kind: 'date', text: '1969-12-31' }],
    ['time', text('2026-03-14T01:02:03'), instant('2026-03-14T01:02:03Z')],
    ['time', text('2026-03-14T01:02:03+01:00'), instant('2026-03-14T00:02:03Z')],
    ['boolean', integer(0), { kind: 'boolean', value: false }],
    ['boolean', integer(2), NO],
    ['boolean', text('yes'), NO],
    ['boolean', { kind: 'managed', value: true, canBeChanged: false, property: '' }, { kind: 'boolean', value: true }],
    ['date', instant('2026-03-14T23:26:53Z'), { kind: 'date', text: '2026-03-14' }],
    ['date', text('2026-03-14T23:26:53+02:00'), { kind: 'date', text: '2026-03-14' }],
    ['date', { kind: 'wallTime', text: '2026-03-14T23:26:53.000' }, { kind: 'date', text: '2026-03-14' }],
    ['date', text('14.3.2026'), NO],
    ['date', integer(20260314), NO],
    ['time', { kind: 'date', text: '2026-03-14' }, instant('2026-03-14T00:00:00Z')],
    ['time', { kind: 'wallTime', text: '2026-03-14T01:02:03.000' }, instant('2026-03-14T01:02:03Z')],
    ['time', { kind: 'offsetTime', epochMs: 1000, offsetMinutes: 60 }, { kind: 'instant', epochMs: 1000 }],
    ['time', text('2026-02-30'), NO],
  ])('%s of %j', (as, value, then) => expect(convertValue(value, as)).toEqual(then));

  test('an empty column stays empty', () => {
    for (const as of ['text', 'integer', 'boolean', 'time'] as const) expect(convertValue(null, as)).toBeNull();
  });
});

describe('redact', () => {
  const hash = hashWith(KEY);
  const hashed = (value: Value): unknown => redact(value, 'hash', hash);

  test('the same value hashes the same in any type, and shows nothing else of itself', () => {
    expect(hashed(decimal('1.50'))).toEqual(hashed(double(1.5)));
    expect(hashed(bigint(10n))).toEqual(hashed({ kind: 'money', text: '10.00' }));
    expect(hashed(lookup)).toEqual(hashed({ kind: 'guid', value: ID }));
    expect(hashed({ kind: 'choice', value: 3, label: 'Gold' })).toEqual(hashed(integer(3)));
    expect(hashed(lookup)).toEqual({ kind: 'string', value: expect.stringMatching(/^[\w-]{43}$/) });
  });
  test('[I60] digits without end take no longer than they are many', () => {
    // A search that tries every zero takes sixteen times as long for four times the digits. In CPU: others have the processors, too.
    const least = (count: number): number => {
      const digits = `1.${'0'.repeat(count)}`;
      const times = Array.from({ length: 5 }, () => {
        const begun = process.cpuUsage();
        expect(hashed(decimal(`${digits}1`))).not.toEqual(hashed(decimal(digits)));
        expect(hashed(decimal(digits))).toEqual(hashed(decimal(`${digits}0`)));
        return process.cpuUsage(begun).user;
      });
      return Math.min(...times);
    };
    expect(least(120_000) / least(30_000)).toBeLessThan(10);
  });
  test('other values, other hashes', () => {
    expect(
      new Set(
        [text('a'), text('A'), text('a '), integer(1), integer(10), text('')].map((of) => JSON.stringify(hashed(of))),
      ).size,
    ).toBe(6);
  });
  test('is HMAC-SHA-256, so that others with the key can join', () =>
    expect(hashed(text('ada@example.org'))).toEqual(text('DReMFaNk0_dTTvaEDTOn9AGsmDi7aU8G3gZLIRUIwGs')));
  test('an empty column stays empty', () =>
    expect([hashed(null), redact(null, { keepFirst: 0, keepLast: 1 }, hash)]).toEqual([null, null]));

  test.each([
    ['+4712345678', 0, 3, '********678'],
    ['+4712345678', 2, 3, '+4******678'],
    ['1234', 0, 3, '**34'],
    ['1234', 3, 3, '12**'],
    ['123', 0, 3, '**3'],
    ['1', 1, 1, '*'],
    ['', 1, 1, ''],
    ['👩a👩b', 0, 1, '***b'],
  ])('mask %j, keeping %d and %d', (from, keepFirst, keepLast, to) =>
    expect(redact(text(from), { keepFirst, keepLast }, hash)).toEqual(text(to)),
  );
  test('a mask never shows more than half', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), fc.nat(20), (from, keepFirst, keepLast) => {
        const masked = redact(text(from), { keepFirst, keepLast }, hash);
        const to = masked?.kind === 'string' ? Array.from(masked.value) : [];
        const all = Array.from(from);
        expect(to).toHaveLength(all.length);
        const stars = to.filter((character) => character === '*').length;
        expect(stars * 2).toBeGreaterThanOrEqual(all.length);
      }),
    ));
});

describe('numbers as digits', () => {
  test.each([
    ['0.1', '0.10', 0],
    ['9007199254740993', '9007199254740992', 1],
    ['1E-07', '0.0000001', 0],
    ['-1', '1', -1],
    ['-0', '0', 0],
    ['1e400', '1', 1],
    ['1e401', '1', undefined],
    ['x', '1', undefined],
    ['', '0', undefined],
    ['9'.repeat(401), '1', undefined],
  ])('%s against %s', (a, b, order) => expect(compareNumbers(a, b)).toBe(order));
  test('order as integers do, at any scale', () =>
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.integer({ min: -20, max: 20 }), (a, b, exponent) => {
        expect(compareNumbers(`${a}e${exponent}`, `${b}e${exponent}`)).toBe(a === b ? 0 : a < b ? -1 : 1);
      }),
    ));
  test('plain digits read back to the same number', () =>
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const plain = plainNumber(String(value));
        expect(plain).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(plain)).toBe(value === 0 ? 0 : value);
      }),
    ));
  test.each([
    ['1.0', 1n],
    ['-5', -5n],
    ['1e3', 1000n],
    ['0.5', undefined],
    ['5e-1', undefined],
  ])('%s is whole: %s', (of, then) => expect(wholeNumber(of)).toBe(then));
});

test.each([
  ['2026-03-14', Date.UTC(2026, 2, 14)],
  ['2026-03-14T01:02Z', Date.UTC(2026, 2, 14, 1, 2)],
  ['2026-03-14T01:02:03.5', Date.UTC(2026, 2, 14, 1, 2, 3, 500)],
  ['2026-03-14T01:02:03-01:00', Date.UTC(2026, 2, 14, 2, 2, 3)],
  ['14 March 2026', undefined],
  ['2026-13-01', undefined],
])('the instant of %s', (of, then) => expect(isoMs(of)).toBe(then));
