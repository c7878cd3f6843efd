import { createHash } from 'node:crypto';
import { textOf } from './amqp-types';
import { BrokerError } from './broker-error';
import { annotation, type SentMessages } from './message-content';
import { Partition } from './partition';

/** The consumer group that each event hub has. */
const DEFAULT_GROUP = '$default';

/** What is in a hub, and who reads it. */
export interface HubCounts {
  readonly events: number;
  readonly readers: number;
}

/** An event hub: partitions, and the consumer groups that may read them. */
export class EventHub {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt = Date.now();
  readonly partitions: readonly Partition[];
  readonly #consumerGroups: ReadonlySet<string>;
  #turn = 0;

  constructor(name: string, partitions: number, consumerGroups: readonly string[]) {
    this.name = name;
    this.partitions = Array.from({ length: partitions }, (_, index) => new Partition(String(index)));
    this.#consumerGroups = new Set([DEFAULT_GROUP, ...consumerGroups.map((group) => group.toLowerCase())]);
  }

  hasConsumerGroup(group: string): boolean {
    return this.#consumerGroups.has(group.toLowerCase());
  }

  /** The partition of this id. Throws when there is none. */
  partition(id: string): Partition {
    const found = this.partitions.find((partition) => partition.id === id);
    if (found === undefined) throw BrokerError.entityNotFound(`${this.name}/Partitions/${id}`);
    return found;
  }

  /** Appends events to one partition: the given one, or the key's, or else the next in turn. */
  send({ envelope, messages }: SentMessages, partition?: Partition): void {
    const named = annotation(envelope, KEY) ?? annotation(messages[0]?.annotations ?? [], KEY);
    const key = textOf(named);
    const target =
      partition ?? this.partitions[(key === undefined ? this.#turn++ : hash(key)) % this.partitions.length];
    for (const message of messages) target?.append(message, key);
  }

  /** How many events it holds, and how many links read them. */
  counts(): HubCounts {
    const sumOf = (what: 'size' | 'readers'): number =>
      this.partitions.reduce((sum, partition) => sum + partition[what], 0);
    return { events: sumOf('size'), readers: sumOf('readers') };
  }
}

const KEY = 'x-opt-partition-key';

/** Spreads keys over partitions: a key always goes to the same one, though not to the one that Azure would choose. */
const hash = (key: string): number => createHash('sha1').update(key).digest().readUInt32BE(0);
