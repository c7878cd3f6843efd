"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.partitionAddress = partitionAddress;
exports.openPartitionLink = openPartitionLink;
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const rhea_internals_1 = require("./rhea-internals");
const ADDRESS = /^(.+)\/consumergroups\/([^/]+)\/partitions\/([^/]+)$/i;
/** Reads `<hub>/ConsumerGroups/<group>/Partitions/<id>`; undefined for any other address. */
function partitionAddress(address) {
    const [, hub, consumerGroup, partition] = ADDRESS.exec(address) ?? [];
    if (hub === undefined || consumerGroup === undefined || partition === undefined)
        return undefined;
    return { hub, consumerGroup, partition };
}
/** The source filter that names the start position. */
const SELECTOR_FILTER = 'apache.org:selector-filter:string';
const SELECTOR = /x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*'([^']*)'/;
const SELECTOR_FIELDS = {
    offset: 'offset',
    'sequence-number': 'sequence',
    'enqueued-time': 'enqueuedAt',
};
/**
 * Opens a link over which a client reads a partition. Throws when there is none, or its owner has a higher epoch.
 *
 * @returns to be called when the link is gone
 */
function openPartitionLink(sender, entities, address, { hub: hubName, consumerGroup, partition: id }) {
    const hub = entities.hub(hubName);
    if (!hub.hasConsumerGroup(consumerGroup))
        throw broker_error_1.BrokerError.entityNotFound(address);
    const partition = hub.partition(id);
    const filter = (0, amqp_types_1.recordOf)((0, amqp_types_1.recordOf)(sender.source).filter);
    sender.set_source({ address, filter });
    const reader = readerOver(sender, consumerGroup.toLowerCase());
    partition.attach(reader, startPosition(filter[SELECTOR_FILTER]));
    feedOnCredit(sender, partition, reader);
    return () => partition.detach(reader);
}
function readerOver(sender, consumerGroup) {
    const epoch = (0, amqp_types_1.recordOf)(sender.properties)['com.microsoft:epoch'];
    return {
        consumerGroup,
        epoch: epoch === undefined || epoch === null ? undefined : (0, amqp_types_1.numberOf)(epoch),
        wantsEnd: [sender.desired_capabilities].flat().map(String).includes('com.microsoft:enable-receiver-runtime-metric'),
        room: () => (0, rhea_internals_1.roomOf)(sender),
        deliver: (encoded) => void sender.send(encoded, undefined, 0),
        disconnect: ({ condition, message }) => sender.close({ condition, description: message }),
    };
}
function feedOnCredit(sender, partition, reader) {
    sender.on('sendable', () => partition.feed(reader));
    sender.on('sender_draining', () => {
        partition.feed(reader);
        (0, rhea_internals_1.answerDrain)(sender);
    });
}
/** The selector comes as a described string. */
function startPosition(filter) {
    const selector = (0, amqp_types_1.textOf)(filter) ?? (0, amqp_types_1.textOf)((0, amqp_types_1.recordOf)(filter).value) ?? '';
    const [, name, comparison, value] = SELECTOR.exec(selector) ?? [];
    const field = name === undefined ? undefined : SELECTOR_FIELDS[name];
    if (field === undefined || value === undefined)
        return undefined;
    return { field, inclusive: comparison === '>=', value };
}
//# sourceMappingURL=partition-link.js.map