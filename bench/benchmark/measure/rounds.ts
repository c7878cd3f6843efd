/**
 * Floors and subjects in interleaved rounds: in each round everyone has a turn, in another order than in the round before,
 * so that what else the machine does hits all alike, and a figure is the median of the rounds' ratios.
 *
 * tinybench does one turn: the loop, the clock with its overhead taken off, hooks that aren't timed, asynchronous bodies, the
 * mean. It runs one task to its end before the next one, hence the rounds and the ratios are here; so is the CPU time, since
 * it has one clock.
 */
import diagnostics from 'node:diagnostics_channel';
import { Bench, type TimestampProvider } from 'tinybench';

/** One of those that are compared. */
export interface Subject {
  /** Before each turn, not timed. */
  readonly prepare?: () => unknown;
  /**
   * The body; its promise is awaited, unless it is one that computes. It may say itself what counts, in milliseconds:
   * `{ overriddenDuration }`.
   */
  readonly run: () => unknown;
  /** CPU time so far of the process that does the work, in milliseconds. @default all threads of this one */
  readonly cpuMs?: () => number | Promise<number>;
  /** Whether it is what the app is compared with. */
  readonly isFloor?: true;
}

/** The process of the other side, where floors run apart from the app. It runs the same rounds at the same time. */
export interface OtherSide {
  /** Whether this process has the floors. */
  readonly hereAreFloors: boolean;
  /** Tells the other one what a turn here took. */
  tell(turn: Turn): void;
  /** What the next turn there takes. */
  next(): Promise<Turn>;
}

let other: OtherSide | undefined;

/** From now on this process runs only its own subjects, and waits while the other one runs its own. */
export function runApart(from: OtherSide): void {
  other = from;
}

/** What one turn took for one operation. */
export interface Turn {
  readonly milliseconds: number;
  /** Of the process that did the work. */
  readonly cpuMilliseconds: number;
  /** HTTP requests sent by this process. */
  readonly requests: number;
}

/** How to measure. */
export interface RoundsOptions {
  readonly rounds: number;
  /** Rounds before, not counted. @default 1 */
  readonly warmup?: number;
  /** Operations in one call of `run`. @default 1 */
  readonly operations?: number;
  /**
   * `run` only computes, without waiting: a turn repeats it for so long, and what counts is the main thread's CPU time, since who
   * else has the processor meanwhile is no matter of the body. @default none: a turn is one call, by the clock
   */
  readonly computesMs?: number;
}

/**
 * The main thread's CPU time in microseconds. The kernel brings a thread's account up to date when it is asked for the
 * process's, not when asked for the thread's: without the first call the clock would stand still for milliseconds.
 */
const CPU_CLOCK: TimestampProvider = {
  name: 'threadCpuUsage',
  fn: () => {
    process.cpuUsage();
    const { user, system } = process.threadCpuUsage();
    return user + system;
  },
  toMs: (microseconds) => Number(microseconds) / 1000,
  fromMs: (milliseconds) => milliseconds * 1000,
};

let requests = 0;
// Of Node's own client, and of undici, by which fetch sends, too.
for (const channel of ['http.client.request.start', 'undici:request:create'])
  diagnostics.subscribe(channel, () => {
    requests += 1;
  });

/** The turns of each subject, by its name. */
export async function inRounds<Name extends string>(
  subjects: Readonly<Record<Name, Subject>>,
  { rounds, warmup = 1, operations = 1, computesMs }: RoundsOptions,
): Promise<Readonly<Record<Name, readonly Turn[]>>> {
  const names = Object.keys(subjects) as Name[];
  const turns = Object.fromEntries(names.map((name) => [name, [] as Turn[]])) as Record<Name, Turn[]>;
  for (let round = -warmup; round < rounds; round += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(place + round + warmup) % names.length];
      if (name === undefined) continue;
      const subject = subjects[name];
      const there = other !== undefined && (subject.isFloor === true) !== other.hereAreFloors ? other : undefined;
      const taken = there === undefined ? await turn(name, subject, computesMs, operations) : await there.next();
      if (there === undefined) other?.tell(taken);
      if (round >= 0) turns[name].push(taken);
    }
  }
  return turns;
}

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function turn(
  name: string,
  { prepare, run, cpuMs = ownCpuMs }: Subject,
  computesMs: number | undefined,
  operations: number,
): Promise<Turn> {
  await prepare?.();
  // One's garbage isn't to be collected in the other's turn.
  globalThis.gc?.();
  const bench = new Bench({
    time: computesMs ?? 0,
    iterations: 1,
    warmup: false,
    throws: true,
    timestampProvider: computesMs === undefined ? 'hrtimeNow' : CPU_CLOCK,
  });
  bench.add(name, run, { async: computesMs === undefined });
  const [sentBefore, cpuBefore] = [requests, await cpuMs()];
  const [task] = await bench.run();
  const [sent, cpu] = [requests - sentBefore, (await cpuMs()) - cpuBefore];
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error(`${name} was not measured: ${result?.state ?? 'no task'}.`);
  const done = operations * result.latency.samplesCount;
  return {
    milliseconds: result.latency.mean / operations,
    cpuMilliseconds: cpu / done,
    requests: sent / done,
  };
}
