/**
 * Runs random schedules of the real core against a model of Dataverse and judges what comes out (test/simulation/). A
 * failure prints its seed, the shrunk schedule and what differs.
 *
 * Run: npm run simulate -- [--schedules 20000] [--seconds N] [--seed S] [--mode default|strict] [--inbound] [--json]
 *      npm run simulate -- --self-test
 */
import fc from 'fast-check';
import { Option } from 'commander';
import { inspect } from 'node:util';
import { script, secondsArgument, wholeNumber } from '../../tools/dvo/terminal/script';
import { faultsOf, type Setting } from '../../test/simulation/check';
import type { Schedule } from '../../test/simulation/command';
import { MUTANTS } from '../../test/simulation/mutants';
import { inBothDirections, schedules } from '../../test/simulation/schedules';
import { RULE, STRICT } from '../../test/writer/changes';
import { MemoryStore } from '../../test/writer/memory-store';

/** Schedules between two lines of progress. */
const CHUNK = 1000;
/** Schedules between two lines of it in a file. */
const TOLD = 10 * CHUNK;
/** Schedules of a mutant that is as right as the core. */
const GREEN_SCHEDULES = 3000;

interface Options {
  readonly schedules?: number;
  readonly seconds?: number;
  readonly seed?: number;
  readonly mode: 'default' | 'strict' | 'both';
  readonly inbound?: true;
  readonly json?: true;
  readonly selfTest?: true;
}

const values = script(
  'npm run simulate --',
  'run random schedules of the core against a model of Dataverse; exit code 1 if one shows a fault',
)
  .option(
    '--schedules <n>',
    'how many schedules to run (default: 20000, or as many as fit into --seconds)',
    wholeNumber(1, 1e9),
  )
  .option('--seconds <n>', 'stop after this time: seconds, or a span such as 90s or 15m', secondsArgument)
  .option('--seed <n>', 'seed of the first schedule (default: random)', wholeNumber(0, 1e10))
  .addOption(
    new Option('--mode <mode>', 'mode of the deciding rule').choices(['default', 'strict', 'both']).default('both'),
  )
  .option('--inbound', 'have a LOB system change the same rows')
  .option('--json', 'print the result as JSON')
  .option('--self-test', 'break each part of the core and show that the simulation finds it')
  .parse()
  .opts<Options>();

const makeStore = (now: () => number): MemoryStore => new MemoryStore(now);
const MODES: Readonly<Record<Options['mode'], readonly Setting[]>> = {
  default: [{ rule: RULE, makeStore }],
  strict: [{ rule: STRICT, makeStore }],
  both: [
    { rule: RULE, makeStore },
    { rule: STRICT, makeStore },
  ],
};

const kindOfSchedules = values.inbound === true ? inBothDirections : schedules;

interface Result {
  readonly schedules: number;
  readonly seconds: number;
  readonly failure?: {
    readonly seed: number;
    readonly mode: string;
    readonly differs: string;
    /** Shrunk: no command can be taken out without it holding again. */
    readonly schedule: Schedule | undefined;
  };
}

/** An error with its causes. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${inspect(error.cause, { depth: 3 })}`;
}

async function simulate(
  most: number,
  mostSeconds: number,
  firstSeed: number,
  settings: readonly Setting[],
): Promise<Result> {
  const begun = performance.now();
  const elapsed = (): number => Math.round((performance.now() - begun) / 100) / 10;
  let done = 0;
  for (let chunk = 0; done < most && elapsed() < mostSeconds; chunk += 1) {
    const setting = settings[chunk % settings.length];
    if (setting === undefined) break;
    const seed = firstSeed + chunk;
    const property = fc.asyncProperty(kindOfSchedules, async (schedule) => {
      const faults = await faultsOf(schedule, setting);
      if (faults.length > 0) throw new Error(faults.join('\n'));
    });
    const numRuns = Math.min(CHUNK, most - done);
    const details = await fc.check(property, { seed, numRuns });
    done += details.numRuns;
    if (details.failed) {
      const [schedule] = details.counterexample ?? [];
      const failure = { seed, mode: setting.rule.mode, differs: textOf(details.errorInstance), schedule };
      return { schedules: done, seconds: elapsed(), failure };
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${done} schedules, ${elapsed()} s`);
    else if (done % TOLD === 0) process.stderr.write(`${done} schedules, ${elapsed()} s\n`);
  }
  return { schedules: done, seconds: elapsed() };
}

/** Finds each mutant out, or shows that what it does without only saves calls. */
async function selfTest(firstSeed: number, most: number): Promise<number> {
  let undetected = 0;
  for (const { name, expected, setting, schedules: aimed = schedules } of MUTANTS) {
    const begun = performance.now();
    const limit = expected === 'green' ? GREEN_SCHEDULES : most;
    let done = 0;
    let shown: string | undefined;
    for (let chunk = 0; shown === undefined && done < limit; chunk += 1) {
      const property = fc.asyncProperty(aimed, async (schedule) => {
        const faults = await faultsOf(schedule, { rule: RULE, makeStore, ...setting });
        if (faults.length > 0) throw new Error(faults.join('\n'));
      });
      const details = await fc.check(property, { seed: firstSeed + chunk, numRuns: CHUNK, endOnFailure: true });
      done += details.numRuns;
      if (details.failed) shown = textOf(details.errorInstance).split('\n')[0];
    }
    const outcome = shown === undefined ? 'green' : 'red';
    if (outcome !== expected) undetected += 1;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    if (values.json === true) console.log(JSON.stringify({ name, expected, outcome, schedules: done, seconds, shown }));
    else {
      const ok = outcome === expected ? 'ok ' : 'NOT';
      console.log(`${ok} ${outcome.padEnd(6)}${String(done).padStart(7)} ${seconds.padStart(6)} s  ${name}`);
      if (shown !== undefined) console.log(`${' '.repeat(29)}${shown.slice(0, 130)}`);
    }
  }
  return undetected === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const settings = MODES[values.mode];
  const seconds = values.seconds ?? Number.POSITIVE_INFINITY;
  const most = values.schedules ?? (values.seconds === undefined ? 20_000 : Number.MAX_SAFE_INTEGER);
  if (values.selfTest === true) return selfTest(values.seed ?? 1, values.schedules ?? 60_000);
  const seed = values.seed ?? Date.now() % 1_000_000_007;
  const result = await simulate(most, seconds, seed, settings);
  if (values.json === true) console.log(JSON.stringify({ seed, ...result }));
  else {
    const { failure } = result;
    console.log(
      `${result.schedules} schedules in ${result.seconds} s from seed ${seed}: ${failure ? 'FAILED' : 'no fault'}`,
    );
    if (failure !== undefined) {
      console.log(
        `Again: npm run simulate -- ${values.inbound === true ? '--inbound ' : ''}--mode ${failure.mode} --seed ${failure.seed}\n${failure.differs}`,
      );
      const { commands = [], ...ends } = failure.schedule ?? {};
      console.log([...commands, ends].map((line) => `  ${JSON.stringify(line)}`).join('\n'));
    }
  }
  return result.failure === undefined ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  },
);
