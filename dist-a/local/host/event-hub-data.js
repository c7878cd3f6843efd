"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.eventInput = eventInput;
exports.eventsInput = eventsInput;
const typed_data_1 = require("./typed-data");
const partitionContext = (partition) => partition &&
    (0, typed_data_1.json)({
        FullyQualifiedNamespace: partition.fullyQualifiedNamespace,
        EventHubName: partition.eventHubName,
        ConsumerGroup: partition.consumerGroup,
        PartitionId: partition.partitionId,
    });
const systemProperties = (event) => ({
    ...event.systemProperties,
    SequenceNumber: event.sequenceNumber ?? 0,
    Offset: event.offset ?? null,
    PartitionKey: event.partitionKey ?? null,
    EnqueuedTimeUtc: (0, typed_data_1.dateTime)(event.enqueuedTimeUtc),
});
/** Input for `cardinality: 'one'`: a text body's own members lie over the metadata. */
function eventInput(event, partition, binary) {
    const data = (0, typed_data_1.oneBody)((0, typed_data_1.bodyBytes)(event.body), binary);
    const metadata = (0, typed_data_1.withBodyMembers)({
        PartitionContext: partitionContext(partition),
        PartitionKey: (0, typed_data_1.text)(event.partitionKey),
        // Digits: the library makes them a number.
        Offset: (0, typed_data_1.text)(event.offset),
        SequenceNumber: (0, typed_data_1.json)(event.sequenceNumber),
        EnqueuedTimeUtc: (0, typed_data_1.json)((0, typed_data_1.dateTime)(event.enqueuedTimeUtc)),
        Properties: (0, typed_data_1.json)(event.properties ?? {}),
        SystemProperties: (0, typed_data_1.json)(systemProperties(event)),
    }, data);
    return { data, metadata };
}
/** Input for `cardinality: 'many'`: each fact as an array, in which text arrays have lost their empty entries. */
function eventsInput(events, partition, binary) {
    const context = partitionContext(partition);
    return {
        data: (0, typed_data_1.manyBodies)(events.map((event) => (0, typed_data_1.bodyBytes)(event.body)), binary),
        metadata: {
            ...(context && { PartitionContext: context }),
            PartitionKeyArray: (0, typed_data_1.texts)(events.map((event) => event.partitionKey)),
            OffsetArray: (0, typed_data_1.texts)(events.map((event) => event.offset)),
            SequenceNumberArray: (0, typed_data_1.longs)(events.map((event) => event.sequenceNumber ?? 0)),
            EnqueuedTimeUtcArray: { json: JSON.stringify(events.map((event) => (0, typed_data_1.dateTime)(event.enqueuedTimeUtc))) },
            PropertiesArray: { json: JSON.stringify(events.map((event) => event.properties ?? {})) },
            SystemPropertiesArray: { json: JSON.stringify(events.map(systemProperties)) },
        },
    };
}
//# sourceMappingURL=event-hub-data.js.map