/** Proves when a table has a floor, how long one is remembered, and that one that took too long to read is not used. */
import { describe, expect, test } from '@jest/globals';
import { LoadFloors } from '../../shared/sync/load-floors';
import type { PullState } from '../../shared/sync/pull-state';

const NONE = Number.POSITIVE_INFINITY;

function floors(initial: PullState) {
  const world = { state: initial, reads: 0, now: 0, tookMs: 0 };
  const states = {
    read: () => {
      world.reads += 1;
      world.now += world.tookMs;
      return Promise.resolve(world.state);
    },
    write: () => Promise.reject(new Error('a floor is only read')),
  };
  return { world, of: () => new LoadFloors(states, { margin: 5, lifetimeMs: 2000, now: () => world.now }) };
}

describe('the floor of a table', () => {
  test('the second by which the load’s token was fixed, and the margin', async () => {
    expect(await floors({ loadBegunMs: 1, tokenFixedMs: 60_001 }).of().of('account')).toBe(66);
  });

  test('[I37] where tombstones were purged, it is no earlier than they', async () => {
    expect(await floors({ tokenFixedMs: 60_000, purgedUntilMs: 90_001 }).of().of('account')).toBe(96);
    expect(await floors({ tokenFixedMs: 99_000, purgedUntilMs: 90_001 }).of().of('account')).toBe(104);
  });

  test.each([
    ['nothing was ever loaded', {}],
    ['tombstones were purged, but nothing was ever loaded', { purgedUntilMs: 1 }],
    ['a load is under way', { loadBegunMs: 70_000 }],
  ])('none: %s', async (_when, state) => {
    expect(await floors(state).of().of('account')).toBe(NONE);
  });

  test('it is read once in its lifetime, then again', async () => {
    const { world, of } = floors({ tokenFixedMs: 60_000 });
    const cached = of();
    await cached.of('account');
    world.now = 1999;
    world.state = { loadBegunMs: 70_000 };
    expect([await cached.of('account'), world.reads]).toEqual([65, 1]);
    world.now = 2000;
    expect([await cached.of('account'), world.reads]).toEqual([NONE, 2]);
  });

  test('one whose reading outlived it is none', async () => {
    const { world, of } = floors({ tokenFixedMs: 60_000 });
    world.tookMs = 2000;
    expect(await of().of('account')).toBe(NONE);
  });
});
