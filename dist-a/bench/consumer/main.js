"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * The least that a consumer can be: the SDK's receiver with the settings of host.json, messages completed (the checkpoint moved)
 * with nothing done. A process of its own: told a number, it answers once it has had so many more messages.
 *
 * Arguments: `queue` or `hub`, the broker's connection string, the connection string of the storage for checkpoints.
 */
const event_hubs_1 = require("@azure/event-hubs");
const eventhubs_checkpointstore_blob_1 = require("@azure/eventhubs-checkpointstore-blob");
const service_bus_1 = require("@azure/service-bus");
const storage_blob_1 = require("@azure/storage-blob");
const node_fs_1 = require("node:fs");
const stack_1 = require("../../local/stack");
const [, , kind = '', broker = '', storage = ''] = process.argv;
const { serviceBus, eventHubs } = JSON.parse((0, node_fs_1.readFileSync)('host.json', 'utf8')).extensions;
let had = 0;
let awaited = Number.POSITIVE_INFINITY;
function have(messages) {
    had += messages;
    if (had < awaited)
        return;
    awaited = Number.POSITIVE_INFINITY;
    process.send?.('had');
}
function fail(error) {
    console.error(error);
    process.exit(1);
}
function consumeQueue() {
    const receiver = new service_bus_1.ServiceBusClient(broker).createReceiver(stack_1.BUS.queue);
    receiver.subscribe({
        processMessage: async (message) => {
            await receiver.completeMessage(message);
            have(1);
        },
        processError: ({ error }) => Promise.resolve(fail(error)),
    }, { autoCompleteMessages: false, maxConcurrentCalls: serviceBus.maxConcurrentCalls });
}
async function consumeHub() {
    const container = storage_blob_1.BlobServiceClient.fromConnectionString(storage).getContainerClient('bench-checkpoints');
    await container.createIfNotExists();
    const consumer = new event_hubs_1.EventHubConsumerClient(stack_1.BUS.group, broker, stack_1.BUS.hub, new eventhubs_checkpointstore_blob_1.BlobCheckpointStore(container));
    consumer.subscribe({
        processEvents: async (events, context) => {
            const last = events.at(-1);
            if (last === undefined)
                return;
            await context.updateCheckpoint(last);
            have(events.length);
        },
        processError: (error) => Promise.resolve(fail(error)),
    }, {
        maxBatchSize: eventHubs.maxEventBatchSize,
        prefetchCount: eventHubs.prefetchCount,
        startPosition: event_hubs_1.earliestEventPosition,
        skipParsingBodyAsJson: true,
    });
}
process.on('message', (count) => {
    awaited = had + Number(count);
});
process.once('disconnect', () => process.exit());
(async () => {
    if (kind === 'queue')
        consumeQueue();
    else
        await consumeHub();
    process.send?.('ready');
})().catch(fail);
//# sourceMappingURL=main.js.map