"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Faults = exports.StoreFault = void 0;
const store_unavailable_1 = require("../../shared/azure/store-unavailable");
const web_api_1 = require("../../shared/dataverse/web-api");
/** What a store answers when it is throttled, away, or slow. */
class StoreFault extends Error {
    constructor(what) {
        super(`the store: ${what}`);
    }
}
exports.StoreFault = StoreFault;
/** Statuses of a Web API that can't answer now: no answer, an expired access token, throttled, away. */
const PASSING = [0, 401, 429, 503];
const FAULT_OF = {
    0: 'F20',
    401: 'F19',
    410: 'F24',
    429: 'F17',
    503: 'F18',
};
/** What goes wrong out of reach: the weather says how often. */
class Faults {
    random;
    note;
    /** Probability of a fault at every step out of reach. */
    rate = 0;
    constructor(random, note) {
        this.random = random;
        this.note = note;
    }
    happens(share = 1) {
        return this.rate > 0 && this.random() < this.rate * share;
    }
    /** One of several. */
    oneOf(choices) {
        return choices[Math.floor(this.random() * choices.length)] ?? choices[0];
    }
    /** A request that isn't done. */
    storeRefuses() {
        if (!this.happens())
            return;
        this.note('F26');
        const what = this.oneOf(['429', '503', 'time-out', 'away']);
        throw what === 'away' ? new store_unavailable_1.StoreUnavailable('the store', 0) : new StoreFault(what);
    }
    /** Another step of the app's own: its state, its leases, its journal, its parking. */
    stateRefuses() {
        if (!this.happens(0.5))
            return;
        this.note('F32');
        throw new StoreFault('503');
    }
    /** Before a copy is with the queue (F40), and after (F41). */
    queueRefuses(fault) {
        if (!this.happens(0.5))
            return;
        this.note(fault);
        throw new Error('the queue does not answer');
    }
    /** A request to the Web API. `link`: it goes on where an earlier run had ended, which may be refused for good. */
    webApiRefuses(request, link = false) {
        if (!this.happens())
            return;
        const status = link && this.random() < 0.5 ? 410 : this.oneOf(PASSING);
        this.note(FAULT_OF[status]);
        throw new web_api_1.WebApiError(request, status, '', 'simulated');
    }
}
exports.Faults = Faults;
//# sourceMappingURL=faults.js.map