"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Partition = void 0;
const rhea_1 = require("rhea");
const broker_error_1 = require("./broker-error");
const message_content_1 = require("./message-content");
const EMPTY_END = { sequence: -1, offset: -1, enqueuedAt: 0 };
/** What an event takes up beyond its bytes when offsets are counted; any positive number keeps them growing. */
const OFFSET_OVERHEAD = 64;
/** One partition: an append-only log in memory, and the readers following it. */
class Partition {
    id;
    #events = [];
    #positions = new Map();
    #nextOffset = 0;
    #feedDue = false;
    constructor(id) {
        this.id = id;
    }
    get size() {
        return this.#events.length;
    }
    get end() {
        return this.#events.at(-1) ?? EMPTY_END;
    }
    append(content, partitionKey) {
        const sequence = this.#events.length;
        const offset = this.#nextOffset;
        const enqueuedAt = Math.max(Date.now(), this.end.enqueuedAt);
        const encoded = (0, message_content_1.renderEvent)(content, {
            'x-opt-sequence-number': rhea_1.types.wrap_long(sequence),
            'x-opt-offset': rhea_1.types.wrap_string(String(offset)),
            'x-opt-enqueued-time': rhea_1.types.wrap_timestamp(enqueuedAt),
            ...(partitionKey === undefined ? {} : { 'x-opt-partition-key': rhea_1.types.wrap_string(partitionKey) }),
        });
        this.#events.push({ sequence, offset, enqueuedAt, encoded });
        this.#nextOffset += encoded.length + OFFSET_OVERHEAD;
        this.#scheduleFeed();
    }
    /**
     * Adds a reader. Within a consumer group the highest epoch owns the partition: a reader with a lower one or none is
     * refused, those there with a lower or equal one or none are disconnected.
     * https://learn.microsoft.com/azure/event-hubs/event-hubs-event-processor-host#epoch
     */
    attach(reader, start) {
        const others = [...this.#positions.keys()].filter((other) => other.consumerGroup === reader.consumerGroup);
        const highest = Math.max(-1, ...others.map((other) => other.epoch ?? -1));
        if (highest > (reader.epoch ?? -1)) {
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.stolen, `A receiver with a higher epoch '${highest}' owns the partition.`);
        }
        if (reader.epoch !== undefined) {
            for (const other of others) {
                this.detach(other);
                other.disconnect(new broker_error_1.BrokerError(broker_error_1.CONDITION.stolen, `New receiver with higher epoch of '${reader.epoch}' is created.`));
            }
        }
        this.#positions.set(reader, this.#indexOf(start));
        this.#scheduleFeed();
    }
    detach(reader) {
        this.#positions.delete(reader);
    }
    /** Sends a reader what it has room for. */
    feed(reader) {
        let position = this.#positions.get(reader);
        if (position === undefined)
            return;
        for (let room = reader.room(); room > 0 && position < this.#events.length; room--) {
            const event = this.#events[position++];
            if (event !== undefined)
                reader.deliver(reader.wantsEnd ? this.#withEnd(event) : event.encoded);
        }
        this.#positions.set(reader, position);
    }
    #withEnd(event) {
        return (0, message_content_1.withDeliveryAnnotations)(event.encoded, {
            last_enqueued_sequence_number: rhea_1.types.wrap_long(this.end.sequence),
            last_enqueued_offset: rhea_1.types.wrap_string(String(this.end.offset)),
            last_enqueued_time_utc: rhea_1.types.wrap_timestamp(this.end.enqueuedAt),
            runtime_info_retrieval_time_utc: rhea_1.types.wrap_timestamp(Date.now()),
        });
    }
    #indexOf(start) {
        if (start === undefined || start.value === '@latest')
            return this.#events.length;
        if (start.field === 'offset' && start.value === '-1')
            return 0;
        const wanted = Number(start.value);
        const reached = (event) => start.inclusive ? event[start.field] >= wanted : event[start.field] > wanted;
        let [low, high] = [0, this.#events.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            const event = this.#events[middle];
            if (event !== undefined && reached(event))
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
    #scheduleFeed() {
        if (this.#feedDue)
            return;
        this.#feedDue = true;
        setImmediate(() => {
            this.#feedDue = false;
            for (const reader of this.#positions.keys())
                this.feed(reader);
        });
    }
}
exports.Partition = Partition;
//# sourceMappingURL=partition.js.map