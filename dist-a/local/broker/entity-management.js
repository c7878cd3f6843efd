"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.manageEntity = manageEntity;
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const lock_token_1 = require("./lock-token");
const message_content_1 = require("./message-content");
const management_request_1 = require("./management-request");
/**
 * Answers a Service Bus management request.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response
 */
function manageEntity(entity, request) {
    switch (entity.kind) {
        case 'queue':
            return manageQueue(entity.queue, request);
        case 'topic':
            return manageSender(entity.topic, request);
        case 'hub':
            throw (0, management_request_1.unknownOperation)(request);
    }
}
function manageQueue(queue, request) {
    switch (request.operation) {
        case 'com.microsoft:peek-message':
            return peek(queue, request);
        case 'com.microsoft:renew-lock':
            return ok({ expirations: (0, amqp_types_1.arrayOf)('timestamp', queue.renew(lockTokens(request))) });
        case 'com.microsoft:receive-by-sequence-number':
            return receiveDeferred(queue, request);
        case 'com.microsoft:update-disposition':
            for (const token of lockTokens(request))
                queue.settle(token, settlement(request));
            return ok();
        case 'com.microsoft:renew-session-lock':
            return ok({ expiration: rhea_1.types.wrap_timestamp(sessionsOf(queue).renew(sessionId(request))) });
        case 'com.microsoft:get-session-state':
            return ok({ 'session-state': sessionsOf(queue).state(sessionId(request)) });
        case 'com.microsoft:set-session-state':
            sessionsOf(queue).setState(sessionId(request), request.body['session-state'] ?? null);
            return ok();
        default:
            return manageSender(queue, request);
    }
}
/** What a sender asks for, of a queue or of a topic. */
function manageSender(target, request) {
    switch (request.operation) {
        case 'com.microsoft:schedule-message':
            return ok({ 'sequence-numbers': (0, amqp_types_1.arrayOf)('long', target.send(encodedMessages(request).map(message_content_1.parseMessage))) });
        case 'com.microsoft:cancel-scheduled-message':
            target.cancelScheduled((0, amqp_types_1.numbersOf)(request.body['sequence-numbers']));
            return ok();
        default:
            throw (0, management_request_1.unknownOperation)(request);
    }
}
function peek(queue, request) {
    const from = (0, management_request_1.numberIn)(request, 'from-sequence-number', 0);
    const found = queue.peek(from, (0, management_request_1.numberIn)(request, 'message-count', 1), (0, amqp_types_1.textOf)(request.body['session-id']));
    return found.length === 0 ? { status: 204 } : ok({ messages: found.map((message) => ({ message })) });
}
function receiveDeferred(queue, request) {
    const sequences = (0, amqp_types_1.numbersOf)(request.body['sequence-numbers']);
    const destructive = (0, management_request_1.numberIn)(request, 'receiver-settle-mode', 1) === 0;
    return ok({
        messages: queue.receiveDeferred(sequences, destructive).map(({ token, encoded }) => ({
            message: encoded,
            ...(token === undefined ? {} : { 'lock-token': rhea_1.types.wrap_uuid(token) }),
        })),
    });
}
/** A settlement by token: of deferred messages, and of messages whose link is closed. */
function settlement({ body }) {
    const properties = (0, amqp_types_1.recordOf)(body['properties-to-modify']);
    switch (body['disposition-status']) {
        case 'completed':
            return { kind: 'complete' };
        case 'abandoned':
            return { kind: 'abandon', counted: true, properties };
        case 'defered': // spelled so by the service
            return { kind: 'defer', properties };
        case 'suspended':
            return {
                kind: 'deadLetter',
                reason: (0, amqp_types_1.textOf)(body['deadletter-reason']),
                description: (0, amqp_types_1.textOf)(body['deadletter-description']),
                properties,
            };
        default:
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.notImplemented, 'The broker has no such disposition.');
    }
}
const ok = (body) => ({ status: 200, body });
const itemsOf = (value) => (Array.isArray(value) ? value : []);
const encodedMessages = (request) => itemsOf(request.body.messages)
    .map((item) => (0, amqp_types_1.recordOf)(item).message)
    .filter((item) => Buffer.isBuffer(item));
const lockTokens = (request) => itemsOf(request.body['lock-tokens'])
    .filter((item) => Buffer.isBuffer(item))
    .map(lock_token_1.tokenKey);
const sessionId = (request) => (0, amqp_types_1.textOf)(request.body['session-id']) ?? '';
function sessionsOf(queue) {
    if (queue.sessions !== undefined)
        return queue.sessions;
    throw new broker_error_1.BrokerError(broker_error_1.CONDITION.notAllowed, `'${queue.name}' has no sessions.`);
}
//# sourceMappingURL=entity-management.js.map