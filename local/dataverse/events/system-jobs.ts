import type { DeliveryResult } from './endpoint-clients';
import type { RaisedEvent, Step } from './event';
import type { Random } from '../random';

/** States of a system job (asyncoperation statuscode). */
export const JOB_STATUS = {
  waitingForResources: 0,
  waiting: 10,
  inProgress: 20,
  succeeded: 30,
  failed: 31,
  canceled: 32,
} as const;

/** A system job as reported. */
export interface SystemJob {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly table: string;
  readonly rowId: string;
  /** Of the commit of that row which the event tells of; undefined where the row itself wasn't written. */
  readonly version: bigint | undefined;
  readonly stepId: string;
  readonly correlationId: string;
  readonly createdAt: number;
  readonly completedAt: number | undefined;
  readonly status: keyof typeof JOB_STATUS;
  readonly attempts: number;
  readonly error: string | undefined;
  /** Deleted from `asyncoperations` when it has succeeded. */
  readonly autoDelete: boolean;
}

/** Disturbances of asynchronous deliveries; each probability is 0 to 1. */
export interface Disturbances {
  /** Sent twice, the second time later. */
  readonly duplicate?: number;
  /** Held back while later events overtake. */
  readonly reorder?: number;
  /** Never sent; the job ends as Canceled. */
  readonly drop?: number;
  /** The four bulky members are removed as if the message were too long. */
  readonly truncate?: number;
  /** Every delivery waits up to this long. @default 0 */
  readonly delayMs?: number;
  /** The longest that a reordered delivery is held back. @default 3000 */
  readonly reorderMs?: number;
  /** The longest until the second delivery of a duplicate. @default 1500 */
  readonly duplicateMs?: number;
  readonly seed?: number;
}

/** What happened to pushed events since the start. */
export interface PushCounters {
  /** One for each step that an operation fired. */
  raised: number;
  /** Requests sent: repeated attempts and duplicates included. */
  posts: number;
  delivered: number;
  failed: number;
  dropped: number;
  duplicated: number;
  reordered: number;
  truncated: number;
  /** Operations that a failing synchronous step undid. */
  rolledBack: number;
}

/** How the job queue works. */
export interface JobSettings {
  readonly concurrency: number;
  /** Each job starts after a random while up to this: completion order is not creation order. 0 = at once. */
  readonly jitterMs: number;
  /** Pauses before further attempts of a bus message; after the last the job has failed. */
  readonly retryDelaysMs: readonly number[];
  /** How many finished jobs are remembered. */
  readonly remembered: number;
}

interface Plan {
  readonly drop: boolean;
  readonly truncate: boolean;
  readonly holdMs: number;
  readonly duplicateAfterMs: number | undefined;
}

interface Job {
  readonly id: string;
  readonly event: RaisedEvent;
  readonly step: Step;
  readonly version: bigint | undefined;
  readonly createdAt: number;
  readonly plan: Plan;
  held: boolean;
  repeat: boolean;
  completedAt: number | undefined;
  status: keyof typeof JOB_STATUS;
  attempts: number;
  error: string | undefined;
}

/** Posts one event for one step as part of a job. */
export type PostJob = (
  event: RaisedEvent,
  step: Step,
  job: { id: string; createdAt: number },
  reduce: boolean,
) => Promise<DeliveryResult>;

/**
 * The asynchronous service: jobs start in the order of their creation, several at once, and end in any order. A failed
 * webhook is final; a failed bus message is tried again at growing intervals (asynchronous-service, azure-integration).
 */
export class SystemJobs {
  readonly counters: PushCounters;
  readonly #post: PostJob;
  readonly #settings: JobSettings;
  readonly #now: () => number;
  readonly #random: Random;
  #disturbances: Disturbances = {};
  #chance: Random;
  readonly #reseed: (seed: number) => Random;
  #queue: Job[] = [];
  #head = 0;
  #active = 0;
  /** Of jobs that wait, with what is done when their time has come. */
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  readonly #unfinished = new Map<string, Job>();
  #finished: SystemJob[] = [];
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(dependencies: {
    readonly counters: PushCounters;
    readonly post: PostJob;
    readonly settings: JobSettings;
    readonly now: () => number;
    readonly random: Random;
    readonly reseed: (seed: number) => Random;
  }) {
    this.counters = dependencies.counters;
    this.#post = dependencies.post;
    this.#settings = dependencies.settings;
    this.#now = dependencies.now;
    this.#random = dependencies.random;
    this.#reseed = dependencies.reseed;
    this.#chance = dependencies.reseed(1);
  }

  /** Sets the disturbances of jobs created from now on. */
  disturb(disturbances: Disturbances): void {
    this.#disturbances = disturbances;
    if (disturbances.seed !== undefined) this.#chance = this.#reseed(disturbances.seed);
  }

  /** Creates the job of an asynchronous step; what will disturb it is decided here, in the order of creation. */
  create(event: RaisedEvent, step: Step, version: bigint | undefined): void {
    this.#enqueue({
      id: this.#random.guid(),
      event,
      step,
      version,
      createdAt: this.#now(),
      plan: this.#plan(),
      held: false,
      repeat: false,
      completedAt: undefined,
      status: 'waitingForResources',
      attempts: 0,
      error: undefined,
    });
  }

  /** All jobs that are remembered: finished ones first. */
  list(): readonly SystemJob[] {
    return [...this.#finished, ...[...this.#unfinished.values()].map(report)];
  }

  /** How many jobs are not finished. */
  get open(): number {
    return this.#unfinished.size;
  }

  /** Resolves when no job is left; rejects when that takes longer. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#idle = this.#idle.filter((waiting) => waiting !== done);
        reject(new Error(`${this.open} system jobs are unfinished after ${timeoutMs} ms.`));
      }, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#idle.push(done);
    });
  }

  /** Has whatever waits for its time start now. */
  hurry(): void {
    for (const [timer, due] of [...this.#timers]) {
      clearTimeout(timer);
      due();
    }
  }

  /** Starts no job any more and forgets those that wait. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.keys()) clearTimeout(timer);
    this.#timers.clear();
    this.#queue = [];
    this.#head = 0;
  }

  #plan(): Plan {
    const set = this.#disturbances;
    const chance = this.#chance;
    // Every decision draws its number, so that changing one probability leaves the others' decisions as they are.
    const drop = chance.next() < (set.drop ?? 0);
    const truncate = chance.next() < (set.truncate ?? 0);
    const reorder = chance.next() < (set.reorder ?? 0);
    const duplicate = chance.next() < (set.duplicate ?? 0);
    const holdShare = chance.next();
    const repeatShare = chance.next();
    const delayMs = chance.next() * (set.delayMs ?? 0);
    if (drop) return { drop, truncate: false, holdMs: 0, duplicateAfterMs: undefined };
    if (reorder) this.counters.reordered += 1;
    if (truncate) this.counters.truncated += 1;
    return {
      drop,
      truncate,
      holdMs: delayMs + (reorder ? holdShare * (set.reorderMs ?? 3000) : 0),
      duplicateAfterMs: duplicate ? repeatShare * (set.duplicateMs ?? 1500) : undefined,
    };
  }

  #enqueue(job: Job): void {
    if (this.#closed) return;
    this.#unfinished.set(job.id, job);
    this.#queue.push(job);
    this.#pump();
  }

  #pump(): void {
    while (!this.#closed && this.#active < this.#settings.concurrency) {
      const job = this.#queue[this.#head];
      if (job === undefined) break;
      this.#head += 1;
      if (this.#head > 4096 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      this.#start(job);
    }
    if (this.open === 0) {
      const waiting = this.#idle;
      this.#idle = [];
      for (const done of waiting) done();
    }
  }

  #start(job: Job): void {
    if (job.plan.drop) {
      this.counters.dropped += 1;
      this.#finish(job, 'canceled', 'Never sent: disturbed on purpose.');
      return;
    }
    if (job.plan.holdMs > 0 && !job.held) {
      job.held = true;
      this.#later(job, job.plan.holdMs);
      return;
    }
    this.#active += 1;
    job.status = 'inProgress';
    // A failure of the simulator itself must not look like a failed delivery that nobody reads about.
    void this.#run(job)
      .catch((error: unknown) =>
        this.#finish(job, 'failed', error instanceof Error ? (error.stack ?? error.message) : String(error)),
      )
      .finally(() => {
        this.#active -= 1;
        this.#pump();
      });
  }

  /** Puts a job back into the queue after a while, holding no worker meanwhile. */
  #later(job: Job, ms: number): void {
    job.status = 'waiting';
    const due = (): void => {
      this.#timers.delete(timer);
      this.#queue.push(job);
      this.#pump();
    };
    const timer = setTimeout(due, ms);
    this.#timers.set(timer, due);
  }

  async #run(job: Job): Promise<void> {
    if (this.#settings.jitterMs > 0) {
      const ms = this.#random.between(0, this.#settings.jitterMs);
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
    const result = await this.#post(job.event, job.step, job, job.plan.truncate);
    if (this.#closed) return;
    this.counters.posts += result.attempts;
    job.attempts += result.attempts;
    switch (result.kind) {
      case 'delivered':
        this.counters.delivered += 1;
        if (job.plan.duplicateAfterMs !== undefined && !job.repeat) {
          this.counters.duplicated += 1;
          job.repeat = true;
          this.#later(job, job.plan.duplicateAfterMs);
          return;
        }
        this.#finish(job, 'succeeded', undefined);
        return;
      case 'failed':
        this.#finish(job, 'failed', result.reason);
        return;
      case 'retryLater': {
        const pause = this.#settings.retryDelaysMs[job.attempts - 1];
        if (pause === undefined) this.#finish(job, 'failed', result.reason);
        else {
          job.error = result.reason;
          this.#later(job, pause);
        }
        return;
      }
      default:
        result satisfies never;
    }
  }

  #finish(job: Job, status: 'succeeded' | 'failed' | 'canceled', error: string | undefined): void {
    if (status === 'failed') this.counters.failed += 1;
    job.status = status;
    job.error = error;
    job.completedAt = this.#now();
    this.#unfinished.delete(job.id);
    this.#finished.push(report(job));
    if (this.#finished.length > 2 * this.#settings.remembered) {
      this.#finished = this.#finished.slice(-this.#settings.remembered);
    }
  }
}

const report = (job: Job): SystemJob => ({
  id: job.id,
  name: job.step.name,
  message: job.event.message,
  table: job.event.table,
  rowId: job.event.id,
  version: job.version,
  stepId: job.step.id,
  correlationId: job.event.correlationId,
  createdAt: job.createdAt,
  completedAt: job.completedAt,
  status: job.status,
  attempts: job.attempts,
  error: job.error,
  autoDelete: job.step.autoDelete,
});
