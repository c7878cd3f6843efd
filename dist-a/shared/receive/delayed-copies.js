"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.DelayedCopies = exports.NAMED_PROPERTIES = exports.COPY_PROPERTIES = void 0;
const node_crypto_1 = require("node:crypto");
const circuit_1 = require("../azure/circuit");
const errors_1 = require("../errors");
/** Application properties that a copy carries besides the sender's own. */
exports.COPY_PROPERTIES = {
    /** How often the event was tried in vain: a whole number. */
    attempt: 'dvoAttempt',
    /** Why it could not be settled the last time: a stable code, and a sentence. */
    code: 'dvoCode',
    reason: 'dvoReason',
    /** When the original was enqueued, and its message id. */
    firstEnqueued: 'dvoFirstEnqueued',
    messageId: 'dvoMessageId',
};
/** Properties of a message take 64 KB together; the reason is for people. */
const MAX_REASON_LENGTH = 1000;
/** The message's own properties that a copy keeps. */
exports.NAMED_PROPERTIES = [
    'contentType',
    'correlationId',
    'subject',
    'to',
    'replyTo',
    'replyToSessionId',
    'sessionId',
    'partitionKey',
];
/**
 * Sends a message once more to the queue, to be delivered later: the broker keeps it until then, however long the store,
 * the Web API or this app are away.
 * https://learn.microsoft.com/azure/service-bus-messaging/message-sequencing#scheduled-messages
 */
class DelayedCopies {
    open;
    options;
    #circuit;
    #now;
    #random;
    #sender;
    /** @param open makes the sender, at the first use */
    constructor(open, options) {
        this.open = open;
        this.options = options;
        const { log, queue, now = Date.now, random = Math.random } = options;
        this.#now = now;
        this.#random = random;
        this.#circuit = new circuit_1.Circuit({
            failures: 1,
            firstPauseMs: 5_000,
            longestPauseMs: 300_000,
            refusal: (_nextAtMs, cause) => (cause instanceof Error ? cause : new Error('Copies are not accepted now.')),
            onOpened: (_nextAtMs, cause) => log('copiesRefused', { queue, reason: reasonOf(cause) }),
            onClosed: (openMs) => log('copiesAccepted', { queue, milliseconds: openMs }),
            now,
            random,
        });
    }
    /**
     * Resolves once the broker has accepted a copy; with undefined where the attempts are used up, unless `whatever`.
     *
     * @throws Error where no copy was accepted, or none could be sent lately
     */
    async send(message, cause, whatever) {
        const { attempts, firstDelayMs, longestDelayMs, sessions } = this.options;
        const attempt = attemptsOf(message.properties) + 1;
        if (attempt > attempts && !whatever)
            return undefined;
        const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 30));
        const dueAtMs = this.#now() + (0, circuit_1.equalJitter)(delay, this.#random);
        const copy = copyOf(message, { attempt, dueAtMs }, cause, sessions);
        await this.#circuit.run(async () => (await this.#opened()).sendMessages(copy), answerOf);
        return { attempt, dueAtMs };
    }
    /** One sender for the process's life: its link is made anew by the SDK. What fails while it is made is tried again. */
    #opened() {
        return (this.#sender ??= this.open().catch((error) => {
            this.#sender = undefined;
            throw error;
        }));
    }
}
exports.DelayedCopies = DelayedCopies;
/** How often an event was tried in vain before it came as this message. */
function attemptsOf(properties) {
    const known = properties[exports.COPY_PROPERTIES.attempt];
    return typeof known === 'number' && Number.isSafeInteger(known) && known > 0 ? known : 0;
}
/**
 * The copy: body, properties and session as they came, with a message id of its own, since a queue that detects duplicates
 * would drop a second message of the same id.
 */
function copyOf(message, delayed, cause, sessions) {
    const { body, messageId, enqueuedAt, properties } = message;
    const { partitionKey, ...named } = message.named;
    const sessionId = named.sessionId ?? (sessions ? (0, node_crypto_1.randomUUID)() : undefined);
    return {
        body,
        ...named,
        messageId: (0, node_crypto_1.randomUUID)(),
        // With a session, the session is the partition key.
        ...(sessionId === undefined ? (partitionKey === undefined ? {} : { partitionKey }) : { sessionId }),
        scheduledEnqueueTimeUtc: new Date(delayed.dueAtMs),
        applicationProperties: {
            ...(messageId === undefined ? {} : { [exports.COPY_PROPERTIES.messageId]: messageId }),
            ...(enqueuedAt === undefined ? {} : { [exports.COPY_PROPERTIES.firstEnqueued]: enqueuedAt }),
            // A copy of a copy keeps what it says of the original.
            ...properties,
            [exports.COPY_PROPERTIES.attempt]: delayed.attempt,
            [exports.COPY_PROPERTIES.code]: cause.code,
            [exports.COPY_PROPERTIES.reason]: cause.message.slice(0, MAX_REASON_LENGTH),
        },
    };
}
const codeOf = (error) => error?.code;
const reasonOf = (error) => codeOf(error) === 'UnauthorizedAccess'
    ? `${(0, errors_1.messageOf)(error)} Give the app's identity or key the right to send to the queue; until then events are parked.`
    : (0, errors_1.messageOf)(error);
/** A copy that is too large says nothing of those that aren't. */
function answerOf(end) {
    if (end.kind === 'value')
        return 'up';
    return codeOf(end.error) === 'MessageSizeExceeded' ? 'unclear' : 'down';
}
//# sourceMappingURL=delayed-copies.js.map