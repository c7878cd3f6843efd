/** Proves that the set of row ids holds exactly what was added, whatever the ids look like, and stays fast for a load's ids. */
import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { RowIdSet, packIds } from '../../shared/sync/row-id-set';

const hex = (n: number): string => n.toString(16).padStart(8, '0');

function setOf(ids: readonly string[]): RowIdSet {
  const set = new RowIdSet(ids.length);
  set.addPacked(packIds(ids));
  return set;
}

describe('holds what was added and nothing else', () => {
  const patterns: readonly (readonly [string, (n: number) => string])[] = [
    ['random', () => randomUUID()],
    // What Dataverse makes for rows created one after another: the first digits count, the rest stays.
    ['counting in the first digits', (n) => `${hex((n << 16) >>> 0)}-4507-e611-80de-5065f38a7b01`],
    ['counting in the last digits', (n) => `00000000-0000-0000-0000-0000${hex(n + 1)}`],
    ['words that cancel out', (n) => `${hex(n + 1)}-0000-0000-0000-0000${hex(n + 1)}`],
  ];
  test.each(patterns)('%s', (_what, make) => {
    const ids = Array.from({ length: 60_000 }, (_, n) => make(n));
    const [inside, outside] = [ids.slice(0, 30_000), ids.slice(30_000)];
    const set = setOf(inside);
    set.addPacked(packIds(inside));
    expect(inside.every((id) => set.has(id))).toBe(true);
    expect(outside.some((id) => set.has(id))).toBe(false);
  });

  test('upper and lower case are one id', () => {
    const set = setOf(['A1B2C3D4-0000-4000-8000-00000000000A']);
    expect(set.has('a1b2c3d4-0000-4000-8000-00000000000a')).toBe(true);
  });

  test('ids of links: of those of one first row as well', () => {
    const first = randomUUID();
    const ids = Array.from({ length: 2000 }, () => `${first}_${randomUUID()}`);
    const set = setOf(ids.slice(0, 1000));
    expect(ids.map((id) => set.has(id))).toEqual(ids.map((_, at) => at < 1000));
    expect(set.has(first)).toBe(false);
  });

  test('an empty set', () => expect(new RowIdSet(0).has(randomUUID())).toBe(false));

  test('more than it was made for: refused, rather than searched for ever', () => {
    const ids = packIds(Array.from({ length: 200 }, () => randomUUID()));
    expect(() => new RowIdSet(100).addPacked(ids)).toThrow(RangeError);
  });
});
