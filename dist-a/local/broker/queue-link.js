"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.openQueueLink = openQueueLink;
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const rhea_internals_1 = require("./rhea-internals");
/** The source filter by which a receiver asks for a session: its id, or null for the next one that has messages. */
const SESSION_FILTER = 'com.microsoft:session-filter';
/** AMQP's codes of the outcomes that the broker answers with, and of an error. */
const ACCEPTED = (0, amqp_types_1.described)(0x24, (0, amqp_types_1.list)([]));
const REJECTED = 0x25;
const ERROR = 0x1d;
/** .NET counts ticks of 100 ns from the year 1; this is 1970-01-01 in them. */
const EPOCH_TICKS = 621355968000000000n;
/** How long a receiver waits for a session if it doesn't say, and how much sooner the broker answers. */
const DEFAULT_WAIT_MS = 60_000;
const ANSWER_EARLY_MS = 500;
/**
 * Opens a link over which a client receives from a queue. Throws when it doesn't fit the queue.
 *
 * @returns to be called when the link is gone
 */
function openQueueLink(sender, queue, address) {
    const consumer = new QueueConsumer(sender, queue);
    const { sessions } = queue;
    if (sessions === undefined) {
        sender.set_source({ address });
        queue.attach(consumer);
        return () => queue.detach(consumer);
    }
    const filter = (0, amqp_types_1.recordOf)((0, amqp_types_1.recordOf)(sender.source).filter);
    if (!(SESSION_FILTER in filter)) {
        throw new broker_error_1.BrokerError(broker_error_1.CONDITION.notAllowed, `'${queue.name}' requires sessions: it is not possible to create a non-sessionful message receiver.`);
    }
    const id = (0, amqp_types_1.textOf)(filter[SESSION_FILTER]);
    if (id === undefined)
        return awaitSession(sender, queue, consumer, address);
    const session = sessions.acquire(id, consumer);
    startSession(sender, queue, consumer, address, session);
    return () => queue.detach(consumer, session);
}
/** Holds the answer to the attach back until a session is free; without one in time, refuses the link. */
function awaitSession(sender, queue, consumer, address) {
    let held;
    let answered = false;
    const answer = () => {
        if (!answered && sender.session.is_open())
            sender.open();
        answered = true;
    };
    (0, rhea_internals_1.holdAttach)(sender);
    const stopWaiting = queue.sessions?.acquireNext(consumer, (session) => {
        clearTimeout(timer);
        held = session;
        startSession(sender, queue, consumer, address, session);
        answer();
    });
    const asked = (0, amqp_types_1.recordOf)(sender.properties)['com.microsoft:timeout'];
    const waitMs = (asked === undefined ? DEFAULT_WAIT_MS : (0, amqp_types_1.numberOf)(asked)) - ANSWER_EARLY_MS;
    const timer = setTimeout(() => {
        stopWaiting?.();
        answer();
        sender.close({ condition: broker_error_1.CONDITION.timeout, description: 'No session became available in time.' });
    }, Math.max(waitMs, 0));
    queue.schedulePump();
    return () => {
        clearTimeout(timer);
        stopWaiting?.();
        if (held !== undefined)
            queue.detach(consumer, held);
        answer(); // A client that gave up has to see an attach before the detach that rhea answers its own with.
    };
}
function startSession(sender, queue, consumer, address, session) {
    const ticks = Buffer.alloc(8);
    ticks.writeBigInt64BE(BigInt(session.lockedUntil) * 10000n + EPOCH_TICKS);
    (0, rhea_internals_1.setAttachProperties)(sender, { 'com.microsoft:locked-until-utc': rhea_1.types.wrap_long(ticks) });
    sender.set_source({ address, filter: { [SESSION_FILTER]: session.id } });
    queue.attach(consumer, session);
}
/** A client's receiving link, as the queue's consumer: sends it messages and takes its outcomes. */
class QueueConsumer {
    destructive;
    #sender;
    #queue;
    #tokens = new WeakMap();
    constructor(sender, queue) {
        this.#sender = sender;
        this.#queue = queue;
        this.destructive = sender.snd_settle_mode === 1;
        sender.on('sendable', () => queue.pump());
        sender.on('sender_draining', () => {
            queue.pump();
            (0, rhea_internals_1.answerDrain)(sender);
        });
        this.#onOutcome('accepted', () => ({ kind: 'complete' }));
        this.#onOutcome('released', () => ({ kind: 'abandon', counted: false }));
        this.#onOutcome('modified', modified);
        this.#onOutcome('rejected', rejected);
    }
    room() {
        return (0, rhea_internals_1.roomOf)(this.#sender);
    }
    deliver(encoded, token) {
        this.#tokens.set(this.#sender.send(encoded, token.tag, 0), token);
    }
    loseSession() {
        this.#sender.close({ condition: broker_error_1.CONDITION.sessionLockLost, description: 'The session lock has expired.' });
    }
    #onOutcome(outcome, read) {
        this.#sender.on(outcome, ({ delivery }) => {
            const token = delivery === undefined ? undefined : this.#tokens.get(delivery);
            if (delivery === undefined || token === undefined || this.destructive)
                return;
            this.#tokens.delete(delivery);
            try {
                const settlement = read(delivery);
                const breaks = (moment) => this.#queue.interceptor?.({ queue: this.#queue.name, kind: settlement.kind, moment }) === true;
                if (breaks('asked'))
                    return;
                this.#queue.settle(token.key, settlement);
                if (!breaks('answered'))
                    (0, rhea_internals_1.settleDelivery)(delivery, ACCEPTED);
            }
            catch (error) {
                const { condition, message } = broker_error_1.BrokerError.from(error);
                const refusal = (0, amqp_types_1.described)(ERROR, (0, amqp_types_1.list)([(0, amqp_types_1.symbol)(condition), rhea_1.types.wrap_string(message)]));
                (0, rhea_internals_1.settleDelivery)(delivery, (0, amqp_types_1.described)(REJECTED, (0, amqp_types_1.list)([refusal])));
            }
        });
    }
}
/** `modified` is the SDK's abandon, or its defer when the message is undeliverable here. */
function modified(delivery) {
    const { undeliverableHere, annotations } = (0, rhea_internals_1.outcomeOf)(delivery);
    if (undeliverableHere)
        return { kind: 'defer', properties: annotations };
    return { kind: 'abandon', counted: true, properties: annotations };
}
/** `rejected` is the SDK's dead-letter; the cause and further properties come in the error's info. */
function rejected(delivery) {
    const { DeadLetterReason, DeadLetterErrorDescription, ...properties } = (0, rhea_internals_1.outcomeOf)(delivery).errorInfo;
    return {
        kind: 'deadLetter',
        reason: (0, amqp_types_1.textOf)(DeadLetterReason),
        description: (0, amqp_types_1.textOf)(DeadLetterErrorDescription),
        properties,
    };
}
//# sourceMappingURL=queue-link.js.map