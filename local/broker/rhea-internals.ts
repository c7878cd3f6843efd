/**
 * What a broker needs of rhea and rhea's API, made for clients, doesn't offer. Each interface declares exactly the
 * members used (rhea 3.0.5), each function says what they are for; no other file looks inside rhea.
 */
import type { Connection, Container, Delivery, EventContext, Receiver, Sender, Session, Typed } from 'rhea';
import { recordOf } from './amqp-types';
import type { BrokerError } from './broker-error';

/** A link's own attach frame, its state, and the flow of credit. */
interface LinkInternals {
  readonly local: {
    readonly attach: {
      snd_settle_mode?: number;
      rcv_settle_mode?: number;
      max_message_size?: number;
      source?: unknown;
      target?: unknown;
      properties?: Readonly<Record<string, Typed>>;
    };
  };
  readonly state: { local_open: boolean; open_requests: number };
  credit: number;
  delivery_count: number;
  issue_flow: boolean;
  _get_drain: () => boolean;
}

interface SessionInternals {
  readonly outgoing: {
    readonly next_delivery_id: number;
    readonly next_pending_delivery: number;
    available(): number;
  };
  readonly incoming: {
    on_transfer: (frame: { performative: { message_format?: number } }, receiver: Receiver) => void;
  };
}

interface DeliveryInternals {
  settled: boolean;
  remote_settled: boolean;
}

/** A server's SASL mechanisms: each makes what handles one connection. */
interface ServerMechanisms {
  enable_anonymous(): void;
  MSSBCBS?: () => { outcome: boolean | undefined; start(): void };
}

/** Frames that a client may still send on a session that it has ended. */
const LATE_FRAMES = ['disposition', 'flow', 'transfer', 'detach'] as const;

type FrameHandler = (frame: { readonly channel: number }) => void;

interface ConnectionInternals extends Record<`on_${(typeof LATE_FRAMES)[number]}`, FrameHandler> {
  readonly remote_channel_map: Readonly<Record<number, Session>>;
  _register(): void;
}

const linkOf = (link: Sender | Receiver) => link as unknown as LinkInternals;
const connectionOf = (connection: Connection) => connection as unknown as ConnectionInternals;
const sessionOf = (session: Session) => session as unknown as SessionInternals;

/**
 * Lets clients of every family connect: JavaScript's choose the SASL mechanism ANONYMOUS, .NET's accept only MSSBCBS. Both
 * show who they are afterwards, by the token that they put to `$cbs`.
 */
export function acceptAnyone(container: Container): void {
  const mechanisms = container.sasl_server_mechanisms as ServerMechanisms;
  mechanisms.enable_anonymous();
  mechanisms.MSSBCBS = () => ({
    outcome: undefined,
    start() {
      this.outcome = true;
    },
  });
}

/**
 * Passes over what comes on a session that has ended: JavaScript's client settles messages there, and rhea would drop its
 * connection, with all its other sessions, so that the client's `close()` may never return.
 */
export function ignoreLateFrames(connection: Connection): void {
  const internals = connectionOf(connection);
  for (const name of LATE_FRAMES) {
    const handle = internals[`on_${name}`].bind(connection);
    internals[`on_${name}`] = (frame) => {
      if (internals.remote_channel_map[frame.channel] !== undefined) handle(frame);
    };
  }
}

/**
 * Answers an attach with the peer's own settle modes: a receiver's say whether it locks (unsettled) or receives and
 * deletes (settled), and rhea would answer "mixed". The SDKs size their batches by `maxMessageSize`.
 */
export function confirmAttach(link: Sender | Receiver, maxMessageSize: number): void {
  const { attach } = linkOf(link).local;
  attach.snd_settle_mode = link.snd_settle_mode;
  attach.rcv_settle_mode = link.rcv_settle_mode;
  attach.max_message_size = maxMessageSize;
}

/** Puts properties into the answer to an attach. */
export function setAttachProperties(link: Sender, properties: Readonly<Record<string, Typed>>): void {
  linkOf(link).local.attach.properties = properties;
}

/** Keeps the answer to an attach back until `link.open()`; rhea answers at once otherwise. */
export function holdAttach(link: Sender): void {
  const { state } = linkOf(link);
  state.local_open = false;
  state.open_requests = 0;
}

/**
 * Refuses a link as AMQP has it (2.6.3): the answer to the attach lacks the end of the link that the broker would give, and
 * a detach with the reason follows. With that end, .NET's clients take the link as open.
 */
export function refuseAttach(link: Sender | Receiver, { condition, message }: BrokerError): void {
  const { attach } = linkOf(link).local;
  if (link.is_sender()) attach.source = undefined;
  else attach.target = undefined;
  link.open(); // Where the answer was held back: otherwise rhea has opened it.
  link.close({ condition, description: message });
}

/**
 * How many messages can be sent now. rhea takes credit off when it writes, so what is queued counts too. And it writes
 * transfers before it answers attaches: a client whose credit comes with its attach, as .NET's does, would get a message on
 * a link that it doesn't know yet, and end the session. Whoever opens a link looks again once it is answered.
 */
export function roomOf(sender: Sender): number {
  if (!sender.is_open() || linkOf(sender).state.open_requests > 0) return 0;
  const { outgoing } = sessionOf(sender.session);
  const unwritten = outgoing.next_delivery_id - outgoing.next_pending_delivery;
  return Math.min(linkOf(sender).credit - unwritten, outgoing.available());
}

/**
 * Gives a draining receiver its unused credit back. rhea answers only if credit is left, but the SDK waits for the
 * answer also when the last credit was used while its request was under way.
 */
export function answerDrain(sender: Sender): void {
  const link = linkOf(sender);
  let due = true;
  link._get_drain = () => {
    if (!due) return false;
    due = false;
    link.delivery_count += link.credit;
    link.credit = 0;
    return true;
  };
  link.issue_flow = true;
  connectionOf(sender.connection)._register();
}

/**
 * Settles a delivery that the peer gave an outcome. The SDK's receivers wait for the broker (rcv-settle-mode second)
 * and don't confirm, so it is marked as settled on both sides: otherwise rhea keeps it, and its buffer fills.
 */
export function settleDelivery(delivery: Delivery, outcome: Typed): void {
  const internals = delivery as unknown as DeliveryInternals;
  if (delivery.remote_settled) internals.settled = true;
  else delivery.update(true, outcome);
  internals.remote_settled = true;
}

/** A format that rhea doesn't decode. */
const UNDECODED = 0x7fffff01;

/** Lets the receivers chosen by `wanted` get their messages undecoded: rhea decodes every message of format 0. */
export function receiveUndecoded(session: Session, wanted: (receiver: Receiver) => boolean): void {
  const { incoming } = sessionOf(session);
  const onTransfer = incoming.on_transfer.bind(incoming);
  incoming.on_transfer = (frame, receiver) => {
    if (wanted(receiver) && !frame.performative.message_format) frame.performative.message_format = UNDECODED;
    onTransfer(frame, receiver);
  };
}

/** An undecoded message and its format. */
export function transferOf(context: EventContext): { readonly encoded: Buffer; readonly format: number } {
  const { message, format } = context as unknown as { readonly message: Buffer; readonly format: number };
  return { encoded: message, format };
}

/** The outcome a peer gave a delivery; which members it has depends on its kind. */
export function outcomeOf(delivery: Delivery): {
  readonly undeliverableHere: boolean;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly errorInfo: Readonly<Record<string, unknown>>;
} {
  const state = recordOf(delivery.remote_state);
  return {
    undeliverableHere: state.undeliverable_here === true,
    annotations: recordOf(state.message_annotations),
    errorInfo: recordOf(recordOf(state.error).info),
  };
}

/**
 * The links over which clients receive, and what to do once each is gone: closed by itself, with its session, with its
 * connection, or cut off. rhea forgets some of a lost connection's links before it reports the loss, hence a list of
 * our own.
 */
export class OpenLinks {
  readonly #links = new Map<Sender, () => void>();

  add(link: Sender, onGone: () => void): void {
    this.#links.set(link, onGone);
  }

  closed(link: Sender): void {
    const onGone = this.#links.get(link);
    this.#links.delete(link);
    onGone?.();
  }

  sessionClosed(session: Session): void {
    for (const link of this.#links.keys()) if (link.session === session) this.closed(link);
  }

  connectionClosed(connection: Connection): void {
    for (const link of this.#links.keys()) if (link.connection === connection) this.closed(link);
  }
}
