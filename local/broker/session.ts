import { BrokerError, CONDITION } from './broker-error';
import { Heap } from './heap';
import type { Consumer, QueuedMessage } from './queued-message';

/** Messages waiting for a receiver, in order of sequence: a queue has one lane, or with sessions one per session. */
export const newLane = (): Heap<QueuedMessage> => new Heap((a, b) => a.sequence < b.sequence);

/** One session: an ordered lane that at most one receiver holds. */
export interface Session {
  readonly id: string;
  readonly ready: Heap<QueuedMessage>;
  holder: Consumer | undefined;
  /** Epoch milliseconds; 0 while nobody holds it. */
  lockedUntil: number;
  /** The application's state, opaque to the broker; null for none. */
  state: unknown;
}

interface Waiter {
  readonly consumer: Consumer;
  readonly accept: (session: Session) => void;
}

/** The sessions of one queue and who holds them. */
export class Sessions {
  readonly #byId = new Map<string, Session>();
  #waiters: readonly Waiter[] = [];
  readonly #lockMs: number;

  constructor(lockMs: number) {
    this.#lockMs = lockMs;
  }

  /** The session of this id; it comes to be by being asked for. */
  get(id: string): Session {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const session: Session = { id, ready: newLane(), holder: undefined, lockedUntil: 0, state: null };
    this.#byId.set(id, session);
    return session;
  }

  held(): Session[] {
    return [...this.#byId.values()].filter((session) => session.holder !== undefined);
  }

  /** Locks a session by its id, whether or not it has messages. */
  acquire(id: string, consumer: Consumer): Session {
    const session = this.get(id);
    if (session.holder !== undefined) {
      throw new BrokerError(
        CONDITION.sessionLocked,
        `The requested session '${id}' cannot be accepted. It may be locked by another receiver.`,
      );
    }
    return this.#lock(session, consumer);
  }

  /**
   * Locks the next session that has messages and no holder, now or as soon as there is one.
   *
   * @returns stops waiting
   */
  acquireNext(consumer: Consumer, accept: (session: Session) => void): () => void {
    const waiter = { consumer, accept };
    this.#waiters = [...this.#waiters, waiter];
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** Gives free sessions with messages to those who wait, first come first served. */
  offer(): void {
    for (const session of this.#byId.values()) {
      const [next, ...others] = this.#waiters;
      if (next === undefined) return;
      if (session.holder !== undefined || session.ready.size === 0) continue;
      this.#waiters = others;
      next.accept(this.#lock(session, next.consumer));
    }
  }

  /** Moves the end of a session's lock; answers the new one in epoch milliseconds. */
  renew(id: string): number {
    const session = this.#locked(id);
    session.lockedUntil = Date.now() + this.#lockMs;
    return session.lockedUntil;
  }

  state(id: string): unknown {
    return this.#locked(id).state;
  }

  setState(id: string, state: unknown): void {
    this.#locked(id).state = state;
  }

  release(session: Session): void {
    session.holder = undefined;
    session.lockedUntil = 0;
  }

  /** Forgets sessions that hold nothing, so that a long run with many session ids stays small. */
  forgetEmpty(): void {
    for (const session of this.#byId.values()) {
      if (session.holder === undefined && session.ready.size === 0 && session.state === null) {
        this.#byId.delete(session.id);
      }
    }
  }

  #lock(session: Session, consumer: Consumer): Session {
    session.holder = consumer;
    session.lockedUntil = Date.now() + this.#lockMs;
    return session;
  }

  #locked(id: string): Session {
    const session = this.#byId.get(id);
    if (session?.holder === undefined) {
      throw new BrokerError(CONDITION.sessionLockLost, `The lock of session '${id}' has expired or was released.`);
    }
    return session;
  }
}
