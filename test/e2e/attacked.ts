/**
 * The whole system under attack: all connections of the app go through the fault proxies, the observer judges every write
 * that the store carries out, and users work on all tables, links and events meanwhile.
 */
import { expect } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineBusinessApis } from '../../local/stack/business-apis';
import { businessDay } from '../../local/day/business';
import { compare } from '../../local/day/comparison';
import type { ApiCall } from '../../local/day/workload';
import { mappingSettings, readMapping, type MappingSettings } from '../../local/day/mapping';
import { STANDARD_RELATIONSHIPS } from '../../local/dataverse/metadata/standard-tables';
import { LoadBalancer } from '../../local/faults/load-balancer';
import type { KillPoint } from '../../local/faults/kill-points';
import { builtFolder } from '../build-once';
import { FaultRig, MANY_DELIVERIES } from '../../local/faults/rig';
import type { Route } from '../../local/faults/routes';
import type { TcpFault } from '../../local/faults/tcp-proxy';
import { behindInHub, parkedItems, underWay, waitingMessages } from '../../local/faults/under-way';
import { SYNCED_TABLES } from '../../local/stack/stack';
import { registerSteps } from '../../local/stack/register-steps';
import { System } from './system';

/** Changes a second of the work that goes on. */
const RATE = 15;
const WAIT_LIMIT_MS = 400_000;
/** What the app sends before it gives a request up for now. */
const ATTEMPTS = 6;

/** How long a fault lasts once a connection has met it. */
export const HELD_MS = 600;

/** Each kind of fault of the network. */
export const NETWORK_FAULTS: readonly TcpFault[] = [
  { kind: 'latency', ms: 100, jitterMs: 300 },
  { kind: 'reset', afterBytes: 1500 },
  { kind: 'cut', afterBytes: 700 },
  { kind: 'slow-close', afterBytes: 300, ms: 250 },
  { kind: 'half-open' },
  { kind: 'down' },
];

/** The system with the rig before it. */
export class Attacked {
  /** Calls of custom APIs, each of which is one event. */
  readonly calls: ApiCall[] = [];
  /** Ends the work of a test that is given up, too. */
  readonly #ending = new AbortController();
  #seed: number;
  #loadBalancer: LoadBalancer | undefined;

  private constructor(
    /** The app's instances on the one stack. */
    readonly instances: readonly [System, ...System[]],
    readonly rig: FaultRig,
    private readonly mapped: MappingSettings,
    private readonly folder: string,
    seed: number,
  ) {
    this.#seed = seed;
  }

  /**
   * Starts everything, with the data on disk so that the store can be stopped; the first load is done when it resolves.
   * `twoInstances`: two instances of the app compete for everything, and webhooks go to them in turn.
   */
  static async start(seed: number, { twoInstances = false } = {}): Promise<Attacked> {
    const folder = mkdtempSync(join(tmpdir(), 'dvo-attacked-'));
    const system = await System.start(null, {
      disk: folder,
      seed,
      queue: MANY_DELIVERIES,
      subscription: MANY_DELIVERIES,
    });
    const mapped = mappingSettings(resolve(__dirname, '../..'));
    const rig = await FaultRig.open(system.stack, {
      tables: SYNCED_TABLES,
      relationships: STANDARD_RELATIONSHIPS,
      mapping: readMapping(mapped),
      seed,
    });
    const attacked = new Attacked(twoInstances ? [system, system.beside()] : [system], rig, mapped, folder, seed);
    try {
      await Promise.all(attacked.instances.map((instance) => attacked.startApp(instance)));
      if (twoInstances)
        attacked.#loadBalancer = await LoadBalancer.open(() => attacked.instances.map(({ host }) => host.port));
      await defineBusinessApis(system.dataverse);
      await registerSteps(system.stack.settings, {
        root: resolve(__dirname, '../..'),
        webhookUrl: `${(attacked.#loadBalancer ?? system.host).url}/api/webhook`,
        dvo: join(await builtFolder(), 'dist/tools/dvo/dvo.js'),
      });
      await attacked.work(60);
      await system.pull();
      return attacked;
    } catch (error) {
      await attacked.stop();
      throw error;
    }
  }

  /** The stack, and the instance by which tests run and wait for things. */
  get system(): System {
    return this.instances[0];
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.instances.map((instance) => instance.stopApp()));
    await this.#loadBalancer?.close();
    await this.system.stop();
    await this.rig.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async startApp(instance = this.system): Promise<void> {
    await instance.startApp({
      ...this.rig.settings,
      MAPPING_FILE: this.mapped.MAPPING_FILE,
      REDACTION_KEY: this.mapped.REDACTION_KEY,
      SYNC_RELATIONSHIPS: STANDARD_RELATIONSHIPS.map(({ schemaName }) => schemaName).join(','),
      PULL_PAGE_ROWS: '50',
      // As short as they can be: copies come again as soon as the fault is over.
      ...{ SERVICEBUS_RETRY_FIRST_SECONDS: '1', SERVICEBUS_RETRY_LONGEST_SECONDS: '2' },
    });
  }

  /** Users work: this many changes, or until the signal. */
  async work(changes: number, signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#seed += 1;
    const { calls } = await businessDay(this.system.dataverse, {
      changes,
      seed: this.#seed,
      rate: RATE,
      of: 'everything',
      signal,
      onProgress: () => undefined,
    });
    this.calls.push(...calls);
  }

  /** Work by all ways, with pulls and replays and now and then a full load, as long as the action takes. */
  async amid<T>(action: () => Promise<T>, { readsFail = false } = {}): Promise<T> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#ending.signal]);
    const working = [this.work(100_000, signal), this.#operate(signal, readsFail)];
    try {
      return await action();
    } finally {
      ended.abort();
      await Promise.all(working);
    }
  }

  /** What the timers do, and more of it; the app may be dead. */
  async #operate(signal: AbortSignal, readsFail: boolean): Promise<void> {
    const { dataverse } = this.system;
    for (let round = 0; !signal.aborted; round += 1) {
      if (round % 4 === 0) dataverse.expireToken(SYNCED_TABLES[(round / 4) % SYNCED_TABLES.length]);
      // A synchronous step: parked, and processed by a read.
      if (readsFail) dataverse.failNext(2 * ATTEMPTS, 503, { path: 'incidents(', headers: { 'Retry-After': '0' } });
      await dataverse.create('incident', { title: `round ${round}` }).catch(() => undefined);
      await this.system.letAllBeDue().catch(() => undefined);
      const instance = this.instances[round % this.instances.length] ?? this.system;
      for (const name of ['pull-sync', 'replay-parked'])
        if (instance.isIdle(name)) await instance.run(name).catch(() => undefined);
      await sleep(400);
    }
  }

  /** A network fault on a route, amid all work, for a while from when a connection meets it. */
  async under(route: Route, fault: TcpFault, heldMs = HELD_MS): Promise<void> {
    const proxy = this.rig.route(route);
    const { met } = proxy;
    await this.amid(async () => {
      await proxy.set(fault);
      // Those that are refused are not counted.
      if (fault.kind !== 'down')
        await this.system.until(`a connection that meets ${fault.kind}`, () => proxy.met > met);
      await sleep(heldMs);
      await proxy.lift();
    });
  }

  /** SIGKILL when the app comes to the point amid all work; then it is started again. */
  async killedAt(point: KillPoint): Promise<void> {
    const { host } = this.system;
    const died = this.rig.killer.at(point, () => host.kill());
    await this.amid(
      async () => {
        const met = () => Promise.race([died.then(() => true), sleep(20)]);
        await this.system.until(`the app coming to ${point}`, met, WAIT_LIMIT_MS);
        expect(await host.exited).toEqual({ code: null, signal: 'SIGKILL' });
        await this.restart();
      },
      { readsFail: point.startsWith('parked-postponed') },
    );
  }

  /** The app again after its death. What it had locked and leased would come free within a minute. */
  async restart(): Promise<void> {
    // Until the broker has noticed it lends messages to the dead.
    const broker = this.rig.route('broker');
    await this.system.until('the end of its connections to the broker', () => broker.connections === 0);
    await sleep(50);
    this.system.stack.broker.expireLocks();
    await this.rig.stealLeases();
    await this.startApp();
  }

  /** Waits until nothing is under way: no post, no message, no event of the hub, nothing parked. Time is the only help that it gives. */
  async untilIdle(): Promise<void> {
    await this.system.dataverse.drain(WAIT_LIMIT_MS);
    // What lost connections had locked would come free within a minute.
    this.system.stack.broker.expireLocks();
    const { stack } = this.system;
    const isIdle = async (): Promise<boolean> => {
      // First what costs nothing to ask.
      if (waitingMessages(stack) > 0 || !this.system.isIdle('replay-parked')) return false;
      if ((await parkedItems(stack)) > 0) {
        await this.system.letAllBeDue();
        await this.system.run('replay-parked');
        return false;
      }
      return (await behindInHub(stack)) === 0;
    };
    await this.system.until('nothing under way', isIdle, WAIT_LIMIT_MS).catch(async (error: unknown) => {
      throw new Error(`Left: ${JSON.stringify(await underWay(stack))}`, { cause: error });
    });
  }

  /** One complete pull of everything that begins from now on. */
  async pull(): Promise<void> {
    const complete = async (): Promise<boolean> => {
      if (!this.instances.every((instance) => instance.isIdle('pull-sync'))) return false;
      // What a dying process had sent may have landed after its death.
      await this.rig.stealLeases();
      // On a busy machine the store may not answer in time even now.
      const reports = await this.system.pull().catch(() => undefined);
      if (reports === undefined) return false;
      const told = [...reports.values()];
      expect(told.map(({ mode }) => mode)).not.toContain('busy');
      // A run that went on where a dead one had ended is complete only up to the begin of that one.
      return told.every(({ resumed }) => resumed !== true);
    };
    await this.system.until('a complete pull', complete, WAIT_LIMIT_MS);
  }

  /**
   * The promise: nothing acknowledged is unaccounted for, even before a pull; after one complete pull the store equals
   * Dataverse, each event is stored once; and all the while no row went back and none came back.
   */
  async expectPromiseKept(): Promise<void> {
    await this.untilIdle();
    const lost = await this.rig.lost();
    await this.pull();
    await this.untilIdle();
    const { dataverse, stack } = this.system;
    const { differences, tables, events } = await compare(
      dataverse,
      stack.azurite.connectionString,
      SYNCED_TABLES,
      STANDARD_RELATIONSHIPS,
      { mapping: readMapping(this.mapped), calls: this.calls },
    );
    const findings = await this.rig.findings();
    expect({ lost, differences, findings }).toEqual({ lost: [], differences: [], findings: [] });
    expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(40);
    expect(events.reduce((sum, { calls }) => sum + calls, 0)).toBe(this.calls.length);
    expect(this.rig.observer.judged).toBeGreaterThan(40);
  }
}
