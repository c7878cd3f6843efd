// Proves: text XML is read by its namespaces and not by its prefixes; every character that .NET can write comes back as
// it was, those included that XML 1.0 forbids; and what XML has beyond contexts (document types, entities, other
// encodings) is refused, with the place and without the content.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '../../shared/change/value';
import type { Context } from '../../shared/context/context';
import { markForbidden } from '../../shared/context/xml/forbidden-references';
import { readContext } from '../../shared/context/read-context';
import { codeOf } from '../../shared/errors/errors';
import { fixture } from './fixture-files';

const CONTEXT = fixture('update-contact.xml').toString('utf8');
/** The event's own shared variables come after its parent's. */
const SHARED = CONTEXT.lastIndexOf('<SharedVariables');
const AFTER_SHARED = CONTEXT.lastIndexOf('<Stage>');

/** A context whose only shared variable is this element; `g` is the namespace of pairs, `s` that of XML Schema. */
const withVariable = (value: string): string => {
  const pair = `<KeyValuePairOfstringanyType><g:key>v</g:key>${value}</KeyValuePairOfstringanyType>`;
  const variables = `<SharedVariables xmlns:g="http://schemas.datacontract.org/2004/07/System.Collections.Generic" xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:z="http://schemas.microsoft.com/2003/10/Serialization/" xmlns:r="http://schemas.microsoft.com/2003/10/Serialization/Arrays">${pair}</SharedVariables>`;
  return CONTEXT.slice(0, SHARED) + variables + CONTEXT.slice(AFTER_SHARED);
};

const valueOf = (element: string): Value | undefined => readContext(withVariable(element)).sharedVariables?.get('v');

const typed = (type: string, content: string): string => `<g:value i:type="${type}">${content}</g:value>`;

const failureOf = (body: Uint8Array | string): unknown => {
  try {
    const context = readContext(body, { format: 'xml' });
    for (let at: Context | null = context; at !== null; at = at.parent) {
      for (const map of [at.inputParameters, at.sharedVariables, at.preImages, at.postImages])
        expect([...(map ?? [])]).toHaveLength(map?.size ?? 0);
    }
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('types', () => {
  test.each<[string, string, Value]>([
    ['s:int', ' 7 ', { kind: 'integer', value: 7 }],
    ['s:short', '-7', { kind: 'integer', value: -7 }],
    ['s:unsignedByte', '255', { kind: 'integer', value: 255 }],
    ['s:unsignedLong', '18446744073709551615', { kind: 'bigint', value: 18446744073709551615n }],
    ['s:long', '+5', { kind: 'bigint', value: 5n }],
    ['s:decimal', '-0.50', { kind: 'decimal', text: '-0.50' }],
    ['s:double', 'INF', { kind: 'double', value: Number.POSITIVE_INFINITY }],
    ['s:double', 'NaN', { kind: 'double', value: Number.NaN }],
    ['s:float', '0.1', { kind: 'double', value: Math.fround(0.1) }],
    ['s:boolean', '1', { kind: 'boolean', value: true }],
    ['s:string', ' <![CDATA[a<b]]> ', { kind: 'string', value: ' a<b ' }],
    ['s:string', 'a<!-- not text -->b<?nor this?>c', { kind: 'string', value: 'abc' }],
    ['s:string', 'a\r\nb\rc&#xD;&#xA;', { kind: 'string', value: 'a\nb\nc\r\n' }],
    [
      's:dateTime',
      '2026-03-14T09:26:53.1239+02:00',
      { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 7, 26, 53, 123) },
    ],
    ['s:dateTime', '0001-01-01T00:00:00', { kind: 'wallTime', text: '0001-01-01T00:00:00.000' }],
    ['s:base64Binary', ' AAEC\n/w== ', { kind: 'bytes', base64: 'AAEC/w==' }],
    [
      'z:guid',
      '{13B8E8EC-B046-4A45-AFD7-26F8DB924879}',
      { kind: 'guid', value: '13b8e8ec-b046-4a45-afd7-26f8db924879' },
    ],
    ['z:char', '97', { kind: 'string', value: 'a' }],
    ['z:duration', 'P1DT2H', { kind: 'string', value: 'P1DT2H' }],
    [
      'r:ArrayOfanyType',
      '<r:anyType i:type="s:int">1</r:anyType><r:anyType i:nil="true"/>',
      { kind: 'list', items: [{ kind: 'integer', value: 1 }, null] },
    ],
    [
      'r:ArrayOfguid',
      '<r:guid>13b8e8ec-b046-4a45-afd7-26f8db924879</r:guid>',
      { kind: 'list', items: [{ kind: 'guid', value: '13b8e8ec-b046-4a45-afd7-26f8db924879' }] },
    ],
    [
      'r:ArrayOfArrayOfint',
      '<r:ArrayOfint><r:int>1</r:int></r:ArrayOfint>',
      { kind: 'list', items: [{ kind: 'list', items: [{ kind: 'integer', value: 1 }] }] },
    ],
    ['ArrayOfMoney', '<Money><Value>1.50</Value></Money>', { kind: 'list', items: [{ kind: 'money', text: '1.50' }] }],
    ['ArrayOfOptionSetValue', '', { kind: 'choices', values: [] }],
    [
      'g:ArrayOfKeyValuePairOfstringstring',
      '<g:KeyValuePairOfstringstring><g:key>a</g:key><g:value>b</g:value></g:KeyValuePairOfstringstring>',
      { kind: 'pairs', entries: [['a', 'b']] },
    ],
    ['EntityRole', 'Referenced', { kind: 'string', value: 'Referenced' }],
    [
      'QueryExpression',
      '<Distinct>false</Distinct><TopCount i:nil="true"/><__proto__>x</__proto__>',
      {
        kind: 'unknown',
        type: 'QueryExpression:http://schemas.microsoft.com/xrm/2011/Contracts',
        json: '{"Distinct":"false","TopCount":null,"__proto__":"x"}',
      },
    ],
    ['g:Other', '<x>1</x><x>2</x>', { kind: 'unknown', type: 'Other:#System.Collections.Generic', json: '["1","2"]' }],
  ])('%s %p', (type, content, value) => {
    expect(valueOf(typed(type, content))).toStrictEqual(value);
  });

  test.each([
    ['s:int', '2147483648'],
    ['s:int', '1.5'],
    ['s:int', ''],
    ['s:int', '<x/>'],
    ['s:decimal', '1e5'],
    ['s:long', '9223372036854775808'],
    ['s:unsignedLong', '-1'],
    ['s:unsignedLong', '18446744073709551616'],
    ['s:double', '0x10'],
    ['s:boolean', 'yes'],
    ['s:dateTime', '2026-02-30T00:00:00'],
    ['s:dateTime', '2026-02-20'],
    ['s:base64Binary', 'AAE'],
    ['s:base64Binary', 'A=AA'],
    ['z:guid', '1'],
    ['Money', '<Value>much</Value>'],
    ['OptionSetValue', ''],
    ['EntityReference', '<Name>x</Name>'],
  ])('%s %p is none', (type, content) => {
    const error = failureOf(withVariable(typed(type, content)));
    expect(codeOf(error)).toBe('context-invalid');
    expect(error).toHaveProperty('member', expect.stringMatching(/^SharedVariables\.v/));
  });
});

describe('namespaces', () => {
  test('prefixes mean nothing', () => {
    const renamed = CONTEXT.replaceAll(/\b([aib]):/g, '$1$1.x:').replaceAll(/xmlns:([aib])=/g, 'xmlns:$1$1.x=');
    expect(renamed).toContain('<aa.x:key>');
    const plain = readContext(CONTEXT);
    const other = readContext(renamed.replaceAll('type="b:', 'type="bb.x:'));
    expect([...(other.inputParameters ?? [])]).toStrictEqual([...(plain.inputParameters ?? [])]);
    expect([...(other.postImages ?? [])]).toStrictEqual([...(plain.postImages ?? [])]);
    expect([...(other.sharedVariables ?? [])]).toStrictEqual([...(plain.sharedVariables ?? [])]);
  });

  test('the same names in another namespace are nothing', () => {
    expect(codeOf(failureOf(CONTEXT.replace('xrm/2011/Contracts', 'xrm/2012/Contracts')))).toBe('context-invalid');
    expect(codeOf(failureOf(CONTEXT.replace('<MessageName>', '<MessageName xmlns="x">')))).toBe('context-invalid');
    expect(valueOf('<g:value i:nil="true" xmlns:i="not it">x</g:value>')).toStrictEqual({ kind: 'string', value: 'x' });
  });

  test.each([
    ['an undeclared prefix', '<q:value/>', 'prefix'],
    ['an undeclared prefix of a type', '<g:value i:type="q:int">1</g:value>', 'prefix'],
    ['a prefix declared to be nothing', '<g:value xmlns:q="">1</g:value>', 'declaration'],
    ['another meaning for xml', '<g:value xmlns:xml="x">1</g:value>', 'declaration'],
    ['one prefix twice', '<g:value xmlns:q="x" xmlns:q="y">1</g:value>', 'syntax'],
    [
      'nil twice',
      '<g:value xmlns:j="http://www.w3.org/2001/XMLSchema-instance" i:nil="true" j:nil="false"/>',
      'attribute',
    ],
    ['two colons', '<g:value:x/>', 'syntax'],
    ['a colon alone', '<:value/>', 'syntax'],
  ])('%s', (_, element, reason) => {
    expect(failureOf(withVariable(element))).toMatchObject({ code: 'xml-invalid', reason });
  });

  test('a pair without a value is one of null, as in JSON', () => {
    expect(valueOf('')).toBeNull();
  });

  test('a declaration ends with its element', () => {
    const first = '<g:value xmlns:q="http://www.w3.org/2001/XMLSchema" i:type="q:int">1</g:value>';
    const pair = (value: string): string => `<x><g:key>k</g:key>${value}</x>`;
    const body = withVariable(
      `${first}</KeyValuePairOfstringanyType>${pair('<g:value i:type="q:int">1</g:value>')}<KeyValuePairOfstringanyType><g:key>z</g:key><g:value/>`,
    );
    expect(failureOf(body)).toMatchObject({ code: 'xml-invalid', reason: 'prefix' });
  });
});

describe('what XML has and contexts have not', () => {
  test.each([
    ['a document type', `<!DOCTYPE x>${CONTEXT}`, 'doctype'],
    ['an entity of its own', `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${CONTEXT}`, 'doctype'],
    ['an unknown entity', withVariable(typed('s:string', '&nbsp;')), 'syntax'],
    ['a member of a prototype as an entity', withVariable(typed('s:string', '&constructor;')), 'syntax'],
    ['another', withVariable(typed('s:string', '&toString;')), 'syntax'],
    ['half a character', withVariable(typed('s:string', '&#xD800;')), 'syntax'],
    ['a character that does not exist', withVariable(typed('s:string', '&#x110000;')), 'syntax'],
    ['a control character as such', withVariable(typed('s:string', '\u0001')), 'syntax'],
    ['half a character as such', withVariable(typed('s:string', '\ud800')), 'syntax'],
    ['two documents', `${CONTEXT}${CONTEXT}`, 'syntax'],
    ['text after it', `${CONTEXT}x`, 'syntax'],
    ['a declaration that is not first', ` <?xml version="1.0"?>${CONTEXT}`, 'syntax'],
  ])('%s is refused', (_, body, reason) => {
    expect(failureOf(body)).toMatchObject({ code: 'xml-invalid', reason });
  });

  test('other encodings are refused, declared or not', () => {
    const declared = Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${CONTEXT}`);
    expect(failureOf(declared)).toMatchObject({ code: 'xml-invalid', reason: 'encoding' });
    const latin1 = Buffer.concat([Buffer.from('<a>'), Buffer.of(0xe9), Buffer.from('</a>')]);
    expect(failureOf(latin1)).toMatchObject({ code: 'xml-invalid', reason: 'encoding' });
    expect(failureOf(Buffer.from(`\ufeff${CONTEXT}`, 'utf16le').subarray(0, -1))).toMatchObject({ reason: 'encoding' });
  });

  test('version 1.1 changes nothing', () => {
    const body = `<?xml version="1.1"?>${withVariable(typed('s:string', 'a\u0085b\u2028c'))}`;
    expect(readContext(body).sharedVariables?.get('v')).toEqual({ kind: 'string', value: 'a\u0085b\u2028c' });
  });

  test('an error tells where and never what', () => {
    const secret = 'Amara';
    const at = CONTEXT.indexOf(secret) + 3;
    const error = failureOf(`${CONTEXT.slice(0, at)}<${CONTEXT.slice(at)}`);
    expect(error).toMatchObject({ code: 'xml-invalid', reason: 'syntax' });
    const position = error instanceof Error && 'position' in error ? Number(error.position) : -1;
    expect(Math.abs(position - at)).toBeLessThan(40);
    expect(String(error) + JSON.stringify(error)).not.toContain('ara Okonkwo');
    expect(error).not.toHaveProperty('cause');
  });

  test('the place is that of the document, marks or none', () => {
    const before = '&#x1;\uf6fe&#xF6FE;&#x1F;\uf6fe';
    const body = withVariable(typed('s:string', `${before}&oops;`));
    const error = failureOf(body);
    const position = error instanceof Error && 'position' in error ? Number(error.position) : -1;
    expect(position - body.indexOf('&oops;')).toBe('&oops;'.length);
  });
});

describe('characters that XML 1.0 forbids', () => {
  const reference = fc.constantFrom(
    (code: number) => `&#${code};`,
    (code: number) => `&#x${code.toString(16)};`,
    (code: number) => `&#x${code.toString(16).toUpperCase()};`,
    (code: number) => `&#x000${code.toString(16)};`,
  );
  const forbidden = [...Array(32).keys()].filter((code) => ![9, 10, 13].includes(code)).concat(0xfffe, 0xffff);

  test('all are read as .NET writes them', () => {
    const written = forbidden.map((code) => `&#x${code.toString(16).toUpperCase()};`).join('');
    expect(valueOf(typed('s:string', written))).toEqual({ kind: 'string', value: String.fromCharCode(...forbidden) });
  });

  test('any text comes back as it was', () => {
    const special = fc.constantFrom(
      '\uf6fe',
      '\uf6fe\uf6fe',
      '\uf6feA',
      '@',
      '[',
      '&',
      '<',
      '>',
      ']]>',
      '\r',
      '\u0085',
      '&#x1;',
    );
    const char = fc.oneof(
      fc.constantFrom(...forbidden).map((code) => String.fromCharCode(code)),
      special,
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(char, reference), { maxLength: 12 }), (parts) => {
        const text = parts.map(([part]) => part).join('');
        const written = parts
          .map(([part, ref]) =>
            part.replaceAll(/[\x00-\x1f\uf6fe\ufffe\uffff&<>\r]/g, (one) =>
              one === '\uf6fe' && part.length % 2 === 0 ? one : ref(one.charCodeAt(0)),
            ),
          )
          .join('');
        expect(valueOf(typed('s:string', written))).toEqual({ kind: 'string', value: text });
      }),
      { numRuns: 500 },
    );
  });

  test('what only looks like a reference stays', () => {
    const element = typed('s:string', '<![CDATA[&#x1;\uf6feA]]><!-- &#x2; --><?p &#x3;?>&amp;#x4;');
    expect(valueOf(element)).toEqual({ kind: 'string', value: '&#x1;\uf6feA&#x4;' });
    for (const open of ['<![CDATA[&#x1;', '<!-- &#x1;', '<? &#x1;']) {
      expect(markForbidden(open).text).toBe(open);
    }
  });

  test('attributes too', () => {
    const other = withVariable(`<g:value xmlns:q="http://x/&#x1;" i:type="q:T"><a/></g:value>`);
    expect(readContext(other).sharedVariables?.get('v')).toMatchObject({ kind: 'unknown', type: 'T:http://x/\u0001' });
  });
});
