import { types, type Delivery, type EventContext, type Sender } from 'rhea';
import { described, list, numberOf, recordOf, symbol, textOf } from './amqp-types';
import { BrokerError, CONDITION } from './broker-error';
import type { Consumer, LockToken } from './queued-message';
import type { Queue, Settlement } from './queue';
import {
  answerDrain,
  holdAttach,
  outcomeOf,
  refuseAttach,
  roomOf,
  setAttachProperties,
  settleDelivery,
} from './rhea-internals';
import type { Session } from './session';

/** The source filter by which a receiver asks for a session: its id, or null for the next one that has messages. */
const SESSION_FILTER = 'com.microsoft:session-filter';

/** AMQP's codes of the outcomes that the broker answers with, and of an error. */
const ACCEPTED = described(0x24, list([]));
const REJECTED = 0x25;
const ERROR = 0x1d;

/** .NET counts ticks of 100 ns from the year 1; this is 1970-01-01 in them. */
const EPOCH_TICKS = 621_355_968_000_000_000n;

/** How long a receiver waits for a session if it doesn't say, and how much sooner the broker answers. */
const DEFAULT_WAIT_MS = 60_000;
const ANSWER_EARLY_MS = 500;

/**
 * Opens a link over which a client receives from a queue. Throws when it doesn't fit the queue.
 *
 * @returns to be called when the link is gone
 */
export function openQueueLink(sender: Sender, queue: Queue, address: string): () => void {
  const consumer = new QueueConsumer(sender, queue);
  const { sessions } = queue;
  const filter = recordOf(recordOf(sender.source).filter);
  const wantsSession = SESSION_FILTER in filter;
  if (sessions === undefined) {
    if (wantsSession) throw wrongReceiver(queue, 'does not require sessions', 'a sessionful');
    sender.set_source({ address });
    queue.attach(consumer);
    return () => queue.detach(consumer);
  }
  if (!wantsSession) throw wrongReceiver(queue, 'requires sessions', 'a non-sessionful');
  const id = textOf(filter[SESSION_FILTER]);
  if (id === undefined) return awaitSession(sender, queue, consumer, address);
  const session = sessions.acquire(id, consumer);
  startSession(sender, queue, consumer, address, session);
  return () => queue.detach(consumer, session);
}

const wrongReceiver = (queue: Queue, entity: string, receiver: string): BrokerError =>
  new BrokerError(
    CONDITION.notAllowed,
    `It is not possible for an entity that ${entity} to create ${receiver} message receiver: '${queue.name}'.`,
  );

/** Holds the answer to the attach back until a session is free; without one in time, refuses the link. */
function awaitSession(sender: Sender, queue: Queue, consumer: QueueConsumer, address: string): () => void {
  let held: Session | undefined;
  let answered = false;
  const answer = (): void => {
    if (!answered && sender.session.is_open()) sender.open();
    answered = true;
  };
  holdAttach(sender);
  const stopWaiting = queue.sessions?.acquireNext(consumer, (session) => {
    clearTimeout(timer);
    held = session;
    startSession(sender, queue, consumer, address, session);
    answer();
  });
  const asked = recordOf(sender.properties)['com.microsoft:timeout'];
  const waitMs = (asked === undefined ? DEFAULT_WAIT_MS : numberOf(asked)) - ANSWER_EARLY_MS;
  const timer = setTimeout(
    () => {
      stopWaiting?.();
      answered = true;
      refuseAttach(sender, new BrokerError(CONDITION.timeout, 'No session became available in time.'));
    },
    Math.max(waitMs, 0),
  );
  queue.schedulePump();
  return () => {
    clearTimeout(timer);
    stopWaiting?.();
    if (held !== undefined) queue.detach(consumer, held);
    answer(); // A client that gave up has to see an attach before the detach that rhea answers its own with.
  };
}

function startSession(sender: Sender, queue: Queue, consumer: QueueConsumer, address: string, session: Session): void {
  const ticks = Buffer.alloc(8);
  ticks.writeBigInt64BE(BigInt(session.lockedUntil) * 10_000n + EPOCH_TICKS);
  setAttachProperties(sender, { 'com.microsoft:locked-until-utc': types.wrap_long(ticks) });
  sender.set_source({ address, filter: { [SESSION_FILTER]: session.id } });
  queue.attach(consumer, session);
}

/** A client's receiving link, as the queue's consumer: sends it messages and takes its outcomes. */
class QueueConsumer implements Consumer {
  readonly destructive: boolean;
  readonly #sender: Sender;
  readonly #queue: Queue;
  readonly #tokens = new WeakMap<Delivery, LockToken>();

  constructor(sender: Sender, queue: Queue) {
    this.#sender = sender;
    this.#queue = queue;
    this.destructive = sender.snd_settle_mode === 1;
    sender.on('sendable', () => queue.pump());
    sender.on('sender_draining', () => {
      queue.pump();
      answerDrain(sender);
    });
    this.#onOutcome('accepted', () => ({ kind: 'complete' }));
    this.#onOutcome('released', () => ({ kind: 'abandon', counted: false }));
    this.#onOutcome('modified', modified);
    this.#onOutcome('rejected', rejected);
  }

  room(): number {
    return roomOf(this.#sender);
  }

  deliver(encoded: Buffer, token: LockToken): void {
    this.#tokens.set(this.#sender.send(encoded, token.tag, 0), token);
  }

  loseSession(): void {
    this.#sender.close({ condition: CONDITION.sessionLockLost, description: 'The session lock has expired.' });
  }

  #onOutcome(outcome: 'accepted' | 'released' | 'modified' | 'rejected', read: (delivery: Delivery) => Settlement) {
    this.#sender.on(outcome, ({ delivery }: EventContext) => {
      const token = delivery === undefined ? undefined : this.#tokens.get(delivery);
      if (delivery === undefined || token === undefined || this.destructive) return;
      this.#tokens.delete(delivery);
      try {
        const settlement = read(delivery);
        const breaks = (moment: 'asked' | 'answered'): boolean =>
          this.#queue.interceptor?.({ queue: this.#queue.name, kind: settlement.kind, moment }) === true;
        if (breaks('asked')) return;
        this.#queue.settle(token.key, settlement);
        if (!breaks('answered')) settleDelivery(delivery, ACCEPTED);
      } catch (error) {
        const { condition, message } = BrokerError.from(error);
        const refusal = described(ERROR, list([symbol(condition), types.wrap_string(message)]));
        settleDelivery(delivery, described(REJECTED, list([refusal])));
      }
    });
  }
}

/** `modified` is the SDK's abandon, or its defer when the message is undeliverable here. */
function modified(delivery: Delivery): Settlement {
  const { undeliverableHere, annotations } = outcomeOf(delivery);
  if (undeliverableHere) return { kind: 'defer', properties: annotations };
  return { kind: 'abandon', counted: true, properties: annotations };
}

/** `rejected` is the SDK's dead-letter; the cause and further properties come in the error's info. */
function rejected(delivery: Delivery): Settlement {
  const { DeadLetterReason, DeadLetterErrorDescription, ...properties } = outcomeOf(delivery).errorInfo;
  return {
    kind: 'deadLetter',
    reason: textOf(DeadLetterReason),
    description: textOf(DeadLetterErrorDescription),
    properties,
  };
}
