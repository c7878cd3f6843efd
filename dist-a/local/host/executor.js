"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Executor = void 0;
/** Runs functions for the triggers: log lines around each run, the function's retry policy, and the wait for running ones at the end. */
const node_crypto_1 = require("node:crypto");
const promises_1 = require("node:timers/promises");
/** Runs the functions of one app. */
class Executor {
    worker;
    log;
    #running = new Set();
    #stopping = new AbortController();
    constructor(worker, log) {
        this.worker = worker;
        this.log = log;
    }
    /** Runs a function once, whatever its retry policy; never rejects. */
    run(target, delivery) {
        return this.#track(this.#attempt(target, delivery));
    }
    /** Runs a function under its retry policy, which the platform honours for timers and event hubs only; never rejects. */
    runWithRetry(target, delivery) {
        return this.#track(this.#attempts(target, delivery));
    }
    /** Ends pending retries and waits for what runs. Returns how many runs were still going when the time was over. */
    async drain(limitMs) {
        this.#stopping.abort();
        const limit = (0, promises_1.setTimeout)(limitMs, undefined, { ref: false });
        // A run that ends may let its trigger begin a last one, so look again.
        while (this.#running.size > 0) {
            const state = await Promise.race([Promise.all(this.#running).then(() => 'ended'), limit.then(() => 'late')]);
            if (state === 'late')
                break;
        }
        return this.#running.size;
    }
    #track(run) {
        this.#running.add(run);
        void run.finally(() => this.#running.delete(run));
        return run;
    }
    async #attempts(target, delivery) {
        const policy = target.metadata.retryOptions;
        if (policy === undefined)
            return this.#attempt(target, delivery);
        let retry = { retryCount: 0, maxRetryCount: policy.maxRetryCount };
        for (;;) {
            const result = await this.#attempt(target, delivery, retry);
            if (result.kind === 'succeeded')
                return result;
            if (policy.maxRetryCount !== -1 && retry.retryCount >= policy.maxRetryCount)
                return result;
            const retryCount = retry.retryCount + 1;
            retry = { ...retry, retryCount, exception: exceptionOf(result.error) };
            const seconds = delaySeconds(policy, retryCount);
            const message = `Waiting ${seconds} s before retry ${retryCount} of function '${target.name}'.`;
            this.log({ level: 'information', category: 'host', function: target.name, message });
            const woken = await (0, promises_1.setTimeout)(seconds * 1000, true, { signal: this.#stopping.signal }).catch(() => false);
            if (!woken)
                return { kind: 'cancelled', error: result.error };
        }
    }
    async #attempt(target, delivery, retryContext) {
        const invocationId = (retryContext?.retryCount ?? 0) === 0 && delivery.invocationId ? delivery.invocationId : (0, node_crypto_1.randomUUID)();
        const about = { category: 'host', function: target.name, invocationId };
        const started = performance.now();
        const duration = () => `Duration=${Math.round(performance.now() - started)}ms`;
        const name = `'Functions.${target.name}'`;
        this.log({
            ...about,
            level: 'information',
            message: `Executing ${name} (Reason='${delivery.reason}', Id=${invocationId})`,
        });
        try {
            const response = await this.worker.invoke(target, {
                invocationId,
                functionId: target.metadata.functionId ?? target.name,
                inputData: [{ name: target.trigger.name ?? '', data: delivery.data }],
                triggerMetadata: delivery.metadata,
                traceContext: {
                    traceParent: `00-${(0, node_crypto_1.randomBytes)(16).toString('hex')}-${(0, node_crypto_1.randomBytes)(8).toString('hex')}-00`,
                    traceState: '',
                    attributes: {},
                },
                ...(retryContext && { retryContext }),
            });
            for (const output of response.outputData ?? []) {
                const message = `Output '${output.name}' is dropped: this local host has no output bindings.`;
                this.log({ ...about, level: 'warning', message });
            }
            this.log({
                ...about,
                level: 'information',
                message: `Executed ${name} (Succeeded, Id=${invocationId}, ${duration()})`,
            });
            return { kind: 'succeeded', response };
        }
        catch (error) {
            const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
            this.log({
                ...about,
                level: 'error',
                message: `Executed ${name} (Failed, Id=${invocationId}, ${duration()}): ${cause}`,
            });
            return { kind: 'failed', error };
        }
    }
}
exports.Executor = Executor;
/** Whole seconds: the library rounds a policy's durations before it hands them over. */
function delaySeconds(policy, retryCount) {
    if (policy.retryStrategy === 'fixedDelay')
        return policy.delayInterval?.seconds ?? 0;
    const grown = (policy.minimumInterval?.seconds ?? 0) * 2 ** (retryCount - 1);
    return Math.min(policy.maximumInterval?.seconds ?? grown, grown);
}
function exceptionOf(error) {
    return error instanceof Error
        ? { message: error.message, stackTrace: error.stack ?? '', source: '' }
        : { message: String(error), stackTrace: '', source: '' };
}
//# sourceMappingURL=executor.js.map