/**
 * Timer triggers, after TimerListener and ScheduleMonitor of https://github.com/Azure/azure-webjobs-sdk-extensions: the next run is armed only when the last
 * has ended, so a timer never overlaps itself; a run that lasted past occurrences is followed by one run at once; errors never stop the schedule.
 */
import { z } from 'zod';
import { Cron } from 'croner';
import type { BlobServiceClient } from '@azure/storage-blob';
import type { TypedData } from './core-api';
import { FunctionInError } from './settings';
import { CALLED_REASON, type Trigger, type TriggerContext } from './trigger';
import { dateTimeOffset } from './typed-data';
import type { RegisteredFunction } from './worker';

const timerBinding = z.object({
  schedule: z.string(),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().default(true),
});

/** .NET's `default(DateTime)`: never. */
const NEVER = '0001-01-01T00:00:00+00:00';
/** Node's timers hold 24.8 days; a longer wait is taken in steps, as the real host does for the same reason. */
const LONGEST_WAIT_MS = 24 * 24 * 3600 * 1000;

/**
 * Prepares a timer trigger.
 *
 * @throws FunctionInError if its schedule or a setting in it is wrong.
 */
export function prepareTimer(target: RegisteredFunction, context: TriggerContext, monitor: TimerMonitor): Trigger {
  const binding = timerBinding.parse(target.trigger);
  const schedule = parseSchedule(context.settings.resolve(binding.schedule));
  const monitored = binding.useMonitor && !isSubMinute(schedule, new Date());
  return new TimerTrigger(target, context, schedule, monitored ? monitor : undefined, binding.runOnStartup);
}

class TimerTrigger implements Trigger {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #status: ScheduleStatus | undefined;
  #next = new Date(0);
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly target: RegisteredFunction,
    private readonly context: TriggerContext,
    private readonly schedule: Schedule,
    private readonly monitor: TimerMonitor | undefined,
    private readonly runOnStartup: boolean,
  ) {}

  async start(): Promise<void> {
    const now = new Date();
    this.#next = this.schedule.next(now);
    const pastDue = this.monitor !== undefined && (await this.#recover(this.monitor, now));
    if (pastDue || this.runOnStartup) this.#running = this.#fire({ isPastDue: pastDue, scheduled: false });
    else this.#arm();
  }

  pause(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** The record of the last run is written after it. */
  close(): Promise<void> {
    return this.#running;
  }

  /** Like the real host's, a run by hand doesn't wait for a scheduled one and leaves the schedule alone. */
  async runManually(): Promise<void> {
    await this.context.executor.runWithRetry(this.target, { ...this.#delivery(false), reason: CALLED_REASON });
  }

  /** Takes the record of the last start over. Returns whether an occurrence was missed since. */
  async #recover(monitor: TimerMonitor, now: Date): Promise<boolean> {
    const status = await monitor.read(this.target.name);
    if (status === undefined) {
      await this.#remember({ Last: NEVER, Next: stamp(this.#next), LastUpdated: stamp(now) });
      return false;
    }
    const base = [status.Last, status.LastUpdated]
      .map((text) => new Date(text))
      .find((time) => time.getUTCFullYear() > 1);
    let expected = this.schedule.next(base ?? now);
    if (new Date(status.Next).getTime() === expected.getTime()) {
      this.#status = status;
    } else {
      // The schedule has changed: what the new one would have done in the past isn't past due.
      if (now > expected) expected = this.schedule.next(now);
      await this.#remember({ Last: NEVER, Next: stamp(expected), LastUpdated: stamp(base ?? now) });
    }
    this.#next = expected;
    return now > expected;
  }

  async #remember(status: ScheduleStatus): Promise<void> {
    this.#status = status;
    await this.monitor?.write(this.target.name, status);
  }

  #arm(): void {
    if (this.#stopped) return;
    const wait = this.#next.getTime() - Date.now();
    this.#timer = setTimeout(
      () => {
        if (wait > LONGEST_WAIT_MS) this.#arm();
        else this.#running = this.#fire({ isPastDue: false, scheduled: true });
      },
      Math.min(Math.max(wait, 1), LONGEST_WAIT_MS),
    );
  }

  async #fire(run: { readonly isPastDue: boolean; readonly scheduled: boolean }): Promise<void> {
    const began = new Date();
    await this.context.executor.runWithRetry(this.target, this.#delivery(run.isPastDue));
    // A timer may fire a little early; counting from then would give the same occurrence twice.
    const at = run.scheduled && this.#next > began ? this.#next : began;
    try {
      this.#next = this.schedule.next(at);
      await this.#remember({ Last: stamp(at), Next: stamp(this.#next), LastUpdated: stamp(at) });
    } catch (error) {
      const message = `Error occurred during scheduled invocation for '${this.target.name}': ${String(error)}`;
      this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
    }
    this.#arm();
  }

  #delivery(isPastDue: boolean): { data: TypedData; metadata: Record<string, TypedData>; reason: string } {
    const status = this.monitor === undefined ? null : (this.#status ?? null);
    return {
      data: {
        json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: status, IsPastDue: isPastDue }),
      },
      metadata: {},
      reason: `Timer fired at ${new Date().toISOString()}`,
    };
  }
}

const stamp = (time: Date): string => dateTimeOffset(time) ?? NEVER;

/**
 * When a timer fires, in the machine's time zone, as with Core Tools: an NCRONTAB expression.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
export interface Schedule {
  /** The first occurrence after a time. */
  next(after: Date): Date;
}

/**
 * Parses `{second} {minute} {hour} {day} {month} {day of week}`; with five fields the second is 0.
 *
 * @throws FunctionInError if it isn't such an expression.
 */
export function parseSchedule(expression: string): Schedule {
  let cron: Cron;
  try {
    // croner also knows L, W, #, ? and @names, which NCRONTAB hasn't: what works here must work in Azure.
    if (!/^[\d*,/\-\sA-Z]+$/i.test(expression) || /(^|[\s,\d])[LW]([\s,]|$)/i.test(expression))
      throw new Error('unknown sign');
    cron = new Cron(expression, { mode: '5-or-6-parts', domAndDow: true });
  } catch (error) {
    throw new FunctionInError(
      `The schedule expression '${expression}' was not recognized as a valid cron expression.`,
      { cause: error },
    );
  }
  return {
    next(after) {
      const occurrence = cron.nextRun(after);
      if (occurrence === null)
        throw new FunctionInError(`The schedule expression '${expression}' has no next occurrence.`);
      return occurrence;
    },
  };
}

/** Whether a schedule fires more than once in the next minute: the real host then keeps no record of it. */
export function isSubMinute(schedule: Schedule, now: Date): boolean {
  return schedule.next(schedule.next(now)).getTime() - now.getTime() <= 60_000;
}

const scheduleStatus = z.object({ Last: z.string(), Next: z.string(), LastUpdated: z.string() });

/** A timer's record, as the real host stores it and hands it to the function. */
export type ScheduleStatus = z.output<typeof scheduleStatus>;

/**
 * Keeps what the host remembers of a monitored timer between starts: in the storage account as the real host does (container
 * `azure-webjobs-hosts`), in memory where the app has none.
 */
export interface TimerMonitor {
  read(functionName: string): Promise<ScheduleStatus | undefined>;
  write(functionName: string, status: ScheduleStatus): Promise<void>;
}

/** Remembers until the process ends. */
export function memoryTimerMonitor(): TimerMonitor {
  const statuses = new Map<string, ScheduleStatus>();
  return {
    read: (name) => Promise.resolve(statuses.get(name)),
    write: (name, status) => Promise.resolve(void statuses.set(name, status)),
  };
}

/** Remembers in blobs `timers/<host id>/Host.Functions.<name>/status`. */
export function blobTimerMonitor(storage: BlobServiceClient, hostId: string): TimerMonitor {
  const container = storage.getContainerClient('azure-webjobs-hosts');
  const blob = (name: string) => container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${name}/status`);
  return {
    async read(name) {
      await container.createIfNotExists();
      if (!(await blob(name).exists())) return undefined;
      return scheduleStatus.parse(JSON.parse((await blob(name).downloadToBuffer()).toString('utf8')));
    },
    async write(name, status) {
      const body = Buffer.from(JSON.stringify(status));
      await blob(name).upload(body, body.length);
    },
  };
}
