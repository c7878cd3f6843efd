/**
 * Proves that values of a LOB system reach the Web API exactly and under the right property, that each has one text by which it
 * is compared with what Dataverse has, and that a key names one row in a URL.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '../../shared/change/value';
import { parseAllExact } from '../../shared/json/exact-json';
import {
  bodyMember,
  fitsUrl,
  keyInUrl,
  keyParts,
  lobValueIn,
  readLobValue,
  textOfKey,
  textOfLobValue,
  textOfValue,
} from '../../shared/inbound/lob-value';
import { InboundInvalid } from '../../shared/inbound/message';
import { ACCOUNT, inboundTable, PLAIN } from './tables';

const TABLE = inboundTable(PLAIN);
const ID = '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3';

/** The member of a body that a message's value becomes. */
const member = (column: string, json: string, beside?: string): string => {
  const [name, value] = bodyMember(column, readLobValue(parseAllExact(json), column, TABLE, beside), TABLE);
  return `${name}: ${value}`;
};

describe('bodies', () => {
  test.each([
    ['name', '"Ada \\"A\\""', 'name: "Ada \\"A\\""'],
    ['name', '""', 'name: null'],
    ['donotphone', 'false', 'donotphone: false'],
    ['numberofemployees', '42', 'numberofemployees: 42'],
    ['new_big', '9007199254740993', 'new_big: 9007199254740993'],
    ['new_big', '"9007199254740993"', 'new_big: 9007199254740993'],
    ['creditlimit', '1234567890123456.7890', 'creditlimit: 1234567890123456.789'],
    ['creditlimit', '"-0.0"', 'creditlimit: 0'],
    ['new_rate', '1E-07', 'new_rate: 0.0000001'],
    ['address1_latitude', '59.91', 'address1_latitude: 59.91'],
    ['new_since', '"2026-03-14T10:26:53.120+01:00"', 'new_since: "2026-03-14T09:26:53.120Z"'],
    ['new_day', '"2026-03-14"', 'new_day: "2026-03-14"'],
    ['new_wall', '"2026-03-14T09:26:53"', 'new_wall: "2026-03-14T09:26:53.000Z"'],
    ['new_wall', '"2026-03-14T09:26:53Z"', 'new_wall: "2026-03-14T09:26:53.000Z"'],
    ['new_guid', `"{${ID.toUpperCase()}}"`, `new_guid: "${ID}"`],
    ['industrycode', '1', 'industrycode: 1'],
    ['industrycode', '"Retail"', 'industrycode: 1'],
    ['industrycode', '"Handel"', 'industrycode: 1'],
    ['new_tags', '[9,"Blue",7]', 'new_tags: "7,9"'],
    ['new_tags', '[]', 'new_tags: null'],
    ['primarycontactid', '"C-9"', `primarycontactid@odata.bind: "/contacts(new_lobid='C-9')"`],
    ['primarycontactid', '"O\'Hara & 1"', `primarycontactid@odata.bind: "/contacts(new_lobid='O''Hara%20%26%201')"`],
    ['primarycontactid', `{"id":"${ID}"}`, `primarycontactid@odata.bind: "/contacts(${ID})"`],
    [
      'primarycontactid',
      '{"table":"contact","key":{"new_lobid":"C-9"}}',
      `primarycontactid@odata.bind: "/contacts(new_lobid='C-9')"`,
    ],
    ['primarycontactid', 'null', 'primarycontactid@odata.bind: null'],
    ['new_owner', `{"table":"contact","id":"${ID}"}`, `new_Owner_contact@odata.bind: "/contacts(${ID})"`],
    ['new_owner', `{"table":"account","id":"${ID}"}`, `new_Owner_account@odata.bind: "/accounts(${ID})"`],
  ])('%s %s', (column, json, then) => expect(member(column, json)).toBe(then));

  test('the table of a lookup may stand beside it, as in the store', () =>
    expect(member('new_owner', `"${ID}"`, 'contact')).toBe(`new_Owner_contact@odata.bind: "/contacts(${ID})"`));
});

describe('what does not fit', () => {
  const S = 'S3cret!';
  test.each([
    ['name', '5'],
    ['donotphone', '"true"'],
    ['numberofemployees', '1.5'],
    ['numberofemployees', '3000000000'],
    ['new_big', '"12a"'],
    ['creditlimit', `"${S}"`],
    ['new_since', '"2026-03-14T09:26:53"'],
    ['new_since', '"2026-02-30T09:26:53Z"'],
    ['new_day', '"2026-03-14T00:00:00Z"'],
    ['new_wall', '"2026-03-14T09:26:53+01:00"'],
    ['new_wall', '"2026-03-14T09:26:53+00:00"'],
    ['new_guid', `"${S}"`],
    ['industrycode', '"Mining"'],
    ['industrycode', `"${S}"`],
    ['industrycode', '1.5'],
    ['new_tags', '7'],
    ['new_owner', `"${ID}"`],
    ['new_owner', `{"table":"lead","id":"${ID}"}`],
    ['primarycontactid', '{"key":{"new_lobid":""}}'],
    ['primarycontactid', '{"key":{"new_lobid":"C","x":1}}'],
    ['primarycontactid', `{"id":"${S}"}`],
    ['entityimage', '"AA=="'],
    ['nothing', '1'],
  ])('%s %s', (column, json) => {
    expect(() => member(column, json)).toThrow(InboundInvalid);
    expect(() => member(column, json)).not.toThrow(S);
  });
});

describe('texts', () => {
  const given: readonly (readonly [string, string])[] = [
    ...([
      ['name', '"x"'],
      ['donotphone', 'true'],
      ['new_big', '9007199254740993'],
      ['creditlimit', '1.10'],
    ] as const),
    ...([
      ['new_since', '"2026-03-14T09:26:53Z"'],
      ['new_day', '"2026-03-14"'],
      ['new_guid', `"${ID}"`],
    ] as const),
    ...([
      ['new_wall', '"2026-03-14T09:26:53"'],
      ['industrycode', '"Retail"'],
      ['new_tags', '[9,7]'],
    ] as const),
    ...([
      ['primarycontactid', '"C-9"'],
      ['primarycontactid', `{"id":"${ID}"}`],
      ['name', 'null'],
    ] as const),
    ['new_owner', `{"table":"account","id":"${ID}"}`],
  ];
  test.each(given)('%s %s: the value comes back from its text', (column, json) => {
    const of = readLobValue(parseAllExact(json), column, TABLE);
    expect(lobValueIn(textOfLobValue(of), column, TABLE)).toEqual(of);
  });

  test.each<readonly [string, string, Value]>([
    ['creditlimit', '1.5', { kind: 'money', text: '1.5000' }],
    ['creditlimit', '0', { kind: 'money', text: '-0.00' }],
    ['new_big', '5', { kind: 'bigint', value: 5n }],
    ['address1_latitude', '1e3', { kind: 'double', value: 1000 }],
    ['new_tags', '[9,7]', { kind: 'choices', values: [7, 9], label: 'Blue; Red' }],
    ['industrycode', '"Retail"', { kind: 'choice', value: 1, label: 'Einzelhandel' }],
    ['new_since', '"2026-03-14T10:26:53+01:00"', { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 9, 26, 53) }],
    ['primarycontactid', `{"id":"${ID}"}`, { kind: 'lookup', table: 'contact', id: ID, name: 'Ada' }],
    ['name', '""', null],
    ['name', 'null', { kind: 'string', value: '' }],
  ])('%s %s is what Dataverse has', (column, json, value) =>
    expect(textOfValue(value)).toBe(textOfLobValue(readLobValue(parseAllExact(json), column, TABLE))),
  );

  test('decimals: any digits, as a number or as text, come to the same text as Dataverse’s', () =>
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: 0, max: 10 }), (digits, zeros) => {
        const text = `${digits}.25${'0'.repeat(zeros)}`;
        const [asNumber, asText] = [text, `"${text}"`].map((json) =>
          textOfLobValue(readLobValue(parseAllExact(json), 'new_rate', TABLE)),
        );
        expect([asNumber, asText]).toEqual([`${digits}.25`, `${digits}.25`]);
        expect(textOfValue({ kind: 'decimal', text })).toBe(asNumber);
      }),
    ));
});

describe('keys', () => {
  const key = (given: Record<string, string | number>, columns = Object.keys(given)) =>
    keyParts(columns, new Map(Object.entries(given)), ACCOUNT);
  test.each([
    [{ new_lobid: 'A-1' }, "new_lobid='A-1'"],
    [{ new_lobid: "O'Hara", new_line: 2 }, "new_lobid='O''Hara',new_line=2"],
    [{ primarycontactid: ID }, `_primarycontactid_value=${ID}`],
    [{ new_day: '2026-03-14' }, 'new_day=2026-03-14'],
  ])('%j', (given, url) => expect(keyInUrl(key(given))).toBe(url));

  test('which fit a URL: none with a colon, which every time has', () => {
    expect(fitsUrl(key({ new_lobid: "A-1 ü'", new_day: '2026-03-14' }))).toBe(true);
    expect(fitsUrl(key({ new_since: '2026-03-14T09:26:53Z' }))).toBe(false);
    expect(fitsUrl(key({ new_wall: '2026-03-14T09:26:53' }))).toBe(false);
    for (const character of '/<>*%&:\\?+')
      expect([character, fitsUrl(key({ new_lobid: `A${character}1` }))]).toEqual([character, false]);
  });
  test('no part may be empty or missing, and no other may be there', () => {
    expect(() => key({ new_lobid: '' })).toThrow(/must have new_lobid/);
    expect(() => key({ new_lobid: 'A' }, ['new_lobid', 'new_line'])).toThrow(/must have new_line/);
    expect(() => key({ new_lobid: 'A', name: 'x' }, ['new_lobid'])).toThrow(/new_lobid and nothing else/);
  });
  test('the same row whatever the case of its key', () => {
    expect(textOfKey(key({ new_lobid: 'a-1' }))).toBe(textOfKey(key({ new_lobid: 'A-1' })));
    expect(textOfKey(key({ new_lobid: 'a-1' }))).not.toBe(textOfKey(key({ new_lobid: 'a-2' })));
  });
});
