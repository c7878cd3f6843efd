// Proves: for all three formats, what a sender could do to bring the app down does not: documents that end anywhere, nest
// without end, hold very many values or say one thing twice, and names that reach prototypes elsewhere.
import { describe, expect, test } from '@jest/globals';
import type { Context } from '../../shared/context/context';
import type { ReadOptions } from '../../shared/context/read-context';
import { DEFAULT_MAX_DEPTH, DEFAULT_MAX_NODES, readContext } from '../../shared/context/read-context';
import { codeOf, OutboundError } from '../../shared/errors/errors';
import { EventLog } from '../../bench/fuzz/event-log';
import { Random } from '../../bench/fuzz/random';
import { toBinary } from '../../bench/fuzz/write-events';
import { XmlReader } from '../../shared/context/xml/xml-reader';
import { fixture, FIXTURES } from './fixture-files';

const FORMS = ['json', 'xml', 'msbin1'] as const;
type Form = (typeof FORMS)[number];

const PAIRS = 'http://schemas.datacontract.org/2004/07/System.Collections.Generic';
const XML = fixture('update-account-oversize.xml').toString('utf8');
const JSON_TEXT = fixture('update-account-oversize.json').toString('utf8');

/** The same document in the binary form. */
function binaryOf(xml: string): Buffer {
  const log = new EventLog();
  new XmlReader().read(xml, log, false);
  return toBinary(log.events, new Random(1));
}

/** A context in one of the forms, with these members in place of its shared variables. */
function context(form: Form, json: string, xml: string): Buffer | string {
  const whole = XML.replace(/<SharedVariables.*<\/SharedVariables>/, () => xml);
  switch (form) {
    case 'json':
      return JSON_TEXT.replace(/"SharedVariables":\[.*?\]/, () => json);
    case 'xml':
      return whole;
    case 'msbin1':
      return binaryOf(whole);
  }
}

const variables = (xml: string): string =>
  `<SharedVariables xmlns:a="${PAIRS}" xmlns:b="http://www.w3.org/2001/XMLSchema">${xml}</SharedVariables>`;

const pair = (key: string, value: string): string => `<p><a:key>${key}</a:key>${value}</p>`;

const texts = (...pairs: readonly (readonly [string, string])[]): readonly [string, string] => [
  `"SharedVariables":[${pairs.map(([key, value]) => `{"key":"${key}","value":"${value}"}`).join(',')}]`,
  variables(pairs.map(([key, value]) => pair(key, `<a:value i:type="b:string">${value}</a:value>`)).join('')),
];

function codeFor(body: Buffer | string, options: ReadOptions = {}): string {
  try {
    for (let at: Context | null = readContext(body, options); at !== null; at = at.parent) {
      for (const map of [at.inputParameters, at.outputParameters, at.sharedVariables, at.preImages, at.postImages]) {
        expect([...(map ?? [])]).toHaveLength(map?.size ?? 0);
      }
    }
    return 'read';
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return codeOf(error);
  }
}

describe('a body that ends anywhere is refused: at every byte, of long ones at every third', () => {
  const ENDS: Readonly<Record<Form, readonly string[]>> = {
    json: ['body-empty', 'json-invalid'],
    xml: ['body-empty', 'xml-invalid'],
    msbin1: ['body-empty', 'binary-invalid', 'format-unsupported'],
  };
  const files = FIXTURES.flatMap((name) => FORMS.map((form) => [`${name}.${form}`, form] as const));
  const variants = ['typed', 'text'].map((variant) => [`create-account.${variant}.msbin1`, 'msbin1'] as const);

  test.each([...files, ...variants])('%s', (file, form) => {
    const body = fixture(file);
    const codes = new Set<string>();
    const step = body.length > 9000 ? 3 : 1;
    for (let end = 0; end < body.length; end += step) codes.add(codeFor(body.subarray(0, end)));
    expect([...codes].filter((code) => !ENDS[form].includes(code))).toEqual([]);
  });

  test('an envelope too', () => {
    const body = fixture('create-lead-sync.string-body.msbin1');
    for (let end = 0; end < body.length; end++) expect(codeFor(body.subarray(0, end))).not.toBe('read');
  });
});

describe('what comes twice', () => {
  test.each(FORMS)('the last member and the last key count, in the place of the first: %s', (form) => {
    const [json, xml] = texts(['k', 'first'], ['other', 'x'], ['k', 'last']);
    const body = context(form, `"Depth":7,${json}`, `<Depth>7</Depth>${xml}`);
    const read = readContext(body);
    expect(read.depth).toBe(7);
    expect([...(read.sharedVariables ?? [])]).toEqual([
      ['k', { kind: 'string', value: 'last' }],
      ['other', { kind: 'string', value: 'x' }],
    ]);
  });
});

describe('names that reach prototypes elsewhere', () => {
  test.each(FORMS)('are names like others: %s', (form) => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const [json, xml] = texts(...names.map((name) => [name, 'x'] as const));
    const body = context(form, `"__proto__":{"polluted":1},${json}`, `<__proto__><polluted/></__proto__>${xml}`);
    expect([...(readContext(body).sharedVariables?.keys() ?? [])]).toEqual(names);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each(FORMS)('and are not there when they are not sent: %s', (form) => {
    const read = readContext(context(form, ...texts(['k', 'v'])));
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(read.sharedVariables?.get(name)).toBeUndefined();
      expect(read.sharedVariables?.has(name)).toBe(false);
    }
  });
});

describe('nesting', () => {
  const nested = (levels: number): readonly [string, string] => {
    const type = 'AliasedValue:http://schemas.microsoft.com/xrm/2011/Contracts';
    const json = `${`{"__type":"${type}","Value":`.repeat(levels)}1${'}'.repeat(levels)}`;
    const value = `${'<Value i:type="AliasedValue">'.repeat(levels - 1)}${'</Value>'.repeat(levels - 1)}`;
    return [
      `"SharedVariables":[{"key":"k","value":${json}}]`,
      variables(pair('k', `<a:value i:type="AliasedValue">${value}</a:value>`)),
    ];
  };

  test.each(FORMS)('of values has the same bound in every format: %s', (form) => {
    expect(codeFor(context(form, ...nested(DEFAULT_MAX_DEPTH + 1)))).toBe('read');
    expect(codeFor(context(form, ...nested(DEFAULT_MAX_DEPTH + 2)))).toBe('context-invalid');
    expect(codeFor(context(form, ...nested(3)), { maxDepth: 2 })).toBe('read');
    expect(codeFor(context(form, ...nested(4)), { maxDepth: 2 })).toBe('context-invalid');
  });

  test.each(FORMS)('of rows within rows, as deep as values may be: %s', (form) => {
    const levels = DEFAULT_MAX_DEPTH / 2;
    const row = (content: string): string =>
      `<a:value i:type="EntityCollection"><Entities><Entity><Attributes>${content}</Attributes><Id>x</Id></Entity></Entities></a:value>`;
    const xml =
      `${row('@').split('@')[0] ?? ''}<p><a:key>k</a:key>`.repeat(levels) +
      '<a:value i:nil="true"/>' +
      `</p>${row('@').split('@')[1] ?? ''}`.repeat(levels);
    const type = ':http://schemas.microsoft.com/xrm/2011/Contracts';
    const json = `${`{"__type":"EntityCollection${type}","Entities":[{"Id":"x","Attributes":[{"key":"k","value":`.repeat(levels)}null${'}]}]}'.repeat(levels)}`;
    expect(codeFor(context(form, `"SharedVariables":[{"key":"k","value":${json}}]`, variables(pair('k', xml))))).toBe(
      'read',
    );
  });

  test.each(FORMS)('of parents has it too: %s', (form) => {
    const parents = (count: number): Buffer | string => {
      switch (form) {
        case 'json':
          return `${`${JSON_TEXT.slice(0, -1)},"ParentContext":`.repeat(count)}null${'}'.repeat(count)}`;
        case 'xml':
        case 'msbin1': {
          const start = XML.slice(XML.indexOf('<BusinessUnitId'), XML.indexOf('</RemoteExecutionContext>'));
          const end = '</ParentContext>';
          const chain = `${`<ParentContext>${start}`.repeat(count - 1)}${end.repeat(count - 1)}`;
          const whole = XML.replace('</RemoteExecutionContext>', () => `${chain}</RemoteExecutionContext>`);
          return form === 'xml' ? whole : binaryOf(whole);
        }
      }
    };
    expect(codeFor(parents(DEFAULT_MAX_DEPTH + 1))).toBe('read');
    expect(codeFor(parents(DEFAULT_MAX_DEPTH + 2))).toBe('context-invalid');
  });

  test('of elements that mean nothing is bounded as well', () => {
    const deep = '<x>'.repeat(100_000);
    expect(codeFor(`<RemoteExecutionContext>${deep}`)).toBe('body-too-complex');
    expect(codeFor(Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.of(0x40, 1, 0x78))))).toBe(
      'body-too-complex',
    );
  });
});

describe('very many values', () => {
  const maxBytes = 10_000_000;
  const million = 1_000_000;

  test('are refused before they are made', () => {
    const json = context('json', `"SharedVariables":[{"key":"k","value":[${'1,'.repeat(million)}1]}]`, '');
    expect(codeFor(json)).toBe('body-too-large');
    expect(codeFor(json, { maxBytes })).toBe('body-too-complex');
    const items = variables(pair('k', `<a:value>${'<x/>'.repeat(million)}</a:value>`));
    expect(codeFor(context('xml', '', items))).toBe('body-too-large');
    expect(codeFor(context('xml', '', items), { maxBytes })).toBe('body-too-complex');
    // Eight bits each: an array record of a million flags.
    const array = Buffer.concat([
      Buffer.of(0x40, 1, 0x78, 0x03, 0x40, 1, 0x79, 0x01, 0xb5, 0xc0, 0x84, 0x3d),
      Buffer.alloc(million),
    ]);
    expect(codeFor(array)).toBe('body-too-complex');
  });

  test('the bound can be given, and is that of values and not of what looks like one', () => {
    const list = (count: number): string =>
      `"SharedVariables":[{"key":"k","value":[${Array(count).fill('1').join()}]}]`;
    expect(codeFor(context('json', list(50_000), ''), { maxNodes: 50_100 })).toBe('read');
    expect(codeFor(context('json', list(50_000), ''), { maxNodes: 49_000 })).toBe('body-too-complex');
    const commas = `"SharedVariables":[{"key":"k","value":"${',[{\\"'.repeat(50_000)}"}]`;
    expect(codeFor(context('json', commas, ''), { maxNodes: 100 })).toBe('read');
    expect(codeFor(fixture('create-account.xml'), { maxNodes: 100 })).toBe('body-too-complex');
    expect(codeFor(fixture('create-account.msbin1'), { maxNodes: 100 })).toBe('body-too-complex');
    expect(DEFAULT_MAX_NODES).toBe(256 * 1024);
  });

  test('attributes of one element are bounded', () => {
    const attributes = Array.from({ length: 1000 }, (_, index) => ` xmlns:p${index}="u"`).join('');
    expect(codeFor(`<x${attributes}/>`)).toBe('body-too-complex');
    expect(codeFor(`<x${attributes.replaceAll('xmlns:', '')}/>`)).toBe('body-too-complex');
  });
});

describe('time', () => {
  const SIZE = 262_144;
  const filled = (unit: string): string => unit.repeat(Math.floor(SIZE / unit.length));
  const inContext = (xml: string): string =>
    context('xml', '', variables(pair('k', `<a:value>${xml}</a:value>`))) as string;

  test.each<[string, string, Buffer | string]>([
    ['comments that do not end', 'xml-invalid', filled('<!--')],
    ['references that are none', 'xml-invalid', inContext(filled('&#x1'))],
    ['references', 'read', inContext(filled('&#x1;'))],
    ['marks', 'read', inContext(filled('\uf6fe'))],
    ['empty elements', 'read', inContext(filled('<x/>'))],
    ['namespaces far away', 'xml-invalid', `<a xmlns="u">${'<x xmlns:q="u">'.repeat(300)}${filled('<a/>')}`],
    ['attributes', 'read', inContext(filled('<x a="" b="" c=""/>'))],
    ['types', 'read', inContext(filled('<x i:type="b:int">1</x>'))],
    ['one text in many records', 'binary-invalid', Buffer.concat([Buffer.of(0x40, 1, 0x78), Buffer.alloc(SIZE, 0x80)])],
    [
      'bytes in many records',
      'binary-invalid',
      Buffer.concat([Buffer.of(0x40, 1, 0x78), ...Array.from({ length: SIZE / 3 }, () => Buffer.of(0x9e, 1, 1))]),
    ],
    [
      'a list of many texts',
      'binary-invalid',
      Buffer.concat([Buffer.of(0x40, 1, 0x78, 0xa4), Buffer.alloc(SIZE, 0x80)]),
    ],
    [
      'an array of flags',
      'binary-invalid',
      Buffer.concat([Buffer.of(0x40, 1, 0x78, 0x03, 0x40, 1, 0x79, 0x01, 0xb5, 0x80, 0x80, 0x0f), Buffer.alloc(SIZE)]),
    ],
    ['quotation marks', 'json-invalid', filled('{"')],
    ['backslashes', 'json-invalid', `{"value":"${filled('\\\\')}`],
    ['lists', 'body-too-complex', filled('[')],
  ])(
    '%s: 256 KB come to an end: %s',
    (_, code, body) => {
      // What takes more than linear time would take minutes here; `npm run fuzz` measures.
      expect(codeFor(body)).toBe(code);
    },
    5000,
  );
});
