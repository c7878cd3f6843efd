"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hasTruncationMark = void 0;
exports.messagesHandler = messagesHandler;
const promises_1 = require("node:timers/promises");
const errors_1 = require("../errors");
const log_1 = require("../telemetry/log");
const delayed_copies_1 = require("./delayed-copies");
const summary_1 = require("./summary");
/** How long to wait before a message is given back for its nth time, in milliseconds. */
const pauseBefore = (deliveryCount) => Math.min(30_000, 500 * 2 ** deliveryCount);
/** Thrown to have a batch delivered again: the store was away. */
class BatchHeld extends Error {
    constructor(events, reason) {
        super(`${events} events could not be settled: ${reason} The batch is tried again in place.`);
    }
}
/**
 * Handles messages of a queue, a topic's subscription or an event hub. Returning completes them (or lets the checkpoint
 * move): by then each is settled, parked, or comes again as a copy. Throwing leaves them with the broker: a hub's batch while
 * the store is away, and whatever could neither be parked nor copied. A message of Service Bus is held for a while before,
 * since giving it back at once would use up its deliveries within seconds.
 *
 * The triggers deliver bytes (`dataType: 'binary'`), since the platform would otherwise parse every body as JSON, and
 * decimals and 64-bit integers would come through a double.
 */
function messagesHandler({ name: source, holds, copies }, receiver, sleep = promises_1.setTimeout) {
    return async (messages, context) => {
        const log = (0, log_1.logTo)(context);
        const many = Array.isArray(messages);
        const deliveries = (many ? messages : [messages]).map((message, index) => deliveryOf(source, bytesOf(message), context, many ? index : undefined));
        const sender = many ? undefined : copies?.();
        let heldBy;
        let held = 0;
        try {
            const outcomes = await receiver().receive(deliveries, holds === true ? { kind: 'hold' } : onRetryOf(sender, context.triggerMetadata));
            (0, summary_1.logOutcomes)(log, source, outcomes);
            for (const outcome of outcomes) {
                if (outcome.kind !== 'held')
                    continue;
                held += 1;
                heldBy = outcome.cause.message;
            }
        }
        catch (error) {
            log('parkingFailed', { source, messages: deliveries.length, reason: (0, errors_1.messageOf)(error) });
            const count = context.triggerMetadata?.deliveryCount;
            if (typeof count === 'number')
                await sleep(pauseBefore(count));
            throw error;
        }
        if (heldBy !== undefined)
            throw new BatchHeld(held, heldBy);
    };
}
const onRetryOf = (copies, metadata) => copies === undefined
    ? { kind: 'park' }
    : { kind: 'copy', copy: (cause, whatever, { body }) => copies.send(receivedFrom(body, metadata), cause, whatever) };
/** The message as far as the platform tells of it. It parses every text that is JSON, so that an id such as `1e3` isn't exact. */
function receivedFrom(body, metadata) {
    const text = (name) => {
        const value = metadata?.[name];
        return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
            ? String(value)
            : undefined;
    };
    const messageId = text('messageId');
    const enqueuedAt = text('enqueuedTimeUtc');
    const named = delayed_copies_1.NAMED_PROPERTIES.flatMap((name) => {
        const value = text(name);
        return value === undefined ? [] : [[name, value]];
    });
    return {
        body,
        named: Object.fromEntries(named),
        ...(messageId === undefined ? {} : { messageId }),
        ...(enqueuedAt === undefined ? {} : { enqueuedAt }),
        properties: Object.fromEntries(Object.entries(propertiesOf(metadata, undefined)).filter(isProperty)),
    };
}
/** An application property is no object; the platform makes texts of dates and the like. */
const isProperty = (entry) => entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]);
/** A binary trigger gives Buffers; anything else was already parsed by the platform and is written out again. */
function bytesOf(message) {
    if (message instanceof Uint8Array)
        return message;
    return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
}
function deliveryOf(source, body, { triggerMetadata }, index) {
    const contentType = index === undefined ? triggerMetadata?.contentType : undefined;
    const truncated = (0, exports.hasTruncationMark)(propertiesOf(triggerMetadata, index));
    return {
        source,
        body,
        ...(typeof contentType === 'string' ? { contentType } : {}),
        ...(truncated ? { truncated } : {}),
    };
}
/** The message's application properties, wherever the trigger puts them. */
function propertiesOf(metadata, index) {
    const properties = index === undefined
        ? (metadata?.applicationProperties ?? metadata?.userProperties ?? metadata?.properties)
        : metadata?.propertiesArray?.[index];
    return typeof properties === 'object' && properties !== null ? properties : {};
}
/**
 * Dataverse marks a message that lost members for size with a property whose name isn't sure to the letter (the
 * platform lower-cases its first letter, and a trailing blank has been seen).
 * https://learn.microsoft.com/power-apps/developer/data-platform/azure-integration
 */
const hasTruncationMark = (properties) => Object.keys(properties).some((name) => name.trim().toLowerCase() === 'messagemaxsizeexceeded');
exports.hasTruncationMark = hasTruncationMark;
//# sourceMappingURL=messages.js.map