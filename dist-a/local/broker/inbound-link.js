"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.openInbound = openInbound;
const broker_error_1 = require("./broker-error");
const message_content_1 = require("./message-content");
const rhea_internals_1 = require("./rhea-internals");
const PARTITION = /^(.+)\/partitions\/([^/]+)$/i;
/** Opens a link over which a client sends to the entity at `address`. Throws when there is none. */
function openInbound(receiver, entities, address, maxMessageSize) {
    const accept = sinkAt(entities, address);
    receiver.on('message', (context) => {
        try {
            const { encoded, format } = (0, rhea_internals_1.transferOf)(context);
            if (encoded.length > maxMessageSize)
                throw tooLarge(encoded.length, maxMessageSize);
            accept((0, message_content_1.parseTransfer)(encoded, format));
            context.delivery?.accept();
        }
        catch (error) {
            const { condition, message } = broker_error_1.BrokerError.from(error);
            context.delivery?.reject({ condition, description: message });
        }
    });
}
/** What takes the messages sent to an address: a queue, a topic, an event hub or one of its partitions. */
function sinkAt(entities, address) {
    const [, hubName, partitionId] = PARTITION.exec(address) ?? [];
    if (hubName !== undefined && partitionId !== undefined) {
        const hub = entities.hub(hubName);
        const partition = hub.partition(partitionId);
        return (sent) => hub.send(sent, partition);
    }
    const entity = entities.at(address);
    switch (entity.kind) {
        case 'queue':
            return (sent) => entity.queue.send(sent.messages);
        case 'topic':
            return (sent) => entity.topic.send(sent.messages);
        case 'hub':
            return (sent) => entity.hub.send(sent);
    }
}
const tooLarge = (size, limit) => new broker_error_1.BrokerError(broker_error_1.CONDITION.messageTooLarge, `The message is ${size} bytes long; the limit is ${limit} bytes.`);
//# sourceMappingURL=inbound-link.js.map