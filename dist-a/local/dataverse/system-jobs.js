"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SystemJobs = exports.JOB_STATUS = void 0;
/** States of a system job (asyncoperation statuscode). */
exports.JOB_STATUS = {
    waitingForResources: 0,
    waiting: 10,
    inProgress: 20,
    succeeded: 30,
    failed: 31,
    canceled: 32,
};
/**
 * The asynchronous service: jobs start in the order of their creation, several at once, and end in any order. A failed
 * webhook is final; a failed bus message is tried again at growing intervals (asynchronous-service, azure-integration).
 */
class SystemJobs {
    counters;
    #post;
    #settings;
    #now;
    #random;
    #disturbances = {};
    #chance;
    #reseed;
    #queue = [];
    #head = 0;
    #active = 0;
    #timers = new Set();
    #unfinished = new Map();
    #finished = [];
    #idle = [];
    #closed = false;
    constructor(dependencies) {
        this.counters = dependencies.counters;
        this.#post = dependencies.post;
        this.#settings = dependencies.settings;
        this.#now = dependencies.now;
        this.#random = dependencies.random;
        this.#reseed = dependencies.reseed;
        this.#chance = dependencies.reseed(1);
    }
    /** Sets the disturbances of jobs created from now on. */
    disturb(disturbances) {
        this.#disturbances = disturbances;
        if (disturbances.seed !== undefined)
            this.#chance = this.#reseed(disturbances.seed);
    }
    /** Creates the job of an asynchronous step; what will disturb it is decided here, in the order of creation. */
    create(event, step, version) {
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
    list() {
        return [...this.#finished, ...[...this.#unfinished.values()].map(report)];
    }
    /** How many jobs are not finished. */
    get open() {
        return this.#unfinished.size;
    }
    /** Resolves when no job is left; rejects when that takes longer. */
    async drain(timeoutMs) {
        if (this.open === 0)
            return;
        await new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                this.#idle = this.#idle.filter((waiting) => waiting !== done);
                reject(new Error(`${this.open} system jobs are unfinished after ${timeoutMs} ms.`));
            }, timeoutMs);
            const done = () => {
                clearTimeout(timer);
                resolve();
            };
            this.#idle.push(done);
        });
    }
    /** Starts no job any more and forgets those that wait. */
    close() {
        this.#closed = true;
        for (const timer of this.#timers)
            clearTimeout(timer);
        this.#timers.clear();
        this.#queue = [];
        this.#head = 0;
    }
    #plan() {
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
        if (drop)
            return { drop, truncate: false, holdMs: 0, duplicateAfterMs: undefined };
        if (reorder)
            this.counters.reordered += 1;
        if (truncate)
            this.counters.truncated += 1;
        return {
            drop,
            truncate,
            holdMs: delayMs + (reorder ? holdShare * (set.reorderMs ?? 3000) : 0),
            duplicateAfterMs: duplicate ? repeatShare * (set.duplicateMs ?? 1500) : undefined,
        };
    }
    #enqueue(job) {
        if (this.#closed)
            return;
        this.#unfinished.set(job.id, job);
        this.#queue.push(job);
        this.#pump();
    }
    #pump() {
        while (!this.#closed && this.#active < this.#settings.concurrency) {
            const job = this.#queue[this.#head];
            if (job === undefined)
                break;
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
            for (const done of waiting)
                done();
        }
    }
    #start(job) {
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
            .catch((error) => this.#finish(job, 'failed', error instanceof Error ? (error.stack ?? error.message) : String(error)))
            .finally(() => {
            this.#active -= 1;
            this.#pump();
        });
    }
    /** Puts a job back into the queue after a while, holding no worker meanwhile. */
    #later(job, ms) {
        job.status = 'waiting';
        const timer = setTimeout(() => {
            this.#timers.delete(timer);
            this.#queue.push(job);
            this.#pump();
        }, ms);
        this.#timers.add(timer);
    }
    async #run(job) {
        if (this.#settings.jitterMs > 0) {
            const ms = this.#random.between(0, this.#settings.jitterMs);
            await new Promise((resolve) => setTimeout(resolve, ms));
        }
        const result = await this.#post(job.event, job.step, job, job.plan.truncate);
        if (this.#closed)
            return;
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
                if (pause === undefined)
                    this.#finish(job, 'failed', result.reason);
                else {
                    job.error = result.reason;
                    this.#later(job, pause);
                }
                return;
            }
            default:
                result;
        }
    }
    #finish(job, status, error) {
        if (status === 'failed')
            this.counters.failed += 1;
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
exports.SystemJobs = SystemJobs;
const report = (job) => ({
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
});
//# sourceMappingURL=system-jobs.js.map