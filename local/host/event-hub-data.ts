/** An event as a function in Node gets it from the real host (EventHubTriggerBindingStrategy in https://github.com/Azure/azure-sdk-for-net). */
import type { PartitionContext, ReceivedEventData } from '@azure/event-hubs';
import type { TypedData } from './core-api';
import { bodyBytes, dateTime, json, longs, manyBodies, oneBody, text, texts, withBodyMembers } from './typed-data';

/** What an event brings beside its body; a run by hand has nothing but a body. */
export type EventLike = Partial<ReceivedEventData>;

/** The partition as metadata shows it. */
type Partition = Pick<PartitionContext, 'fullyQualifiedNamespace' | 'eventHubName' | 'consumerGroup' | 'partitionId'>;

interface FunctionInput {
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
}

const partitionContext = (partition: Partition | undefined): TypedData | undefined =>
  partition &&
  json({
    FullyQualifiedNamespace: partition.fullyQualifiedNamespace,
    EventHubName: partition.eventHubName,
    ConsumerGroup: partition.consumerGroup,
    PartitionId: partition.partitionId,
  });

const systemProperties = (event: EventLike) => ({
  ...event.systemProperties,
  SequenceNumber: event.sequenceNumber ?? 0,
  Offset: event.offset ?? null,
  PartitionKey: event.partitionKey ?? null,
  EnqueuedTimeUtc: dateTime(event.enqueuedTimeUtc),
});

/** Input for `cardinality: 'one'`: a text body's own members lie over the metadata. */
export function eventInput(event: EventLike, partition: Partition | undefined, binary: boolean): FunctionInput {
  const data = oneBody(bodyBytes(event.body), binary);
  const metadata = withBodyMembers(
    {
      PartitionContext: partitionContext(partition),
      PartitionKey: text(event.partitionKey),
      // Digits: the library makes them a number.
      Offset: text(event.offset),
      SequenceNumber: json(event.sequenceNumber),
      EnqueuedTimeUtc: json(dateTime(event.enqueuedTimeUtc)),
      Properties: json(event.properties ?? {}),
      SystemProperties: json(systemProperties(event)),
    },
    data,
  );
  return { data, metadata };
}

/** Input for `cardinality: 'many'`: each fact as an array, in which text arrays have lost their empty entries. */
export function eventsInput(
  events: readonly EventLike[],
  partition: Partition | undefined,
  binary: boolean,
): FunctionInput {
  const context = partitionContext(partition);
  return {
    data: manyBodies(
      events.map((event) => bodyBytes(event.body)),
      binary,
    ),
    metadata: {
      ...(context && { PartitionContext: context }),
      PartitionKeyArray: texts(events.map((event) => event.partitionKey)),
      OffsetArray: texts(events.map((event) => event.offset)),
      SequenceNumberArray: longs(events.map((event) => event.sequenceNumber ?? 0)),
      EnqueuedTimeUtcArray: { json: JSON.stringify(events.map((event) => dateTime(event.enqueuedTimeUtc))) },
      PropertiesArray: { json: JSON.stringify(events.map((event) => event.properties ?? {})) },
      SystemPropertiesArray: { json: JSON.stringify(events.map(systemProperties)) },
    },
  };
}
