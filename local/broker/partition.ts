import { types } from 'rhea';
import { BrokerError, CONDITION } from './broker-error';
import { renderEvent, withDeliveryAnnotations, type MessageContent } from './message-content';

/** An event as it lies in a partition. */
interface StoredEvent {
  readonly sequence: number;
  readonly offset: number;
  /** Epoch milliseconds; never less than the event's before it. */
  readonly enqueuedAt: number;
  readonly encoded: Buffer;
}

/** The end of a partition; all -1 or 0 while it is empty. */
export interface PartitionEnd {
  readonly sequence: number;
  readonly offset: number;
  readonly enqueuedAt: number;
}

/** A receiving link, as the partition sees it. */
export interface Reader {
  readonly consumerGroup: string;
  /** Its owner level; undefined for a reader that claims no ownership. */
  readonly epoch: number | undefined;
  /** It wants to know with each event where the partition ends. */
  readonly wantsEnd: boolean;
  /** How many events it takes now: the receiver's credit, less what is under way. */
  room(): number;
  deliver(encoded: Buffer): void;
  /** Ends the link from the broker's side: another reader took the partition. */
  disconnect(error: BrokerError): void;
}

/** From where to read: an event selector of the kind `amqp.annotation.x-opt-offset > '12'`. */
export interface StartPosition {
  readonly field: 'offset' | 'sequence' | 'enqueuedAt';
  readonly inclusive: boolean;
  /** A number, or for the offset also `-1` (the start) and `@latest` (the end). */
  readonly value: string;
}

/** The offset after the last event. */
export const LATEST = '@latest';

const EMPTY_END: PartitionEnd = { sequence: -1, offset: -1, enqueuedAt: 0 };

/** What an event takes up beyond its bytes when offsets are counted; any positive number keeps them growing. */
const OFFSET_OVERHEAD = 64;

/** One partition: an append-only log in memory, and the readers following it. */
export class Partition {
  readonly id: string;
  readonly #events: StoredEvent[] = [];
  readonly #positions = new Map<Reader, number>();
  #nextOffset = 0;
  #feedDue = false;

  constructor(id: string) {
    this.id = id;
  }

  get size(): number {
    return this.#events.length;
  }

  /** How many links read it. */
  get readers(): number {
    return this.#positions.size;
  }

  get end(): PartitionEnd {
    return this.#events.at(-1) ?? EMPTY_END;
  }

  append(content: MessageContent, partitionKey: string | undefined): void {
    const sequence = this.#events.length;
    const offset = this.#nextOffset;
    const enqueuedAt = Math.max(Date.now(), this.end.enqueuedAt);
    const encoded = renderEvent(content, {
      'x-opt-sequence-number': types.wrap_long(sequence),
      'x-opt-offset': types.wrap_string(String(offset)),
      'x-opt-enqueued-time': types.wrap_timestamp(enqueuedAt),
      ...(partitionKey === undefined ? {} : { 'x-opt-partition-key': types.wrap_string(partitionKey) }),
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
  attach(reader: Reader, start: StartPosition | undefined): void {
    const others = [...this.#positions.keys()].filter((other) => other.consumerGroup === reader.consumerGroup);
    const highest = Math.max(-1, ...others.map((other) => other.epoch ?? -1));
    if (highest > (reader.epoch ?? -1)) {
      throw new BrokerError(CONDITION.stolen, `A receiver with a higher epoch '${highest}' owns the partition.`);
    }
    if (reader.epoch !== undefined) {
      for (const other of others) {
        this.detach(other);
        other.disconnect(
          new BrokerError(CONDITION.stolen, `New receiver with higher epoch of '${reader.epoch}' is created.`),
        );
      }
    }
    this.#positions.set(reader, this.#indexOf(start));
    this.#scheduleFeed();
  }

  detach(reader: Reader): void {
    this.#positions.delete(reader);
  }

  /** Sends a reader what it has room for. */
  feed(reader: Reader): void {
    let position = this.#positions.get(reader);
    if (position === undefined) return;
    for (let room = reader.room(); room > 0 && position < this.#events.length; room--) {
      const event = this.#events[position++];
      if (event !== undefined) reader.deliver(reader.wantsEnd ? this.#withEnd(event) : event.encoded);
    }
    this.#positions.set(reader, position);
  }

  #withEnd(event: StoredEvent): Buffer {
    return withDeliveryAnnotations(event.encoded, {
      last_enqueued_sequence_number: types.wrap_long(this.end.sequence),
      last_enqueued_offset: types.wrap_string(String(this.end.offset)),
      last_enqueued_time_utc: types.wrap_timestamp(this.end.enqueuedAt),
      runtime_info_retrieval_time_utc: types.wrap_timestamp(Date.now()),
    });
  }

  #indexOf(start: StartPosition | undefined): number {
    if (start === undefined || start.value === LATEST) return this.#events.length;
    if (start.field === 'offset' && start.value === '-1') return 0;
    const wanted = Number(start.value);
    const reached = (event: StoredEvent) =>
      start.inclusive ? event[start.field] >= wanted : event[start.field] > wanted;
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const event = this.#events[middle];
      if (event !== undefined && reached(event)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #scheduleFeed(): void {
    if (this.#feedDue) return;
    this.#feedDue = true;
    setImmediate(() => {
      this.#feedDue = false;
      for (const reader of this.#positions.keys()) this.feed(reader);
    });
  }
}
