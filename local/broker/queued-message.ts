import { randomBytes } from 'node:crypto';
import { types, type Typed } from 'rhea';
import { renderMessage, type MessageContent } from './message-content';

/**
 * A lock token, as 16 bytes. A delivery's tag carries it in .NET's GUID byte order (the first three groups reversed),
 * `$management` in the order of RFC 4122; `key` is the latter in hex.
 */
export interface LockToken {
  readonly key: string;
  /** For `$management`. */
  readonly uuid: Buffer;
  /** For the delivery tag. */
  readonly tag: Buffer;
}

const DOTNET_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** A fresh, random token. */
export function newLockToken(): LockToken {
  const uuid = randomBytes(16);
  return { key: tokenKey(uuid), uuid, tag: Buffer.from(DOTNET_ORDER.map((from) => uuid.readUInt8(from))) };
}

/** The key of a token that came through `$management`. */
export const tokenKey = (uuid: Buffer): string => uuid.toString('hex');

/** The values of `x-opt-message-state`. */
export const MESSAGE_STATE = { active: 0, deferred: 1, scheduled: 2 } as const;

/** A message in a queue. */
export interface QueuedMessage {
  content: MessageContent;
  sequence: number;
  /** The sequence number it was first given; it gets a new one when its scheduled time comes. */
  readonly enqueuedSequence: number;
  /** When it was or will be enqueued, in epoch milliseconds. */
  enqueuedAt: number;
  state: keyof typeof MESSAGE_STATE;
  /** How often it was handed out without success. */
  deliveryCount: number;
  lock: Lock | undefined;
  /** For a dead letter: the entity it comes from. */
  readonly deadLetterSource: string | undefined;
}

/** A message lent to a receiver. */
export interface Lock {
  readonly token: LockToken;
  readonly message: QueuedMessage;
  /** The consumer it was delivered to; undefined for one handed out by `$management`. */
  readonly holder: Consumer | undefined;
  /** Epoch milliseconds. A session's messages have no time of their own: the session's counts. */
  readonly until: number | undefined;
}

/** A receiving link, as the queue sees it. */
export interface Consumer {
  /** A receive-and-delete link: what it is sent is settled. */
  readonly destructive: boolean;
  /** How many messages it takes now: the receiver's credit, less what is under way. */
  room(): number;
  deliver(encoded: Buffer, token: LockToken): void;
  /** Ends the link from the broker's side: its session's lock ran out. */
  loseSession(): void;
}

/** Encodes a message as a receiver sees it; `lockedUntil` in epoch milliseconds, absent where it isn't locked. */
export function encodeMessage(message: QueuedMessage, lockedUntil?: number): Buffer {
  const until: Record<string, Typed> =
    lockedUntil === undefined ? {} : { 'x-opt-locked-until': types.wrap_timestamp(lockedUntil) };
  return renderMessage(message.content, { ...annotationsOf(message), ...until }, message.deliveryCount);
}

const annotationsOf = (message: QueuedMessage): Record<string, Typed> => ({
  'x-opt-sequence-number': types.wrap_long(message.sequence),
  'x-opt-enqueued-time': types.wrap_timestamp(message.enqueuedAt),
  'x-opt-message-state': types.wrap_int(MESSAGE_STATE[message.state]),
  'x-opt-enqueue-sequence-number': types.wrap_long(message.enqueuedSequence),
  ...(message.deadLetterSource === undefined
    ? {}
    : { 'x-opt-deadletter-source': types.wrap_string(message.deadLetterSource) }),
});
