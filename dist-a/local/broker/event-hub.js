"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EventHub = void 0;
const node_crypto_1 = require("node:crypto");
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const message_content_1 = require("./message-content");
const partition_1 = require("./partition");
/** The consumer group that each event hub has. */
const DEFAULT_GROUP = '$default';
/** An event hub: partitions, and the consumer groups that may read them. */
class EventHub {
    name;
    /** Epoch milliseconds. */
    createdAt = Date.now();
    partitions;
    #consumerGroups;
    #turn = 0;
    constructor(name, partitions, consumerGroups) {
        this.name = name;
        this.partitions = Array.from({ length: partitions }, (_, index) => new partition_1.Partition(String(index)));
        this.#consumerGroups = new Set([DEFAULT_GROUP, ...consumerGroups.map((group) => group.toLowerCase())]);
    }
    hasConsumerGroup(group) {
        return this.#consumerGroups.has(group.toLowerCase());
    }
    /** The partition of this id. Throws when there is none. */
    partition(id) {
        const found = this.partitions.find((partition) => partition.id === id);
        if (found === undefined)
            throw broker_error_1.BrokerError.entityNotFound(`${this.name}/Partitions/${id}`);
        return found;
    }
    /** Appends events to one partition: the given one, or the key's, or else the next in turn. */
    send({ envelope, messages }, partition) {
        const named = (0, message_content_1.annotation)(envelope, KEY) ?? (0, message_content_1.annotation)(messages[0]?.annotations ?? [], KEY);
        const key = (0, amqp_types_1.textOf)(named);
        const target = partition ?? this.partitions[(key === undefined ? this.#turn++ : hash(key)) % this.partitions.length];
        for (const message of messages)
            target?.append(message, key);
    }
    /** How many events it holds. */
    get size() {
        return this.partitions.reduce((sum, partition) => sum + partition.size, 0);
    }
}
exports.EventHub = EventHub;
const KEY = 'x-opt-partition-key';
/** Spreads keys over partitions: a key always goes to the same one, though not to the one that Azure would choose. */
const hash = (key) => (0, node_crypto_1.createHash)('sha1').update(key).digest().readUInt32BE(0);
//# sourceMappingURL=event-hub.js.map