import { BrokerError } from './broker-error';
import { EventHub, type HubCounts } from './event-hub';
import { Queue, type QueueCounts, type QueueOptions, type SettlementInterceptor } from './queue';
import { Topic } from './topic';

/** What the broker has: fixed from its start to its end. Names are compared without regard to case, as in Azure. */
export interface BrokerTopology {
  readonly queues?: Readonly<Record<string, QueueOptions>>;
  readonly topics?: Readonly<Record<string, { readonly subscriptions: Readonly<Record<string, QueueOptions>> }>>;
  readonly hubs?: Readonly<
    Record<
      string,
      {
        /** @default 2 */
        readonly partitions?: number;
        /** Beside `$Default`. */
        readonly consumerGroups?: readonly string[];
      }
    >
  >;
}

/** What is in the broker. Subscriptions are named `<topic>/<subscription>`. */
export interface BrokerCounts {
  readonly queues: Readonly<Record<string, QueueCounts>>;
  readonly subscriptions: Readonly<Record<string, QueueCounts>>;
  readonly hubs: Readonly<Record<string, HubCounts>>;
}

/** Whatever an address can lead to. */
export type Entity =
  | { readonly kind: 'queue'; readonly queue: Queue }
  | { readonly kind: 'topic'; readonly topic: Topic }
  | { readonly kind: 'hub'; readonly hub: EventHub };

/** The broker's entities by address. */
export class Entities {
  readonly #byAddress = new Map<string, Entity>();
  readonly #queues = new Map<string, Queue>();
  readonly #subscriptions = new Map<string, Queue>();
  readonly #topics: Topic[] = [];
  readonly #hubs: EventHub[] = [];

  constructor(topology: BrokerTopology) {
    for (const [name, options] of Object.entries(topology.queues ?? {})) {
      this.#queues.set(name, this.#addQueue(name, options));
    }
    for (const [name, { subscriptions }] of Object.entries(topology.topics ?? {})) {
      const queues = Object.entries(subscriptions).map(([subscription, options]) => {
        const queue = this.#addQueue(`${name}/Subscriptions/${subscription}`, options);
        this.#subscriptions.set(`${name}/${subscription}`, queue);
        return queue;
      });
      const topic = new Topic(name, queues);
      this.#topics.push(topic);
      this.#register(name, { kind: 'topic', topic });
    }
    for (const [name, { partitions, consumerGroups }] of Object.entries(topology.hubs ?? {})) {
      const hub = new EventHub(name, partitions ?? 2, consumerGroups ?? []);
      this.#hubs.push(hub);
      this.#register(name, { kind: 'hub', hub });
    }
  }

  /** The entity at an address. Throws when there is none. */
  at(address: string): Entity {
    const found = this.#byAddress.get(normalize(address));
    if (found === undefined) throw BrokerError.entityNotFound(address);
    return found;
  }

  /** The event hub of a name. Throws when there is none. */
  hub(name: string): EventHub {
    const found = this.at(name);
    if (found.kind !== 'hub') throw BrokerError.entityNotFound(name);
    return found.hub;
  }

  /** Does what has come due in all entities. */
  tick(now: number): void {
    for (const topic of this.#topics) topic.tick(now);
    for (const queue of this.#lending()) queue.tick(now);
  }

  /** Has every outcome that a receiver of a queue or subscription sends looked at. */
  intercept(interceptor: SettlementInterceptor | undefined): void {
    for (const queue of this.#lending()) queue.interceptor = interceptor;
  }

  /** Ends the locks of all queues and subscriptions now. */
  expireLocks(): void {
    for (const queue of this.#lending()) queue.expireLocks();
  }

  #lending(): Queue[] {
    return [...this.#queues.values(), ...this.#subscriptions.values()];
  }

  counts(): BrokerCounts {
    const counted = (queues: ReadonlyMap<string, Queue>) =>
      Object.fromEntries([...queues].map(([name, queue]) => [name, queue.counts()]));
    return {
      queues: counted(this.#queues),
      subscriptions: counted(this.#subscriptions),
      hubs: Object.fromEntries(this.#hubs.map((hub) => [hub.name, hub.counts()])),
    };
  }

  #addQueue(name: string, options: QueueOptions): Queue {
    const queue = Queue.withDeadLetters(name, options);
    for (const one of [queue, queue.deadLetters]) {
      if (one !== undefined) this.#register(one.name, { kind: 'queue', queue: one });
    }
    return queue;
  }

  #register(address: string, entity: Entity): void {
    const key = normalize(address);
    if (this.#byAddress.has(key)) throw new Error(`Two entities of the broker have the address '${address}'.`);
    this.#byAddress.set(key, entity);
  }
}

const normalize = (address: string): string => address.replace(/^\//, '').toLowerCase();
