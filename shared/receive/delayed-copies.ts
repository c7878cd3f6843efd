import type { ServiceBusMessage } from '@azure/service-bus';
import { randomUUID } from 'node:crypto';
import { Circuit, equalJitter, type Answer, type End } from '../azure/circuit';
import { messageOf } from '../errors/errors';
import type { ParkCause } from '../parking/parking';
import type { Log } from '../telemetry/log';

/** Application properties that a copy carries besides the sender's own. */
export const COPY_PROPERTIES = {
  /** How often the event was tried in vain: a whole number. */
  attempt: 'dvoAttempt',
  /** Why it could not be processed the last time: a stable code, and a sentence. */
  code: 'dvoCode',
  reason: 'dvoReason',
  /** When the original was enqueued, and its message id. */
  firstEnqueued: 'dvoFirstEnqueued',
  messageId: 'dvoMessageId',
} as const;

/** Properties of a message take 64 KB together; the reason is for people. */
const MAX_REASON_LENGTH = 1000;

/** Value of an application property, as far as one comes through the platform. */
type Property = string | number | boolean | null;

/** What is known of a message that was received. */
export interface ReceivedMessage {
  readonly body: Uint8Array;
  /** As in the message: absent where it has none. */
  readonly named: Readonly<Partial<Record<NamedProperty, string>>>;
  readonly messageId?: string;
  readonly enqueuedAt?: string;
  readonly properties: Readonly<Record<string, Property>>;
}

/** The message's own properties that a copy keeps. */
export const NAMED_PROPERTIES = [
  'contentType',
  'correlationId',
  'subject',
  'to',
  'replyTo',
  'replyToSessionId',
  'sessionId',
  'partitionKey',
] as const;
type NamedProperty = (typeof NAMED_PROPERTIES)[number];

/** A copy that the broker has accepted. */
export interface Delayed {
  /** How often the event was tried in vain. */
  readonly attempt: number;
  readonly dueAtMs: number;
}

/** The part of a sender that copies need. */
export interface CopySender {
  sendMessages(message: ServiceBusMessage): Promise<void>;
}

/** Options of the delayed copies. */
export interface DelayedCopiesOptions extends RetryConfig {
  readonly queue: string;
  /** Whether the queue has sessions: it takes no message without a session id. */
  readonly sessions: boolean;
  readonly log: Log;
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Sends a message once more to the queue, to be delivered later: the broker keeps it until then, however long the store,
 * the Web API or this app are away.
 * https://learn.microsoft.com/azure/service-bus-messaging/message-sequencing#scheduled-messages
 */
export class DelayedCopies {
  readonly #circuit: Circuit;
  readonly #now: () => number;
  readonly #random: () => number;
  #sender: Promise<CopySender> | undefined;

  /** @param open makes the sender, at the first use */
  constructor(
    private readonly open: () => Promise<CopySender>,
    private readonly options: DelayedCopiesOptions,
  ) {
    const { log, queue, now = Date.now, random = Math.random } = options;
    this.#now = now;
    this.#random = random;
    this.#circuit = new Circuit({
      failures: 1,
      firstPauseMs: 5_000,
      longestPauseMs: 300_000,
      refusal: (_nextAtMs, cause) => (cause instanceof Error ? cause : new Error('Copies are not accepted now.')),
      onOpened: (_nextAtMs, cause) => log('copiesRefused', { queue, reason: reasonOf(cause) }),
      onClosed: (openMs) => log('copiesAccepted', { queue, milliseconds: openMs }),
      now,
      random,
    });
  }

  /**
   * Resolves once the broker has accepted a copy; with undefined where the attempts are used up, unless `whatever`.
   *
   * @throws Error where no copy was accepted, or none could be sent lately
   */
  async send(message: ReceivedMessage, cause: ParkCause, whatever: boolean): Promise<Delayed | undefined> {
    const { attempts, firstDelayMs, longestDelayMs, sessions } = this.options;
    const attempt = attemptsOf(message.properties) + 1;
    if (attempt > attempts && !whatever) return undefined;
    const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 30));
    const dueAtMs = this.#now() + equalJitter(delay, this.#random);
    const copy = copyOf(message, { attempt, dueAtMs }, cause, sessions);
    await this.#circuit.run(async () => (await this.#opened()).sendMessages(copy), answerOf);
    return { attempt, dueAtMs };
  }

  /** One sender for the process's life: its link is made anew by the SDK. What fails while it is made is tried again. */
  #opened(): Promise<CopySender> {
    return (this.#sender ??= this.open().catch((error: unknown) => {
      this.#sender = undefined;
      throw error;
    }));
  }
}

/** How often an event was tried in vain before it came as this message. */
function attemptsOf(properties: ReceivedMessage['properties']): number {
  const known = properties[COPY_PROPERTIES.attempt];
  return typeof known === 'number' && Number.isSafeInteger(known) && known > 0 ? known : 0;
}

/**
 * The copy: body, properties and session as they came, with a message id of its own, since a queue that detects duplicates
 * would drop a second message of the same id.
 */
function copyOf(message: ReceivedMessage, delayed: Delayed, cause: ParkCause, sessions: boolean): ServiceBusMessage {
  const { body, messageId, enqueuedAt, properties } = message;
  const { partitionKey, ...named } = message.named;
  const sessionId = named.sessionId ?? (sessions ? randomUUID() : undefined);
  return {
    body,
    ...named,
    messageId: randomUUID(),
    // With a session, the session is the partition key.
    ...(sessionId === undefined ? (partitionKey === undefined ? {} : { partitionKey }) : { sessionId }),
    scheduledEnqueueTimeUtc: new Date(delayed.dueAtMs),
    applicationProperties: {
      ...(messageId === undefined ? {} : { [COPY_PROPERTIES.messageId]: messageId }),
      ...(enqueuedAt === undefined ? {} : { [COPY_PROPERTIES.firstEnqueued]: enqueuedAt }),
      // A copy of a copy keeps what it says of the original.
      ...properties,
      [COPY_PROPERTIES.attempt]: delayed.attempt,
      [COPY_PROPERTIES.code]: cause.code,
      [COPY_PROPERTIES.reason]: cause.message.slice(0, MAX_REASON_LENGTH),
    },
  };
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

const reasonOf = (error: unknown): string =>
  codeOf(error) === 'UnauthorizedAccess'
    ? `${messageOf(error)} Give the app's identity or key the right to send to the queue; until then events are parked.`
    : messageOf(error);

/** A copy that is too large says nothing of those that aren't. */
function answerOf(end: End<void>): Answer {
  if (end.kind === 'value') return 'up';
  return codeOf(end.error) === 'MessageSizeExceeded' ? 'unclear' : 'down';
}

/** When what can't be processed now is tried again by copies of the message, in the queue. */
export interface RetryConfig {
  /** After so many it is parked; 0: at once, without copies. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}
