import type { ServiceBusClient, ServiceBusReceiver, ServiceBusSender } from '@azure/service-bus';
import type { ServiceBusConfig } from '../../../shared/settings/message-connections';
import { UsageError } from '../terminal/terminal';

/** A queue, or a topic's subscription. */
export type Entity =
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'subscription'; readonly topic: string; readonly subscription: string };

/** The options that name an entity, as commander gives them. */
export interface EntityOptions {
  readonly queue?: string;
  readonly topic?: string;
  readonly subscription?: string;
}

/** An entity in words. */
export const entityText = (entity: Entity): string =>
  entity.kind === 'queue' ? `queue ${entity.queue}` : `subscription ${entity.subscription} of topic ${entity.topic}`;

/** The entity that is meant: named, or the only one of the app. @throws UsageError where that isn't clear */
export function entityOf({ queue, topic, subscription }: EntityOptions, config: ServiceBusConfig): Entity {
  if (queue !== undefined) {
    if (topic !== undefined || subscription !== undefined)
      throw new UsageError('pass either --queue, or --topic and --subscription');
    return { kind: 'queue', queue };
  }
  if (topic !== undefined || subscription !== undefined) {
    if (topic === undefined || subscription === undefined)
      throw new UsageError('pass both --topic and --subscription: dead letters belong to a subscription');
    return { kind: 'subscription', topic, subscription };
  }
  const { queue: ownQueue, topic: ownTopic, subscription: ownSubscription } = config;
  const own: readonly Entity[] = [
    ...(ownQueue === undefined ? [] : [{ kind: 'queue', queue: ownQueue } as const]),
    ...(ownTopic === undefined || ownSubscription === undefined
      ? []
      : [{ kind: 'subscription', topic: ownTopic, subscription: ownSubscription } as const]),
  ];
  const [only, other] = own;
  if (only !== undefined && other === undefined) return only;
  throw new UsageError(
    own.length === 0
      ? 'SERVICEBUS_QUEUE, SERVICEBUS_TOPIC and SERVICEBUS_SUBSCRIPTION are missing: pass --queue, or --topic and --subscription'
      : `the app has several entities: pass ${own.map(flagsOf).join(', or ')}`,
  );
}

const flagsOf = (entity: Entity): string =>
  entity.kind === 'queue' ? `--queue ${entity.queue}` : `--topic ${entity.topic} --subscription ${entity.subscription}`;

/** A receiver of an entity's dead letters: bodies come as the bytes they are. */
export function deadLettersOf(client: ServiceBusClient, entity: Entity): ServiceBusReceiver {
  const options = {
    subQueueType: 'deadLetter',
    receiveMode: 'peekLock',
    skipParsingBodyAsJson: true,
    skipConvertingDate: true,
  } as const;
  return entity.kind === 'queue'
    ? client.createReceiver(entity.queue, options)
    : client.createReceiver(entity.topic, entity.subscription, options);
}

/** A sender to an entity: what is sent for a subscription goes to its topic, and so to all its subscriptions. */
export const senderTo = (client: ServiceBusClient, entity: Entity): ServiceBusSender =>
  client.createSender(entity.kind === 'queue' ? entity.queue : entity.topic);
