// Proves: a name is the same text whether it is met for the first time, again, or after as many others as there is room for;
// nothing outside its bytes is looked at.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asciiName } from '../../shared/context/json/known-names';
import { qualifiedName } from '../../shared/context/elements/qualified-name';

/** The name stands at the very end of its view: reading on would throw. */
const named = (text: string): string | undefined => {
  const bytes = Buffer.from(`before${text}`);
  return asciiName(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 6, bytes.length - 6);
};

const ascii = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 6 }),
  fc.string({ unit: 'binary-ascii', minLength: 90, maxLength: 110 }),
);

describe('names in bytes', () => {
  test('are the texts that they are', () => {
    fc.assert(
      fc.property(fc.array(ascii, { maxLength: 20 }), (names) => {
        for (const name of [...names, ...names]) expect(named(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });

  test('take the places of others without being taken for them', () => {
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 5000; n += 1) expect(named(`new_column${n}`)).toBe(`new_column${n}`);
    }
  });

  test('that differ in one byte are different', () => {
    const name = 'http://schemas.microsoft.com/xrm/2011/Contracts';
    expect(named(name)).toBe(name);
    for (let at = 0; at < name.length; at += 1) {
      const other = `${name.slice(0, at)}~${name.slice(at + 1)}`;
      expect(named(other)).toBe(other);
      expect(named(name)).toBe(name);
    }
  });

  test.each(['ü', 'naïve', '港', `${'a'.repeat(200)}é`])('%s is for another reader', (name) => {
    expect(named(name)).toBeUndefined();
  });
});

describe('names with prefixes', () => {
  test.each([
    ['key', '', 'key', true],
    ['a:key', 'a', 'key', true],
    ['__proto__', '', '__proto__', true],
    ['b:__proto__', 'b', '__proto__', true],
    ['12', '', '12', true],
    ['', '', '', true],
    [':', '', '', false],
    [':key', '', 'key', false],
    ['a:', 'a', '', false],
    ['a:b:c', 'a', 'b:c', false],
  ])('%p', (text, prefix, local, isValid) => {
    const parts = { prefix, local, isValid };
    expect(qualifiedName(text)).toMatchObject(parts);
    for (let n = 0; n < 3000; n += 1) qualifiedName(`x${n}:${text}`);
    expect(qualifiedName(text)).toMatchObject(parts);
    expect(({} as Record<string, unknown>).key).toBeUndefined();
  });

  test('however long', () => {
    const long = 'x'.repeat(1000);
    expect(qualifiedName(`${long}:${long}`)).toMatchObject({ prefix: long, local: long, isValid: true });
  });
});
