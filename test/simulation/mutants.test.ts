/**
 * Proves that the judge bites: a core with one part taken out turns the simulation red, and one without what only saves
 * calls doesn't. The rare ones take minutes: npm run simulate -- --self-test.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { faultsOf } from './check';
import { MUTANTS, type Mutant } from './mutants';
import { schedules } from './schedules';

async function isRed({ setting, schedules: aimed = schedules }: Mutant, numRuns: number): Promise<boolean> {
  const property = fc.asyncProperty(aimed, async (schedule) => {
    const faults = await faultsOf(schedule, { rule: RULE, makeStore: (now) => new MemoryStore(now), ...setting });
    return faults.length === 0;
  });
  const { failed } = await fc.check(property, { seed: 1, numRuns, endOnFailure: true });
  return failed;
}

const named = (of: readonly Mutant[]) => of.map((mutant) => [mutant.name, mutant] as const);

describe('[I1] the core with one part changed turns the simulation red', () => {
  test.each(named(MUTANTS.filter(({ expected, rare }) => expected === 'red' && rare === undefined)))(
    '%s',
    async (_name, mutant) => expect(await isRed(mutant, 5000)).toBe(true),
    60_000,
  );
});

describe('[I9] without what only saves calls it stays green', () => {
  test.each(named(MUTANTS.filter(({ expected }) => expected === 'green')))(
    '%s',
    async (_name, mutant) => expect(await isRed(mutant, 500)).toBe(false),
    60_000,
  );
});
