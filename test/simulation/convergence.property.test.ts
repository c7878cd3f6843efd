/**
 * Proves the promise: whatever was duplicated, reordered, dropped, delayed past a pull, rolled back, raced or killed, after
 * one complete pull the store equals Dataverse; what arrives later doesn't change that; and no deleted row comes back.
 *
 * The argument: each test runs thousands of schedules of the real writer and the real pull over a store with real
 * compare-and-swap; the only judge is a plain comparison of both sides. fast-check prints seed and schedule of a failure.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowAddress } from '../../shared/change/row-change';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { RULE, STRICT } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { faultsOf, type Setting } from './check';
import type { Command, Schedule } from './command';
import { FILTERED } from './mappings';
import { aroundPurges, pushesOnly, remappedSchedules, schedules } from './schedules';
import { IDS, TABLES } from './simulated-dataverse';

const converges = (setting: Setting, of = schedules) =>
  fc.asyncProperty(of, async (schedule) => {
    expect(await faultsOf(schedule, setting)).toEqual([]);
  });

const makeStore = (now: () => number): MemoryStore => new MemoryStore(now);

describe('[I1] after one complete pull the store equals Dataverse', () => {
  test('default mode', async () => {
    await fc.assert(converges({ rule: RULE, makeStore }), { numRuns: 5000 });
  });

  test('[I7] strict mode, where no row ever shows an older state than before', async () => {
    await fc.assert(converges({ rule: STRICT, makeStore }), { numRuns: 4000 });
  });
});

test('[I37] tombstones are purged while late images are about, runs are under way and rows come back', async () => {
  await fc.assert(converges({ rule: RULE, makeStore }, aroundPurges), { numRuns: 2500 });
});

test('[I2] pushes alone: a row of which every event was acknowledged needs no pull', async () => {
  await fc.assert(converges({ rule: RULE, makeStore }, pushesOnly), { numRuns: 1500 });
});

const mapping = FILTERED;

describe('[I1] after one complete pull the store equals the rows of Dataverse that meet the filter', () => {
  test('default mode', async () => {
    await fc.assert(converges({ rule: RULE, makeStore, mapping }), { numRuns: 3000 });
  });

  test('[I7] strict mode, where no row ever shows an older state than before', async () => {
    await fc.assert(converges({ rule: STRICT, makeStore, mapping }), { numRuns: 1500 });
  });
});

describe('[I28] after a change of the mapping and one complete load the store equals what the new one shows', () => {
  test.each([
    ['a filter comes', { remapped: mapping }],
    ['a filter goes', { mapping, remapped: DEFAULT_MAPPING }],
  ])(
    '%s',
    async (_what, mappings) => {
      await fc.assert(converges({ rule: RULE, makeStore, ...mappings }, remappedSchedules), { numRuns: 1250 });
    },
    180_000,
  );
});

/** A sweep doesn't meet hidden rows. */
class SweepsOnlyShown extends MemoryStore {
  override async *liveRows(of: string, after?: string): ReturnType<MemoryStore['liveRows']> {
    for await (const page of super.liveRows(of, after))
      yield { ...page, entries: page.entries.filter(({ stored }) => !stored.hidden) };
  }
}

test('a store whose sweep passes hidden rows by is found out: a late image brings a deleted row back', async () => {
  const row: RowAddress = { table: TABLES[0], id: IDS[0] ?? '' };
  const write = { kind: 'write', row, back: 0, push: 'image' } as const;
  const pull = { kind: 'pull', table: TABLES[0], by: 0 } as const;
  const tick = { kind: 'tick', seconds: 20 } as const;
  const process = { kind: 'step', count: 1000 } as const;
  const commands: Command[] = [
    ...[{ ...write, names: ['b'], push: 'none' } as const, pull, process, tick],
    ...[{ ...write, names: ['a'] } as const, { kind: 'delete', row, late: 0, push: 'none' } as const],
    ...[{ kind: 'expireTokens' } as const, tick],
  ];
  const of = (Store: typeof MemoryStore): Setting => ({ rule: RULE, makeStore: (now) => new Store(now), mapping });
  const fixed: Schedule = { seed: 1, commands, lastPullBy: 0, restFirst: false };
  expect(await faultsOf(fixed, of(MemoryStore))).toEqual([]);
  expect(await faultsOf(fixed, of(SweepsOnlyShown))).toContainEqual(expect.stringMatching(/^after late deliveries/));
});
