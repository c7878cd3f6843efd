"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.equalJitter = exports.Circuit = void 0;
/**
 * A circuit breaker: a service that doesn't answer is not asked by everyone until each one's time is up. After some
 * failures in a row requests are refused at once; from time to time one goes through as a probe while all others are still
 * refused, and the first answer of any request closes the circuit.
 * https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
class Circuit {
    options;
    #failures = 0;
    #opened;
    #probing = false;
    #now;
    #random;
    constructor(options) {
        this.options = options;
        this.#now = options.now ?? Date.now;
        this.#random = options.random ?? Math.random;
    }
    /**
     * Makes a request, unless the circuit is open.
     *
     * @throws the circuit's refusal where it is open, and where this request's failure finds or leaves it open
     */
    async run(request, answerOf) {
        const isProbe = this.#admit();
        const end = await ended(request());
        if (isProbe)
            this.#probing = false;
        const answer = answerOf(end);
        const cause = end.kind === 'error' ? end.error : undefined;
        if (answer === 'down')
            this.#failed(isProbe, cause);
        // A probe that failed for a reason of its own was answered all the same.
        else if (answer === 'up' || isProbe)
            this.#answered();
        if (answer === 'down' && this.#opened !== undefined)
            throw this.options.refusal(this.#opened.nextAtMs, cause);
        if (end.kind === 'error')
            throw end.error;
        return end.value;
    }
    /** Whether the request is a probe. */
    #admit() {
        if (this.#opened === undefined)
            return false;
        const { nextAtMs, cause } = this.#opened;
        if (this.#probing || this.#now() < nextAtMs)
            throw this.options.refusal(nextAtMs, cause);
        this.#probing = true;
        return true;
    }
    #answered() {
        this.#failures = 0;
        const opened = this.#opened;
        if (opened === undefined)
            return;
        this.#opened = undefined;
        this.options.onClosed?.(this.#now() - opened.sinceMs);
    }
    #failed(isProbe, cause) {
        if (this.#opened !== undefined) {
            if (isProbe)
                this.#opened = this.#openedFor(this.#opened.sinceMs, this.#opened.pauses + 1, cause);
            return;
        }
        this.#failures += 1;
        if (this.#failures < this.options.failures)
            return;
        this.#opened = this.#openedFor(this.#now(), 0, cause);
        this.options.onOpened?.(this.#opened.nextAtMs, cause);
    }
    #openedFor(sinceMs, pauses, cause) {
        const { firstPauseMs, longestPauseMs } = this.options;
        const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(pauses, 20));
        return { sinceMs, cause, pauses, nextAtMs: this.#now() + (0, exports.equalJitter)(pause, this.#random) };
    }
}
exports.Circuit = Circuit;
/**
 * Half of a delay and a random part of the other half, so that what failed together doesn't come again together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
const equalJitter = (delayMs, random) => Math.round(delayMs / 2 + (random() * delayMs) / 2);
exports.equalJitter = equalJitter;
const ended = async (request) => {
    try {
        return { kind: 'value', value: await request };
    }
    catch (error) {
        return { kind: 'error', error };
    }
};
//# sourceMappingURL=circuit.js.map