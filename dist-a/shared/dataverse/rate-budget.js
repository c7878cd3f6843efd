"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RateBudget = exports.WebApiBusy = void 0;
const errors_1 = require("../errors");
const log_1 = require("../telemetry/log");
const rate_window_1 = require("./rate-window");
const SYSTEM_CLOCK = {
    now: Date.now,
    after: (milliseconds, then) => {
        const timer = setTimeout(then, milliseconds);
        return () => clearTimeout(timer);
    },
};
/** Thrown when a call isn't sent since it would have to wait longer than whoever asks for it does. */
class WebApiBusy extends errors_1.OutboundError {
    untilMs;
    code = 'web-api-busy';
    disposition = 'retry';
    constructor(what, why, 
    /** Milliseconds since 1970; undefined where only others that are under way have to end. */
    untilMs) {
        super(`${what} was not sent: ${why}. It will be tried again.`);
        this.untilMs = untilMs;
    }
}
exports.WebApiBusy = WebApiBusy;
/** The store is given that long to answer, and then left alone for a slot. */
const STORE_LIMIT_MS = 1000;
/** Lost races for the window after which this process goes on by what it knows. */
const MAX_ROUNDS = 10;
/** A concurrency that was halved grows by one in that time. */
const GROW_EVERY_MS = 10_000;
/** Requests taken out of the window at a time: at least, and at most (at most a hundredth of it, too). */
const LEAST_GRANT = 8;
const LARGEST_GRANT = 64;
/**
 * The one budget of all calls to the Web API: how many run at once, how many go out in five minutes over all instances, and
 * who waits while Dataverse wants none. Read-backs go before pages of a pull.
 *
 * Of the window an instance takes some dozens of requests at a time by one compare-and-swap, so a call costs a fraction of a
 * round trip. Where the store doesn't answer, calls go on by what this process knows.
 *
 * Own code: the libraries at hand share a count, but neither a pause nor a priority, and none over Azure Tables.
 */
class RateBudget {
    #limit;
    #concurrency;
    #shared;
    #log;
    #clock;
    #waiting = { quick: new Set(), patient: new Set() };
    #held = { quick: nothingHeld(), patient: nothingHeld() };
    /** Nothing is left of the window before. */
    #spentUntilMs = { quick: 0, patient: 0 };
    #pausedUntilMs = 0;
    #running = 0;
    #lowered;
    #known;
    #storeAwayUntilMs = 0;
    #taking = false;
    #callOffWaking = () => undefined;
    constructor(options = {}) {
        this.#limit = { requests: options.requests ?? 5000, windowMs: options.windowMs ?? 300_000 };
        this.#concurrency = options.concurrency ?? 20;
        this.#lowered = { concurrency: this.#concurrency, atMs: 0 };
        this.#shared = options.shared;
        this.#log = options.log ?? (0, log_1.logTo)(console);
        this.#clock = options.clock ?? SYSTEM_CLOCK;
    }
    get nowMs() {
        return this.#clock.now();
    }
    /** Waits until a call may be sent. Returns what to call when it has been answered. @throws WebApiBusy */
    enter(call) {
        return new Promise((resolve, reject) => {
            const queue = this.#waiting[call.urgency];
            const leaveQueue = () => {
                queue.delete(waiter);
                call.signal.removeEventListener('abort', giveUp);
            };
            const waiter = {
                call,
                admit: () => {
                    leaveQueue();
                    this.#running += 1;
                    resolve(() => this.#leave());
                },
                refuse: (error) => {
                    leaveQueue();
                    reject(error);
                },
            };
            const giveUp = () => {
                waiter.refuse(new WebApiBusy(call.what, 'its time was up before others had ended'));
                this.#pump();
            };
            queue.add(waiter);
            call.signal.addEventListener('abort', giveUp);
            if (call.signal.aborted)
                giveUp();
            else
                this.#pump();
        });
    }
    /** A call that was sent is answered 429. @throws WebApiBusy where waiting as long as Dataverse asks takes it too long */
    refused({ what, deadlineMs }, { kind, retryAfterMs, sentMs }) {
        const now = this.nowMs;
        const untilMs = now + Math.min(retryAfterMs, 2 * this.#limit.windowMs);
        if (kind === 'concurrency')
            this.#lower(now, sentMs);
        else
            this.#pause(kind, untilMs);
        if (untilMs > deadlineMs)
            throw busyUntil(what, ASKED_TO_WAIT, untilMs);
    }
    /** Several that were refused together lower it once. */
    #lower(now, sentMs) {
        if (sentMs < this.#lowered.atMs)
            return;
        this.#lowered = { concurrency: Math.max(1, Math.floor(this.#allowed(now) / 2)), atMs: now };
        this.#log('webApiPaused', { kind: 'concurrency', concurrency: this.#lowered.concurrency });
    }
    #pause(kind, untilMs) {
        if (untilMs <= this.#pausedUntilMs)
            return;
        if (this.#pausedUntilMs <= this.nowMs)
            this.#log('webApiPaused', { kind, until: instantText(untilMs) });
        this.#pausedUntilMs = untilMs;
        void this.#sharePause(untilMs);
    }
    /** Requests that may run at once by now. */
    #allowed(now) {
        const { concurrency, atMs } = this.#lowered;
        return Math.min(this.#concurrency, concurrency + Math.floor(Math.max(0, now - atMs) / GROW_EVERY_MS));
    }
    #leave() {
        this.#running -= 1;
        this.#pump();
    }
    /** Lets go whoever may go, refuses who would have to wait too long, and sees to it that the others are thought of again. */
    #pump() {
        this.#callOffWaking();
        const now = this.nowMs;
        const quickAt = this.#admit('quick', now);
        // A page doesn't overtake a read-back that waits for its grant.
        const wakeAt = this.#taking ? quickAt : Math.min(quickAt, this.#admit('patient', now));
        this.#callOffWaking =
            wakeAt === Number.POSITIVE_INFINITY ? () => undefined : this.#clock.after(wakeAt - now, () => this.#pump());
    }
    /** @returns when to look again if nothing happens until then */
    #admit(urgency, now) {
        const untilMs = this.#blockedUntil(urgency, now);
        for (const { call, admit, refuse } of this.#waiting[urgency]) {
            if (untilMs > call.deadlineMs) {
                refuse(busyUntil(call.what, this.#pauseEnds(now) > now ? ASKED_TO_WAIT : SPENT, untilMs));
                continue;
            }
            if (untilMs > now)
                continue;
            if (this.#running >= this.#allowed(now))
                break;
            if (!spend(this.#held[urgency], now)) {
                void this.#takeMore(urgency);
                break;
            }
            admit();
        }
        return untilMs > now && this.#waiting[urgency].size > 0 ? untilMs : Number.POSITIVE_INFINITY;
    }
    #pauseEnds(now) {
        return (0, rate_window_1.believed)(this.#pausedUntilMs, now, this.#limit);
    }
    #blockedUntil(urgency, now) {
        return Math.max(this.#pauseEnds(now), (0, rate_window_1.believed)(this.#spentUntilMs[urgency], now, this.#limit));
    }
    async #takeMore(urgency) {
        if (this.#taking)
            return;
        this.#taking = true;
        try {
            const grant = await this.#take(urgency, this.#wanted(urgency));
            if (grant?.kind === 'granted')
                Object.assign(this.#held[urgency], { left: grant.count, untilMs: grant.untilMs });
            if (grant?.kind === 'none')
                this.#spent(urgency, grant.untilMs);
        }
        finally {
            this.#taking = false;
            this.#pump();
        }
    }
    /** More each time that all of the last ones were used in time; fewer when some lapsed. */
    #wanted(urgency) {
        const held = this.#held[urgency];
        const most = Math.max(1, Math.min(LARGEST_GRANT, Math.floor(this.#limit.requests / 100)));
        const size = held.left === 0 ? held.size * 2 : Math.floor(held.size / 2);
        held.size = Math.min(most, Math.max(LEAST_GRANT, size));
        return held.size;
    }
    #spent(urgency, untilMs) {
        if (this.#spentUntilMs[urgency] <= this.nowMs - (0, rate_window_1.slotMsOf)(this.#limit))
            this.#log('webApiBudgetSpent', { urgency, requests: this.#limit.requests, until: instantText(untilMs) });
        this.#spentUntilMs[urgency] = untilMs;
    }
    /** Undefined: there is a pause that wasn't known before. */
    async #take(urgency, want) {
        const takenFrom = (window) => (0, rate_window_1.take)(window, urgency, want, this.nowMs, this.#limit);
        const shared = await this.#withStore(async (store, signal) => {
            for (let round = 0; round < MAX_ROUNDS; round += 1) {
                const known = await this.#read(store, signal);
                if (this.#pauseEnds(this.nowMs) > this.nowMs)
                    return { grant: undefined };
                const grant = takenFrom(known.window);
                // What is known may be old, but then even less is left.
                if (grant.kind === 'none')
                    return { grant };
                this.#known = await store.replace(known, grant.window, signal);
                if (this.#known !== undefined)
                    return { grant };
            }
            return undefined;
        });
        if (shared !== undefined)
            return shared.grant;
        const grant = takenFrom(this.#known?.window ?? rate_window_1.EMPTY_WINDOW);
        if (grant.kind === 'granted')
            this.#known = { tag: this.#known?.tag, window: grant.window };
        return grant;
    }
    /** The window as this process knows it, else as it is stored; takes over a pause that another one has met. */
    async #read(store, signal) {
        this.#known ??= await store.read(signal);
        const { pausedUntilMs } = this.#known.window;
        this.#pausedUntilMs = Math.max(this.#pausedUntilMs, (0, rate_window_1.believed)(pausedUntilMs, this.nowMs, this.#limit));
        return this.#known;
    }
    async #sharePause(pausedUntilMs) {
        await this.#withStore(async (store, signal) => {
            for (let round = 0; round < MAX_ROUNDS; round += 1) {
                const known = await this.#read(store, signal);
                if (known.window.pausedUntilMs >= pausedUntilMs)
                    return;
                this.#known = await store.replace(known, { ...known.window, pausedUntilMs }, signal);
                if (this.#known !== undefined)
                    return;
            }
        });
    }
    /** Does something with the store; undefined where there is none or it doesn't answer soon. */
    async #withStore(action) {
        const store = this.#shared;
        if (store === undefined || this.nowMs < this.#storeAwayUntilMs)
            return undefined;
        const limit = new AbortController();
        let callOff = () => undefined;
        const tooLong = new Promise((_, reject) => {
            callOff = this.#clock.after(STORE_LIMIT_MS, () => {
                limit.abort();
                reject(new Error('The store did not answer in time.'));
            });
        });
        try {
            return await Promise.race([action(store, limit.signal), tooLong]);
        }
        catch {
            // It may have failed on what is known, or be done although its answer is lost.
            this.#storeAwayUntilMs = this.nowMs + (0, rate_window_1.slotMsOf)(this.#limit);
            return undefined;
        }
        finally {
            callOff();
        }
    }
}
exports.RateBudget = RateBudget;
const ASKED_TO_WAIT = 'Dataverse asks the app to wait (429)';
const SPENT = "the app's share of Dataverse's limit (WEB_API_REQUESTS_PER_5_MINUTES) is used up";
const busyUntil = (what, why, untilMs) => new WebApiBusy(what, `${why} until ${instantText(untilMs)}`, untilMs);
const instantText = (epochMs) => new Date(epochMs).toISOString();
const nothingHeld = () => ({ left: 0, untilMs: 0, size: LEAST_GRANT / 2 });
function spend(held, now) {
    if (held.left < 1 || held.untilMs <= now)
        return false;
    held.left -= 1;
    return true;
}
//# sourceMappingURL=rate-budget.js.map