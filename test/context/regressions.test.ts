// Proves: every body that once made a reader fail (test/fixtures/regressions, kept by `npm run fuzz`) is now read or
// refused with an error of ours, in time; and that the check which finds such bodies can fail.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkBody, CheckFailed } from '../../bench/fuzz/check';
import { mutated, seedOf } from '../../bench/fuzz/mutate';
import { Random } from '../../bench/fuzz/random';
import { CONTEXT_FORMATS } from '../../shared/context/format';
import { fixture } from './fixture-files';

const FOLDER = path.resolve(__dirname, '../fixtures/regressions');
const FILES = readdirSync(FOLDER);

describe('bodies that once failed', () => {
  test('there are some', () => {
    expect(FILES.length).toBeGreaterThan(0);
  });

  test.each(FILES)('%s', (file) => {
    const body = readFileSync(path.join(FOLDER, file));
    for (const format of [...CONTEXT_FORMATS, undefined]) expect(() => checkBody(body, format)).not.toThrow();
  });
});

describe('the check', () => {
  test('fails for a prototype that was changed', () => {
    const body = fixture('delete-account.json');
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
    try {
      expect(() => checkBody(body)).toThrow(CheckFailed);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
    expect(checkBody(body).ending).toBe('read');
  });

  test('fails for an error that is none of ours', () => {
    const body = new Proxy(new Uint8Array(fixture('delete-account.json')), {
      get: () => {
        throw new TypeError('none of ours');
      },
    });
    expect(() => checkBody(body)).toThrow();
  });

  test('is given bodies of every ending, the same for the same seed', () => {
    const seeds = CONTEXT_FORMATS.map((format) =>
      seedOf(format, fixture(`update-contact.${format === 'binary' ? 'msbin1' : format}`)),
    );
    for (const seed of seeds) {
      const endings = new Set<string>();
      for (let number = 0; number < 300; number++) {
        const body = mutated(seed, seed, new Random(number));
        expect(mutated(seed, seed, new Random(number)).equals(body)).toBe(true);
        endings.add(checkBody(body, seed.format).ending);
      }
      expect([...endings]).toEqual(expect.arrayContaining(['read', 'context-invalid', `${seed.format}-invalid`]));
    }
  });
});
