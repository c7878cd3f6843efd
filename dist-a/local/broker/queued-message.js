"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MESSAGE_STATE = void 0;
exports.encodeDelivery = encodeDelivery;
exports.encodePeek = encodePeek;
const rhea_1 = require("rhea");
const message_content_1 = require("./message-content");
/** The values of `x-opt-message-state`. */
exports.MESSAGE_STATE = { active: 0, deferred: 1, scheduled: 2 };
/** Encodes a message as a receiver sees it; `lockedUntil` in epoch milliseconds. */
function encodeDelivery(message, lockedUntil) {
    const until = lockedUntil === undefined ? {} : { 'x-opt-locked-until': rhea_1.types.wrap_timestamp(lockedUntil) };
    return (0, message_content_1.renderMessage)(message.content, { ...annotationsOf(message), ...until }, message.deliveryCount);
}
/** Encodes a message as a peek shows it: with its state, without a lock. */
function encodePeek(message) {
    const state = { 'x-opt-message-state': rhea_1.types.wrap_int(exports.MESSAGE_STATE[message.state]) };
    return (0, message_content_1.renderMessage)(message.content, { ...annotationsOf(message), ...state }, message.deliveryCount);
}
const annotationsOf = (message) => ({
    'x-opt-sequence-number': rhea_1.types.wrap_long(message.sequence),
    'x-opt-enqueued-time': rhea_1.types.wrap_timestamp(message.enqueuedAt),
    'x-opt-enqueue-sequence-number': rhea_1.types.wrap_long(message.enqueuedSequence),
    ...(message.deadLetterSource === undefined
        ? {}
        : { 'x-opt-deadletter-source': rhea_1.types.wrap_string(message.deadLetterSource) }),
});
//# sourceMappingURL=queued-message.js.map