// Proves: parsing keeps every digit of the numbers it promises to keep, changes no string whatever it holds, and refuses
// exactly the texts that JSON.parse refuses. The reference is a slow reader that never makes a double.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../shared/json/exact-json';
import {
  numberTextOf,
  objectOf,
  parseAllExact,
  parseExact,
  stringOf,
  takeDigits,
  writeExact,
} from '../../shared/json/exact-json';
import { fixture, FIXTURES } from '../context/fixture-files';

/** What the slow reader gives: a number is its digits. */
type Slow =
  | null
  | boolean
  | { readonly digits: string }
  | { readonly text: string }
  | { readonly items: readonly Slow[] }
  | { readonly members: ReadonlyMap<string, Slow> };

const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\]:,]))/y;

function slowly(text: string): Slow {
  TOKEN.lastIndex = 0;
  const next = (): RegExpExecArray => {
    const token = TOKEN.exec(text);
    if (token === null) throw new Error('the reference reads valid JSON only');
    return token;
  };
  const mark = (): string => next()[4] ?? '';
  const value = (token: RegExpExecArray): Slow => {
    const [, string, digits, word, sign] = token;
    if (string !== undefined) return { text: JSON.parse(string) as string };
    if (digits !== undefined) return { digits };
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    let first = next();
    if (sign === '[') {
      const items: Slow[] = [];
      if (first[4] === ']') return { items };
      for (;;) {
        items.push(value(first));
        if (mark() !== ',') return { items };
        first = next();
      }
    }
    const members = new Map<string, Slow>();
    if (first[4] === '}') return { members };
    for (;;) {
      const name = JSON.parse(first[1] ?? '') as string;
      mark();
      members.set(name, value(next()));
      if (mark() !== ',') return { members };
      first = next();
    }
  };
  return value(next());
}

/** Whether a list has no object, however deep, before or behind its numbers. */
const withoutObjects = (slow: Slow): boolean =>
  typeof slow !== 'object' ||
  slow === null ||
  !('members' in slow || ('items' in slow && !slow.items.every(withoutObjects)));

/**
 * Compares what the fast reader gave with what the slow one did.
 *
 * @param exact whether every number here has to have its digits; a number elsewhere may be a double
 */
function expectSame(fast: Json | undefined, slow: Slow, exact: boolean, everywhere: boolean): void {
  if (slow === null || typeof slow === 'boolean') {
    expect(fast).toBe(slow);
  } else if ('text' in slow) {
    expect(stringOf(fast)).toBe(slow.text);
  } else if ('digits' in slow) {
    const digits = numberTextOf(fast);
    if (exact) expect(digits).toBe(slow.digits);
    else expect(Number(digits) === Number(slow.digits)).toBe(true);
  } else if ('items' in slow) {
    const items = fast as readonly Json[];
    expect(items).toHaveLength(slow.items.length);
    slow.items.forEach((item, i) =>
      expectSame(items[i], item, everywhere || (exact && withoutObjects(slow)), everywhere),
    );
  } else {
    const object = objectOf(fast);
    expect(new Set(Object.keys(object ?? {}))).toEqual(new Set(slow.members.keys()));
    for (const [name, member] of slow.members) {
      const own = Object.getOwnPropertyDescriptor(object, name)?.value as Json;
      expectSame(own, member, everywhere || name === 'value' || name === 'Value', everywhere);
    }
  }
}

const digits = fc.oneof(
  fc.constantFrom('0', '-0', '0.0', '-0.00', '1.10', '0.00', '250000.0000', '9007199254740993', '-9223372036854775808'),
  fc.constantFrom(
    '1E+21',
    '1E-07',
    '1e5',
    '0.000001',
    '0.0000001',
    '-0.0000010',
    '100000000000000000000',
    '1E400',
    '5e-324',
  ),
  fc.constantFrom(
    '999999999999999',
    '9999999999999999',
    '0.1',
    '123456789.123456',
    '1.123456789012345678',
    '72057594037927935',
  ),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.tuple(fc.bigInt(), fc.stringMatching(/^\d{1,12}$/)).map(([whole, part]) => `${whole}.${part}`),
);

/** Text made to be mistaken: what stands around numbers, and what stands around strings. */
const trickyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"value":',
        '"Value":',
        'value',
        '":',
        '"',
        '\\',
        '\\"',
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        ' ',
        '1.10',
        '1E5',
      ),
      fc.constantFrom(
        '9007199254740993',
        '-0',
        '\u0091',
        '\n',
        'é',
        '港',
        '\u2028',
        'true',
        'null',
        '[1.10,',
        'value:1.10',
        'Value: [1.10]',
        ',1.10]',
        '"value":1.10',
      ),
      fc.string(),
      digits,
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n  ');

/** A string in one of its spellings: characters may be escaped that needn't be. */
const spelled = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.constantFrom('plain', 'slashes', 'escapes')).map(([raw, how]) => {
    const plain = JSON.stringify(raw);
    if (how === 'slashes') return plain.replaceAll('/', '\\/');
    if (how === 'plain') return plain;
    const codes = [...Array(raw.length).keys()].map((i) => raw.charCodeAt(i).toString(16).padStart(4, '0'));
    return `"${codes.map((code) => `\\u${code}`).join('')}"`;
  });

const names = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('value', 'Value') },
  { weight: 2, arbitrary: fc.constantFrom('key', 'Amount', 'avalue', 'value ', '', '__proto__', 'x"value') },
  { weight: 1, arbitrary: trickyText },
);

const { json: jsonText } = fc.letrec<{ json: string; list: string; object: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(digits, digits, spelled(trickyText), fc.constantFrom('true', 'false', 'null')),
  list: fc
    .tuple(fc.array(fc.oneof({ maxDepth: 4 }, tie('scalar'), tie('json')), { maxLength: 5 }), space)
    .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
  object: fc
    .tuple(
      fc.array(fc.tuple(spelled(names), fc.oneof({ maxDepth: 4 }, tie('scalar'), tie('json'))), { maxLength: 5 }),
      space,
      space,
    )
    .map(
      ([members, before, after]) =>
        `{${before}${members.map(([name, value]) => `${name}${before}:${after}${value}`).join(`${after},${before}`)}}`,
    ),
  json: fc.oneof({ maxDepth: 4 }, tie('scalar'), tie('list'), tie('object')),
}));

const accepts = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return false;
  }
};

describe('exact JSON', () => {
  test('digits, strings and structure are those of the reference', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const slow = slowly(text);
        expectSame(parseExact(text), slow, false, false);
        expectSame(parseAllExact(text), slow, true, true);
      }),
      { numRuns: 3000 },
    );
  });

  test('rows, whose numbers are all members, keep their digits, whatever their names and texts hold', () => {
    const member = fc.tuple(spelled(names), space, fc.oneof(digits, digits, spelled(trickyText)));
    const rowText = fc
      .array(member, { maxLength: 6 })
      .map((members) => `{${members.map(([name, gap, value]) => `${name}${gap}:${gap}${value}${gap}`).join(',')}}`);
    fc.assert(
      fc.property(fc.array(rowText, { maxLength: 3 }), (rows) => {
        const text = `[${rows.join(',')}]`;
        expectSame(parseAllExact(text), slowly(text), true, true);
      }),
      { numRuns: 4000 },
    );
  });

  test.each([
    '{"a":1.10}',
    '{"a" : -1.10 }',
    '{"a":-0}',
    '{"a":1234567890123456}',
    '{"a":12 }',
    '{"":1.10}',
    '{" ":1.10}',
    '{"a,":1.10}',
    '{"a\\\\":1.10}',
    '{"a\\"":1.10}',
    '{"a":"\\":1.10"}',
    '{"a":"\\\\","b":1.10}',
    '{"a":":1.10"}',
    '{"a":",\\":1.10,\\""}',
    '{"a":"x","b":["\\":1.10",1.10]}',
    '[{"a":1.10},1.10]',
    '[{"a":1},[1.10]]',
    '[[[1.10]]]',
    '1.10',
    '":1.10"',
    '[":1.10"]',
  ])('%s: every number in its digits, every string as it is', (text) => {
    expect(writeExact(parseAllExact(text), 9)).toBe(text.replaceAll(' : ', ':').replaceAll(/(?<=\d) \}/g, '}'));
  });

  test('a string is never changed, whatever it holds', () => {
    fc.assert(
      fc.property(trickyText, trickyText, (one, two) => {
        const text = JSON.stringify({ value: one, list: [two, one], [one]: two });
        const parsed = objectOf(parseExact(text));
        expect(parsed).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('what JSON.parse refuses is refused, and nothing else', () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 2 }),
      put: fc.constantFrom(
        '',
        '"',
        '\\',
        ',',
        ':',
        '1',
        '-',
        '.',
        'e',
        '[',
        ']',
        '{',
        '}',
        '0',
        ' ',
        '1.10',
        '"value":',
        '\u0001',
      ),
    });
    fc.assert(
      fc.property(jsonText, fc.array(edit, { maxLength: 3 }), (valid, edits) => {
        let text = valid;
        for (const { at, cut, put } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        const native = accepts(JSON.parse, text);
        expect(accepts(parseExact, text)).toBe(native);
        expect(accepts(parseAllExact, text)).toBe(native);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    '{"value":1.10:2}',
    '{"value":1.10":5.10}',
    '{"value":"":1.10}',
    '{"value"::1.10}',
    '{1.10:2}',
    '{"value":[1.10:2]}',
    '{"value":01.10}',
    '{"value":1.}',
    '{"value":-}',
    '{"value":1.10',
    '{"value":[1.10,}',
    '{"value":1.10 1.10}',
    '{"value":+1.10}',
    '"value":1.10',
  ])('%s stays invalid', (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
    expect(() => parseAllExact(text)).toThrow(SyntaxError);
  });

  test.each([
    '{"value":1.10}',
    '{ "value" : 1.10 }',
    '{"\\u0076alue":1.10}',
    '{"value":[true,["]",1.10]]}',
    '[[{"Value":1.10}]]',
  ])('%s keeps its digits', (text) => {
    expect(writeExact(parseExact(text), 9)).toContain('1.10');
  });

  test('digits that a double has are left to it', () => {
    const parsed = objectOf(parseExact('{"value":1250,"Value":[59.9138688,0,-40000,2.5]}'));
    expect(parsed).toEqual({ value: 1250, Value: [59.9138688, 0, -40000, 2.5] });
  });

  test('the digits can be taken afterwards, in place, by those who hold a part', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const rough = parseExact(text);
        takeDigits(rough, parseAllExact(text));
        // A number that is the whole text has nothing that holds it.
        if (typeof rough === 'object') expectSame(rough, slowly(text), true, true);
      }),
    );
  });

  test('JSON text is written back with the digits it was read with', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const written = writeExact(parseAllExact(text), 20);
        expectSame(parseAllExact(written), slowly(text), true, true);
      }),
    );
  });

  test('writing deeper than allowed is refused', () => {
    expect(() => writeExact([[[]]], 1)).toThrow(RangeError);
    expect(writeExact([[[]]], 2)).toBe('[[[]]]');
  });

  test.each(FIXTURES)('%s is parsed as by JSON.parse but for its digits', (name) => {
    const text = fixture(`${name}.json`).toString('utf8');
    expectSame(parseAllExact(text), slowly(text), true, true);
    expectSame(parseExact(text), slowly(text), false, false);
  });
});
