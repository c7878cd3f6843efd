/**
 * Proves that one time limit holds for all tables of an invocation, that whatever there was no time for comes first at the next
 * tick, and that one table's failure is its own.
 */
import { InvocationContext } from '@azure/functions';
import { beforeEach, expect, test } from '@jest/globals';
import { pullHandler } from '../../shared/sync/pull-handler';
import { PullSync } from '../../shared/sync/pull-sync';
import { type PullSyncParts } from '../../shared/sync/pull-run';
import { type RunOptions } from '../../shared/sync/pull-report';
import { type PullReport } from '../../shared/sync/pull-report';
import { MemoryStates } from './memory-states';

const REPORT: Omit<PullReport, 'table'> = {
  ...{ mode: 'delta', rows: 0, deletes: 0, pages: 1, verdicts: {}, healed: 0, swept: 0, parked: 0, foreign: 0 },
  milliseconds: 1,
};

let lines: string[];
beforeEach(() => {
  lines = [];
});

async function tick(names: readonly string[], maxRunMs: number, sync: Pick<PullSync, 'run' | 'inTurn'>): Promise<void> {
  const logHandler = (_level: unknown, ...args: unknown[]): void => void lines.push(String(args[0]));
  const context = new InvocationContext({ functionName: 'pull-sync', logHandler });
  await pullHandler(names, maxRunMs, () => sync as PullSync)({} as never, context);
}

const inTurn = (names: readonly string[]): Promise<readonly string[]> => Promise.resolve(names);
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('every run has the same end; what comes later than that is left', async () => {
  const ends: number[] = [];
  const run = async (table: string, { until }: RunOptions): Promise<PullReport> => {
    ends.push(until);
    await wait(until - performance.now() + 5);
    return { ...REPORT, table };
  };
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  await tick(names, 40, { run, inTurn });
  expect([new Set(ends).size, ends.length]).toEqual([1, 4]);
  expect(lines.filter((line) => line.startsWith('pullsLeft'))).toEqual([
    `pullsLeft {"event":2005,"level":"warn","tables":["e","f"]}`,
  ]);
});

test('those that were left longest come first', async () => {
  let nowMs = 1000;
  const states = new MemoryStates(() => nowMs);
  for (const name of ['b', 'c', 'a']) {
    states.put(name, { kind: 'new' });
    nowMs += 1000;
  }
  const sync = new PullSync({ states } as unknown as PullSyncParts);
  expect(await sync.inTurn(['a', 'b', 'c', 'never'])).toEqual(['never', 'b', 'c', 'a']);
});

test("one table's failure is its own, and so is that of asking whose turn it is", async () => {
  const run = (table: string): Promise<PullReport> =>
    table === 'a' ? Promise.reject(new Error('away')) : Promise.resolve({ ...REPORT, table });
  await tick(['a', 'b'], 1000, { run, inTurn });
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['pullFailed', 'pulled']);
  lines = [];
  await tick(['a', 'b'], 1000, { run, inTurn: () => Promise.reject(new Error('no state')) });
  expect(lines).toEqual([expect.stringMatching(/^pullFailed .*no state/)]);
});
