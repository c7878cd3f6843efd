"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Entities = void 0;
const broker_error_1 = require("./broker-error");
const event_hub_1 = require("./event-hub");
const queue_1 = require("./queue");
const topic_1 = require("./topic");
/** The broker's entities by address. */
class Entities {
    #byAddress = new Map();
    #queues = new Map();
    #subscriptions = new Map();
    #topics = [];
    #hubs = [];
    constructor(topology) {
        for (const [name, options] of Object.entries(topology.queues ?? {})) {
            this.#queues.set(name, this.#addQueue(name, options));
        }
        for (const [name, { subscriptions }] of Object.entries(topology.topics ?? {})) {
            const queues = Object.entries(subscriptions).map(([subscription, options]) => {
                const queue = this.#addQueue(`${name}/Subscriptions/${subscription}`, options);
                this.#subscriptions.set(`${name}/${subscription}`, queue);
                return queue;
            });
            const topic = new topic_1.Topic(name, queues);
            this.#topics.push(topic);
            this.#register(name, { kind: 'topic', topic });
        }
        for (const [name, { partitions, consumerGroups }] of Object.entries(topology.hubs ?? {})) {
            const hub = new event_hub_1.EventHub(name, partitions ?? 2, consumerGroups ?? []);
            this.#hubs.push(hub);
            this.#register(name, { kind: 'hub', hub });
        }
    }
    /** The entity at an address. Throws when there is none. */
    at(address) {
        const found = this.#byAddress.get(normalize(address));
        if (found === undefined)
            throw broker_error_1.BrokerError.entityNotFound(address);
        return found;
    }
    /** The event hub of a name. Throws when there is none. */
    hub(name) {
        const found = this.at(name);
        if (found.kind !== 'hub')
            throw broker_error_1.BrokerError.entityNotFound(name);
        return found.hub;
    }
    /** Does what has come due in all entities. */
    tick(now) {
        for (const topic of this.#topics)
            topic.tick(now);
        for (const queue of this.#lending())
            queue.tick(now);
    }
    /** Has every outcome that a receiver of a queue or subscription sends looked at. */
    intercept(interceptor) {
        for (const queue of this.#lending())
            queue.interceptor = interceptor;
    }
    /** Ends the locks of all queues and subscriptions now. */
    expireLocks() {
        for (const queue of this.#lending())
            queue.expireLocks();
    }
    #lending() {
        return [...this.#queues.values(), ...this.#subscriptions.values()];
    }
    counts() {
        const counted = (queues) => Object.fromEntries([...queues].map(([name, queue]) => [name, queue.counts()]));
        return {
            queues: counted(this.#queues),
            subscriptions: counted(this.#subscriptions),
            hubs: Object.fromEntries(this.#hubs.map((hub) => [hub.name, { events: hub.size }])),
        };
    }
    #addQueue(name, options) {
        const queue = queue_1.Queue.withDeadLetters(name, options);
        for (const one of [queue, queue.deadLetters]) {
            if (one !== undefined)
                this.#register(one.name, { kind: 'queue', queue: one });
        }
        return queue;
    }
    #register(address, entity) {
        const key = normalize(address);
        if (this.#byAddress.has(key))
            throw new Error(`Two entities of the broker have the address '${address}'.`);
        this.#byAddress.set(key, entity);
    }
}
exports.Entities = Entities;
const normalize = (address) => address.replace(/^\//, '').toLowerCase();
//# sourceMappingURL=topology.js.map