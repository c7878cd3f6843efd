/**
 * Proves what is promised where a LOB system and Dataverse's users change the same rows: whatever was duplicated, reordered, raced,
 * rolled back, answered 412 or killed, on either way. The judge (lob-side.ts) knows who gave which value, and when.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RULE, STRICT } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { faultsOf } from './check';
import { inBothDirections } from './schedules';

const makeStore = (now: () => number): MemoryStore => new MemoryStore(now);

test.each([
  ['default', RULE],
  ['strict', STRICT],
])(
  '[I1 I100 I101 I102 I103] two writers: no loop, owned columns end with their owner, what is given up is told, in %s mode',
  async (_mode, rule) => {
    const property = fc.asyncProperty(inBothDirections, async (schedule) => {
      expect(await faultsOf(schedule, { rule, makeStore })).toEqual([]);
    });
    await fc.assert(property, { numRuns: 600 });
  },
  120_000,
);
