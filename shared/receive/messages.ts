import type { InvocationContext } from '@azure/functions';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../errors';
import type { KeptDelivery } from '../parking/parking';
import { logTo } from '../telemetry/log';
import type { Receiver } from './receiver';
import { logOutcomes } from './summary';

/** How long to wait before a message is given back for its nth time, in milliseconds. */
const pauseBefore = (deliveryCount: number): number => Math.min(30_000, 500 * 2 ** deliveryCount);

/**
 * Handles messages of a queue, a topic's subscription or an event hub. Returning completes them (or lets the checkpoint
 * move): by then each is settled or parked. Throwing, only when parking fails, leaves them with the broker; a message of
 * Service Bus is held for a while first, since giving it back at once would use up its deliveries within seconds.
 *
 * The triggers deliver bytes (`dataType: 'binary'`), since the platform would otherwise parse every body as JSON, and
 * decimals and 64-bit integers would come through a double.
 */
export function messagesHandler(
  source: string,
  receiver: () => Receiver,
  sleep: (milliseconds: number) => Promise<unknown> = setTimeout,
): (messages: unknown, context: InvocationContext) => Promise<void> {
  return async (messages, context) => {
    const log = logTo(context);
    const many = Array.isArray(messages);
    const bodies = (many ? messages : [messages]).map(bytesOf);
    try {
      const outcomes = await receiver().receive(
        bodies.map((body, index) => deliveryOf(source, body, context, many ? index : undefined)),
      );
      logOutcomes(log, source, outcomes);
    } catch (error) {
      log('parkingFailed', { source, messages: bodies.length, reason: messageOf(error) });
      const count = context.triggerMetadata?.deliveryCount;
      if (typeof count === 'number') await sleep(pauseBefore(count));
      throw error;
    }
  };
}

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
  const truncated = hasTruncationMark(propertiesOf(triggerMetadata, index));
  return {
    source,
    body,
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(truncated ? { truncated } : {}),
  };
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
