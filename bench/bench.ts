/**
 * How fast the app is, as ratios to floors and rivals that are measured in the same run; docs/performance.md shows some of
 * them, and CONTRIBUTING.md explains how they are measured. Each group runs in a process of its own, one after the other.
 *
 * Run: npm run bench -- [GROUP...] [--quick] [--rounds N] [--json FILE] [--markdown FILE] [--compare FILE] [--profile FOLDER]
 */
import { Argument, InvalidArgumentError } from 'commander';
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg } from 'node:os';
import path from 'node:path';
import { script, wholeNumber } from '../tools/dvo/terminal/script';
import { writableFile } from '../local/stack/flags';
import { GROUPS } from './groups';
import { agreementOf } from './measure/agreement';
import { meets, type Figure } from './measure/figure';
import type { Effort } from './measure/group';
import { markdownOf, tableOf } from './measure/report';

const ROUNDS = 7;
const QUICK_ROUNDS = 3;

interface Options {
  readonly quick?: true;
  readonly rounds?: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly compare?: string;
  readonly profile?: string;
}

interface Measured {
  readonly group: string;
  readonly figures: readonly Figure[];
  readonly seconds: number;
  /** Of the process that measured, in MiB. */
  readonly peakMemory: number;
}

/** What a group's process tells its parent. */
type Told =
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'end'; readonly peakMemory: number };

/** An earlier report; looked at before anything is measured. */
function readable(file: string): string {
  try {
    if (Array.isArray((JSON.parse(readFileSync(file, 'utf8')) as { results?: unknown }).results)) return file;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It must be a report that --json has written.');
}

/** Runs a group in a process of its own. */
async function measured(name: string, effort: Effort, profile: string | undefined): Promise<Measured> {
  const begun = performance.now();
  const figures: Figure[] = [];
  let peakMemory = 0;
  const child = fork(__filename, ['--group', name, JSON.stringify(effort)], {
    execArgv: [
      '--expose-gc',
      ...(profile === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-name=${name}.cpuprofile`, `--cpu-prof-dir=${profile}`]),
    ],
  });
  child.on('message', (told: Told) => {
    if (told.kind === 'end') peakMemory = told.peakMemory;
    else figures.push(...told.figures);
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${figures.length} figures`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (code !== 0) throw new Error(`The group ${name} ended with code ${String(code)}; its output says why.`);
  return { group: name, figures, seconds: Math.round((performance.now() - begun) / 1000), peakMemory };
}

async function runGroup(name: string, effort: Effort): Promise<void> {
  const load = GROUPS[name];
  if (load === undefined) throw new Error(`There is no group ${name}.`);
  const { group } = await load();
  const tell = (told: Told): void => void process.send?.(told);
  await group.run(effort, (figures) => tell({ kind: 'figures', figures }));
  tell({ kind: 'end', peakMemory: Math.round(process.resourceUsage().maxRSS / 1024) });
  process.disconnect();
}

async function main(names: readonly string[], options: Options): Promise<number> {
  const quick = options.quick === true;
  const effort: Effort = { quick, rounds: options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS) };
  const profile = options.profile === undefined ? undefined : path.resolve(options.profile);
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const machine = {
    node: process.version,
    cpu: `${availableParallelism()} x ${cpus()[0]?.model ?? arch()}`,
    load: loadavg()[0],
  };
  const results: Measured[] = [];
  const failed: string[] = [];
  for (const name of names) {
    const result = await measured(name, effort, profile).catch((error: unknown) => {
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
  if (failed.length > 0) console.log(`Not measured: ${failed.join(', ')}. What they printed says why.`);
  if (options.compare !== undefined) compare(results, options.compare);
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ at: new Date(), quick, machine, results, failed }, undefined, 2)}\n`,
    );
  }
  if (options.markdown !== undefined) {
    writeFileSync(
      options.markdown,
      results.map(({ group, figures }) => `### ${group}\n\n${markdownOf(figures)}\n`).join('\n'),
    );
  }
  return failed.length > 0 ? 1 : 0;
}

/** Says where this run and an earlier one don't agree. */
function compare(results: readonly Measured[], file: string): void {
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as { readonly results: readonly Measured[] };
  const figuresOf = (measured: readonly Measured[]): Figure[] => measured.flatMap(({ figures }) => figures);
  const { both, apart, undecided } = agreementOf(figuresOf(results), figuresOf(earlier.results));
  console.log(`\nWith ${file}: ${both - apart.length} of ${both} figures agree within their spreads.`);
  for (const line of apart) console.log(`  apart: ${line}`);
  for (const line of undecided) console.log(`  an aim met in one of them only: ${line}`);
}

const [, , first, group, effort] = process.argv;
if (first === '--group') {
  runGroup(group ?? '', JSON.parse(effort ?? '{}') as Effort).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
} else {
  const command = script('npm run bench --', 'measure the app against floors and rivals in the same run')
    .addArgument(new Argument('[group...]', 'what to measure (default: all)').choices(Object.keys(GROUPS)))
    .option('--quick', 'smaller and fewer rounds: under three minutes in all')
    .option(
      '--rounds <n>',
      `rounds of each comparison (default: ${ROUNDS}; quick: ${QUICK_ROUNDS})`,
      wholeNumber(1, 1000),
    )
    .option('--json <file>', 'write the report there too', writableFile)
    .option('--markdown <file>', 'write the tables there too', writableFile)
    .option('--compare <file>', 'say where this run and an earlier one, its --json report, do not agree', readable)
    .option('--profile <folder>', "write each group's CPU profile there (its figures are slower then)")
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
