/** An event as a function in Node gets it from the real host (EventHubTriggerBindingStrategy in https://github.com/Azure/azure-sdk-for-net). */
import type { PartitionContext, ReceivedEventData } from '@azure/event-hubs';
import type { TypedData } from './core-api';
import {
  bodyBytes,
  dateTime,
  dateTimeOffset,
  json,
  longs,
  manyBodies,
  oneBody,
  text,
  texts,
  withBodyMembers,
} from './typed-data';

/** What an event brings beside its body; a run by hand has nothing but a body. */
export type EventLike = Partial<ReceivedEventData>;

/** The partition as metadata shows it. */
type Partition = Pick<
  PartitionContext,
  'fullyQualifiedNamespace' | 'eventHubName' | 'consumerGroup' | 'partitionId'
> & {
  readonly isCheckpointingAfterInvocation: boolean;
};

interface FunctionInput {
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
}

/** Both names of it show the same. */
function partitionContexts(partition: Partition | undefined): Record<string, TypedData> {
  if (partition === undefined) return {};
  const context = {
    IsCheckpointingAfterInvocation: partition.isCheckpointingAfterInvocation,
    FullyQualifiedNamespace: partition.fullyQualifiedNamespace,
    EventHubName: partition.eventHubName,
    ConsumerGroup: partition.consumerGroup,
    PartitionId: partition.partitionId,
  };
  const data = { json: JSON.stringify(context) };
  return { PartitionContext: data, TriggerPartitionContext: data };
}

/** Under AMQP's names; the SDK has made its own of them. */
const amqpName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const systemProperties = (event: EventLike) => ({
  ...Object.fromEntries(Object.entries(event.systemProperties ?? {}).map(([name, value]) => [amqpName(name), value])),
  'x-opt-sequence-number': event.sequenceNumber,
  'x-opt-offset': event.offset,
  'x-opt-enqueued-time': dateTimeOffset(event.enqueuedTimeUtc),
  'x-opt-partition-key': event.partitionKey ?? undefined,
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
      ...partitionContexts(partition),
      PartitionKey: text(event.partitionKey),
      Offset: event.offset === undefined ? undefined : json(Number(event.offset)),
      // Digits: the library makes them a number, too.
      OffsetString: text(event.offset),
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
  return {
    data: manyBodies(
      events.map((event) => bodyBytes(event.body)),
      binary,
    ),
    metadata: {
      ...partitionContexts(partition),
      PartitionKeyArray: texts(events.map((event) => event.partitionKey)),
      OffsetArray: longs(events.map((event) => Number(event.offset ?? 0))),
      OffsetStringArray: texts(events.map((event) => event.offset)),
      SequenceNumberArray: longs(events.map((event) => event.sequenceNumber ?? 0)),
      EnqueuedTimeUtcArray: { json: JSON.stringify(events.map((event) => dateTime(event.enqueuedTimeUtc))) },
      PropertiesArray: { json: JSON.stringify(events.map((event) => event.properties ?? {})) },
      SystemPropertiesArray: { json: JSON.stringify(events.map(systemProperties)) },
    },
  };
}
