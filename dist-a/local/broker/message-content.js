"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.withDeliveryAnnotations = exports.renderEvent = exports.BATCH_FORMAT = void 0;
exports.parseMessage = parseMessage;
exports.withMessageId = withMessageId;
exports.withApplicationProperties = withApplicationProperties;
exports.annotation = annotation;
exports.scheduledTime = scheduledTime;
exports.renderMessage = renderMessage;
exports.parseTransfer = parseTransfer;
const node_crypto_1 = require("node:crypto");
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
/** Section codes of AMQP 1.0, part 3.2. */
const SECTION = {
    header: 0x70,
    deliveryAnnotations: 0x71,
    annotations: 0x72,
    properties: 0x73,
    applicationProperties: 0x74,
    data: 0x75,
};
/** Fields of the properties section. */
const MESSAGE_ID = 0;
const GROUP_ID = 10;
/** The transfer format of a batch: each data section is an encoded message. */
exports.BATCH_FORMAT = 0x80013700;
const EMPTY = Buffer.alloc(0);
/** Splits an encoded message into its sections. */
function parseMessage(encoded) {
    const reader = (0, amqp_types_1.readerOf)(encoded);
    let header = [];
    let annotations = [];
    let fields = [];
    let properties = EMPTY;
    let applicationProperties = EMPTY;
    let body = EMPTY;
    while (reader.remaining() > 0 && body.length === 0) {
        const start = reader.position;
        const section = reader.read();
        const bytes = encoded.subarray(start, reader.position);
        switch (sectionCode(section)) {
            case SECTION.header:
                header = itemsOf(section).slice(0, 3);
                break;
            case SECTION.deliveryAnnotations: // meant for this hop only
                break;
            case SECTION.annotations:
                annotations = itemsOf(section);
                break;
            case SECTION.properties:
                fields = itemsOf(section);
                properties = bytes;
                break;
            case SECTION.applicationProperties:
                applicationProperties = bytes;
                break;
            default:
                body = encoded.subarray(start);
        }
    }
    return {
        header,
        annotations,
        properties,
        applicationProperties,
        body,
        messageId: (0, amqp_types_1.textOf)(valueOf(fields[MESSAGE_ID])),
        sessionId: (0, amqp_types_1.textOf)(valueOf(fields[GROUP_ID])),
    };
}
/** Gives a message without an id one: Service Bus does, and the SDK's lock renewal can't work without it. */
function withMessageId(content) {
    const fields = content.properties.length > 0 ? itemsOf((0, amqp_types_1.readerOf)(content.properties).read()) : [];
    if (fields[MESSAGE_ID] !== undefined && valueOf(fields[MESSAGE_ID]) !== null)
        return content;
    const messageId = (0, node_crypto_1.randomUUID)().replaceAll('-', '');
    const properties = (0, amqp_types_1.encode)([
        (0, amqp_types_1.described)(SECTION.properties, (0, amqp_types_1.list)([rhea_1.types.wrap_string(messageId), ...fields.slice(MESSAGE_ID + 1)])),
    ]);
    return { ...content, messageId, properties };
}
/** Sets application properties, keeping the others as they are. */
function withApplicationProperties(content, changes) {
    const names = new Set(Object.keys(changes));
    if (names.size === 0)
        return content;
    const before = content.applicationProperties;
    const items = before.length > 0 ? without(itemsOf((0, amqp_types_1.readerOf)(before).read()), names) : [];
    for (const [name, value] of Object.entries(changes))
        items.push(rhea_1.types.wrap_string(name), rhea_1.types.wrap(value));
    return { ...content, applicationProperties: (0, amqp_types_1.encode)([(0, amqp_types_1.described)(SECTION.applicationProperties, (0, amqp_types_1.map)(items))]) };
}
/** A message annotation's decoded value. */
function annotation(annotations, name) {
    const at = annotations.findIndex((key, index) => index % 2 === 0 && valueOf(key) === name);
    return at < 0 ? undefined : valueOf(annotations[at + 1]);
}
/** When the sender wants the message to appear, in epoch milliseconds; undefined for at once. */
function scheduledTime(content) {
    const at = annotation(content.annotations, 'x-opt-scheduled-enqueue-time');
    return at === undefined || at === null ? undefined : (0, amqp_types_1.numberOf)(at);
}
/** Encodes a message for a Service Bus receiver. */
function renderMessage(content, set, deliveryCount) {
    const [durable, priority, ttl] = content.header;
    const firstAcquirer = rhea_1.types.wrap_boolean(deliveryCount === 0);
    const head = (0, amqp_types_1.described)(SECTION.header, (0, amqp_types_1.list)([durable, priority, ttl, firstAcquirer, rhea_1.types.wrap_uint(deliveryCount)]));
    return Buffer.concat([(0, amqp_types_1.encode)([head, annotationSection(content, set)]), unchangedBytes(content)]);
}
/** Encodes an event for any number of Event Hubs readers; it has no header, since an event is never redelivered. */
const renderEvent = (content, set) => Buffer.concat([(0, amqp_types_1.encode)([annotationSection(content, set)]), unchangedBytes(content)]);
exports.renderEvent = renderEvent;
/** Puts delivery annotations, which are meant for one reader, before an encoded event. */
const withDeliveryAnnotations = (event, set) => Buffer.concat([(0, amqp_types_1.encode)([(0, amqp_types_1.described)(SECTION.deliveryAnnotations, (0, amqp_types_1.map)(flatten(set)))]), event]);
exports.withDeliveryAnnotations = withDeliveryAnnotations;
/** Splits a transfer into its messages. */
function parseTransfer(encoded, format) {
    if (format !== exports.BATCH_FORMAT)
        return { envelope: [], messages: [parseMessage(encoded)] };
    const reader = (0, amqp_types_1.readerOf)(encoded);
    const messages = [];
    let envelope = [];
    while (reader.remaining() > 0) {
        const section = reader.read();
        const value = valueOf(section);
        if (sectionCode(section) === SECTION.annotations)
            envelope = itemsOf(section);
        if (sectionCode(section) === SECTION.data && Buffer.isBuffer(value))
            messages.push(parseMessage(value));
    }
    return { envelope, messages };
}
const unchangedBytes = (content) => Buffer.concat([content.properties, content.applicationProperties, content.body]);
const annotationSection = (content, set) => (0, amqp_types_1.described)(SECTION.annotations, (0, amqp_types_1.map)([...without(content.annotations, new Set(Object.keys(set))), ...flatten(set)]));
const flatten = (set) => Object.entries(set).flatMap(([name, value]) => [(0, amqp_types_1.symbol)(name), value]);
/** Keys and values in turn, less the named ones. */
function without(keysAndValues, names) {
    const named = (key) => names.has((0, amqp_types_1.textOf)(valueOf(key)) ?? '');
    return keysAndValues.filter((_, index) => !named(keysAndValues[index - (index % 2)]));
}
const sectionCode = (section) => Number(section.descriptor.value);
const valueOf = (typed) => typed?.value;
/** The items of a decoded list, or a decoded map's keys and values in turn. */
const itemsOf = (section) => section.value;
//# sourceMappingURL=message-content.js.map