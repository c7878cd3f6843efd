"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isRequestAddress = void 0;
exports.handleRequest = handleRequest;
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const entity_management_1 = require("./entity-management");
const hub_management_1 = require("./hub-management");
const CBS = '$cbs';
const MANAGEMENT = '$management';
/** Whether links to this address carry requests or replies. */
const isRequestAddress = (address) => [CBS, MANAGEMENT].includes(address.toLowerCase()) || address.toLowerCase().endsWith(`/${MANAGEMENT}`);
exports.isRequestAddress = isRequestAddress;
/** Handles a request that came in on a link to `address`, and sends the reply over the link that it names. */
function handleRequest(entities, session, address, message) {
    const replyTo = message.reply_to;
    const sender = session.find_sender((link) => (0, amqp_types_1.recordOf)(link.source).address === address && ((0, amqp_types_1.recordOf)(link.target).address === replyTo || link.name === replyTo));
    sender?.send(replyMessage(message, attempt(entities, address, message)));
}
function attempt(entities, address, message) {
    try {
        return answer(entities, address, message);
    }
    catch (error) {
        return broker_error_1.BrokerError.from(error);
    }
}
function answer(entities, address, message) {
    // Claims-based security: a client puts a token before it uses an entity. Any token will do here.
    if (address.toLowerCase() === CBS)
        return { status: 202 };
    const properties = (0, amqp_types_1.recordOf)(message.application_properties);
    const operation = (0, amqp_types_1.textOf)(properties.operation) ?? '';
    const request = { operation, properties, body: (0, amqp_types_1.recordOf)(message.body) };
    // Event Hubs clients ask at one address for all hubs, Service Bus clients at one below each entity.
    if (address.toLowerCase() === MANAGEMENT)
        return (0, hub_management_1.manageHub)(entities.hub((0, amqp_types_1.textOf)(properties.name) ?? ''), request);
    return (0, entity_management_1.manageEntity)(entities.at(address.slice(0, -MANAGEMENT.length - 1)), request);
}
/** The clients read the status under either spelling: `$cbs` uses the one, `$management` the other. */
function replyMessage(request, reply) {
    const failed = reply instanceof broker_error_1.BrokerError;
    const status = rhea_1.types.wrap_int(reply.status);
    const description = failed ? reply.message : 'OK';
    const condition = failed
        ? { errorCondition: (0, amqp_types_1.symbol)(reply.condition), 'error-condition': (0, amqp_types_1.symbol)(reply.condition) }
        : {};
    return {
        ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
        application_properties: {
            statusCode: status,
            'status-code': status,
            statusDescription: description,
            'status-description': description,
            ...condition,
        },
        body: failed ? undefined : reply.body,
    };
}
//# sourceMappingURL=request-response.js.map