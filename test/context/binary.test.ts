// Proves: every record of .NET's binary XML that needs no dictionary is read, in every length and with or without the
// element's end; the type comes from `i:type`, whatever the record; records that need a dictionary, and everything else
// that is no document, are refused by name and place.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '../../shared/change/value';
import { recordName } from '../../shared/context/binary/record-types';
import { readContext } from '../../shared/context/read-context';
import { EventLog } from '../../bench/fuzz/event-log';
import { Random } from '../../bench/fuzz/random';
import { toBinary, toXml } from '../../bench/fuzz/write-events';
import { XmlReader } from '../../shared/context/xml/xml-reader';
import { fixture } from './fixture-files';

const PLAIN = fixture('create-account.msbin1');

type Part = string | readonly number[] | Uint8Array;

const bytesOf = (...parts: readonly Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const string = (text: string): Buffer => bytesOf([Buffer.byteLength(text)], text);

const le = (bytes: number, value: bigint): number[] =>
  [...Array(bytes).keys()].map((at) => Number((BigInt.asUintN(64, value) >> BigInt(8 * at)) & 0xffn));

const float = (value: number): Buffer => Buffer.from(new Float32Array([value]).buffer);
const double = (value: number): Buffer => Buffer.from(new Float64Array([value]).buffer);

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** The event's own shared variables are the last of the document. */
const SHARED = PLAIN.lastIndexOf('SharedVariables') - 2;
const AFTER_SHARED = PLAIN.lastIndexOf('Stage') - 2;

const NAMESPACES: readonly (readonly [string, string])[] = [
  ['g', 'http://schemas.datacontract.org/2004/07/System.Collections.Generic'],
  ['s', 'http://www.w3.org/2001/XMLSchema'],
  ['z', 'http://schemas.microsoft.com/2003/10/Serialization/'],
  ['r', 'http://schemas.microsoft.com/2003/10/Serialization/Arrays'],
];

/** A context whose only shared variable is of this type and has these records as its content. */
const withVariable = (type: string, ...content: readonly Part[]): Buffer =>
  bytesOf(
    PLAIN.subarray(0, SHARED),
    [0x40],
    string('SharedVariables'),
    ...NAMESPACES.flatMap(([prefix, uri]) => [[0x09], string(prefix), string(uri)]),
    [0x40],
    string('KeyValuePairOfstringanyType'),
    [0x64],
    string('key'),
    [0x99, 1],
    'v',
    [0x64],
    string('value'),
    [0x2e],
    string('type'),
    [0x98],
    string(type),
    ...content,
    [0x01, 0x01],
    PLAIN.subarray(AFTER_SHARED),
  );

const valueOf = (type: string, ...content: readonly Part[]): Value | undefined =>
  readContext(withVariable(type, ...content)).sharedVariables?.get('v');

const failureOf = (body: Uint8Array): unknown => {
  try {
    readContext(body, { format: 'binary' });
    return undefined;
  } catch (error) {
    return error;
  }
};

const text = (value: string): Value => ({ kind: 'string', value });
const integer = (value: number): Value => ({ kind: 'integer', value });
const bigint = (value: bigint): Value => ({ kind: 'bigint', value });

const GUID = '00112233-4455-6677-8899-aabbccddeeff';
const GUID_BYTES = [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
const TICKS_2026 = 639_090_772_130_000_000n;
const DECIMAL_MAX = '79228162514264337593543950335';

/** Record without the element's end, its content, a type and the value that it then is. */
const RECORDS: readonly (readonly [number, Part, string, Value])[] = [
  [0x80, [], 's:string', text('0')],
  [0x80, [], 's:double', { kind: 'double', value: 0 }],
  [0x82, [], 's:string', text('1')],
  [0x82, [], 's:boolean', { kind: 'boolean', value: true }],
  [0x84, [], 's:boolean', { kind: 'boolean', value: false }],
  [0x86, [], 's:string', text('true')],
  [0x88, [0x80], 's:int', integer(-128)],
  [0x8a, le(2, -32768n), 's:int', integer(-32768)],
  [0x8a, le(2, 42n), 's:double', { kind: 'double', value: 42 }],
  [0x8c, le(4, -2147483648n), 's:int', integer(-2147483648)],
  [0x8e, le(8, -9223372036854775808n), 's:long', bigint(-9223372036854775808n)],
  [0xb2, le(8, 18446744073709551615n), 's:unsignedLong', bigint(18446744073709551615n)],
  [0x90, float(2.5), 's:double', { kind: 'double', value: 2.5 }],
  [0x92, double(5e-324), 's:double', { kind: 'double', value: 5e-324 }],
  [0x92, double(Number.NEGATIVE_INFINITY), 's:double', { kind: 'double', value: Number.NEGATIVE_INFINITY }],
  [0x92, double(-0), 's:double', { kind: 'double', value: -0 }],
  [0x94, [0, 0, 2, 0, 0, 0, 0, 0, ...le(8, 110n)], 's:decimal', { kind: 'decimal', text: '1.10' }],
  [0x94, [0, 0, 2, 0x80, 0, 0, 0, 0, ...le(8, 0n)], 's:decimal', { kind: 'decimal', text: '0.00' }],
  [0x94, [0, 0, 0, 0x80, ...Array<number>(12).fill(0xff)], 's:decimal', { kind: 'decimal', text: `-${DECIMAL_MAX}` }],
  [0x94, [0, 0, 28, 0, 0, 0, 0, 0, ...le(8, 1n)], 's:decimal', { kind: 'decimal', text: `0.${'0'.repeat(27)}1` }],
  [0x96, le(8, TICKS_2026), 's:dateTime', { kind: 'wallTime', text: '2026-03-14T09:26:53.000' }],
  [
    0x96,
    le(8, (1n << 62n) | (TICKS_2026 + 1239999n)),
    's:dateTime',
    { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 9, 26, 53, 123) },
  ],
  [0x96, le(8, (2n << 62n) | TICKS_2026), 's:dateTime', { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 9, 26, 53) }],
  [
    0x96,
    le(8, (1n << 62n) | 3_155_378_975_999_999_999n),
    's:dateTime',
    { kind: 'instant', epochMs: Date.UTC(9999, 11, 31, 23, 59, 59, 999) },
  ],
  [0x96, le(8, 0n), 's:dateTime', { kind: 'wallTime', text: '0001-01-01T00:00:00.000' }],
  [0x98, bytesOf([3], 'süß'.slice(0, 2)), 's:string', text('sü')],
  [0x9a, bytesOf([2, 0], 'ab'), 's:string', text('ab')],
  [0x9c, bytesOf([2, 0, 0, 0], 'ab'), 's:string', text('ab')],
  [0x98, bytesOf([3], '\ufffd'), 's:string', text('\ufffd')],
  [0x9e, [2, 0xfb, 0xff], 's:base64Binary', { kind: 'bytes', base64: '+/8=' }],
  [0xa0, [2, 0, 0xfb, 0xff], 's:base64Binary', { kind: 'bytes', base64: '+/8=' }],
  [0xa2, [2, 0, 0, 0, 0xfb, 0xff], 's:base64Binary', { kind: 'bytes', base64: '+/8=' }],
  [0x9e, [2, 0xfb, 0xff], 's:string', text('+/8=')],
  [0xa8, [], 's:string', text('')],
  [0xac, GUID_BYTES, 's:anyURI', text(`urn:uuid:${GUID}`)],
  [0xae, le(8, 93784_5000000n), 'z:duration', text('P1DT2H3M4.5S')],
  [0xae, le(8, 0n), 'z:duration', text('PT0S')],
  [0xae, le(8, -600_000_000n), 'z:duration', text('-PT1M')],
  [0xb0, GUID_BYTES, 'z:guid', { kind: 'guid', value: GUID }],
  [0xb4, [1], 's:boolean', { kind: 'boolean', value: true }],
  [0xb6, bytesOf([4], utf16('日本')), 's:string', text('日本')],
  [0xb8, bytesOf([4, 0], utf16('日本')), 's:string', text('日本')],
  [0xba, bytesOf([4, 0, 0, 0], utf16('日本')), 's:string', text('日本')],
];

describe('text records', () => {
  test.each(RECORDS.map(([type, content, as, value]) => [recordName(type), as, type, content, value] as const))(
    '%s as %s',
    (_, as, type, content, value) => {
      expect(valueOf(as, [type], content, [0x01])).toStrictEqual(value);
      expect(valueOf(as, [type + 1], content)).toStrictEqual(value);
      // An empty text and a comment beside it change nothing.
      expect(
        valueOf(as, [0x02], string('a comment'), [0xa8, type], content, [0xa8, 0x02], string('-'), [0x01]),
      ).toStrictEqual(value);
    },
  );

  test('one text in several records, a character cut in half', () => {
    const [high, low] = [utf16('🚢').subarray(0, 2), utf16('🚢').subarray(2)];
    expect(valueOf('s:string', [0x98, 1], 'a', [0xb6, 2], high, [0xb6, 2], low, [0x80, 0x9b, 1, 0], 'b')).toEqual(
      text('a🚢0b'),
    );
  });

  test('the long text of other characters', () => {
    const long = `${'x'.repeat(300)}süß港🚢`;
    const bytes = Buffer.from(long);
    expect(valueOf('s:string', [0x9b], le(2, BigInt(bytes.length)), bytes)).toEqual(text(long));
  });

  test('is the same however often it is asked for', () => {
    const context = readContext(withVariable('s:string', [0x99, 2], 'ab'));
    expect(context.sharedVariables?.get('v')).toEqual(text('ab'));
    expect([...(context.sharedVariables ?? [])]).toEqual([['v', text('ab')]]);
  });

  test('bytes in several records are one piece of bytes', () => {
    expect(valueOf('s:base64Binary', [0x9e, 1, 0xfb, 0x9e, 1, 0xff, 0x9f, 1, 0x00])).toEqual({
      kind: 'bytes',
      base64: '+/8A',
    });
    expect(valueOf('s:base64Binary', [0x98, 4], 'AAEC', [0x9f, 1, 0xff])).toEqual({
      kind: 'bytes',
      base64: 'AAEC/w==',
    });
    expect(valueOf('s:base64Binary', [0x9e, 3, 0, 1, 2], [0x99, 4], '/w==')).toEqual({
      kind: 'bytes',
      base64: 'AAEC/w==',
    });
  });

  test('a list is its texts with spaces', () => {
    const list = bytesOf([0xa4, 0x88, 7, 0x98, 1], 'x', [0x9e, 1, 0xff, 0xa8]);
    expect(valueOf('s:string', list, [0xa6, 0x01])).toEqual(text('7 x /w== '));
    expect(valueOf('s:string', list, [0xa7])).toEqual(text('7 x /w== '));
  });

  test.each<[string, readonly Part[], readonly number[]]>([
    ['Bool', [[0xb5, 2, 0, 1]], [0, 1]],
    ['Int16', [[0x8b, 2], le(2, -1n), le(2, 7n)], [-1, 7]],
    ['Int32', [[0x8d, 2], le(4, -70000n), le(4, 7n)], [-70000, 7]],
    ['Int64', [[0x8f, 1], le(8, 7n)], [7]],
    ['none', [[0x8d, 0]], []],
  ])('an array of %s', (_, values, items) => {
    const kind = values[0]?.[0] === 0xb5 ? 'boolean' : 'int';
    const content = [[0x03, 0x6f], string(kind), [0x01], ...values, [0x01]];
    expect(valueOf(`r:ArrayOf${kind}`, ...content)).toEqual({
      kind: 'list',
      items: items.map((item) => (kind === 'int' ? integer(item) : { kind: 'boolean', value: item === 1 })),
    });
  });

  test.each<[string, readonly Part[], readonly Value[]]>([
    ['double', [[0x91, 1], float(0.5)], [{ kind: 'double', value: 0.5 }]],
    ['double', [[0x93, 1], double(0.1)], [{ kind: 'double', value: 0.1 }]],
    [
      'decimal',
      [
        [0x95, 1],
        [0, 0, 1, 0, 0, 0, 0, 0, ...le(8, 15n)],
      ],
      [{ kind: 'decimal', text: '1.5' }],
    ],
    ['dateTime', [[0x97, 1], le(8, TICKS_2026)], [{ kind: 'wallTime', text: '2026-03-14T09:26:53.000' }]],
    ['duration', [[0xaf, 1], le(8, 10_000_000n)], [text('PT1S')]],
    ['guid', [[0xb1, 1], GUID_BYTES], [{ kind: 'guid', value: GUID }]],
  ])('an array of %s', (kind, values, items) => {
    // Its elements may have attributes, and spell out their prefix.
    const element = bytesOf(
      [0x03, 0x41],
      string('q'),
      string(kind),
      [0x09],
      string('q'),
      string(NAMESPACES[3]?.[1] ?? ''),
      [0x01],
    );
    expect(valueOf(`r:ArrayOf${kind}`, element, ...values, [0x01])).toEqual({ kind: 'list', items });
  });
});

describe('attributes', () => {
  test.each<[string, readonly Part[]]>([
    ['TrueText', [[0x86]]],
    ['OneText', [[0x82]]],
    ['BoolText', [[0xb4, 1]]],
    ['characters', [[0x98, 4], 'true']],
    ['a list', [[0xa4, 0x86, 0xa6]]],
  ])('nil as %s', (_, value) => {
    expect(valueOf('s:string', [0x2e], string('nil'), ...value, [0x01])).toBeNull();
    expect(valueOf('s:string', [0x05], string('i'), string('nil'), ...value, [0x01])).toBeNull();
  });

  test('without a prefix they are none of ours', () => {
    expect(valueOf('s:string', [0x04], string('nil'), [0x86, 0x01])).toEqual(text(''));
  });
});

describe('what is no document', () => {
  const context = [[0x40], string('RemoteExecutionContext')] as const;

  test.each<[string, readonly Part[], string, string | undefined]>([
    ['a dictionary element', [[0x42, 0x02]], 'dictionary', 'ShortDictionaryElement'],
    ['a dictionary element with a letter', [[0x44, 0x02]], 'dictionary', 'PrefixDictionaryElementA'],
    ['a dictionary attribute', [...context, [0x25, 0x02]], 'dictionary', 'PrefixDictionaryAttributeZ'],
    ['a dictionary namespace', [...context, [0x0a, 0x02]], 'dictionary', 'ShortDictionaryXmlnsAttribute'],
    ['a dictionary text', [...context, [0xab, 0x02]], 'dictionary', 'DictionaryTextWithEndElement'],
    [
      'a dictionary text in an attribute',
      [...context, [0x04], string('x'), [0xaa, 0x02]],
      'dictionary',
      'DictionaryText',
    ],
    ['a qualified name', [...context, [0xbc, 0x01, 0x02]], 'dictionary', 'QNameDictionaryText'],
    ['a byte that begins no record', [...context, [0x00]], 'record', '0x00'],
    ['another', [...context, [0xff]], 'record', '0xff'],
    ['an attribute after the start tag', [...context, [0x80, 0x04], string('x'), [0x80]], 'record', 'ShortAttribute'],
    ['an attribute that is no text', [...context, [0x04], string('x'), [0x01]], 'record', 'EndElement'],
    [
      'an attribute that ends its element',
      [...context, [0x04], string('x'), [0x81]],
      'record',
      'ZeroTextWithEndElement',
    ],
    ['an end without a beginning', [[0x01]], 'structure', 'EndElement'],
    ['text alone', [[0x80]], 'structure', 'ZeroText'],
    ['two documents', [...context, [0x01], ...context, [0x01]], 'structure', 'ShortElement'],
    ['text after the document', [...context, [0x01, 0x80]], 'structure', 'ZeroText'],
    ['an element that does not end', [...context], 'cut-off', undefined],
    ['a comment alone', [[0x02], string('x')], 'cut-off', undefined],
    ['a name that is cut off', [[0x40, 0x05], 'ab'], 'cut-off', 'ShortElement'],
    ['an empty name', [[0x40, 0x00, 0x01]], 'name', 'ShortElement'],
    ['a length of six bytes', [[0x40, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]], 'length', 'ShortElement'],
    ['a length of 32 bits', [[0x40, 0xff, 0xff, 0xff, 0xff, 0x08]], 'length', 'ShortElement'],
    ['a negative length', [...context, [0x9d, 0xff, 0xff, 0xff, 0xff]], 'length', 'Chars32TextWithEndElement'],
    ['half a character', [...context, [0xb7, 1, 0x41]], 'length', 'UnicodeChars8TextWithEndElement'],
    ['a length beyond the end', [...context, [0xa3, 0xff, 0xff, 0xff, 0x7f]], 'cut-off', 'Bytes32TextWithEndElement'],
    ['text that is not UTF-8', [...context, [0x99, 1, 0xff]], 'encoding', 'Chars8TextWithEndElement'],
    ['a surrogate in UTF-8', [...context, [0x99, 3, 0xed, 0xa0, 0x80]], 'encoding', 'Chars8TextWithEndElement'],
    [
      'a long text that is not UTF-8',
      [...context, [0x9b, 0x2c, 1], 'x'.repeat(299), [0xc3]],
      'encoding',
      'Chars16TextWithEndElement',
    ],
    ['a name that is not UTF-8', [[0x40, 2], 'x', [0xff, 0x01]], 'encoding', 'ShortElement'],
    ['neither true nor false', [...context, [0xb5, 2]], 'value', 'BoolTextWithEndElement'],
    ['a date after the last', [...context, [0x97], le(8, 3155378976000000000n)], 'value', 'DateTimeTextWithEndElement'],
    [
      'a decimal of 29 places',
      [...context, [0x95, 0, 0, 29, 0], Buffer.alloc(12)],
      'value',
      'DecimalTextWithEndElement',
    ],
    [
      'a decimal of another sign',
      [...context, [0x95, 0, 0, 2, 1], Buffer.alloc(12)],
      'value',
      'DecimalTextWithEndElement',
    ],
    ['a list within a list', [...context, [0xa4, 0xa4]], 'list', 'StartListText'],
    ['an element within a list', [...context, [0xa4, 0x40, 1], 'x'], 'list', 'ShortElement'],
    ['a list that is not begun', [...context, [0xa6]], 'list', 'EndListText'],
    ['a list that ends where it begins', [...context, [0xa5]], 'list', 'StartListTextWithEndElement'],
    [
      'a list in an attribute that ends the element',
      [...context, [0x04], string('x'), [0xa4, 0xa7]],
      'list',
      'EndListTextWithEndElement',
    ],
    ['an array alone', [[0x03, 0x40, 1], 'x', [0x01, 0xb5, 0]], 'structure', 'Array'],
    ['an array of text', [...context, [0x03, 0x40, 1], 'x', [0x01, 0x99, 0]], 'array', 'Chars8TextWithEndElement'],
    ['an array of no element', [...context, [0x03, 0x80]], 'array', 'ZeroText'],
    ['an array whose element has content', [...context, [0x03, 0x40, 1], 'x', [0x80]], 'array', 'ZeroText'],
    [
      'an array beyond the end',
      [...context, [0x03, 0x40, 1], 'x', [0x01, 0xb5, 0xff, 0xff, 0xff, 0xff, 0x07]],
      'cut-off',
      'BoolTextWithEndElement',
    ],
    ['an array of dictionary elements', [...context, [0x03, 0x42, 2]], 'dictionary', 'ShortDictionaryElement'],
    ['an undeclared prefix', [[0x41], string('q'), string('x'), [0x01]], 'prefix', 'EndElement'],
    [
      'one prefix twice',
      [...context, [0x09], string('q'), string('x'), [0x09], string('q'), string('y')],
      'declaration',
      'XmlnsAttribute',
    ],
  ])('%s', (_, parts, reason, record) => {
    const error = failureOf(bytesOf(...parts));
    expect(error).toMatchObject({ code: 'binary-invalid', reason, record });
    expect(error).toHaveProperty('offset', expect.any(Number));
  });

  test('the error of a body changed by a tool that took it for text', () => {
    // What ServiceBusExplorer makes of one: bytes that are not UTF-8 are replaced.
    const changed = Buffer.from(PLAIN.toString('utf8'));
    expect(failureOf(changed)).toMatchObject({ code: 'binary-invalid' });
  });

  test('it tells the place and never the content', () => {
    const body = Buffer.from(PLAIN);
    const at = body.indexOf('Contoso Harbour');
    body[at] = 0xff;
    const error = failureOf(body);
    expect(error).toMatchObject({ reason: 'encoding', record: expect.stringMatching(/Chars8Text/) });
    expect(at - Number(error instanceof Error && 'offset' in error ? error.offset : 0)).toBeLessThan(4);
    expect(String(error) + JSON.stringify(error)).not.toContain('ontoso');
  });
});

describe('both forms of XML', () => {
  test('mean the same, whichever records the binary writer takes', () => {
    const log = new EventLog();
    new XmlReader().read(fixture('create-account.xml').toString('utf8'), log, false);
    const expected = readContext(fixture('create-account.xml'));
    expect([...(readContext(toXml(log.events)).inputParameters ?? [])]).toStrictEqual([
      ...(expected.inputParameters ?? []),
    ]);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const context = readContext(toBinary(log.events, new Random(seed)));
        expect([...(context.inputParameters ?? [])]).toStrictEqual([...(expected.inputParameters ?? [])]);
        expect([...(context.sharedVariables ?? [])]).toStrictEqual([...(expected.sharedVariables ?? [])]);
      }),
      { numRuns: 100 },
    );
  });

  test('have any text as it was', () => {
    const log = new EventLog();
    new XmlReader().read(fixture('update-contact.xml').toString('utf8'), log, false);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(), (any, seed) => {
        const events = log.events.map((event) =>
          event.kind === 'text' && event.text === 'Head of Customs' ? { ...event, text: any } : event,
        );
        for (const body of [toXml(events), toBinary(events, new Random(seed))]) {
          const target = readContext(body).inputParameters?.get('Target');
          const columns = target?.kind === 'row' ? target.row.columns : undefined;
          expect(columns?.get('jobtitle')).toEqual({ kind: 'string', value: any });
        }
      }),
      { numRuns: 300 },
    );
  });
});
