/** Proves when a table has a ghost floor, how long one is remembered, and that one that took too long to read is not used. */
import { describe, expect, test } from '@jest/globals';
import { GhostFloors } from '../../shared/sync/ghost-floors';
import type { PullState } from '../../shared/sync/pull-state';

const NONE = Number.POSITIVE_INFINITY;

const current = (tokenFixedOn: number, purgedUntil?: number): PullState => ({
  kind: 'current',
  deltaLink: 'T',
  tokenFixedOn,
  ...(purgedUntil === undefined ? {} : { purgedUntil }),
  again: false,
});
const LOAD = { journal: { table: 'account', load: 'l' }, first: false, again: false } as const;
const LOADING: PullState = { kind: 'loading', ...LOAD };

function floors(initial: PullState) {
  const world = { state: initial, reads: 0, now: 0, tookMs: 0 };
  const states = {
    read: () => {
      world.reads += 1;
      world.now += world.tookMs;
      return Promise.resolve({ state: world.state, tag: 't' });
    },
  };
  return { world, of: () => new GhostFloors(states, { margin: 5, lifetimeMs: 2000, clock: () => world.now }) };
}

describe('the ghost floor of a table', () => {
  test('the second by which the load’s token was fixed, and the margin', async () => {
    expect(await floors(current(61)).of().of('account')).toBe(66);
  });

  test('[I37] where tombstones were purged, it is no earlier than they', async () => {
    expect(await floors(current(60, 91)).of().of('account')).toBe(96);
    expect(await floors(current(99, 91)).of().of('account')).toBe(104);
  });

  test('a delta under way leaves it as it is', async () => {
    const next = { link: 'N1', begunOn: 90 };
    expect(
      await floors({ ...current(61), kind: 'catchingUp', next } as PullState)
        .of()
        .of('account'),
    ).toBe(66);
  });

  test.each<[string, PullState]>([
    ['nothing was ever loaded', { kind: 'new' }],
    ['a load is under way', { ...LOADING, next: { link: 'N1', begunOn: 60, tokenFixedOn: 61, shown: 1 } }],
    ['a load is swept', { kind: 'sweeping', ...LOAD, begunOn: 60, tokenFixedOn: 61, end: 62, shown: 1, waitMs: 0 }],
  ])('none: %s', async (_when, state) => {
    expect(await floors(state).of().of('account')).toBe(NONE);
  });

  test('it is read once in its lifetime, then again', async () => {
    const { world, of } = floors(current(60));
    const cached = of();
    await cached.of('account');
    world.now = 1999;
    world.state = LOADING;
    expect([await cached.of('account'), world.reads]).toEqual([65, 1]);
    world.now = 2000;
    expect([await cached.of('account'), world.reads]).toEqual([NONE, 2]);
  });

  test('one whose reading outlived it is none', async () => {
    const { world, of } = floors(current(60));
    world.tookMs = 2000;
    expect(await of().of('account')).toBe(NONE);
  });
});
