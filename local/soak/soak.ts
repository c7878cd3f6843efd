/**
 * The whole app in its own process at full speed by all ways, while deliveries are lost and repeated, connections fail and the
 * store is away now and then: whether anything that it holds grows, and whether the store equals Dataverse at the end.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { STANDARD_RELATIONSHIPS } from '../dataverse/metadata/standard-tables';
import { seededRandom } from '../dataverse/random';
import { compare, type CheckResult } from '../day/comparison';
import { Figures, PATHS, type Path } from '../day/figures';
import { mappingSettings, readMapping } from '../day/mapping';
import { WAIT_LIMIT_MS, completePull } from '../day/waiting';
import { faultsFor, shuffled } from '../faults/attack';
import { MANY_DELIVERIES } from '../faults/rig';
import { ROUTES, Routes } from '../faults/routes';
import { parkedItems, underWay, waitingMessages } from '../faults/under-way';
import type { LogRecord } from '../host/log';
import { spawnHost } from '../host/spawn-host';
import { defineBusinessApis } from '../stack/business-apis';
import { registerSteps, type StepTargets } from '../stack/register-steps';
import { BUS, SYNCED_TABLES, startStack, type Stack } from '../stack/stack';
import { flatnessOf, type Flatness, type Point } from './flatness';
import { SAMPLE, negligibleOf, type Sample } from './sample';
import { SteadyWork } from './steady-work';

/** What to do, and how long. */
export interface SoakOptions {
  readonly ms: number;
  /** Ends earlier, when so many were handled. */
  readonly deliveries?: number;
  readonly seed: number;
  /** Folder of the built app. */
  readonly appDir: string;
  /** Of the sources, where the mapping and the steps are declared. */
  readonly root: string;
  readonly dvo?: StepTargets['dvo'];
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** What came out. */
export interface SoakResult {
  readonly changes: number;
  readonly deliveries: Readonly<Record<Path, number>>;
  readonly seconds: number;
  readonly faults: number;
  readonly outages: number;
  /** By figure; undefined: too few samples to tell. */
  readonly flatness: Readonly<Record<string, Flatness | undefined>>;
  readonly samples: readonly (Sample & { readonly atMs: number })[];
  readonly check: CheckResult;
}

/** As many deliveries as the app may be behind: more would measure the broker's memory. */
const UNDER_WAY = 300;
/** Small, so that it is full soon: the cache would grow through the first hour otherwise, as it should. */
const CACHE_MEGABYTES = '2';
/** Of what a lost connection had. */
const LOCK_MS = 10_000;
const DISTURBANCES = { duplicate: 0.1, reorder: 0.1, drop: 0.05 };
/** Every so many faults the store is away. */
const OUTAGE_EVERY = 5;
const OUTAGE_MS = 3000;
const PARKED_EVERY_MS = 5000;
const TOLD_EVERY_MS = 10_000;

/** Runs the soak; undefined where it was interrupted. */
export async function soak(options: SoakOptions): Promise<SoakResult | undefined> {
  const { seed, signal, tell } = options;
  const entity = { ...MANY_DELIVERIES, lockMs: LOCK_MS };
  const stack = await startStack({ seed, queue: entity, subscription: entity });
  const closing: (() => Promise<unknown>)[] = [() => stack.stop()];
  try {
    const routes = await Routes.open(stack, Math.random);
    closing.push(() => routes.close());
    const mapped = mappingSettings(options.root);
    const figures = new Figures();
    const samples: (Sample & { readonly atMs: number })[] = [];
    let parked = 0;
    const begun = performance.now();
    const onLog = (record: LogRecord): void => {
      if (!record.message.startsWith(SAMPLE)) {
        figures.take(record);
        return;
      }
      const sample = JSON.parse(record.message.slice(SAMPLE.length)) as Sample;
      samples.push({ atMs: performance.now() - begun, ...sample, 'items parked': parked });
    };
    const host = await spawnHost({
      appDir: options.appDir,
      settings: {
        ...stack.settings,
        ...routes.settings,
        ...mapped,
        CACHE_MEGABYTES,
        ...{ SERVICEBUS_RETRY_FIRST_SECONDS: '1', SERVICEBUS_RETRY_LONGEST_SECONDS: '5' },
      },
      nodeArgs: ['--require', join(options.appDir, 'dist/local/soak/probe.js')],
      onLog,
    });
    closing.push(() => host.stop());
    await defineBusinessApis(stack.dataverse);
    const work = new SteadyWork(stack.dataverse, seed);
    await work.begin();
    await completePull(host, figures, signal);
    const { root, dvo } = options;
    const webhookUrl = `${host.url}/api/webhook`;
    await registerSteps(stack.settings, { root, webhookUrl, ...(dvo === undefined ? {} : { dvo }) });
    stack.dataverse.disturb({ ...DISTURBANCES, seed });

    const from = performance.now();
    samples.length = 0;
    const ending = new AbortController();
    const ended = AbortSignal.any([ending.signal, signal]);
    const attacking = attackOn(routes, seed, ended);
    const working = work.run(() => isBehindBy(stack, figures) < UNDER_WAY, ended);
    const watching = repeat(PARKED_EVERY_MS, ended, async () => (parked = await parkedItems(stack)));
    const telling = repeat(TOLD_EVERY_MS, ended, () =>
      tell(
        `${seconds(from)} s: ${work.changes} changes, ${figures.pushesHandled} deliveries handled, ${parked} parked`,
      ),
    );
    const { ms, deliveries = Infinity } = options;
    while (!ended.aborted && performance.now() - from < ms && figures.pushesHandled < deliveries) await sleep(100);
    ending.abort();
    const [{ faults, outages }] = await Promise.all([attacking, working, watching, telling]);
    const flatness = flatnessByFigure(samples);
    const spent = seconds(from);
    stack.dataverse.disturb({});
    tell(`${spent} s: waiting until nothing is under way`);
    await untilIdle(stack, signal);
    await completePull(host, figures, signal);
    await untilIdle(stack, signal);
    if (signal.aborted) return undefined;
    const check = await compare(
      stack.dataverse,
      stack.azurite.connectionString,
      SYNCED_TABLES,
      STANDARD_RELATIONSHIPS,
      { mapping: readMapping(mapped), calls: [] },
    );
    const handled = Object.fromEntries(PATHS.map((path) => [path, figures.paths.get(path)?.received ?? 0]));
    return {
      changes: work.changes,
      deliveries: handled as Record<Path, number>,
      seconds: spent,
      ...{ faults, outages, flatness, samples, check },
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

const seconds = (from: number): number => Math.round((performance.now() - from) / 1000);

/** Deliveries that the app has yet to handle, of those that can be counted without asking anybody. */
function isBehindBy(stack: Stack, figures: Figures): number {
  const events = stack.broker.counts().hubs[BUS.hub]?.events ?? 0;
  const behind = Math.max(0, events - (figures.paths.get('event-hub')?.received ?? 0));
  return stack.dataverse.stats().openJobs + waitingMessages(stack) + behind;
}

/** Fault after fault on all routes, with pauses, until the signal. */
async function attackOn(
  routes: Routes,
  seed: number,
  signal: AbortSignal,
): Promise<{ readonly faults: number; readonly outages: number }> {
  const random = seededRandom(seed);
  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
  const isOver = (): boolean => signal.aborted;
  let faults = 0;
  let outages = 0;
  while (!isOver()) {
    const schedule = shuffled(
      random,
      ROUTES.flatMap((route) => faultsFor(random).map((fault) => ({ route, fault }))),
    );
    for (const { route, fault } of schedule) {
      await pause(random.between(1000, 5000));
      if (isOver()) break;
      const isOutage = faults % OUTAGE_EVERY === 1;
      await routes.of(isOutage ? 'tables' : route).set(isOutage ? { kind: 'down' } : fault);
      await pause(isOutage ? OUTAGE_MS : random.between(300, 1500));
      await routes.lift();
      faults += 1;
      if (isOutage) outages += 1;
    }
  }
  return { faults, outages };
}

async function repeat(everyMs: number, signal: AbortSignal, action: () => unknown): Promise<void> {
  while (!signal.aborted) {
    await action();
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Items are parked for minutes when they have failed a few times. */
async function untilIdle(stack: Stack, signal: AbortSignal): Promise<void> {
  const limit = performance.now() + WAIT_LIMIT_MS;
  while (!signal.aborted) {
    const left = await underWay(stack);
    if (Object.values(left).every((count) => count === 0)) return;
    if (performance.now() > limit)
      throw new Error(`Still under way after ${WAIT_LIMIT_MS / 1000} s: ${JSON.stringify(left)}`);
    await sleep(250);
  }
}

function flatnessByFigure(samples: SoakResult['samples']): SoakResult['flatness'] {
  const points = new Map<string, Point[]>();
  for (const { atMs, ...sample } of samples) {
    for (const [name, value] of Object.entries(sample)) {
      const known = points.get(name) ?? [];
      known.push({ atMs, value });
      points.set(name, known);
    }
  }
  return Object.fromEntries(Array.from(points, ([name, of]) => [name, flatnessOf(of, negligibleOf(name))]));
}
