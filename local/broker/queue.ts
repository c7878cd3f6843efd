import { BrokerError, CONDITION } from './broker-error';
import { Heap } from './heap';
import { encodeMessage, newLockToken, type Consumer, type Lock, type QueuedMessage } from './queued-message';
import { scheduledTime, withApplicationProperties, withMessageId, type MessageContent } from './message-content';
import { newLane, Sessions, type Session } from './session';

/** Settings of a queue or a subscription. */
export interface QueueOptions {
  /** How long a receiver keeps a message or a session without renewing, in milliseconds. @default 60000 */
  readonly lockMs?: number;
  /** After so many deliveries without success a message is dead-lettered. @default 10 */
  readonly maxDeliveryCount?: number;
  /** Each message belongs to a session, and only session receivers may attach. @default false */
  readonly requiresSession?: boolean;
}

/** How a receiver settles a message. */
export type Settlement =
  | { readonly kind: 'complete' }
  /** Gives it back. `counted` says whether that was an attempt. */
  | { readonly kind: 'abandon'; readonly counted: boolean; readonly properties?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'defer'; readonly properties?: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'deadLetter';
      readonly reason: string | undefined;
      readonly description: string | undefined;
      readonly properties?: Readonly<Record<string, unknown>>;
    };

/** Looks at an outcome before it is taken, or when that is done but not answered yet. */
export type SettlementInterceptor = (outcome: {
  readonly queue: string;
  readonly kind: Settlement['kind'];
  readonly moment: 'asked' | 'answered';
}) => boolean;

/** How many messages are where; each message is counted once. */
export interface QueueCounts {
  /** Ready for a receiver. */
  readonly active: number;
  /** Lent to a receiver. */
  readonly locked: number;
  readonly scheduled: number;
  readonly deferred: number;
  readonly deadLettered: number;
}

/** A queue, a topic's subscription, or the dead letters of either. It knows receivers only as `Consumer`. */
export class Queue {
  readonly name: string;
  /** Undefined for a queue of dead letters. */
  readonly deadLetters: Queue | undefined;
  /** Undefined for a queue without sessions. */
  readonly sessions: Sessions | undefined;
  readonly #lockMs: number;
  readonly #maxDeliveryCount: number;
  /** All messages that aren't settled, by sequence number, in its order. */
  readonly #messages = new Map<number, QueuedMessage>();
  readonly #ready = newLane();
  readonly #scheduled = new Heap<QueuedMessage>((a, b) => a.enqueuedAt < b.enqueuedAt);
  /** By token. All locks last equally long and a renewed one moves to the end, so the first is the next to expire. */
  readonly #locks = new Map<string, Lock>();
  readonly #consumers: Consumer[] = [];
  /** Says whether the receiver's connection breaks: before its outcome is taken, or before that is answered. */
  interceptor: SettlementInterceptor | undefined;
  #turn = 0;
  #lastSequence = 0;
  #pumpDue = false;

  constructor(name: string, options: QueueOptions, deadLetters?: Queue) {
    this.name = name;
    this.deadLetters = deadLetters;
    this.#lockMs = options.lockMs ?? 60_000;
    this.#maxDeliveryCount = options.maxDeliveryCount ?? 10;
    this.sessions = options.requiresSession === true ? new Sessions(this.#lockMs) : undefined;
  }

  /** A queue with its dead letters, which have no session and no limit of deliveries. */
  static withDeadLetters(name: string, options: QueueOptions): Queue {
    const lock = options.lockMs === undefined ? {} : { lockMs: options.lockMs };
    return new Queue(name, options, new Queue(`${name}/$DeadLetterQueue`, lock));
  }

  /** Adds messages; answers their sequence numbers. One that names a later time waits for it. */
  send(contents: readonly MessageContent[]): number[] {
    this.assertTakes(contents);
    return contents.map((content) => this.#add(withMessageId(content), scheduledTime(content)));
  }

  /** Throws when a message lacks the session that this queue requires. */
  assertTakes(contents: readonly MessageContent[]): void {
    if (this.sessions !== undefined && contents.some((content) => content.sessionId === undefined)) {
      throw new BrokerError(CONDITION.notAllowed, `'${this.name}' requires sessions: a message has no SessionId.`);
    }
  }

  /** Takes scheduled messages back, all or none. */
  cancelScheduled(sequences: readonly number[]): void {
    for (const message of this.#find(sequences, (found) => found.state === 'scheduled')) {
      this.#scheduled.remove(message);
      this.#messages.delete(message.sequence);
    }
  }

  /** Messages of any state from a sequence number on, encoded, without locking them. */
  peek(from: number, count: number, sessionId?: string): Buffer[] {
    const found: Buffer[] = [];
    for (const message of this.#messages.values()) {
      if (found.length >= count) break;
      if (message.sequence < from) continue;
      if (sessionId === undefined || message.content.sessionId === sessionId) found.push(encodeMessage(message));
    }
    return found;
  }

  /** Locks deferred messages for a receiver, or removes them if it receives and deletes. */
  receiveDeferred(sequences: readonly number[], destructive: boolean): { token?: Buffer; encoded: Buffer }[] {
    const messages = this.#find(sequences, (found) => found.state === 'deferred' && found.lock === undefined);
    return messages.map((message) => {
      if (destructive) {
        this.#messages.delete(message.sequence);
        return { encoded: encodeMessage(message) };
      }
      const lock = this.#lock(message, undefined);
      return { token: lock.token.uuid, encoded: encodeMessage(message, lock.until) };
    });
  }

  /** Adds a receiver to those who compete for messages; on a queue with sessions, the holder of `session`. */
  attach(consumer: Consumer, session?: Session): void {
    if (session === undefined) this.#consumers.push(consumer);
    this.schedulePump();
  }

  /**
   * Removes a receiver. Its messages stay locked until they expire, but a session goes free at once, with its messages,
   * and that isn't counted as an attempt.
   * https://learn.microsoft.com/azure/service-bus-messaging/message-sessions#impact-of-delivery-count
   */
  detach(consumer: Consumer, session?: Session): void {
    if (session === undefined) {
      const at = this.#consumers.indexOf(consumer);
      if (at >= 0) this.#consumers.splice(at, 1);
    } else if (session.holder === consumer) {
      this.#freeSession(session, false);
    }
  }

  /** Ends a loan. Throws when the lock is gone. */
  settle(tokenKey: string, settlement: Settlement): void {
    this.#settle(this.#lockOf(tokenKey), settlement);
  }

  /** Prolongs locks, all or none; answers their new ends in epoch milliseconds. */
  renew(tokenKeys: readonly string[]): number[] {
    const until = Date.now() + this.#lockMs;
    for (const lock of tokenKeys.map((key) => this.#lockOf(key))) {
      this.#locks.delete(lock.token.key);
      lock.message.lock = { ...lock, until };
      this.#locks.set(lock.token.key, lock.message.lock);
    }
    return tokenKeys.map(() => until);
  }

  /** Hands out what can be handed out, once the current batch of frames is read. */
  schedulePump(): void {
    if (this.#pumpDue) return;
    this.#pumpDue = true;
    setImmediate(() => {
      this.#pumpDue = false;
      this.pump();
    });
  }

  /** Hands out what can be handed out, to competing receivers in turn. */
  pump(): void {
    if (this.sessions !== undefined) {
      this.sessions.offer();
      for (const session of this.sessions.held()) this.#pumpSession(session);
      return;
    }
    let full = 0;
    while (this.#ready.size > 0 && full < this.#consumers.length) {
      const consumer = this.#consumers[this.#turn++ % this.#consumers.length];
      const message = consumer !== undefined && consumer.room() > 0 ? this.#ready.pop() : undefined;
      if (consumer === undefined || message === undefined) full++;
      else {
        full = 0;
        this.#deliver(message, consumer);
      }
    }
  }

  /** Ends all locks of messages now, as if their time were up. */
  expireLocks(): void {
    for (const lock of [...this.#locks.values()]) {
      if (lock.until !== undefined) this.#settle(lock, { kind: 'abandon', counted: true });
    }
  }

  /** Does what has come due: expired locks, expired sessions, scheduled messages. */
  tick(now: number): void {
    for (const lock of this.#locks.values()) {
      if (lock.until === undefined) continue;
      if (lock.until > now) break;
      this.#settle(lock, { kind: 'abandon', counted: true });
    }
    for (const session of this.sessions?.held() ?? []) {
      if (session.lockedUntil > now) continue;
      session.holder?.loseSession();
      this.#freeSession(session, true);
    }
    for (let due = this.#scheduled.peek(); due !== undefined && due.enqueuedAt <= now; due = this.#scheduled.peek()) {
      this.#scheduled.pop();
      this.#activate(due, now);
    }
    this.sessions?.forgetEmpty();
    this.deadLetters?.tick(now);
  }

  /** Counts messages by where they are, in one pass over them. */
  counts(): QueueCounts {
    const counts = { active: 0, locked: 0, scheduled: 0, deferred: 0 };
    for (const message of this.#messages.values()) counts[message.lock === undefined ? message.state : 'locked']++;
    return { ...counts, deadLettered: this.deadLetters?.size ?? 0 };
  }

  /** How many messages there are, in any state. */
  get size(): number {
    return this.#messages.size;
  }

  #add(content: MessageContent, due: number | undefined, dead?: { deliveryCount: number; source: string }): number {
    const now = Date.now();
    const sequence = ++this.#lastSequence;
    const later = due !== undefined && due > now;
    const message: QueuedMessage = {
      content,
      sequence,
      enqueuedSequence: sequence,
      enqueuedAt: later ? due : now,
      state: later ? 'scheduled' : 'active',
      deliveryCount: dead?.deliveryCount ?? 0,
      lock: undefined,
      deadLetterSource: dead?.source,
    };
    this.#messages.set(sequence, message);
    if (later) this.#scheduled.push(message);
    else this.#makeReady(message);
    return sequence;
  }

  /** A scheduled message's time has come: it is enqueued like a new one, with a new sequence number. */
  #activate(message: QueuedMessage, now: number): void {
    this.#messages.delete(message.sequence);
    message.sequence = ++this.#lastSequence;
    message.enqueuedAt = now;
    message.state = 'active';
    this.#messages.set(message.sequence, message);
    this.#makeReady(message);
  }

  #makeReady(message: QueuedMessage): void {
    const lane = this.sessions?.get(message.content.sessionId ?? '').ready ?? this.#ready;
    lane.push(message);
    this.schedulePump();
  }

  #pumpSession(session: Session): void {
    const { holder, ready } = session;
    while (holder !== undefined && ready.size > 0 && holder.room() > 0) {
      const message = ready.pop();
      if (message !== undefined) this.#deliver(message, holder, session);
    }
  }

  #deliver(message: QueuedMessage, consumer: Consumer, session?: Session): void {
    if (consumer.destructive) {
      this.#messages.delete(message.sequence);
      consumer.deliver(encodeMessage(message), newLockToken());
      return;
    }
    const lock = this.#lock(message, consumer, session);
    consumer.deliver(encodeMessage(message, session?.lockedUntil ?? lock.until), lock.token);
  }

  #lock(message: QueuedMessage, holder: Consumer | undefined, session?: Session): Lock {
    const until = session === undefined ? Date.now() + this.#lockMs : undefined;
    const lock: Lock = { token: newLockToken(), message, holder, until };
    message.lock = lock;
    this.#locks.set(lock.token.key, lock);
    return lock;
  }

  #lockOf(tokenKey: string): Lock {
    const lock = this.#locks.get(tokenKey);
    if (lock !== undefined) return lock;
    const condition = this.sessions === undefined ? CONDITION.lockLost : CONDITION.sessionLockLost;
    throw new BrokerError(
      condition,
      'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
    );
  }

  #settle(lock: Lock, settlement: Settlement): void {
    const { message } = lock;
    if (settlement.kind === 'deadLetter' && this.deadLetters === undefined) {
      throw new BrokerError(CONDITION.notAllowed, `'${this.name}' has no dead-letter queue of its own.`);
    }
    this.#locks.delete(lock.token.key);
    message.lock = undefined;
    if (settlement.kind !== 'complete' && settlement.properties !== undefined) {
      message.content = withApplicationProperties(message.content, settlement.properties);
    }
    switch (settlement.kind) {
      case 'complete':
        this.#messages.delete(message.sequence);
        break;
      case 'defer':
        message.deliveryCount++;
        message.state = 'deferred';
        break;
      case 'deadLetter':
        this.#bury(message, settlement.reason, settlement.description);
        break;
      case 'abandon':
        if (settlement.counted) message.deliveryCount++;
        this.#giveBack(message);
    }
  }

  /** A message came back unsettled: to its lane, or to the deferred ones it was taken from, or to the dead letters. */
  #giveBack(message: QueuedMessage): void {
    if (this.deadLetters !== undefined && message.deliveryCount >= this.#maxDeliveryCount) {
      const attempts = `Message could not be consumed after ${message.deliveryCount} delivery attempts.`;
      this.#bury(message, 'MaxDeliveryCountExceeded', attempts);
    } else if (message.state === 'active') {
      this.#makeReady(message);
    }
  }

  #bury(message: QueuedMessage, reason: string | undefined, description: string | undefined): void {
    this.#messages.delete(message.sequence);
    const cause = {
      ...(reason === undefined ? {} : { DeadLetterReason: reason }),
      ...(description === undefined ? {} : { DeadLetterErrorDescription: description }),
    };
    const dead = { deliveryCount: message.deliveryCount, source: this.name };
    if (this.deadLetters === undefined) return;
    this.deadLetters.#add(withApplicationProperties(message.content, cause), undefined, dead);
  }

  #freeSession(session: Session, counted: boolean): void {
    const { holder } = session;
    this.sessions?.release(session);
    for (const lock of this.#locks.values()) {
      if (lock.holder !== undefined && lock.holder === holder) this.#settle(lock, { kind: 'abandon', counted });
    }
    this.schedulePump();
  }

  #find(sequences: readonly number[], wanted: (message: QueuedMessage) => boolean): QueuedMessage[] {
    return sequences.map((sequence) => {
      const message = this.#messages.get(sequence);
      if (message !== undefined && wanted(message)) return message;
      throw new BrokerError(CONDITION.messageNotFound, `'${this.name}' has no such message: ${sequence}.`);
    });
  }
}
