"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.prepareTimer = prepareTimer;
/**
 * Timer triggers, after TimerListener and ScheduleMonitor of https://github.com/Azure/azure-webjobs-sdk-extensions: the next run is armed only when the last
 * has ended, so a timer never overlaps itself; a run that lasted past occurrences is followed by one run at once; errors never stop the schedule.
 */
const zod_1 = require("zod");
const schedule_1 = require("./schedule");
const trigger_1 = require("./trigger");
const typed_data_1 = require("./typed-data");
const timerBinding = zod_1.z.object({
    schedule: zod_1.z.string(),
    runOnStartup: zod_1.z.boolean().default(false),
    useMonitor: zod_1.z.boolean().default(true),
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
function prepareTimer(target, context, monitor) {
    const binding = timerBinding.parse(target.trigger);
    const schedule = (0, schedule_1.parseSchedule)(context.settings.resolve(binding.schedule));
    const monitored = binding.useMonitor && !(0, schedule_1.isSubMinute)(schedule, new Date());
    return new TimerTrigger(target, context, schedule, monitored ? monitor : undefined, binding.runOnStartup);
}
class TimerTrigger {
    target;
    context;
    schedule;
    monitor;
    runOnStartup;
    #timer;
    #stopped = false;
    #status;
    #next = new Date(0);
    #running = Promise.resolve();
    constructor(target, context, schedule, monitor, runOnStartup) {
        this.target = target;
        this.context = context;
        this.schedule = schedule;
        this.monitor = monitor;
        this.runOnStartup = runOnStartup;
    }
    async start() {
        const now = new Date();
        this.#next = this.schedule.next(now);
        const pastDue = this.monitor !== undefined && (await this.#recover(this.monitor, now));
        if (pastDue || this.runOnStartup)
            this.#running = this.#fire({ isPastDue: pastDue, scheduled: false });
        else
            this.#arm();
    }
    pause() {
        this.#stopped = true;
        clearTimeout(this.#timer);
        return Promise.resolve();
    }
    /** The record of the last run is written after it. */
    close() {
        return this.#running;
    }
    /** Like the real host's, a run by hand doesn't wait for a scheduled one and leaves the schedule alone. */
    async runManually() {
        await this.context.executor.runWithRetry(this.target, { ...this.#delivery(false), reason: trigger_1.CALLED_REASON });
    }
    /** Takes the record of the last start over. Returns whether an occurrence was missed since. */
    async #recover(monitor, now) {
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
        }
        else {
            // The schedule has changed: what the new one would have done in the past isn't past due.
            if (now > expected)
                expected = this.schedule.next(now);
            await this.#remember({ Last: NEVER, Next: stamp(expected), LastUpdated: stamp(base ?? now) });
        }
        this.#next = expected;
        return now > expected;
    }
    async #remember(status) {
        this.#status = status;
        await this.monitor?.write(this.target.name, status);
    }
    #arm() {
        if (this.#stopped)
            return;
        const wait = this.#next.getTime() - Date.now();
        this.#timer = setTimeout(() => {
            if (wait > LONGEST_WAIT_MS)
                this.#arm();
            else
                this.#running = this.#fire({ isPastDue: false, scheduled: true });
        }, Math.min(Math.max(wait, 1), LONGEST_WAIT_MS));
    }
    async #fire(run) {
        const began = new Date();
        await this.context.executor.runWithRetry(this.target, this.#delivery(run.isPastDue));
        // A timer may fire a little early; counting from then would give the same occurrence twice.
        const at = run.scheduled && this.#next > began ? this.#next : began;
        try {
            this.#next = this.schedule.next(at);
            await this.#remember({ Last: stamp(at), Next: stamp(this.#next), LastUpdated: stamp(at) });
        }
        catch (error) {
            const message = `Error occurred during scheduled invocation for '${this.target.name}': ${String(error)}`;
            this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
        }
        this.#arm();
    }
    #delivery(isPastDue) {
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
const stamp = (time) => (0, typed_data_1.dateTimeOffset)(time) ?? NEVER;
//# sourceMappingURL=timer.js.map