/** The faults of `npm start -- --faults`, one after another, in an order that the seed decides. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { create_container, types } from 'rhea';
import type { Broker } from '../broker/broker';
import { seededRandom, type Random } from '../dataverse/random';
import { BUS, type Stack } from '../stack/stack';
import { KILL_POINTS, type KillPoint } from './kill-points';
import type { FaultRig } from './rig';
import { ROUTES, type Route } from './routes';
import type { TcpFault } from './tcp-proxy';

/** One fault of the schedule. */
export type Fault =
  | { readonly kind: 'network'; readonly route: Route; readonly fault: TcpFault; readonly ms: number }
  | { readonly kind: 'kill'; readonly point: KillPoint; readonly deadMs: number }
  | { readonly kind: 'storeStopped'; readonly ms: number }
  | { readonly kind: 'databaseKilled'; readonly ms: number }
  | { readonly kind: 'locksLost' }
  | { readonly kind: 'partitionsStolen'; readonly ms: number }
  | { readonly kind: 'leasesStolen' };

/** A fault that was carried out. */
export interface DoneFault {
  /** Since the start of the attack. */
  readonly atSeconds: number;
  readonly seconds: number;
  readonly kind: Fault['kind'];
  readonly what: string;
}

/** The app, as the attack uses it. */
export interface AppUnderAttack {
  kill(): void;
  /** Starts it again after it was killed. */
  restart(): Promise<void>;
}

/** How many points the app is killed at. */
const KILLS = 10;
/** Points that come up several times a second; those of a full load come up when one happens. */
const SELDOM = /^(?:journal|parked-postponed)/;
/** How long to wait for the app to come to a point. */
const POINT_LIMIT_MS = 20_000;
const STORE_STOPPED_MS = 60_000;
/** PostgreSQL, which recovers from its log each time. */
const DATABASE_AWAY_MS = [0, 2_000, 30_000];
/** How long one fault may take, so that a fault that hangs doesn't hang the day. */
const FAULT_LIMIT_MS = 180_000;
/** How long the thief waits for the broker to close the connection. */
const CLOSE_MS = 2_000;

/** The schedule of a seed: every fault on every route, kills, thefts, and Azurite stopped for a minute. */
export function scheduleOf(seed: number, { postgres }: Pick<Stack, 'postgres'> = {}): readonly Fault[] {
  const random = seededRandom(seed);
  const routes: readonly Route[] = postgres === undefined ? ROUTES : [...ROUTES, 'postgres'];
  const network = routes.flatMap((route) =>
    faultsFor(random).map((fault): Fault => ({ kind: 'network', route, fault, ms: random.between(600, 1800) })),
  );
  const points = shuffled(
    random,
    KILL_POINTS.filter((point) => !SELDOM.test(point)),
  ).slice(0, KILLS);
  const kills = points.map((point): Fault => ({ kind: 'kill', point, deadMs: random.between(0, 1500) }));
  const thefts: readonly Fault[] = [
    { kind: 'locksLost' },
    { kind: 'locksLost' },
    { kind: 'partitionsStolen', ms: 4000 },
    { kind: 'leasesStolen' },
    { kind: 'leasesStolen' },
  ];
  const deaths = postgres === undefined ? [] : DATABASE_AWAY_MS.map((ms): Fault => ({ kind: 'databaseKilled', ms }));
  const mixed = shuffled(random, [...network, ...kills, ...thefts, ...deaths]);
  // Not at an end, so that much is under way before it and comes after it.
  mixed.splice(random.between(10, 20), 0, { kind: 'storeStopped', ms: STORE_STOPPED_MS });
  return mixed;
}

/** Each fault of the network once. */
export const faultsFor = (random: Random): readonly TcpFault[] => [
  { kind: 'latency', ms: random.between(20, 300), jitterMs: random.between(0, 500) },
  { kind: 'reset', afterBytes: random.between(0, 4000) },
  { kind: 'cut', afterBytes: random.between(0, 4000) },
  { kind: 'slow-close', afterBytes: random.between(0, 4000), ms: random.between(50, 500) },
  { kind: 'half-open' },
  { kind: 'down' },
];

/** The items in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.between(0, left.length - 1), 1));
}

/** Carries out a schedule and reports each fault when it begins. Rejects if one takes longer than the limit. */
export async function attack(
  schedule: readonly Fault[],
  { rig, stack, app }: { readonly rig: FaultRig; readonly stack: Stack; readonly app: AppUnderAttack },
  signal: AbortSignal,
  tell: (atSeconds: number, what: string) => void,
  limitMs = FAULT_LIMIT_MS,
): Promise<readonly DoneFault[]> {
  const begun = performance.now();
  const seconds = (): number => Number(((performance.now() - begun) / 1000).toFixed(1));
  const done: DoneFault[] = [];
  for (const fault of schedule) {
    if (signal.aborted) break;
    const atSeconds = seconds();
    tell(atSeconds, textOf(fault));
    const came = await within(limitMs, textOf(fault), carryOut(fault, rig, stack, app, signal));
    if (!came) tell(seconds(), 'the app did not reach that point: killed where it was');
    const what = came ? textOf(fault) : 'kill -9 anywhere';
    done.push({ atSeconds, seconds: Number((seconds() - atSeconds).toFixed(1)), kind: fault.kind, what });
    await pause(400, signal);
  }
  await within(limitMs, 'lifting all faults', rig.lift());
  return done;
}

/** Returns false if the app was killed elsewhere than planned. */
async function carryOut(
  fault: Fault,
  rig: FaultRig,
  stack: Stack,
  app: AppUnderAttack,
  signal: AbortSignal,
): Promise<boolean> {
  switch (fault.kind) {
    case 'network':
      await rig.route(fault.route).set(fault.fault);
      await pause(fault.ms, signal);
      await rig.route(fault.route).lift();
      return true;
    case 'kill': {
      const died = rig.killer.at(fault.point, () => app.kill());
      const came = await Promise.race([died.then(() => true), pause(POINT_LIMIT_MS, signal).then(() => false)]);
      rig.killer.disarm();
      if (!came) app.kill();
      await pause(fault.deadMs, signal);
      await app.restart();
      return came;
    }
    case 'storeStopped':
      await stack.azurite.stop();
      await pause(fault.ms, signal);
      await stack.azurite.startAgain();
      return true;
    case 'databaseKilled':
      await stack.postgres?.kill();
      await pause(fault.ms, signal);
      await stack.postgres?.startAgain();
      return true;
    case 'locksLost':
      stack.broker.expireLocks();
      return true;
    case 'partitionsStolen':
      await stealPartitions(stack, fault.ms, signal);
      return true;
    case 'leasesStolen':
      await rig.stealLeases();
      return true;
    default:
      return fault satisfies never;
  }
}

/**
 * Another reader of the app's consumer group, with a higher epoch, has all partitions for a while. A plain AMQP client: the
 * SDK's may never end to close links on which events are under way. It leaves even if the broker never answers.
 */
export async function stealPartitions(
  { broker }: { readonly broker: Pick<Broker, 'port'> },
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  const at = { host: '127.0.0.1', port: broker.port };
  const socket = connect(at);
  const thief = create_container().connect({
    ...at,
    reconnect: false,
    connection_details: () => ({
      ...at,
      connect: (_port: number, _host: string, _options: unknown, connected: () => void) =>
        socket.once('connect', connected),
    }),
  });
  // From the start: a connection that is lost meanwhile says so only once.
  const gone = new Promise<void>((resolve) => {
    for (const event of ['connection_close', 'disconnected']) thief.on(event, () => resolve());
  });
  const properties = { 'com.microsoft:epoch': types.wrap_long(1000) };
  for (let partition = 0; partition < BUS.partitions; partition += 1)
    thief.open_receiver({ source: `${BUS.hub}/ConsumerGroups/${BUS.group}/Partitions/${partition}`, properties });
  await pause(ms, signal);
  thief.close();
  await Promise.race([gone, sleep(CLOSE_MS, undefined, { ref: false })]);
  // rhea stops its timers only if there is an error.
  socket.destroy(new Error('The thief has disconnected.'));
}

/** The result of the work; rejects after the limit. */
async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`Not done after ${ms / 1000} s: ${what}.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** Sleeps until the time or the signal, whichever comes first. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

function textOf(fault: Fault): string {
  switch (fault.kind) {
    case 'network': {
      const { kind, ...figures } = fault.fault;
      const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
      return `${fault.route}: ${[kind, ...told].join(', ')}, for ${fault.ms} ms`;
    }
    case 'kill':
      return `kill -9 at ${fault.point}`;
    case 'storeStopped':
      return `Azurite stopped for ${fault.ms / 1000} s`;
    case 'databaseKilled':
      return `kill -9 of PostgreSQL, away for ${fault.ms / 1000} s`;
    case 'locksLost':
      return 'all locks of messages lost';
    case 'partitionsStolen':
      return `the hub's partitions stolen for ${fault.ms / 1000} s`;
    case 'leasesStolen':
      return 'the leases of all pulls stolen';
    default:
      return fault satisfies never;
  }
}
