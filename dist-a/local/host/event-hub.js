"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.prepareEventHub = prepareEventHub;
/**
 * Event Hubs triggers: one consumer for all partitions, its checkpoints in the storage account under the names the real host uses. The checkpoint moves after each batch
 * whether or not the function succeeded, once its retry policy is exhausted
 * (https://learn.microsoft.com/azure/azure-functions/functions-reliable-event-processing): an event that must not be lost is the function's own business.
 */
const event_hubs_1 = require("@azure/event-hubs");
const eventhubs_checkpointstore_blob_1 = require("@azure/eventhubs-checkpointstore-blob");
const storage_blob_1 = require("@azure/storage-blob");
const zod_1 = require("zod");
const event_hub_data_1 = require("./event-hub-data");
const settings_1 = require("./settings");
const trigger_1 = require("./trigger");
const eventHubBinding = zod_1.z.object({
    connection: zod_1.z.string(),
    eventHubName: zod_1.z.string(),
    consumerGroup: zod_1.z.string().default(event_hubs_1.EventHubConsumerClient.defaultConsumerGroupName),
    cardinality: zod_1.z.string().default('one'),
    dataType: zod_1.z.string().optional(),
});
const CHECKPOINT_CONTAINER = 'azure-webjobs-eventhub';
/**
 * With the SDK's defaults (10 s, balanced) a host takes its partitions one by one, and a killed host's stay owned for a minute. On one machine there is no crowd to be
 * fair to.
 */
const LOAD_BALANCING = {
    strategy: 'greedy',
    updateIntervalInMs: 500,
    partitionOwnershipExpirationIntervalInMs: 5_000,
};
/** .NET's pauses, which the real host has; the JavaScript SDK's own would leave a lost link down for 30 s. */
const NET_RETRY = { mode: event_hubs_1.RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000 };
/**
 * Prepares an Event Hubs trigger.
 *
 * @throws FunctionInError if a setting is missing, `AzureWebJobsStorage` included.
 */
function prepareEventHub(target, context) {
    const { settings } = context;
    const binding = eventHubBinding.parse(target.trigger);
    return new EventHubTrigger(target, context, startPosition(context.hostJson), {
        connectionString: settings.connection(settings.resolve(binding.connection)),
        storage: settings.connection('Storage'),
        eventHubName: settings.resolve(binding.eventHubName),
        consumerGroup: settings.resolve(binding.consumerGroup),
        many: binding.cardinality.toLowerCase() === 'many',
        binary: binding.dataType?.toLowerCase() === 'binary',
    });
}
/** Where to begin in a partition that has no checkpoint. */
function startPosition({ extensions: { eventHubs } }) {
    const { type, enqueuedTimeUtc } = eventHubs.initialOffsetOptions;
    switch (type.toLowerCase()) {
        case 'fromstart':
            return event_hubs_1.earliestEventPosition;
        case 'fromend':
            return event_hubs_1.latestEventPosition;
        case 'fromenqueuedtime':
            return { enqueuedOn: new Date(enqueuedTimeUtc ?? '') };
        default:
            throw new settings_1.FunctionInError(`initialOffsetOptions.type '${type}' in host.json isn't one of fromStart, fromEnd, fromEnqueuedTime.`);
    }
}
class EventHubTrigger {
    target;
    context;
    startPosition;
    options;
    #stopping = false;
    #client;
    #subscription;
    #batchesSinceCheckpoint = new Map();
    #handling = new Set();
    constructor(target, context, startPosition, options) {
        this.target = target;
        this.context = context;
        this.startPosition = startPosition;
        this.options = options;
    }
    async start() {
        const { connectionString, storage, eventHubName, consumerGroup } = this.options;
        const { maxEventBatchSize, prefetchCount } = this.context.hostJson.extensions.eventHubs;
        const container = storage_blob_1.BlobServiceClient.fromConnectionString(storage).getContainerClient(CHECKPOINT_CONTAINER);
        await container.createIfNotExists();
        if (this.#stopping)
            return;
        this.#client = new event_hubs_1.EventHubConsumerClient(consumerGroup, connectionString, eventHubName, new eventhubs_checkpointstore_blob_1.BlobCheckpointStore(container), {
            loadBalancingOptions: LOAD_BALANCING,
            retryOptions: NET_RETRY,
        });
        this.#subscription = this.#client.subscribe({
            processEvents: (events, partition) => this.#handle(events, partition),
            processError: (error, { partitionId }) => {
                if (!this.#stopping)
                    this.#logError(`Receiving failed, partition '${partitionId}'`, error);
                return Promise.resolve();
            },
        }, {
            startPosition: this.startPosition,
            maxBatchSize: maxEventBatchSize,
            prefetchCount: Math.max(prefetchCount, maxEventBatchSize),
            // Bodies must arrive as they were sent: it is the library that parses, by rules of its own.
            skipParsingBodyAsJson: true,
        });
    }
    async pause() {
        this.#stopping = true;
        await this.#subscription?.close();
    }
    /** The last batches' checkpoints are written after their runs. */
    async close() {
        await Promise.all(this.#handling);
        await this.#client?.close();
    }
    async runManually(input) {
        const event = { body: Buffer.from(input, 'utf8') };
        const { many, binary } = this.options;
        const delivery = many ? (0, event_hub_data_1.eventsInput)([event], undefined, binary) : (0, event_hub_data_1.eventInput)(event, undefined, binary);
        await this.context.executor.runWithRetry(this.target, { ...delivery, reason: trigger_1.CALLED_REASON });
    }
    /** Never rejects: the SDK would close the partition's pump. */
    #handle(events, partition) {
        const handled = this.#handleBatch(events, partition).catch((error) => this.#logError(`Checkpointing failed, partition '${partition.partitionId}'`, error));
        this.#handling.add(handled);
        return handled.finally(() => this.#handling.delete(handled));
    }
    async #handleBatch(events, partition) {
        const last = events.at(-1);
        // The SDK also calls when a minute has brought nothing.
        if (last === undefined || this.#stopping)
            return;
        const results = await this.#run(events, partition);
        // A run that the stop has cut short is not done: its events come again.
        if (results.some((result) => result.kind === 'cancelled'))
            return;
        const batches = (this.#batchesSinceCheckpoint.get(partition.partitionId) ?? 0) + 1;
        const due = batches >= this.context.hostJson.extensions.eventHubs.batchCheckpointFrequency;
        this.#batchesSinceCheckpoint.set(partition.partitionId, due ? 0 : batches);
        if (due)
            await partition.updateCheckpoint(last);
    }
    #run(events, partition) {
        const { many, binary } = this.options;
        const { executor } = this.context;
        const deliveries = many
            ? [(0, event_hub_data_1.eventsInput)(events, partition, binary)]
            : events.map((event) => (0, event_hub_data_1.eventInput)(event, partition, binary));
        return Promise.all(deliveries.map((delivery) => executor.runWithRetry(this.target, { ...delivery, reason: trigger_1.MESSAGE_REASON })));
    }
    #logError(what, error) {
        const message = `${what}, event hub '${this.options.eventHubName}': ${error instanceof Error ? error.message : String(error)}`;
        this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
    }
}
//# sourceMappingURL=event-hub.js.map