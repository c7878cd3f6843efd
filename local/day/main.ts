/** `npm start`: the whole system on one machine, a business day made from a seed, and a comparison of the LOB store with Dataverse. */
import { visible } from '../../shared/errors/visible';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { spawnHost, type SpawnedHost } from '../host/spawn-host';
import { howToLook } from '../stack/instructions';
import { defineBusinessApis } from '../stack/business-apis';
import { portTaken, share, withStackFlags, writableFile, type StackFlags } from '../stack/flags';
import { SYNCED_TABLES, startStack, type Stack } from '../stack/stack';
import { sayFault, script, wholeNumber } from '../../tools/dvo/terminal/script';
import { registerSteps } from '../stack/register-steps';
import { STANDARD_RELATIONSHIPS } from '../dataverse/metadata/standard-tables';
import { BothWays, type Crossings } from './both-ways';
import { businessDay, type BusinessResult } from './business';
import { compare, type CheckResult } from './comparison';
import { checkTable, crossingsTable, figuresTable, messagesLine, openDisplay, type Display } from './display';
import { attackTable, faultyDay } from '../faults/faulty-day';
import { Figures } from './figures';
import { reportOf } from './report';
import { WAIT_LIMIT_MS, completePull, untilHandled } from './waiting';
import { mappingSettings, readMapping, type MappingSettings } from './mapping';

interface Flags extends StackFlags {
  readonly changes: number;
  readonly seed: number;
  readonly rate?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly drop?: number;
  readonly faults?: boolean;
  readonly inbound?: boolean;
  readonly exit?: boolean;
  readonly report?: string;
  readonly port?: number;
}

/** Root of the repository: this file runs as dist/local/day/main.js. */
const APP_DIR = resolve(__dirname, '../../..');

/** What else is started for a store. */
const LOB_PARTS = { tables: '', postgres: 'PostgreSQL, ', http: 'a LOB system, ' } as const;

/** Changes made before any step is registered. */
const EARLIER_CHANGES = 400;

const command = withStackFlags(
  script(
    'npm start --',
    'Starts the local stack and the app, does a seeded business day in the Dataverse simulator, shows how its changes reach the LOB store, ' +
      'and compares every row, link and event of both at the end. The mapping file is local/day/mapping.yaml.',
  ),
)
  .option(
    '--changes <n>',
    'changes to make in Dataverse: rows, links and calls of custom APIs',
    wholeNumber(1, 1_000_000),
    3000,
  )
  .option('--seed <n>', 'seed of the day and of the disturbances', wholeNumber(0, 2 ** 31), 1)
  .option('--rate <n>', 'maximum changes per second (default: 120; with --faults 25)', wholeNumber(1, 10_000))
  .option('--duplicate <p>', 'share of deliveries sent twice (default: 0; with --faults 0.1)', share)
  .option('--reorder <p>', 'share of deliveries that later ones overtake (default: 0; with --faults 0.1)', share)
  .option('--drop <p>', 'share of deliveries never sent (default: 0; with --faults 0.05)', share)
  .option(
    '--faults',
    'attack the app for about 4 min: network faults on every route, kill -9 at named points, Azurite stopped for 1 min, kill -9 of PostgreSQL (--store postgres), ' +
      'locks, partitions and leases stolen, all in an order that the seed decides; the day lasts as long (--changes does not count), and it ends after the check. ' +
      'Exit code 0 only if nothing was lost, applied twice, resurrected, gone back or different (CONTRIBUTING.md#tests)',
  )
  .option(
    '--inbound',
    'clerks of a LOB system change rows on their side as well: a quarter as many changes, by messages in a queue (with --store postgres ' +
      'by triggers of their tables); at the end both directions are compared',
  )
  .option('--exit', 'stop after the check; exit code 0 only with 0 differences')
  .option('--report <file>', 'write counts, lags, differences and seconds to this file as JSON', writableFile)
  .option('--port <port>', 'port of the app’s HTTP functions (default: a free one)', wholeNumber(0, 65_535));

/** Of the clerks, for each change of a user. */
const CLERKS_SHARE = 0.25;

/** The defaults of the flags, without and with `--faults`. */
const CALM = { rate: 120, duplicate: 0, reorder: 0, drop: 0 };
const FAULTY = { rate: 25, duplicate: 0.1, reorder: 0.1, drop: 0.05 };

async function main(flags: Flags): Promise<number> {
  const display = await openDisplay();
  const stopping = new AbortController();
  let wasInterrupted = (): boolean => false;
  const interrupted = new Promise<void>((resolveInterrupt) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        wasInterrupted = () => true;
        stopping.abort();
        resolveInterrupt();
      });
    }
  });
  try {
    return flags.faults === true
      ? await underAttack(flags, display, stopping.signal)
      : await calmDay(flags, display, stopping, interrupted);
  } catch (error) {
    // Ctrl-C reaches what this process has started as well: that it ended is no fault then.
    if (wasInterrupted()) return 130;
    throw error;
  }
}

async function calmDay(
  flags: Flags,
  display: Display,
  stopping: AbortController,
  interrupted: Promise<void>,
): Promise<number> {
  const figures = new Figures();
  if (flags.inbound === true && flags.store === 'http')
    throw new Error(
      "--inbound compares a whole store, and a LOB system isn't sent its own columns: leave --store http out.",
    );
  display.say(`Starting Azurite, ${LOB_PARTS[flags.store ?? 'tables']}the broker and the Dataverse simulator …`);
  const { inbound, ...ofStack } = flags;
  const stack = await startStack(inbound === true ? { ...ofStack, inbound: {} } : ofStack);
  let host: SpawnedHost | undefined;
  let bothWays: BothWays | undefined;
  try {
    const own = mappingSettings(APP_DIR);
    if (flags.inbound === true) bothWays = new BothWays(stack, own, APP_DIR, figures);
    const mapped = bothWays?.mapped ?? own;
    const disturbed = { ...CALM, ...flags };
    await bothWays?.open({
      ...{ ...disturbed, signal: stopping.signal },
      changes: Math.ceil(flags.changes * CLERKS_SHARE),
      rate: disturbed.rate * CLERKS_SHARE,
    });
    display.say('Starting the app …');
    const started = await spawnHost({
      appDir: APP_DIR,
      settings: { ...stack.settings, ...mapped, ...bothWays?.settings },
      port: flags.port ?? 0,
      onLog: (record) => figures.take(record),
    });
    host = started;
    void started.exited.then(() => stopping.abort());
    const webhookUrl = `${started.url}/api/webhook`;
    if (!started.functions.some(({ name }) => name === 'pull-sync'))
      throw new Error(`The app doesn't serve pull-sync: ${figures.problems[0] ?? ''}`);
    display.say(`The app serves ${started.functions.map(({ name }) => name).join(', ')}.`);
    display.say('Creating rows and links before the steps are registered: the first load brings them …');
    await defineBusinessApis(stack.dataverse);
    await businessDay(stack.dataverse, {
      changes: EARLIER_CHANGES,
      seed: flags.seed + 1,
      rate: 100_000,
      of: 'everything',
      signal: stopping.signal,
      onProgress: () => undefined,
    });
    await completePull(started, figures, stopping.signal);
    display.say('Registering the steps: dvo steps apply local/day/dataverse.yaml …');
    await registerSteps(stack.settings, { root: APP_DIR, webhookUrl });
    const outcome = await Promise.race([
      runDay(flags, mapped, stack, started, figures, display, stopping.signal, bothWays),
      interrupted,
    ]);
    display.done();
    if (outcome === undefined) return 130;
    print(flags, mapped, stack, figures, outcome, webhookUrl);
    if (flags.exit === true) return isRight(outcome) ? 0 : 1;
    display.say('\nEverything keeps running. Press Ctrl-C to stop.');
    await interrupted;
    return 0;
  } finally {
    await host?.stop();
    await bothWays?.close();
    await stack.stop();
  }
}

const isRight = ({ check, crossings }: Outcome): boolean =>
  check.differenceCount === 0 &&
  (crossings === undefined || (crossings.loops === 0 && crossings.ledger.differenceCount === 0));

async function underAttack(flags: Flags, display: Display, signal: AbortSignal): Promise<number> {
  const { inbound, ...ofStack } = flags;
  if (inbound === true) throw new Error('--faults attacks one direction: leave --inbound out.');
  if (flags.store === 'http') throw new Error('--faults judges Azure Tables and PostgreSQL: leave --store http out.');
  const { seed, port = 0 } = flags;
  const disturbed = { ...FAULTY, ...flags };
  const result = await faultyDay({ ...disturbed, stack: ofStack, port, appDir: APP_DIR }, display, signal);
  display.done();
  if (result === undefined) return 130;
  console.log(`\n${checkTable(result.check)}\n\n${attackTable(result)}`);
  if (flags.report !== undefined) {
    const { duplicate, reorder, drop } = disturbed;
    const report = { seed, disturbances: { duplicate, reorder, drop }, ...result };
    writeFileSync(flags.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  // Zeros of an observer that has seen nothing would say nothing.
  return result.judged > 0 && Object.values(result.counts).every((count) => count === 0) ? 0 : 1;
}

interface Outcome {
  readonly business: BusinessResult;
  readonly seconds: number;
  readonly check: CheckResult;
  readonly crossings: Crossings | undefined;
}

async function runDay(
  flags: Flags,
  mapped: MappingSettings,
  stack: Stack,
  host: SpawnedHost,
  figures: Figures,
  display: Display,
  signal: AbortSignal,
  bothWays: BothWays | undefined,
): Promise<Outcome> {
  const { dataverse } = stack;
  const { seed } = flags;
  const { duplicate, reorder, drop, rate } = { ...CALM, ...flags };
  const begun = performance.now();
  const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(0).padStart(3)} s`;
  dataverse.disturb({ duplicate, reorder, drop, seed });
  const table = (): string => `${figuresTable(figures)}\n\n${messagesLine(messages)}`;
  const timer = setInterval(() => display.progress(`${seconds()}  ${state()}`, table), 250);
  let phase = 'the business day';
  let done = 0;
  let messages: ReadonlyMap<string, number> = new Map();
  const links = (): number =>
    STANDARD_RELATIONSHIPS.reduce((sum, { intersect }) => sum + [...dataverse.rows(intersect.table)].length, 0);
  const state = (): string => {
    const { posts, dropped, openJobs } = dataverse.stats();
    const healed = figures.paths.get('pull-sync')?.healed ?? 0;
    return [
      `${phase}: ${done} changes${bothWays === undefined ? '' : ` and ${bothWays.done} of clerks`}, ${links()} links, ${posts} posts sent, ${figures.pushesHandled} handled`,
      `${figures.total('events')} events stored, ${dropped} dropped, ${openJobs} jobs open`,
      `${healed} healed by the pull`,
    ].join(', ');
  };
  try {
    const { changes: wanted } = flags;
    const [business] = await Promise.all([
      businessDay(dataverse, {
        changes: wanted,
        seed,
        rate,
        of: 'everything',
        ...(bothWays === undefined ? {} : { alsoOf: dataverse.applicationUserId }),
        signal,
        onProgress: (now, byMessage) => {
          done = now;
          messages = byMessage;
        },
      }),
      bothWays?.work(),
    ]);
    phase = 'deliveries under way';
    await dataverse.drain(WAIT_LIMIT_MS);
    dataverse.disturb({});
    await untilHandled(stack, figures, signal);
    phase = 'a last complete pull';
    await completePull(host, figures, signal);
    phase = 'until nothing is left to do';
    const handled = async (): Promise<void> => {
      await dataverse.drain(WAIT_LIMIT_MS);
      await untilHandled(stack, figures, signal);
    };
    const crossings = await bothWays?.check(handled, () => completePull(host, figures, signal));
    phase = 'comparing';
    const check = await compare(dataverse, stack.lobPlace, SYNCED_TABLES, STANDARD_RELATIONSHIPS, {
      mapping: readMapping(mapped),
      calls: business.calls,
    });
    return { business, seconds: (performance.now() - begun) / 1000, check, crossings };
  } finally {
    clearInterval(timer);
  }
}

function print(
  flags: Flags,
  mapped: MappingSettings,
  stack: Stack,
  figures: Figures,
  { business, seconds, check, crossings }: Outcome,
  webhookUrl: string,
): void {
  const { changes, messages } = business;
  const { raised, delivered, dropped, duplicated, reordered, failed, webApi } = stack.dataverse.stats();
  const healed = figures.paths.get('pull-sync')?.healed ?? 0;
  console.log(`\n${figuresTable(figures)}\n`);
  console.log(
    `${changes} changes in ${seconds.toFixed(1)} s: ${raised} events raised, ${delivered} posts delivered, ${dropped} dropped, ` +
      `${duplicated} duplicated, ${reordered} reordered, ${failed} failed. ${figures.total('ignored')} were of relationships ` +
      `that aren't kept. The pull healed ${healed} rows and links. Web API requests: ${webApi.requests}.\n`,
  );
  console.log(`By message: ${messagesLine(messages)}.\n`);
  console.log(checkTable(check));
  if (crossings !== undefined) console.log(`\n${crossingsTable(crossings, changes, delivered, check)}`);
  if (figures.problems.length > 0) {
    const shown = figures.problems.slice(0, 10);
    console.log(
      `\n${figures.problems.length} warnings and errors of the app; the first ${shown.length}:\n${shown.map((line) => `  ${visible(line)}`).join('\n')}`,
    );
  }
  if (flags.report !== undefined) {
    const report = reportOf(
      { ...CALM, ...flags },
      stack.dataverse.stats(),
      figures,
      business,
      seconds,
      check,
      crossings,
    );
    writeFileSync(flags.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (flags.exit !== true) console.log(`\n${howToLook(stack, webhookUrl, mapped)}`);
}

command.action(async (flags: Flags) => {
  try {
    process.exitCode = await main(flags);
  } catch (error) {
    sayFault(portTaken(error) ?? error);
    process.exitCode = 2;
  }
});
void command.parseAsync();
