"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Topic = void 0;
const broker_error_1 = require("./broker-error");
const heap_1 = require("./heap");
const message_content_1 = require("./message-content");
/** A topic: each subscription gets a copy of each message. It keeps only what is scheduled for later. */
class Topic {
    name;
    subscriptions;
    #scheduled = new Map();
    #byDue = new heap_1.Heap((a, b) => a.due < b.due);
    #lastSequence = 0;
    constructor(name, subscriptions) {
        this.name = name;
        this.subscriptions = subscriptions;
    }
    /** Publishes messages, at once or at the time they name; answers their sequence numbers in the topic. */
    send(contents) {
        for (const subscription of this.subscriptions)
            subscription.assertTakes(contents);
        return contents.map((content) => this.#add((0, message_content_1.withMessageId)(content)));
    }
    /** Takes scheduled messages back, all or none. */
    cancelScheduled(sequences) {
        const found = sequences.map((sequence) => {
            const scheduled = this.#scheduled.get(sequence);
            if (scheduled !== undefined)
                return scheduled;
            throw new broker_error_1.BrokerError(broker_error_1.CONDITION.messageNotFound, `'${this.name}' has no such scheduled message: ${sequence}.`);
        });
        for (const scheduled of found) {
            this.#scheduled.delete(scheduled.sequence);
            this.#byDue.remove(scheduled);
        }
    }
    /** Publishes what has come due. */
    tick(now) {
        for (let next = this.#byDue.peek(); next !== undefined && next.due <= now; next = this.#byDue.peek()) {
            this.#byDue.pop();
            this.#scheduled.delete(next.sequence);
            this.#publish(next.content);
        }
    }
    #add(content) {
        const sequence = ++this.#lastSequence;
        const due = (0, message_content_1.scheduledTime)(content);
        if (due !== undefined && due > Date.now()) {
            const scheduled = { sequence, due, content };
            this.#scheduled.set(sequence, scheduled);
            this.#byDue.push(scheduled);
        }
        else {
            this.#publish(content);
        }
        return sequence;
    }
    #publish(content) {
        for (const subscription of this.subscriptions)
            subscription.send([content]);
    }
}
exports.Topic = Topic;
//# sourceMappingURL=topic.js.map