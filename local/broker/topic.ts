import { BrokerError, CONDITION } from './broker-error';
import { Heap } from './heap';
import { scheduledTime, withMessageId, type MessageContent } from './message-content';
import type { Queue } from './queue';

interface Scheduled {
  readonly sequence: number;
  readonly due: number;
  readonly content: MessageContent;
}

/** A topic: each subscription gets a copy of each message. It keeps only what is scheduled for later. */
export class Topic {
  readonly name: string;
  readonly subscriptions: readonly Queue[];
  readonly #scheduled = new Map<number, Scheduled>();
  readonly #byDue = new Heap<Scheduled>((a, b) => a.due < b.due);
  #lastSequence = 0;

  constructor(name: string, subscriptions: readonly Queue[]) {
    this.name = name;
    this.subscriptions = subscriptions;
  }

  /** Publishes messages, at once or at the time they name; answers their sequence numbers in the topic. */
  send(contents: readonly MessageContent[]): number[] {
    for (const subscription of this.subscriptions) subscription.assertTakes(contents);
    return contents.map((content) => this.#add(withMessageId(content)));
  }

  /** Takes scheduled messages back, all or none. */
  cancelScheduled(sequences: readonly number[]): void {
    const found = sequences.map((sequence) => {
      const scheduled = this.#scheduled.get(sequence);
      if (scheduled !== undefined) return scheduled;
      throw new BrokerError(CONDITION.messageNotFound, `'${this.name}' has no such scheduled message: ${sequence}.`);
    });
    for (const scheduled of found) {
      this.#scheduled.delete(scheduled.sequence);
      this.#byDue.remove(scheduled);
    }
  }

  /** Publishes what has come due. */
  tick(now: number): void {
    for (let next = this.#byDue.peek(); next !== undefined && next.due <= now; next = this.#byDue.peek()) {
      this.#byDue.pop();
      this.#scheduled.delete(next.sequence);
      this.#publish(next.content);
    }
  }

  #add(content: MessageContent): number {
    const sequence = ++this.#lastSequence;
    const due = scheduledTime(content);
    if (due !== undefined && due > Date.now()) {
      const scheduled = { sequence, due, content };
      this.#scheduled.set(sequence, scheduled);
      this.#byDue.push(scheduled);
    } else {
      this.#publish(content);
    }
    return sequence;
  }

  #publish(content: MessageContent): void {
    for (const subscription of this.subscriptions) subscription.send([content]);
  }
}
