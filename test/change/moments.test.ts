/** Proves how a moment becomes whole seconds, and which entity tags tell a row version. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BEGINNING, ceilInstant, floorInstant, isoText } from '../../shared/change/instant';
import { versionFromETag } from '../../shared/change/row-version';

test('a moment within a second is the second before it, or the one after it', () => {
  expect([floorInstant(1999), ceilInstant(1001), floorInstant(2000), ceilInstant(2000)]).toEqual([1, 2, 2, 2]);
  expect(BEGINNING).toBeLessThan(floorInstant(0));
});

test('a moment is written as the engine writes it', () => {
  const last = 8_640_000_000_000_000;
  const anyTime = fc.oneof(fc.integer({ min: -last, max: last }), fc.integer({ min: 0, max: 253_402_300_799_999 }));
  fc.assert(
    fc.property(anyTime, fc.integer({ min: -100_000, max: 100_000 }), (time, later) => {
      for (const at of [time, Math.max(-last, Math.min(last, time + later))])
        expect(isoText(at)).toBe(new Date(at).toISOString());
    }),
  );
  expect(() => isoText(Number.NaN)).toThrow(RangeError);
});

test.each([
  ['W/"915244"', 915244n],
  ['"915244"', 915244n],
  ['W/"9223372036854775807"', 9223372036854775807n],
  ['xW/"915244"', undefined],
  ['W/"915244"x', undefined],
  ['W/"12345678901234567890"', undefined],
  ['W/"abc"', undefined],
  ['W/""', undefined],
  ['915244', undefined],
])('the row version of the entity tag %s is %s', (tag, version) => expect(versionFromETag(tag)).toBe(version));
