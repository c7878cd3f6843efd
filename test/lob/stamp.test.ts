/** Proves that a stamp's text holds all of the stamp, in the words that stored rows have, and that no other text is taken for one. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RECENT_KEYS, decodeStamp, encodeStamp, withKeys, type Stamp } from '../../shared/lob/stamp';
import { stamp } from '../writer/changes';

const key = fc.stringMatching(/^[0-9a-f]{4,16}$/);
const instant = fc.integer({ min: -1, max: 2 ** 40 });
const times = fc.record(
  { first: instant, columns: fc.dictionary(key, instant).map((columns) => new Map(Object.entries(columns))) },
  { requiredKeys: ['columns'] },
);
const anyStamp = fc
  .record({
    ...{ version: fc.bigInt({ min: 0n, max: 2n ** 63n }), knownUntil: instant, latestKnown: instant },
    ...{ hasPushOnTop: fc.boolean(), deleted: fc.boolean(), recentKeys: fc.array(key, { maxLength: 3 }) },
    times: fc.option(times, { nil: undefined }),
  })
  .map(({ times: some, ...rest }): Stamp => (some === undefined ? rest : { ...rest, times: some }));

test('what is written is read back', () => {
  fc.assert(
    fc.property(anyStamp, (some) => {
      expect(decodeStamp(encodeStamp(some))).toEqual(some);
    }),
  );
});

test.each([
  [
    '{"v":"7","base":10,"seen":12,"ring":"k1 k2"}',
    { version: 7n, knownUntil: 10, latestKnown: 12, recentKeys: ['k1', 'k2'] },
  ],
  [
    '{"v":"0","base":-1,"seen":-1,"ahead":true,"gone":true,"ring":"","at":{"":5,"name":9}}',
    { hasPushOnTop: true, deleted: true, times: { first: 5, columns: new Map([['name', 9]]) } },
  ],
])('%s', (text, of) => {
  const some = stamp({ ...{ version: 0n, knownUntil: -1, latestKnown: -1, recentKeys: [] }, ...of });
  expect(encodeStamp(some)).toBe(text);
  expect(decodeStamp(text)).toStrictEqual(some);
});

const PARTS = { v: '7', base: 10, seen: 12, ring: 'k1' };
test.each([
  ...['', 'null', '7', '[]', '{'],
  ...Object.keys(PARTS).map((name) => JSON.stringify({ ...PARTS, [name]: true })),
  JSON.stringify({ ...PARTS, v: 'seven' }),
])('%s is no stamp', (text) => {
  expect(decodeStamp(text)).toBeUndefined();
});

test.each([null, 5])('times %s are none', (at) => {
  expect(decodeStamp(JSON.stringify({ ...PARTS, at }))).not.toHaveProperty('times');
});

test('recent keys: each once, the oldest falls out', () => {
  const some = Array.from({ length: RECENT_KEYS }, (_, at) => `k${at}`);
  expect(withKeys(some, ['k3'])).toBe(some);
  expect(withKeys(['k1'], ['k2', 'k2', 'k1'])).toEqual(['k1', 'k2']);
  expect(withKeys(some, ['new'])).toEqual([...some.slice(1), 'new']);
});
