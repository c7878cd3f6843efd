/**
 * How fast the app is, as ratios to floors and rivals that are measured in the same run; docs/performance.md shows some of
 * them, and CONTRIBUTING.md explains how they are measured. Each group runs in a process of its own, one after the other.
 *
 * Run: npm run bench -- [GROUP...] [--quick] [--rounds N] [--json FILE] [--compare FILE]
 */
import { Argument, InvalidArgumentError } from 'commander';
import { fork } from 'node:child_process';
import { on } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg } from 'node:os';
import { script, wholeNumber } from '../../tools/dvo/terminal/script';
import { writableFile } from '../../local/stack/flags';
import { meets, type Effort, type Figure, type Group } from './measure/figure';
import { agreementOf, tableOf } from './measure/report';
import { runApart, type Turn } from './measure/rounds';

/** Loaded one at a time: what a group doesn't use isn't in its process. */
const GROUPS: Readonly<Record<string, () => Promise<{ readonly group: Group }>>> = {
  parse: () => import('./groups/parse.js'),
  writer: () => import('./groups/writer.js'),
  batches: () => import('./groups/batches.js'),
  tls: () => import('./groups/tls.js'),
  latency: () => import('./groups/latency.js'),
  pull: () => import('./groups/pull.js'),
  webhook: () => import('./groups/webhook.js'),
  validate: () => import('./groups/validate.js'),
  messages: () => import('./groups/messages.js'),
  postgres: () => import('./groups/postgres.js'),
  loading: () => import('./groups/loading.js'),
};

const ROUNDS = 7;
const QUICK_ROUNDS = 3;

interface Options {
  readonly quick?: true;
  readonly rounds?: number;
  readonly json?: string;
  readonly compare?: string;
}

interface Measured {
  readonly group: string;
  readonly figures: readonly Figure[];
  readonly seconds: number;
  /** Of the process that measured, in MiB. */
  readonly peakMemory: number;
}

/** What a group's process runs. */
type Side = 'app' | 'floors' | 'both';

/** What a group's process tells its parent. */
type Told =
  | { readonly kind: 'turn'; readonly turn: Turn }
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'end'; readonly peakMemory: number };

/** An earlier report; looked at before anything is measured. */
function readable(file: string): string {
  try {
    if (Array.isArray((JSON.parse(readFileSync(file, 'utf8')) as { results?: unknown }).results)) return file;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It must be a report written by --json.');
}

/** Runs a group in a process of its own, or in two. */
async function measured(name: string, effort: Effort): Promise<Measured> {
  const begun = performance.now();
  const figures: Figure[] = [];
  let peakMemory = 0;
  const sides: readonly Side[] = (await GROUPS[name]?.())?.group.apart === true ? ['app', 'floors'] : ['both'];
  const children = sides.map((side) =>
    fork(__filename, ['--group', name, JSON.stringify(effort), side], {
      // Flags of Node that this process was started with (`--cpu-prof`) are for the measured one.
      execArgv: [...process.execArgv, '--expose-gc'],
    }),
  );
  const ends = children.map(async (child, at) => {
    child.on('message', (told: Told) => {
      if (told.kind === 'turn') children[1 - at]?.send(told.turn);
      // Both sides make the same figures of the same turns.
      else if (at > 0) return;
      else if (told.kind === 'end') peakMemory = told.peakMemory;
      else figures.push(...told.figures);
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${figures.length} figures`);
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) for (const one of children) one.kill();
    return code;
  });
  const failed = (await Promise.all(ends)).find((code) => code !== 0);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (failed !== undefined)
    throw new Error(`The group ${name} ended with code ${String(failed)}; its output says why.`);
  return { group: name, figures, seconds: Math.round((performance.now() - begun) / 1000), peakMemory };
}

async function runGroup(name: string, effort: Effort, side: Side): Promise<void> {
  const load = GROUPS[name];
  if (load === undefined) throw new Error(`There is no group ${name}.`);
  const { group } = await load();
  const tell = (told: Told): void => void process.send?.(told);
  if (side !== 'both') {
    const turns = on(process, 'message');
    runApart({
      hereAreFloors: side === 'floors',
      tell: (turn) => tell({ kind: 'turn', turn }),
      next: async () => {
        const [turn] = (await turns.next()).value as Turn[];
        if (turn === undefined) throw new Error('The other process told no turn.');
        return turn;
      },
    });
  }
  await group.run(effort, (figures) => tell({ kind: 'figures', figures }));
  tell({ kind: 'end', peakMemory: Math.round(process.resourceUsage().maxRSS / 1024) });
  process.disconnect();
}

async function main(names: readonly string[], options: Options): Promise<number> {
  const quick = options.quick === true;
  const effort: Effort = { quick, rounds: options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS) };
  const machine = {
    node: process.version,
    cpu: `${availableParallelism()} x ${cpus()[0]?.model ?? arch()}`,
    load: loadavg()[0],
  };
  const results: Measured[] = [];
  const failed: string[] = [];
  for (const name of names) {
    const result = await measured(name, effort).catch((error: unknown) => {
      console.error(error);
      failed.push(name);
    });
    if (result === undefined) continue;
    results.push(result);
    const about = (await GROUPS[name]?.())?.group.about ?? '';
    console.log(
      `\n${name}: ${about}\n\n${tableOf(result.figures)}\n${result.seconds} s, at most ${result.peakMemory} MiB`,
    );
  }
  const verdicts = results.flatMap(({ figures }) => figures.map(meets));
  const count = (of: boolean): number => verdicts.filter((verdict) => verdict === of).length;
  console.log(`\n${count(true)} PASS, ${count(false)} SHORT${quick ? ' (quick: for orientation only)' : ''}`);
  if (failed.length > 0) console.log(`Not measured: ${failed.join(', ')}. Their output says why.`);
  if (options.compare !== undefined) compare(results, options.compare);
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ at: new Date(), quick, machine, results, failed }, undefined, 2)}\n`,
    );
  }
  return failed.length > 0 ? 1 : 0;
}

/** Shows where this run and an earlier one disagree. */
function compare(results: readonly Measured[], file: string): void {
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as { readonly results: readonly Measured[] };
  const figuresOf = (measured: readonly Measured[]): Figure[] => measured.flatMap(({ figures }) => figures);
  const { both, apart, undecided } = agreementOf(figuresOf(results), figuresOf(earlier.results));
  console.log(`\nWith ${file}: ${both - apart.length} of ${both} figures agree: their spreads overlap.`);
  for (const line of apart) console.log(`  differs: ${line}`);
  for (const line of undecided) console.log(`  meets its aim in one run only: ${line}`);
}

const [, , first, group, effort, side] = process.argv;
if (first === '--group') {
  runGroup(group ?? '', JSON.parse(effort ?? '{}') as Effort, side as Side).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
} else {
  const command = script('npm run bench --', 'measure the app, and floors and rivals in the same run')
    .addArgument(new Argument('[group...]', 'what to measure (default: all groups)').choices(Object.keys(GROUPS)))
    .option('--quick', 'fewer and smaller rounds, in under 3 minutes')
    .option(
      '--rounds <n>',
      `rounds of each comparison (default: ${ROUNDS}, or ${QUICK_ROUNDS} with --quick)`,
      wholeNumber(1, 1000),
    )
    .option('--json <file>', 'also write the report to this file', writableFile)
    .option('--compare <file>', 'show where this run disagrees with an earlier --json report', readable)
    .parse();
  const names = command.args.length > 0 ? command.args : Object.keys(GROUPS);
  main(names, command.opts<Options>()).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
