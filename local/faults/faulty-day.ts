/** `npm start -- --faults`: the business day under attack, judged by an observer that doesn't rely on the app. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import picocolors from 'picocolors';
import { STANDARD_RELATIONSHIPS } from '../dataverse/metadata/standard-tables';
import { businessDay } from '../day/business';
import { compare, type CheckResult } from '../day/comparison';
import type { Display } from '../day/display';
import { Figures } from '../day/figures';
import { mappingSettings, readMapping } from '../day/mapping';
import { WAIT_LIMIT_MS, completePull } from '../day/waiting';
import type { ApiCall } from '../day/workload';
import { spawnHost, type SpawnedHost } from '../host/spawn-host';
import { defineBusinessApis } from '../stack/business-apis';
import { registerSteps } from '../stack/register-steps';
import { SYNCED_TABLES, startStack, type Stack, type StackOptions } from '../stack/stack';
import { attack, scheduleOf, type DoneFault } from './attack';
import { LoadBalancer } from './load-balancer';
import type { Finding } from './observer';
import { FaultRig, MANY_DELIVERIES } from './rig';
import { underWay, waitingMessages } from './under-way';

/** The settings of the day. */
export interface FaultyDayOptions {
  readonly stack: StackOptions;
  readonly seed: number;
  /** Changes a second. */
  readonly rate: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly drop: number;
  readonly port: number;
  /** Root of the repository. */
  readonly appDir: string;
}

/** The result. */
export interface FaultyDayResult {
  readonly done: readonly DoneFault[];
  readonly changes: number;
  /** From the first change to the end of the comparison. */
  readonly seconds: number;
  /** Writes to rows and links that the observer judged. */
  readonly judged: number;
  readonly findings: readonly Finding[];
  readonly check: CheckResult;
  readonly counts: {
    /** Acknowledged deliveries that are neither stored nor superseded nor parked. */
    readonly lost: number;
    /** Events that are stored more than once. */
    readonly appliedTwice: number;
    readonly resurrected: number;
    readonly goneBack: number;
    readonly differences: number;
  };
}

/** How many instances of the app compete for everything. */
const INSTANCES = 2;
/** Changes made before any step is registered. */
const EARLIER_CHANGES = 400;

/** Runs the day and stops everything; undefined if the signal came first. */
export async function faultyDay(
  options: FaultyDayOptions,
  display: Display,
  signal: AbortSignal,
): Promise<FaultyDayResult | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-faults-'));
  display.say('Starting Azurite, the broker, the Dataverse simulator and the proxies before them …');
  const stack = await startStack({
    disk: folder,
    ...options.stack,
    queue: MANY_DELIVERIES,
    subscription: MANY_DELIVERIES,
  });
  const day = new FaultyDay(options, stack, display, signal);
  try {
    return await day.run();
  } finally {
    await day.stop();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class FaultyDay {
  readonly #figures = new Figures();
  readonly #mapped;
  readonly #mapping;
  #rig: FaultRig | undefined;
  #hosts: readonly SpawnedHost[] = [];
  #loadBalancer: LoadBalancer | undefined;
  #phase = 'the first load';
  #changes = 0;
  #begun = performance.now();
  /** What is under way, while that is awaited. */
  #left: Readonly<Record<string, number>> | undefined;

  constructor(
    private readonly options: FaultyDayOptions,
    private readonly stack: Stack,
    private readonly display: Display,
    private readonly signal: AbortSignal,
  ) {
    this.#mapped = mappingSettings(options.appDir);
    this.#mapping = readMapping(this.#mapped);
  }

  async run(): Promise<FaultyDayResult | undefined> {
    const { options, stack, signal, display } = this;
    const { dataverse } = stack;
    const interrupted = (): boolean => signal.aborted;
    const rig = await FaultRig.open(stack, {
      tables: SYNCED_TABLES,
      relationships: STANDARD_RELATIONSHIPS,
      mapping: this.#mapping,
      seed: options.seed,
    });
    this.#rig = rig;
    await this.#startApps();
    this.#loadBalancer = await LoadBalancer.open(() => this.#hosts.map(({ port }) => port));
    await defineBusinessApis(dataverse);
    await this.#work(options.seed + 1, signal, { changes: EARLIER_CHANGES, rate: 100_000 });
    await completePull(this.#running(), this.#figures, signal);
    await registerSteps(stack.settings, { root: options.appDir, webhookUrl: `${this.#loadBalancer.url}/api/webhook` });
    const { duplicate, reorder, drop, seed } = options;
    dataverse.disturb({ duplicate, reorder, drop, seed });
    this.#begun = performance.now();
    const timer = setInterval(() => display.progress(this.#state(rig), () => ''), 250);
    try {
      this.#phase = 'under attack';
      const ended = new AbortController();
      const working = this.#work(seed, AbortSignal.any([signal, ended.signal]), {
        changes: Number.MAX_SAFE_INTEGER,
        rate: options.rate,
      });
      const kill = (): void => this.#hosts.forEach((host) => host.kill());
      const app = { kill, restart: () => this.#restart() };
      const tell = (at: number, what: string): void => display.say(`${at.toFixed(1).padStart(6)} s  ${what}`);
      const done = await attack(scheduleOf(seed, stack), { rig, stack, app }, signal, tell).finally(() =>
        ended.abort(),
      );
      const calls = await working;
      dataverse.disturb({});
      if (interrupted()) return undefined;
      this.#phase = 'waiting until nothing is under way';
      await this.#untilIdle();
      const lost = await rig.lost();
      this.#phase = 'a last complete pull';
      await completePull(this.#running(), this.#figures, signal);
      await this.#untilIdle();
      if (interrupted()) return undefined;
      this.#phase = 'comparing';
      const check = await compare(dataverse, stack.lobPlace, SYNCED_TABLES, STANDARD_RELATIONSHIPS, {
        mapping: this.#mapping,
        calls,
      });
      const findings = [...(await rig.findings()), ...lost];
      return {
        done,
        changes: this.#changes,
        seconds: Number(((performance.now() - this.#begun) / 1000).toFixed(1)),
        judged: rig.observer.judged,
        findings,
        check,
        counts: countsOf(findings, check),
      };
    } finally {
      clearInterval(timer);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()));
    await this.#loadBalancer?.close();
    await this.#rig?.close();
  }

  async #work(
    seed: number,
    signal: AbortSignal,
    { changes, rate }: { readonly changes: number; readonly rate: number },
  ): Promise<readonly ApiCall[]> {
    const before = this.#changes;
    const { calls } = await businessDay(this.stack.dataverse, {
      changes,
      seed,
      rate,
      of: 'everything',
      signal,
      onProgress: (made) => (this.#changes = before + made),
    });
    return calls;
  }

  #running(): SpawnedHost {
    const [host] = this.#hosts;
    if (host === undefined) throw new Error('The app is not running.');
    return host;
  }

  async #startApps(): Promise<void> {
    const settings = {
      ...this.stack.settings,
      ...this.#rig?.settings,
      MAPPING_FILE: this.#mapped.MAPPING_FILE,
      REDACTION_KEY: this.#mapped.REDACTION_KEY,
    };
    const start = (_: unknown, at: number): Promise<SpawnedHost> =>
      spawnHost({
        appDir: this.options.appDir,
        settings,
        port: at === 0 ? this.options.port : 0,
        onLog: (record) => this.#figures.take(record),
      });
    this.#hosts = await Promise.all(Array.from({ length: INSTANCES }, start));
  }

  /** All instances were killed, because the proxies can't tell which one reached the point. */
  async #restart(): Promise<void> {
    await Promise.all(this.#hosts.map(({ exited }) => exited));
    await this.#startApps();
  }

  /**
   * Waits until nothing is under way: posts, messages, events of the hub, parked items. Only what lies outside the app is
   * asked, since what the app has counted died with it. Messages that the dead had locked come free within a minute, their
   * partitions when WAIT_LIMIT_MS says.
   */
  async #untilIdle(): Promise<void> {
    const limit = performance.now() + WAIT_LIMIT_MS;
    while (!this.signal.aborted) {
      this.#left = await underWay(this.stack);
      if (Object.values(this.#left).every((count) => count === 0)) return;
      if (performance.now() > limit)
        throw new Error(`Still under way after ${WAIT_LIMIT_MS / 1000} s: ${listed(this.#left)}.`);
      await sleep(250);
    }
  }

  #state(rig: FaultRig): string {
    const { posts, failed, openJobs } = this.stack.dataverse.stats();
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(0).padStart(4);
    return [
      `${seconds} s  ${this.#phase}: ${this.#changes} changes, ${posts} posts sent, ${failed} failed`,
      listed(this.#left ?? { 'jobs open': openJobs, 'messages waiting': waitingMessages(this.stack) }),
      `${rig.observer.judged} writes judged, ${rig.observer.findings.length} findings`,
    ].join(', ');
  }
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function countsOf(findings: readonly Finding[], { events, differenceCount }: CheckResult): FaultyDayResult['counts'] {
  const of = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length;
  const sum = (name: 'missing' | 'doubled'): number => events.reduce((total, event) => total + event[name], 0);
  return {
    lost: of('lost') + sum('missing'),
    appliedTwice: sum('doubled'),
    resurrected: of('resurrected'),
    goneBack: of('goneBack'),
    differences: differenceCount,
  };
}

const pc = picocolors.createColors(isatty(1) && picocolors.isColorSupported);

/** The faults and the results as a table, with the first findings. */
export function attackTable({ done, changes, seconds, judged, findings, counts }: FaultyDayResult): string {
  const of = (kind: DoneFault['kind']): number => done.filter((each) => each.kind === kind).length;
  const rows: readonly (readonly [string, string | number])[] = [
    ['network faults', of('network')],
    ['kill -9', of('kill')],
    ['store stopped', of('storeStopped') + of('databaseKilled')],
    ['locks, partitions, leases stolen', of('locksLost') + of('partitionsStolen') + of('leasesStolen')],
    ['changes', changes],
    ['writes judged', judged],
    ['seconds', seconds],
  ];
  const mustBeZero: readonly (readonly [string, number])[] = [
    ['lost', counts.lost],
    ['applied twice', counts.appliedTwice],
    ['resurrected', counts.resurrected],
    ['gone back', counts.goneBack],
    ['differences', counts.differences],
  ];
  const line = (name: string, value: string | number): string => `${name.padEnd(36)}${String(value).padStart(8)}`;
  return [
    ...rows.map(([name, value]) => line(name, value)),
    ...mustBeZero.map(([name, value]) => (value === 0 ? pc.green : pc.red)(line(name, value))),
    ...findings.slice(0, SHOWN).map(({ kind, table, rowKey, what }) => `  ${kind} ${table}(${rowKey}): ${what}`),
  ].join('\n');
}

const SHOWN = 20;
