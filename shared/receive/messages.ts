import type { InvocationContext } from '@azure/functions';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../errors/errors';
import type { KeptDelivery } from '../parking/parking';
import { logTo } from '../telemetry/log';
import { isoMs } from '../mapping/convert';
import { COPY_PROPERTIES, NAMED_PROPERTIES, type DelayedCopies, type ReceivedMessage } from './delayed-copies';
import type { Receiver } from './receiver';
import type { AskForCopy, OnRetry } from './put-aside';
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

/** What the platform tells of one message, by the name that it has where messages come one by one. */
type Known = (name: string) => unknown;

/** Thrown to have a batch delivered again: the store was away. */
class BatchHeld extends Error {
  constructor(events: number, reason: string) {
    super(`${events} events could not be processed: ${reason} The batch is tried again in place.`);
  }
}

/**
 * Handles messages of a queue, a topic's subscription or an event hub. Returning completes them (or lets the checkpoint
 * move): by then each is processed, parked, or comes again as a copy. Throwing leaves them with the broker: a hub's batch while
 * the store is away, and whatever could neither be parked nor copied. Messages of Service Bus are held for a while before,
 * since giving them back at once would use up their deliveries within seconds.
 *
 * The platform completes or gives back a batch as a whole. What is given back and was processed already is a duplicate.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#peeklock-behavior
 *
 * The triggers deliver bytes (`dataType: 'binary'`), since the platform would otherwise parse every body as JSON, and
 * decimals and 64-bit integers would come through a double.
 */
export function messagesHandler(
  { name: source, holds, copies }: MessageSource,
  receiver: () => Pick<Receiver, 'receive'>,
  sleep: (milliseconds: number) => Promise<unknown> = setTimeout,
): (messages: unknown, context: InvocationContext) => Promise<void> {
  return async (input, context) => {
    const log = logTo(context);
    const messages = messagesOf(input, context.triggerMetadata);
    const sender = holds === true ? undefined : copies?.();
    const onRetryOf = (index: number): OnRetry => {
      const message = messages[index];
      if (holds === true) return { kind: 'hold' };
      if (sender === undefined || message === undefined) return { kind: 'park' };
      const copy: AskForCopy = (cause, whatever) => sender.send(receivedFrom(message), cause, whatever);
      return { kind: 'copy', copy, inBatch: messages.length > 1 };
    };
    let heldBy: string | undefined;
    let held = 0;
    try {
      const outcomes = await receiver().receive(
        messages.map((message) => deliveryOf(source, message)),
        onRetryOf,
      );
      logOutcomes(log, source, outcomes);
      for (const outcome of outcomes) {
        if (outcome.kind !== 'held') continue;
        held += 1;
        heldBy = outcome.cause.message;
      }
    } catch (error) {
      log('parkingFailed', { source, messages: messages.length, reason: messageOf(error) });
      const counts = messages.flatMap(({ known }) => {
        const count = known('deliveryCount');
        return typeof count === 'number' ? count : [];
      });
      if (counts.length > 0) await sleep(pauseBefore(Math.max(...counts)));
      throw error;
    }
    if (heldBy !== undefined) throw new BatchHeld(held, heldBy);
  };
}

/** A message as it came. */
interface Message {
  readonly body: Uint8Array;
  readonly known: Known;
}

/**
 * One message, or those of a batch, where each fact is an array. The platform leaves empty texts out of arrays, so that one
 * which is shorter than the batch doesn't tell whose its entries are.
 * https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script.Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs
 */
function messagesOf(input: unknown, metadata: InvocationContext['triggerMetadata'] = {}): readonly Message[] {
  if (!Array.isArray(input)) return [{ body: bytesOf(input), known: (name) => metadata[name] }];
  return input.map((message, index) => ({
    body: bytesOf(message),
    known: (name) => {
      const values = metadata[`${name}Array`];
      return Array.isArray(values) && values.length === input.length ? (values[index] as unknown) : undefined;
    },
  }));
}

/** The message as far as the platform tells of it. It parses every text that is JSON, so that an id such as `1e3` isn't exact. */
function receivedFrom({ body, known }: Message): ReceivedMessage {
  const text = (name: string): string | undefined => {
    const value = known(name);
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
    properties: Object.fromEntries(Object.entries(propertiesOf(known)).filter(isProperty)),
  };
}

/** An application property is no object; the platform makes texts of dates and the like. */
const isProperty = (entry: [string, unknown]): entry is [string, string | number | boolean | null] =>
  entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]);

/** A binary trigger gives Buffers; anything else was already parsed by the platform and is written out again. */
function bytesOf(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  return Buffer.from(typeof message === 'string' ? message : JSON.stringify(message ?? null));
}

function deliveryOf(source: string, { body, known }: Message): KeptDelivery {
  const contentType = known('contentType');
  const properties = propertiesOf(known);
  const truncated = hasTruncationMark(properties);
  const arrivedAtMs = firstEnqueuedMs(known('enqueuedTimeUtc'), properties);
  return {
    source,
    body,
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(truncated ? { truncated } : {}),
    ...(arrivedAtMs === undefined ? {} : { arrivedAtMs }),
  };
}

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
function propertiesOf(known: Known): object {
  const properties = known('applicationProperties') ?? known('userProperties') ?? known('properties');
  return typeof properties === 'object' && properties !== null ? properties : {};
}

/**
 * Dataverse marks a message that lost members for size with a property whose name isn't sure to the letter (the
 * platform lower-cases its first letter, and a trailing blank has been seen).
 * https://learn.microsoft.com/power-apps/developer/data-platform/azure-integration
 */
export const hasTruncationMark = (properties: object): boolean =>
  Object.keys(properties).some((name) => name.trim().toLowerCase() === 'messagemaxsizeexceeded');
