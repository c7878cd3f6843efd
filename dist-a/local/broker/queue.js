"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Queue = void 0;
const broker_error_1 = require("./broker-error");
const heap_1 = require("./heap");
const lock_token_1 = require("./lock-token");
const message_content_1 = require("./message-content");
const queued_message_1 = require("./queued-message");
const session_1 = require("./session");
/** A queue, a topic's subscription, or the dead letters of either. It knows receivers only as `Consumer`. */
class Queue {
    name;
    /** Undefined for a queue of dead letters. */
    deadLetters;
    /** Undefined for a queue without sessions. */
    sessions;
    #lockMs;
    #maxDeliveryCount;
    /** All messages that aren't settled, by sequence number, in its order. */
    #messages = new Map();
    #ready = (0, session_1.newLane)();
    #scheduled = new heap_1.Heap((a, b) => a.enqueuedAt < b.enqueuedAt);
    /** By token. All locks last equally long and a renewed one moves to the end, so the first is the next to expire. */
    #locks = new Map();
    #consumers = [];
    /** Says whether the receiver's connection breaks: before its outcome is taken, or before that is answered. */
    interceptor;
    #turn = 0;
    #lastSequence = 0;
    #pumpDue = false;
    constructor(name, options, deadLetters) {
        this.name = name;
        this.deadLetters = deadLetters;
        this.#lockMs = options.lockMs ?? 60_000;
        this.#maxDeliveryCount = options.maxDeliveryCount ?? 10;
        this.sessions = options.requiresSession === true ? new session_1.Sessions(this.#lockMs) : undefined;
    }
    /** A queue with its dead letters, which have no session and no limit of deliveries. */
    static withDeadLetters(name, options) {
        const lock = options.lockMs === undefined ? {} : { lockMs: options.lockMs };
        return new Queue(name, options, new Queue(`${name}/$DeadLetterQueue`, lock));
    }
    /** Adds messages; answers their sequence numbers. One that names a later time waits for it. */
    send(contents) {
        this.assertTakes(contents);
        return contents.map((content) => this.#add((0, message_content_1.withMessageId)(content), (0, message_content_1.scheduledTime)(content)));
    }
    /** Throws when a message lacks the session that this queue requires. */
    assertTakes(contents) {
        if (this.sessions !== undefined && contents.some((content) => content.sessionId === undefined)) {
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.notAllowed, `'${this.name}' requires sessions: a message has no SessionId.`);
        }
    }
    /** Takes scheduled messages back, all or none. */
    cancelScheduled(sequences) {
        for (const message of this.#find(sequences, (found) => found.state === 'scheduled')) {
            this.#scheduled.remove(message);
            this.#messages.delete(message.sequence);
        }
    }
    /** Messages of any state from a sequence number on, encoded, without locking them. */
    peek(from, count, sessionId) {
        const found = [];
        for (const message of this.#messages.values()) {
            if (found.length >= count)
                break;
            if (message.sequence < from)
                continue;
            if (sessionId === undefined || message.content.sessionId === sessionId)
                found.push((0, queued_message_1.encodePeek)(message));
        }
        return found;
    }
    /** Locks deferred messages for a receiver, or removes them if it receives and deletes. */
    receiveDeferred(sequences, destructive) {
        const messages = this.#find(sequences, (found) => found.state === 'deferred' && found.lock === undefined);
        return messages.map((message) => {
            if (destructive) {
                this.#messages.delete(message.sequence);
                return { encoded: (0, queued_message_1.encodeDelivery)(message) };
            }
            const lock = this.#lock(message, undefined);
            return { token: lock.token.uuid, encoded: (0, queued_message_1.encodeDelivery)(message, lock.until) };
        });
    }
    /** Adds a receiver to those who compete for messages; on a queue with sessions, the holder of `session`. */
    attach(consumer, session) {
        if (session === undefined)
            this.#consumers.push(consumer);
        this.schedulePump();
    }
    /**
     * Removes a receiver. Its messages stay locked until they expire, but a session goes free at once, with its messages,
     * and that isn't counted as an attempt.
     * https://learn.microsoft.com/azure/service-bus-messaging/message-sessions#impact-of-delivery-count
     */
    detach(consumer, session) {
        if (session === undefined) {
            const at = this.#consumers.indexOf(consumer);
            if (at >= 0)
                this.#consumers.splice(at, 1);
        }
        else if (session.holder === consumer) {
            this.#freeSession(session, false);
        }
    }
    /** Ends a loan. Throws when the lock is gone. */
    settle(tokenKey, settlement) {
        this.#settle(this.#lockOf(tokenKey), settlement);
    }
    /** Prolongs locks, all or none; answers their new ends in epoch milliseconds. */
    renew(tokenKeys) {
        const until = Date.now() + this.#lockMs;
        for (const lock of tokenKeys.map((key) => this.#lockOf(key))) {
            this.#locks.delete(lock.token.key);
            lock.message.lock = { ...lock, until };
            this.#locks.set(lock.token.key, lock.message.lock);
        }
        return tokenKeys.map(() => until);
    }
    /** Hands out what can be handed out, once the current batch of frames is read. */
    schedulePump() {
        if (this.#pumpDue)
            return;
        this.#pumpDue = true;
        setImmediate(() => {
            this.#pumpDue = false;
            this.pump();
        });
    }
    /** Hands out what can be handed out, to competing receivers in turn. */
    pump() {
        if (this.sessions !== undefined) {
            this.sessions.offer();
            for (const session of this.sessions.held())
                this.#pumpSession(session);
            return;
        }
        let full = 0;
        while (this.#ready.size > 0 && full < this.#consumers.length) {
            const consumer = this.#consumers[this.#turn++ % this.#consumers.length];
            const message = consumer !== undefined && consumer.room() > 0 ? this.#ready.pop() : undefined;
            if (consumer === undefined || message === undefined)
                full++;
            else {
                full = 0;
                this.#deliver(message, consumer);
            }
        }
    }
    /** Ends all locks of messages now, as if their time were up. */
    expireLocks() {
        for (const lock of [...this.#locks.values()]) {
            if (lock.until !== undefined)
                this.#settle(lock, { kind: 'abandon', counted: true });
        }
    }
    /** Does what has come due: expired locks, expired sessions, scheduled messages. */
    tick(now) {
        for (const lock of this.#locks.values()) {
            if (lock.until === undefined)
                continue;
            if (lock.until > now)
                break;
            this.#settle(lock, { kind: 'abandon', counted: true });
        }
        for (const session of this.sessions?.held() ?? []) {
            if (session.lockedUntil > now)
                continue;
            session.holder?.loseSession();
            this.#freeSession(session, true);
        }
        for (let due = this.#scheduled.peek(); due !== undefined && due.enqueuedAt <= now; due = this.#scheduled.peek()) {
            this.#scheduled.pop();
            this.#activate(due, now);
        }
        this.sessions?.forgetEmpty();
        this.deadLetters?.tick(now);
    }
    /** Counts messages by where they are, in one pass over them. */
    counts() {
        const counts = { active: 0, locked: 0, scheduled: 0, deferred: 0 };
        for (const message of this.#messages.values())
            counts[message.lock === undefined ? message.state : 'locked']++;
        return { ...counts, deadLettered: this.deadLetters?.size ?? 0 };
    }
    /** How many messages there are, in any state. */
    get size() {
        return this.#messages.size;
    }
    #add(content, due, dead) {
        const now = Date.now();
        const sequence = ++this.#lastSequence;
        const later = due !== undefined && due > now;
        const message = {
            content,
            sequence,
            enqueuedSequence: sequence,
            enqueuedAt: later ? due : now,
            state: later ? 'scheduled' : 'active',
            deliveryCount: dead?.deliveryCount ?? 0,
            lock: undefined,
            deadLetterSource: dead?.source,
        };
        this.#messages.set(sequence, message);
        if (later)
            this.#scheduled.push(message);
        else
            this.#makeReady(message);
        return sequence;
    }
    /** A scheduled message's time has come: it is enqueued like a new one, with a new sequence number. */
    #activate(message, now) {
        this.#messages.delete(message.sequence);
        message.sequence = ++this.#lastSequence;
        message.enqueuedAt = now;
        message.state = 'active';
        this.#messages.set(message.sequence, message);
        this.#makeReady(message);
    }
    #makeReady(message) {
        const lane = this.sessions?.get(message.content.sessionId ?? '').ready ?? this.#ready;
        lane.push(message);
        this.schedulePump();
    }
    #pumpSession(session) {
        const { holder, ready } = session;
        while (holder !== undefined && ready.size > 0 && holder.room() > 0) {
            const message = ready.pop();
            if (message !== undefined)
                this.#deliver(message, holder, session);
        }
    }
    #deliver(message, consumer, session) {
        if (consumer.destructive) {
            this.#messages.delete(message.sequence);
            consumer.deliver((0, queued_message_1.encodeDelivery)(message), (0, lock_token_1.newLockToken)());
            return;
        }
        const lock = this.#lock(message, consumer, session);
        consumer.deliver((0, queued_message_1.encodeDelivery)(message, session?.lockedUntil ?? lock.until), lock.token);
    }
    #lock(message, holder, session) {
        const until = session === undefined ? Date.now() + this.#lockMs : undefined;
        const lock = { token: (0, lock_token_1.newLockToken)(), message, holder, until };
        message.lock = lock;
        this.#locks.set(lock.token.key, lock);
        return lock;
    }
    #lockOf(tokenKey) {
        const lock = this.#locks.get(tokenKey);
        if (lock !== undefined)
            return lock;
        const condition = this.sessions === undefined ? broker_error_1.CONDITION.lockLost : broker_error_1.CONDITION.sessionLockLost;
        throw new broker_error_1.BrokerError(condition, 'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.');
    }
    #settle(lock, settlement) {
        const { message } = lock;
        if (settlement.kind === 'deadLetter' && this.deadLetters === undefined) {
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.notAllowed, `'${this.name}' has no dead-letter queue of its own.`);
        }
        this.#locks.delete(lock.token.key);
        message.lock = undefined;
        if (settlement.kind !== 'complete' && settlement.properties !== undefined) {
            message.content = (0, message_content_1.withApplicationProperties)(message.content, settlement.properties);
        }
        switch (settlement.kind) {
            case 'complete':
                this.#messages.delete(message.sequence);
                break;
            case 'defer':
                message.deliveryCount++;
                message.state = 'deferred';
                break;
            case 'deadLetter':
                this.#bury(message, settlement.reason, settlement.description);
                break;
            case 'abandon':
                if (settlement.counted)
                    message.deliveryCount++;
                this.#giveBack(message);
        }
    }
    /** A message came back unsettled: to its lane, or to the deferred ones it was taken from, or to the dead letters. */
    #giveBack(message) {
        if (this.deadLetters !== undefined && message.deliveryCount >= this.#maxDeliveryCount) {
            const attempts = `Message could not be consumed after ${message.deliveryCount} delivery attempts.`;
            this.#bury(message, 'MaxDeliveryCountExceeded', attempts);
        }
        else if (message.state === 'active') {
            this.#makeReady(message);
        }
    }
    #bury(message, reason, description) {
        this.#messages.delete(message.sequence);
        const cause = {
            ...(reason === undefined ? {} : { DeadLetterReason: reason }),
            ...(description === undefined ? {} : { DeadLetterErrorDescription: description }),
        };
        const dead = { deliveryCount: message.deliveryCount, source: this.name };
        if (this.deadLetters === undefined)
            return;
        this.deadLetters.#add((0, message_content_1.withApplicationProperties)(message.content, cause), undefined, dead);
    }
    #freeSession(session, counted) {
        const { holder } = session;
        this.sessions?.release(session);
        for (const lock of this.#locks.values()) {
            if (lock.holder !== undefined && lock.holder === holder)
                this.#settle(lock, { kind: 'abandon', counted });
        }
        this.schedulePump();
    }
    #find(sequences, wanted) {
        return sequences.map((sequence) => {
            const message = this.#messages.get(sequence);
            if (message !== undefined && wanted(message))
                return message;
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.messageNotFound, `'${this.name}' has no such message: ${sequence}.`);
        });
    }
}
exports.Queue = Queue;
//# sourceMappingURL=queue.js.map