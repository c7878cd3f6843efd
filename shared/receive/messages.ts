import type { InvocationContext } from '@azure/functions';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../errors/errors';
import type { KeptDelivery } from '../parking/parking';
import { logTo } from '../telemetry/log';
import { isoMs } from '../mapping/convert';
import { COPY_PROPERTIES, NAMED_PROPERTIES, type DelayedCopies, type ReceivedMessage } from './delayed-copies';
import type { OnRetry, Receiver } from './receiver';
import { logOutcomes } from './summary';

/** How long to wait before a message is given back for its nth time, in milliseconds. */
const pauseBefore = (deliveryCount: number): number => Math.min(30_000, 500 * 2 ** deliveryCount);

/** Where messages come from, and how they can come again. */
export interface MessageSource {
  /** Name of the function. */
  readonly name: string;
  /** Whether what can't be processed while the store is away stays where it is: only where it waits without end. */
  readonly holds?: true;
  /** Sends copies of messages to be delivered later; undefined: there is no queue for them. */
  readonly copies?: () => Pick<DelayedCopies, 'send'> | undefined;
}

/** Thrown to have a batch delivered again: the store was away. */
class BatchHeld extends Error {
  constructor(events: number, reason: string) {
    super(`${events} events could not be processed: ${reason} The batch is tried again in place.`);
  }
}

/**
 * Handles messages of a queue, a topic's subscription or an event hub. Returning completes them (or lets the checkpoint
 * move): by then each is processed, parked, or comes again as a copy. Throwing leaves them with the broker: a hub's batch while
 * the store is away, and whatever could neither be parked nor copied. A message of Service Bus is held for a while before,
 * since giving it back at once would use up its deliveries within seconds.
 *
 * The triggers deliver bytes (`dataType: 'binary'`), since the platform would otherwise parse every body as JSON, and
 * decimals and 64-bit integers would come through a double.
 */
export function messagesHandler(
  { name: source, holds, copies }: MessageSource,
  receiver: () => Receiver,
  sleep: (milliseconds: number) => Promise<unknown> = setTimeout,
): (messages: unknown, context: InvocationContext) => Promise<void> {
  return async (messages, context) => {
    const log = logTo(context);
    const many = Array.isArray(messages);
    const deliveries = (many ? messages : [messages]).map((message, index) =>
      deliveryOf(source, bytesOf(message), context, many ? index : undefined),
    );
    const sender = many ? undefined : copies?.();
    let heldBy: string | undefined;
    let held = 0;
    try {
      const outcomes = await receiver().receive(
        deliveries,
        holds === true ? { kind: 'hold' } : onRetryOf(sender, context.triggerMetadata),
      );
      logOutcomes(log, source, outcomes);
      for (const outcome of outcomes) {
        if (outcome.kind !== 'held') continue;
        held += 1;
        heldBy = outcome.cause.message;
      }
    } catch (error) {
      log('parkingFailed', { source, messages: deliveries.length, reason: messageOf(error) });
      const count = context.triggerMetadata?.deliveryCount;
      if (typeof count === 'number') await sleep(pauseBefore(count));
      throw error;
    }
    if (heldBy !== undefined) throw new BatchHeld(held, heldBy);
  };
}

const onRetryOf = (
  copies: Pick<DelayedCopies, 'send'> | undefined,
  metadata: InvocationContext['triggerMetadata'],
): OnRetry =>
  copies === undefined
    ? { kind: 'park' }
    : { kind: 'copy', copy: (cause, whatever, { body }) => copies.send(receivedFrom(body, metadata), cause, whatever) };

/** The message as far as the platform tells of it. It parses every text that is JSON, so that an id such as `1e3` isn't exact. */
function receivedFrom(body: Uint8Array, metadata: InvocationContext['triggerMetadata']): ReceivedMessage {
  const text = (name: string): string | undefined => {
    const value = metadata?.[name];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;
  };
  const messageId = text('messageId');
  const enqueuedAt = text('enqueuedTimeUtc');
  const named = NAMED_PROPERTIES.flatMap((name) => {
    const value = text(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    body,
    named: Object.fromEntries(named),
    ...(messageId === undefined ? {} : { messageId }),
    ...(enqueuedAt === undefined ? {} : { enqueuedAt }),
    properties: Object.fromEntries(Object.entries(propertiesOf(metadata, undefined)).filter(isProperty)),
  };
}

/** An application property is no object; the platform makes texts of dates and the like. */
const isProperty = (entry: [string, unknown]): entry is [string, string | number | boolean | null] =>
  entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]);

/** A binary trigger gives Buffers; anything else was already parsed by the platform and is written out again. */
function bytesOf(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
}

function deliveryOf(
  source: string,
  body: Uint8Array,
  { triggerMetadata }: InvocationContext,
  index: number | undefined,
): KeptDelivery {
  const contentType = index === undefined ? triggerMetadata?.contentType : undefined;
  const properties = propertiesOf(triggerMetadata, index);
  const truncated = hasTruncationMark(properties);
  const arrivedAtMs = firstEnqueuedMs(enqueuedTimeOf(triggerMetadata, index), properties);
  return {
    source,
    body,
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(truncated ? { truncated } : {}),
    ...(arrivedAtMs === undefined ? {} : { arrivedAtMs }),
  };
}

const enqueuedTimeOf = (metadata: InvocationContext['triggerMetadata'], index: number | undefined): unknown =>
  index === undefined
    ? metadata?.enqueuedTimeUtc
    : (metadata?.enqueuedTimeUtcArray as readonly unknown[] | undefined)?.[index];

/**
 * When the broker first had a message, by its own times as text: a copy names its original's, and nothing makes it later than
 * its own.
 */
export function firstEnqueuedMs(enqueued: unknown, properties: object): number | undefined {
  const told = [enqueued, (properties as Record<string, unknown>)[COPY_PROPERTIES.firstEnqueued]];
  // .NET's times come without their zone, UTC.
  const times = told.flatMap((time) => (typeof time === 'string' ? (isoMs(time) ?? []) : []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The message's application properties, wherever the trigger puts them. */
function propertiesOf(metadata: InvocationContext['triggerMetadata'], index: number | undefined): object {
  const properties =
    index === undefined
      ? (metadata?.applicationProperties ?? metadata?.userProperties ?? metadata?.properties)
      : (metadata?.propertiesArray as unknown[] | undefined)?.[index];
  return typeof properties === 'object' && properties !== null ? properties : {};
}

/**
 * Dataverse marks a message that lost members for size with a property whose name isn't sure to the letter (the
 * platform lower-cases its first letter, and a trailing blank has been seen).
 * https://learn.microsoft.com/power-apps/developer/data-platform/azure-integration
 */
export const hasTruncationMark = (properties: object): boolean =>
  Object.keys(properties).some((name) => name.trim().toLowerCase() === 'messagemaxsizeexceeded');
