"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.confirmAttach = confirmAttach;
exports.setAttachProperties = setAttachProperties;
exports.holdAttach = holdAttach;
exports.roomOf = roomOf;
exports.answerDrain = answerDrain;
exports.settleDelivery = settleDelivery;
exports.receiveUndecoded = receiveUndecoded;
exports.transferOf = transferOf;
exports.outcomeOf = outcomeOf;
const amqp_types_1 = require("./amqp-types");
const linkOf = (link) => link;
const sessionOf = (session) => session;
/**
 * Answers an attach with the peer's own settle modes: a receiver's say whether it locks (unsettled) or receives and
 * deletes (settled), and rhea would answer "mixed". The SDKs size their batches by `maxMessageSize`.
 */
function confirmAttach(link, maxMessageSize) {
    const { attach } = linkOf(link).local;
    attach.snd_settle_mode = link.snd_settle_mode;
    attach.rcv_settle_mode = link.rcv_settle_mode;
    attach.max_message_size = maxMessageSize;
}
/** Puts properties into the answer to an attach. */
function setAttachProperties(link, properties) {
    linkOf(link).local.attach.properties = properties;
}
/** Keeps the answer to an attach back until `link.open()`; rhea answers at once otherwise. */
function holdAttach(link) {
    const { state } = linkOf(link);
    state.local_open = false;
    state.open_requests = 0;
}
/** How many messages can be sent now. rhea takes credit off when it writes, so what is queued counts too. */
function roomOf(sender) {
    if (!sender.is_open())
        return 0;
    const { outgoing } = sessionOf(sender.session);
    const unwritten = outgoing.next_delivery_id - outgoing.next_pending_delivery;
    return Math.min(linkOf(sender).credit - unwritten, outgoing.available());
}
/**
 * Gives a draining receiver its unused credit back. rhea answers only if credit is left, but the SDK waits for the
 * answer also when the last credit was used while its request was under way.
 */
function answerDrain(sender) {
    const link = linkOf(sender);
    let due = true;
    link._get_drain = () => {
        if (!due)
            return false;
        due = false;
        link.delivery_count += link.credit;
        link.credit = 0;
        return true;
    };
    link.issue_flow = true;
    sender.connection._register();
}
/**
 * Settles a delivery that the peer gave an outcome. The SDK's receivers wait for the broker (rcv-settle-mode second)
 * and don't confirm, so it is marked as settled on both sides: otherwise rhea keeps it, and its buffer fills.
 */
function settleDelivery(delivery, outcome) {
    const internals = delivery;
    if (delivery.remote_settled)
        internals.settled = true;
    else
        delivery.update(true, outcome);
    internals.remote_settled = true;
}
/** A format that rhea doesn't decode. */
const UNDECODED = 0x7fffff01;
/** Lets the receivers chosen by `wanted` get their messages undecoded: rhea decodes every message of format 0. */
function receiveUndecoded(session, wanted) {
    const { incoming } = sessionOf(session);
    const onTransfer = incoming.on_transfer.bind(incoming);
    incoming.on_transfer = (frame, receiver) => {
        if (wanted(receiver) && !frame.performative.message_format)
            frame.performative.message_format = UNDECODED;
        onTransfer(frame, receiver);
    };
}
/** An undecoded message and its format. */
function transferOf(context) {
    const { message, format } = context;
    return { encoded: message, format };
}
/** The outcome a peer gave a delivery; which members it has depends on its kind. */
function outcomeOf(delivery) {
    const state = (0, amqp_types_1.recordOf)(delivery.remote_state);
    return {
        undeliverableHere: state.undeliverable_here === true,
        annotations: (0, amqp_types_1.recordOf)(state.message_annotations),
        errorInfo: (0, amqp_types_1.recordOf)((0, amqp_types_1.recordOf)(state.error).info),
    };
}
//# sourceMappingURL=rhea-internals.js.map