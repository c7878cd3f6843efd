/** Proves that the schedules reach every fault of the list: a simulation says nothing of what never happens in it. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { faultsOf } from './check';
import { FAULTS, type Fault } from './fault-list';
import { remappedSchedules, schedules } from './schedules';

const SEED = 1;

test('[A4 A5 A6 A9] every fault of the list happens in the schedules', async () => {
  const happened = new Set<Fault>();
  const setting = {
    rule: RULE,
    makeStore: (now: () => number) => new MemoryStore(now),
    onFault: (fault: Fault) => happened.add(fault),
  };
  const all = [...fc.sample(schedules, { numRuns: 2500, seed: SEED }), ...fc.sample(remappedSchedules, 1)];
  for (const schedule of all) expect(await faultsOf(schedule, setting)).toEqual([]);
  expect((Object.keys(FAULTS) as Fault[]).filter((fault) => !happened.has(fault))).toEqual([]);
}, 60_000);
