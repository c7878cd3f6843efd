/**
 * Proves that the schedules reach every fault of the list, and that the promise is kept in those that have it: a simulation
 * says nothing of what never happens in it.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { faultsOf } from './check';
import { FAULTS, type Fault } from './fault-list';
import { inBothDirections, remappedSchedules, schedules } from './schedules';

const SEED = 1;
const ALL = Object.keys(FAULTS) as Fault[];

/** Of each fault, what the judge found in each schedule that had it. */
const judged = new Map<Fault, (readonly string[])[]>();

beforeAll(async () => {
  const all = [
    ...fc.sample(schedules, { numRuns: 2500, seed: SEED }),
    ...fc.sample(remappedSchedules, 1),
    ...fc.sample(inBothDirections, { numRuns: 150, seed: SEED }),
  ];
  for (const schedule of all) {
    const happened = new Set<Fault>();
    const found = await faultsOf(schedule, {
      rule: RULE,
      makeStore: (now) => new MemoryStore(now),
      onFault: (fault) => happened.add(fault),
    });
    for (const fault of happened) judged.set(fault, [...(judged.get(fault) ?? []), found]);
  }
});

test('[A4 A5 A6 A9] every fault of the list happens in the schedules', () => {
  expect(ALL.filter((fault) => !judged.has(fault))).toEqual([]);
});

describe('the promise is kept in every schedule with', () => {
  test.each(ALL.map((fault) => [fault, FAULTS[fault]]))('%s: %s', (fault) => {
    const schedulesWithIt = judged.get(fault as Fault) ?? [];
    expect(schedulesWithIt.length).toBeGreaterThan(0);
    expect(schedulesWithIt.flat()).toEqual([]);
  });
});
