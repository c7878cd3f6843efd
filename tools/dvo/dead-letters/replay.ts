import type {
  ServiceBusMessage,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
  ServiceBusSender,
} from '@azure/service-bus';
import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { messageOf } from '../../../shared/errors/errors';
import { COPY_PROPERTIES } from '../../../shared/receive/delayed-copies';
import { peekAll, sequenceOf } from './list';
import { batchAt, paceOf } from '../terminal/pace';
import type { Terminal } from '../terminal/terminal';

/** Names the run that sent a copy: where the copy is dead-lettered again, the run leaves it alone. */
export const MARKER = 'dvoReplay';
/** Properties that Service Bus added when it dead-lettered the message, and the count of attempts, which begins anew. */
const ADDED = new Set(['DeadLetterReason', 'DeadLetterErrorDescription', COPY_PROPERTIES.attempt, MARKER]);

/** Locked at once: sent and completed long before a lock ends (a minute, mostly; the SDK renews it too). */
const BATCH = 100;
const CONCURRENT = 16;
/** After so long without a message there is none (that isn't locked). */
const WAIT_MS = 4_000;
/** So many of those that are left are counted. */
const COUNTED = 1_000;

/** The links that a replay works with. */
export interface ReplayLinks {
  /** Of the dead letters; a second one peeks, since a receiver peeks on from where it was. */
  readonly receiver: Pick<ServiceBusReceiver, 'receiveMessages' | 'completeMessage' | 'abandonMessage'>;
  readonly peeker: Pick<ServiceBusReceiver, 'peekMessages'>;
  readonly sender: Pick<ServiceBusSender, 'sendMessages'>;
}

/** Options of `dvo dead-letters replay`. */
export interface ReplayOptions {
  readonly rate?: number;
  readonly limit?: number;
  readonly newMessageIds?: true;
  /** @default 4,000 */
  readonly waitMs?: number;
}

/** The copy of a dead letter: as it was sent, but for its marker and its count of attempts. It isn't scheduled, and lives as long as a new one. */
export function copyOf(message: ServiceBusReceivedMessage, run: string, newMessageIds?: true): ServiceBusMessage {
  const own = Object.entries(message.applicationProperties ?? {}).filter(([name]) => !ADDED.has(name));
  const { contentType, subject, correlationId, sessionId, partitionKey, to, replyTo, replyToSessionId } = message;
  const { enqueuedTimeUtc } = message;
  const named = { contentType, subject, correlationId, sessionId, partitionKey, to, replyTo, replyToSessionId };
  const messageId = newMessageIds === true ? randomUUID() : message.messageId;
  return {
    body: message.body as unknown,
    ...Object.fromEntries(Object.entries({ ...named, messageId }).filter(([, value]) => value !== undefined)),
    applicationProperties: {
      // What its sender dated into the future doesn't become believable by coming again later.
      ...(enqueuedTimeUtc === undefined ? {} : { [COPY_PROPERTIES.firstEnqueued]: enqueuedTimeUtc.toISOString() }),
      ...Object.fromEntries(own),
      [MARKER]: run,
    },
    // Tells the SDK in which section of AMQP the body came, so that it goes out in the same.
    ...{ _rawAmqpMessage: message._rawAmqpMessage },
  };
}

/**
 * Sends a copy of each dead letter to where it came from, and completes the dead letter once its copy was accepted. Ended
 * at any moment it has lost none: at worst a copy was sent whose dead letter is still there.
 *
 * It ends at the first one that was dead-lettered after the start, so it can't chase copies that fail again.
 *
 * @throws Error where sending fails, or dead letters are left that it could not take
 */
export async function replayDeadLetters(
  terminal: Terminal,
  links: ReplayLinks,
  { rate, limit = Infinity, newMessageIds, waitMs = WAIT_MS }: ReplayOptions,
  startedMs = Date.now(),
): Promise<void> {
  const { receiver, sender } = links;
  const run = `${new Date(startedMs).toISOString()} ${randomUUID()}`;
  const isLater = ({ applicationProperties, enqueuedTimeUtc }: ServiceBusReceivedMessage): boolean =>
    applicationProperties?.[MARKER] === run || (enqueuedTimeUtc?.getTime() ?? 0) > startedMs;
  const pace = paceOf(rate);
  const limited = pLimit(CONCURRENT);
  const progress = await terminal.progress();
  /** Sent, but not completed: their lock was lost, so they come again. */
  const onlySent = new Set<string>();
  /** Larger than the entity takes now; locked to the end, so that they don't come again at once. */
  const tooLarge = new Map<string, ServiceBusReceivedMessage>();
  let [sent, completed] = [0, 0];

  const move = async (message: ServiceBusReceivedMessage): Promise<void> => {
    const sequence = sequenceOf(message);
    if (!onlySent.has(sequence)) {
      await pace();
      try {
        await sender.sendMessages(copyOf(message, run, newMessageIds));
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== 'MessageSizeExceeded') throw error;
        tooLarge.set(sequence, message);
        return;
      }
      sent += 1;
      onlySent.add(sequence);
    }
    // A lock that was lost is no loss: the message comes again, and is only completed then.
    if (await succeeds(receiver.completeMessage(message))) {
      onlySent.delete(sequence);
      completed += 1;
    }
    progress.show(`${sent} sent`);
  };

  const giveBack = (messages: readonly ServiceBusReceivedMessage[]): Promise<unknown> =>
    Promise.all(messages.map((message) => succeeds(receiver.abandonMessage(message))));

  let reachedLater = false;
  try {
    while (!reachedLater && completed < limit) {
      const most = Math.min(batchAt(rate, BATCH), limit - completed);
      const batch = await receiver.receiveMessages(most, { maxWaitTimeInMs: waitMs });
      if (batch.every((message) => tooLarge.has(sequenceOf(message)))) break;
      const before = completed + tooLarge.size;
      const later = batch.filter(isLater);
      reachedLater = later.length > 0;
      const moves = batch.filter((message) => !isLater(message)).map((message) => limited(() => move(message)));
      const ended = await Promise.allSettled(moves);
      const failure = ended.find((end) => end.status === 'rejected');
      if (failure !== undefined) {
        await giveBack(batch);
        throw new Error(`A copy was not accepted. Its dead letter stays: ${messageOf(failure.reason)}`);
      }
      await giveBack(later);
      if (moves.length > 0 && completed + tooLarge.size === before)
        throw new Error(
          'Copies were sent, but none of their dead letters could be completed. These messages will come twice.',
        );
    }
    await giveBack([...tooLarge.values()]);
  } finally {
    progress.done();
    terminal.out(`copies sent: ${sent}, dead letters completed: ${completed}\n`);
  }
  if (reachedLater) terminal.err('Messages that were dead-lettered after the start are left.\n');
  if (tooLarge.size > 0)
    throw new Error(`Too large for the entity, and left: sequence ${[...tooLarge.keys()].join(', ')}`);
  if (completed >= limit) return;
  const left = await countLeft(links.peeker, isLater);
  if (left === 0) return;
  throw new Error(
    `Dead letters left: ${left}${left === COUNTED ? ' or more' : ''}. Another reader, such as a stopped replay, has locked ` +
      'them, or they were dead-lettered meanwhile. Run it again when their locks have ended (usually 60s).',
  );
}

/** Counts those from before the start that are still there, up to the first later one. */
async function countLeft(
  peeker: ReplayLinks['peeker'],
  isLater: (message: ServiceBusReceivedMessage) => boolean,
): Promise<number> {
  let left = 0;
  for await (const message of peekAll(peeker)) {
    if (isLater(message) || left === COUNTED) break;
    left += 1;
  }
  return left;
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
