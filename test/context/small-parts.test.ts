// Proves: the small readers: which form a body has, what is a date and what only looks like one, what text was encoded
// twice, what about a context is odd.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { looksDoubleEncoded } from '../../shared/context/json/double-encoded';
import type { ContextFormat } from '../../shared/context/format';
import { detectFormat } from '../../shared/context/format';
import type { Warning } from '../../shared/context/messages/warnings';
import { warningsOf } from '../../shared/context/messages/warnings';
import { readContext } from '../../shared/context/read-context';
import { guidOf } from '../../shared/context/values/guid';
import { dateValueOf, isoValueOf, operationTimeOf } from '../../shared/context/values/wire-date';
import type { Wire } from './fixture-files';
import { changed, fixture } from './fixture-files';

describe('the form of a body', () => {
  test.each<[string, string | undefined, ContextFormat | undefined]>([
    ['{}', 'application/json; charset=utf-8', 'json'],
    ['<x/>', 'application/json', 'json'],
    ['{}', 'APPLICATION/XML', 'xml'],
    ['{}', 'text/xml;charset=utf-8', 'xml'],
    ['{}', 'application/msbin1', 'binary'],
    ['{}', undefined, 'json'],
    [' \r\n {}', undefined, 'json'],
    ['\ufeff{}', undefined, 'json'],
    ['\ufeff<x/>', undefined, 'xml'],
    ['@\u0016RemoteExecutionContext', undefined, 'binary'],
    ['{}', 'application/octet-stream', 'json'],
    ['<x/>', 'text/plain', 'xml'],
    ['A\u0001x\u0016RemoteExecutionContext', undefined, 'binary'],
    ['a\u0016RemoteExecutionContext', undefined, 'binary'],
    ['a RemoteExecutionContext', undefined, undefined],
    ['hello', 'text/plain', undefined],
    ['', undefined, undefined],
  ])('%p sent as %p', (body, contentType, format) => {
    expect(detectFormat(body, contentType)).toBe(format);
    expect(detectFormat(Buffer.from(body), contentType)).toBe(format);
  });

  test('in UTF-16', () => {
    for (const [text, format] of [
      ['\ufeff <x/>', 'xml'],
      ['\ufeff{}', 'json'],
      ['\ufeffhello', undefined],
    ] as const) {
      const little = Buffer.from(text, 'utf16le');
      expect(detectFormat(little)).toBe(format);
      expect(detectFormat(Buffer.from(little).swap16())).toBe(format);
    }
  });

  test.each(['json', 'xml', 'msbin1'])('of the fixtures: %s', (form) => {
    expect(detectFormat(fixture(`create-account.${form}`))).toBe(form === 'msbin1' ? 'binary' : form);
  });
});

describe('GUIDs', () => {
  const ID = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';
  test.each([
    [ID, ID],
    [`{${ID}}`, ID],
    [ID.toUpperCase(), ID],
    [`{${ID.toUpperCase()}}`, ID],
    [`{${ID}`, undefined],
    [`${ID}}`, undefined],
    [`(${ID})`, undefined],
    [ID.slice(1), undefined],
    [`${ID}0`, undefined],
    ['', undefined],
  ])('%p', (text, id) => expect(guidOf(text)).toBe(id));
});

describe('dates', () => {
  test.each([
    ['/Date(0)/', { kind: 'instant', epochMs: 0 }],
    ['/Date(-1964453384750)/', { kind: 'instant', epochMs: -1964453384750 }],
    ['/Date(-62135596800000)/', { kind: 'instant', epochMs: -62135596800000 }],
    ['/Date(253402300799999)/', { kind: 'instant', epochMs: 253402300799999 }],
    ['/Date(1773480413000+0000)/', { kind: 'offsetTime', epochMs: 1773480413000, offsetMinutes: 0 }],
    ['/Date(-1-0330)/', { kind: 'offsetTime', epochMs: -1, offsetMinutes: -210 }],
    ['/Date(1+1400)/', { kind: 'offsetTime', epochMs: 1, offsetMinutes: 840 }],
  ])('%s is one', (text, value) => {
    expect(dateValueOf(text)).toStrictEqual(value);
  });

  test.each([
    '/Date(-0)/',
    '/Date(01)/',
    '/Date(1)/ ',
    '/Date()/',
    '/Date(1.5)/',
    '/Date(1+1500)/',
    '/Date(1+0060)/',
    '/Date(253402300800000)/',
    '/Date(-62135596800001)/',
    '/Date(1)/\n',
    '2026-01-01T00:00:00Z',
  ])('%p only looks like one', (text) => {
    expect(dateValueOf(text)).toBeUndefined();
  });

  /** What .NET writes, as a pattern; and texts that nearly are that. */
  const JSON_DATE = /^\/Date\((0|-?[1-9]\d{0,14})(?:([+-])(0\d|1[0-4])([0-5]\d))?\)\/$/;
  const ISO_DATE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,7})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/;
  const pieces = (...parts: readonly (readonly string[])[]): fc.Arbitrary<string> =>
    fc
      .tuple(
        fc.tuple(...parts.map((part) => fc.constantFrom(...part))),
        fc.nat(),
        fc.constantFrom('', '', '', '0', '-', ' ', 'x'),
      )
      .map(([chosen, place, put]) => {
        const text = chosen.join('');
        const at = place % (text.length + 1);
        return put === '' ? text : text.slice(0, at) + put + text.slice(at + 1);
      });

  test('of JSON are those of the pattern that are in range', () => {
    const dates = pieces(
      ['/Date('],
      ['', '-'],
      [
        '0',
        '00',
        '1',
        '01',
        '62135596800000',
        '62135596800001',
        '253402300799999',
        '253402300800000',
        '1234567890123456',
      ],
      ['', '+', '-'],
      ['', '0000', '0130', '1459', '1500', '0060', '000'],
      [')/', ')', ''],
    );
    fc.assert(
      fc.property(dates, (text) => {
        const [, ms, sign, hours, minutes] = JSON_DATE.exec(text) ?? [];
        const inRange = Number(ms) >= -62_135_596_800_000 && Number(ms) <= 253_402_300_799_999;
        const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
        const without = { kind: 'instant', epochMs: Number(ms) };
        const value =
          sign === undefined ? without : { kind: 'offsetTime', epochMs: Number(ms), offsetMinutes: offset + 0 };
        expect(dateValueOf(text)).toEqual(ms !== undefined && inRange ? value : undefined);
      }),
      { numRuns: 5000 },
    );
  });

  test('in ISO form are those of the pattern that a calendar has', () => {
    const dates = pieces(
      ['0000-', '0001-', '0099-', '1900-', '2000-', '2024-', '9999-'],
      ['00-', '01-', '02-', '04-', '12-', '13-'],
      ['00', '01', '28', '29', '30', '31', '32'],
      ['T', 't', ' '],
      ['00:', '23:', '24:'],
      ['00:', '59:', '60:'],
      ['00', '59', '60'],
      ['', '.1', '.123', '.1239999', '.12345678', '.'],
      ['', 'Z', '+02:00', '-14:00', '+14:59', '+15:00', '+00:60', '+0200'],
    );
    fc.assert(
      fc.property(dates, (text) => {
        const seconds = ISO_DATE.exec(text)?.[1];
        const ms = Date.parse(`${seconds ?? ''}Z`);
        const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(seconds ?? '-');
        const isDate = seconds !== undefined && exists && ms >= -62_135_596_800_000;
        expect([text, isoValueOf(text) !== undefined]).toEqual([text, isDate]);
        const value = isoValueOf(text);
        // JavaScript reads the same of them, save for what is beyond milliseconds.
        if (value?.kind === 'instant') expect(value.epochMs).toBe(Date.parse(text));
        if (value?.kind === 'wallTime') expect(Date.parse(`${value.text}Z`)).toBe(Date.parse(`${text}Z`));
      }),
      { numRuns: 5000 },
    );
  });

  test.each<[string, boolean, number | undefined, number | null]>([
    ['/Date(1724647396000+0300)/', true, 1724658196000, 180],
    ['/Date(1506409448000-0700)/', true, 1506384248000, -420],
    ['/Date(1608007658000+0000)/', true, 1608007658000, 0],
    ['/Date(1724647396000+0300)/', false, 1724647396000, 180],
    ['/Date(1525647913673)/', false, 1525647913673, null],
    ['2026-01-15T20:30:00.1234567Z', true, Date.parse('2026-01-15T20:30:00.123Z'), null],
    ['2026-01-15T20:30:00', true, Date.parse('2026-01-15T20:30:00Z'), null],
    ['2026-01-15T20:30:00+02:00', true, Date.parse('2026-01-15T18:30:00Z'), null],
    ['2026-99-15T20:30:00', true, undefined, null],
    ['yesterday', true, undefined, null],
  ])('an operation at %s (asynchronous: %p)', (text, asynchronous, epochMs, offsetMinutes) => {
    expect(operationTimeOf(text, asynchronous)).toEqual(epochMs === undefined ? undefined : { epochMs, offsetMinutes });
  });
});

describe('text that was encoded twice', () => {
  test.each(['MÃ¼ller', 'â€œquotedâ€\u009d', 'Ã…se', '20 â‚¬', 'ÐŸÑ€Ð¸Ð²ÐµÑ‚'])('%s', (text) => {
    expect(looksDoubleEncoded(text)).toBe(true);
  });

  test.each(['', 'plain', 'Müller', 'Söhne “Süd”', '株式会社', 'Привет', 'naïve café', 'àŸ€', 'Ã', '🚢'])(
    'not %s',
    (text) => {
      expect(looksDoubleEncoded(text)).toBe(false);
    },
  );
});

describe('what is odd', () => {
  const kindsOf = (name: string, members: Wire = {}): Warning['kind'][] =>
    warningsOf(readContext(changed(name, members))).map((warning) => warning.kind);

  test.each<[string, Wire, Warning['kind'][]]>([
    ['update-contact', {}, []],
    ['delete-account', {}, []],
    ['create-account', {}, []],
    ['create-lead-sync', {}, []],
    ['update-account-oversize', {}, ['members-removed']],
    ['update-account-server-offset', {}, ['offset-trap']],
    ['update-account-server-offset', { Mode: 0 }, []],
    ['update-contact', { OperationCreatedOn: '/Date(1775134809000)/' }, ['future-modifiedon']],
    ['update-contact', { OperationCreatedOn: '/Date(1775134810000)/' }, []],
    ['update-contact', { IsInTransaction: true }, ['uncommitted']],
    ['update-contact', { IsOfflinePlayback: true }, ['offline']],
    ['update-contact', { Stage: 20 }, ['not-after']],
    ['update-contact', { PrimaryEntityName: 'lead' }, ['other-row']],
    ['update-contact', { SharedVariables: [{ key: 'x', value: 'MÃ¼ller' }] }, ['double-encoded']],
    ['update-contact', { SharedVariables: [{ key: 'x', value: { __type: 'A:#B' } }] }, ['unknown-type']],
  ])('%s %p', (name, members, kinds) => {
    expect(kindsOf(name, members)).toEqual(kinds);
  });
});
