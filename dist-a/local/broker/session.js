"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Sessions = exports.newLane = void 0;
const broker_error_1 = require("./broker-error");
const heap_1 = require("./heap");
/** Messages waiting for a receiver, in order of sequence: a queue has one lane, or with sessions one per session. */
const newLane = () => new heap_1.Heap((a, b) => a.sequence < b.sequence);
exports.newLane = newLane;
/** The sessions of one queue and who holds them. */
class Sessions {
    #byId = new Map();
    #waiters = [];
    #lockMs;
    constructor(lockMs) {
        this.#lockMs = lockMs;
    }
    /** The session of this id; it comes to be by being asked for. */
    get(id) {
        const known = this.#byId.get(id);
        if (known !== undefined)
            return known;
        const session = { id, ready: (0, exports.newLane)(), holder: undefined, lockedUntil: 0, state: null };
        this.#byId.set(id, session);
        return session;
    }
    held() {
        return [...this.#byId.values()].filter((session) => session.holder !== undefined);
    }
    /** Locks a session by its id, whether or not it has messages. */
    acquire(id, consumer) {
        const session = this.get(id);
        if (session.holder !== undefined) {
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.sessionLocked, `The requested session '${id}' cannot be accepted. It may be locked by another receiver.`);
        }
        return this.#lock(session, consumer);
    }
    /**
     * Locks the next session that has messages and no holder, now or as soon as there is one.
     *
     * @returns stops waiting
     */
    acquireNext(consumer, accept) {
        const waiter = { consumer, accept };
        this.#waiters = [...this.#waiters, waiter];
        return () => {
            this.#waiters = this.#waiters.filter((other) => other !== waiter);
        };
    }
    /** Gives free sessions with messages to those who wait, first come first served. */
    offer() {
        for (const session of this.#byId.values()) {
            const [next, ...others] = this.#waiters;
            if (next === undefined)
                return;
            if (session.holder !== undefined || session.ready.size === 0)
                continue;
            this.#waiters = others;
            next.accept(this.#lock(session, next.consumer));
        }
    }
    /** Moves the end of a session's lock; answers the new one in epoch milliseconds. */
    renew(id) {
        const session = this.#locked(id);
        session.lockedUntil = Date.now() + this.#lockMs;
        return session.lockedUntil;
    }
    state(id) {
        return this.#locked(id).state;
    }
    setState(id, state) {
        this.#locked(id).state = state;
    }
    release(session) {
        session.holder = undefined;
        session.lockedUntil = 0;
    }
    /** Forgets sessions that hold nothing, so that a long run with many session ids stays small. */
    forgetEmpty() {
        for (const session of this.#byId.values()) {
            if (session.holder === undefined && session.ready.size === 0 && session.state === null) {
                this.#byId.delete(session.id);
            }
        }
    }
    #lock(session, consumer) {
        session.holder = consumer;
        session.lockedUntil = Date.now() + this.#lockMs;
        return session;
    }
    #locked(id) {
        const session = this.#byId.get(id);
        if (session?.holder === undefined) {
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.sessionLockLost, `The lock of session '${id}' has expired or was released.`);
        }
        return session;
    }
}
exports.Sessions = Sessions;
//# sourceMappingURL=session.js.map