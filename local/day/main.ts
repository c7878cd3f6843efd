/** `npm start`: the whole system on one machine, a seeded business day, and the check that the LOB store equals Dataverse. */
import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnHost, type SpawnedHost } from '../host/spawn-host';
import { howToLook } from '../look';
import { SYNCED_TABLES, startStack, type Stack } from '../stack';
import { USAGE_EXIT_CODE, share, wholeNumber, withStackFlags, writableFile, type StackFlags } from '../stack-flags';
import { registerSteps } from '../steps';
import { businessDay } from './business';
import { compare, type CheckResult } from './check';
import { checkTable, figuresTable, openDisplay, type Display } from './display';
import { Figures, percentile } from './figures';

interface Flags extends StackFlags {
  readonly changes: number;
  readonly seed: number;
  readonly rate: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly drop: number;
  readonly exit?: boolean;
  readonly report?: string;
  readonly port?: number;
}

/** Root of the repository: this file runs as dist/local/day/main.js. */
const APP_DIR = resolve(__dirname, '../../..');

/** Changes made before any step is registered. */
const EARLIER_CHANGES = 400;

/** How long to wait for what was sent to be handled, and for the last pull, in milliseconds. */
const SETTLE_LIMIT_MS = 180_000;

const command = withStackFlags(new Command('npm start --'))
  .description(
    'Starts the local stack and the app, does a seeded business day in the Dataverse simulator, shows how its changes reach the LOB store, ' +
      'and compares every row of both at the end.',
  )
  .option('--changes <n>', 'changes made in Dataverse', wholeNumber(1, 1_000_000), 3000)
  .option('--seed <n>', 'seed of the day and of the disturbances', wholeNumber(0, 2 ** 31), 1)
  .option('--rate <n>', 'changes a second, at most', wholeNumber(1, 10_000), 120)
  .option('--duplicate <p>', 'share of pushed deliveries that are sent twice', share, 0)
  .option('--reorder <p>', 'share of pushed deliveries that later ones overtake', share, 0)
  .option('--drop <p>', 'share of pushed deliveries that are never sent', share, 0)
  .option('--exit', 'stop after the check; exit code 0 only with 0 differences')
  .option('--report <file>', 'write counts, lags, differences and seconds to this file as JSON', writableFile)
  .option('--port <port>', 'port of the app’s HTTP functions (default: a free one)', wholeNumber(0, 65_535))
  .showHelpAfterError('(--help lists the flags)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_EXIT_CODE));

async function main(flags: Flags): Promise<number> {
  const display = await openDisplay();
  const stopping = new AbortController();
  const interrupted = new Promise<void>((resolveInterrupt) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        stopping.abort();
        resolveInterrupt();
      });
    }
  });
  const figures = new Figures();
  display.say('Starting Azurite, the broker and the Dataverse simulator …');
  const stack = await startStack(flags);
  let host: SpawnedHost | undefined;
  try {
    display.say('Starting the app …');
    const started = await spawnHost({
      appDir: APP_DIR,
      settings: { ...stack.settings },
      port: flags.port ?? 0,
      onLog: (record) => figures.take(record),
    });
    host = started;
    void started.exited.then(() => stopping.abort());
    const webhookUrl = `${started.url}/api/webhook`;
    display.say(`The app serves ${started.functions.map(({ name }) => name).join(', ')}.`);
    display.say('Rows from before the app: they come by the first load …');
    await businessDay(stack.dataverse, {
      changes: EARLIER_CHANGES,
      seed: flags.seed + 1,
      rate: 100_000,
      signal: stopping.signal,
      onProgress: () => undefined,
    });
    await completePull(started, figures, stopping.signal);
    await registerSteps(stack.dataverse, {
      webhookUrl,
      webhookKey: stack.webhookKey,
      busConnectionString: stack.broker.connectionString,
    });
    const outcome = await Promise.race([runDay(flags, stack, started, figures, display, stopping.signal), interrupted]);
    display.done();
    if (outcome === undefined) return 130;
    print(flags, stack, figures, outcome, webhookUrl);
    if (flags.exit === true) return outcome.check.differenceCount === 0 ? 0 : 1;
    display.say('\nEverything keeps running. Press Ctrl-C to stop.');
    await interrupted;
    return 0;
  } finally {
    await host?.stop();
    await stack.stop();
  }
}

interface Outcome {
  readonly changes: number;
  readonly seconds: number;
  readonly check: CheckResult;
}

async function runDay(
  flags: Flags,
  stack: Stack,
  host: SpawnedHost,
  figures: Figures,
  display: Display,
  signal: AbortSignal,
): Promise<Outcome> {
  const { dataverse } = stack;
  const { duplicate, reorder, drop, seed } = flags;
  const begun = performance.now();
  const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(0).padStart(3)} s`;
  dataverse.disturb({ duplicate, reorder, drop, seed });
  const table = (): string => figuresTable(figures);
  const timer = setInterval(() => display.progress(`${seconds()}  ${state()}`, table), 250);
  let phase = 'the business day';
  let done = 0;
  const state = (): string => {
    const { posts, dropped, openJobs } = dataverse.stats();
    const healed = figures.paths.get('pull-sync')?.healed ?? 0;
    return `${phase}: ${done} changes, ${posts} posts sent, ${figures.pushesHandled} handled, ${dropped} dropped, ${openJobs} jobs open, ${healed} rows healed by the pull`;
  };
  try {
    const { changes: wanted, rate } = flags;
    const changes = await businessDay(dataverse, {
      changes: wanted,
      seed,
      rate,
      signal,
      onProgress: (now) => (done = now),
    });
    phase = 'deliveries under way';
    await dataverse.drain(SETTLE_LIMIT_MS);
    dataverse.disturb({});
    await untilHandled(stack, figures, signal);
    phase = 'a last complete pull';
    await completePull(host, figures, signal);
    phase = 'comparing';
    const check = await compare(dataverse, stack.azurite.connectionString, SYNCED_TABLES);
    return { changes, seconds: (performance.now() - begun) / 1000, check };
  } finally {
    clearInterval(timer);
  }
}

/** Waits until the broker is empty and the app has answered for every post. */
async function untilHandled({ broker, dataverse }: Stack, figures: Figures, signal: AbortSignal): Promise<void> {
  const limit = performance.now() + SETTLE_LIMIT_MS;
  while (!signal.aborted && performance.now() < limit) {
    const { queues, subscriptions } = broker.counts();
    const waiting = [...Object.values(queues), ...Object.values(subscriptions)].reduce(
      (sum, { active, locked, scheduled }) => sum + active + locked + scheduled,
      0,
    );
    if (waiting === 0 && figures.pushesHandled >= dataverse.stats().delivered) return;
    await sleep(100);
  }
}

/** Waits until something holds, at most for a time. */
async function until(holds: () => boolean, limitMs: number): Promise<void> {
  for (const end = performance.now() + limitMs; !holds() && performance.now() < end;) await sleep(100);
}

/** Has every table pulled by a run that begins from now on. */
async function completePull(host: SpawnedHost, figures: Figures, signal: AbortSignal): Promise<void> {
  const from = Date.now();
  const open = new Set<string>(SYNCED_TABLES);
  const limit = performance.now() + SETTLE_LIMIT_MS;
  const end = figures.onPull(({ table, mode, failed, begunAt }) => {
    if (!failed && mode !== 'busy' && begunAt >= from) open.delete(table);
  });
  try {
    while (open.size > 0 && !signal.aborted) {
      if (performance.now() > limit)
        throw new Error(`These tables were not pulled in time: ${[...open].join(', ')}. See the app's log.`);
      await fetch(`${host.url}/admin/functions/pull-sync`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input":""}',
      });
      await until(() => open.size === 0 || signal.aborted, 5000);
    }
  } finally {
    end();
  }
}

function print(
  flags: Flags,
  stack: Stack,
  figures: Figures,
  { changes, seconds, check }: Outcome,
  webhookUrl: string,
): void {
  const { raised, delivered, dropped, duplicated, reordered, failed, webApi } = stack.dataverse.stats();
  const healed = figures.paths.get('pull-sync')?.healed ?? 0;
  console.log(`\n${figuresTable(figures)}\n`);
  console.log(
    `${changes} changes in ${seconds.toFixed(1)} s: ${raised} events raised, ${delivered} posts delivered, ${dropped} dropped, ` +
      `${duplicated} duplicated, ${reordered} reordered, ${failed} failed. The pull healed ${healed} rows. Web API requests: ${webApi.requests}.\n`,
  );
  console.log(checkTable(check));
  if (figures.problems.length > 0) {
    const shown = figures.problems.slice(0, 10);
    console.log(
      `\n${figures.problems.length} warnings and errors of the app; the first ${shown.length}:\n${shown.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  if (flags.report !== undefined)
    writeFileSync(
      flags.report,
      `${JSON.stringify(report(flags, stack, figures, { changes, seconds, check }), null, 2)}\n`,
    );
  if (flags.exit !== true) console.log(`\n${howToLook(stack, webhookUrl)}`);
}

function report(flags: Flags, stack: Stack, figures: Figures, { changes, seconds, check }: Outcome): object {
  const { seed, duplicate, reorder, drop } = flags;
  const paths = Object.fromEntries(
    [...figures.paths].map(([path, { lagMs, ...counts }]) => [
      path,
      { ...counts, lagMs: { p50: percentile(lagMs, 0.5), p99: percentile(lagMs, 0.99) } },
    ]),
  );
  return {
    seed,
    disturbances: { duplicate, reorder, drop },
    changes,
    seconds,
    paths,
    healed: figures.paths.get('pull-sync')?.healed ?? 0,
    dataverse: stack.dataverse.stats(),
    differences: check.differenceCount,
    check,
    problems: figures.problems,
  };
}

command.action(async (flags: Flags) => {
  try {
    process.exitCode = await main(flags);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
});
void command.parseAsync();
