/**
 * Event Hubs triggers: one consumer for all partitions, its checkpoints in the storage account under the names the real host uses. The checkpoint moves after each batch
 * whether or not the function succeeded, once its retry policy is exhausted
 * (https://learn.microsoft.com/azure/azure-functions/functions-reliable-event-processing): an event that must not be lost is the function's own business.
 */
import {
  earliestEventPosition,
  EventHubConsumerClient,
  latestEventPosition,
  RetryMode,
  type EventPosition,
  type PartitionContext,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs';
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import type { BlobServiceClient } from '@azure/storage-blob';
import { z } from 'zod';
import { eventInput, eventsInput } from './event-hub-data';
import type { RunResult } from './executor';
import type { HostJson } from './host-json';
import { FunctionInError, hostBlobs } from './settings';
import { CALLED_REASON, MESSAGE_REASON, type Trigger, type TriggerContext } from './trigger';
import type { RegisteredFunction } from './worker';

const eventHubBinding = z.object({
  connection: z.string(),
  eventHubName: z.string(),
  consumerGroup: z.string().default(EventHubConsumerClient.defaultConsumerGroupName),
  cardinality: z.string().default('one'),
  dataType: z.string().optional(),
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
} as const;

/**
 * .NET's pauses, which the real host has; the JavaScript SDK's own would leave a lost link down for 30 s. .NET also notices at
 * once that a link was lost, or a connection while one is opened; here the one is noticed when a wait for events is over, the
 * other when the attempt is, by default after a minute each.
 */
const NET_RETRY = {
  mode: RetryMode.Exponential,
  retryDelayInMs: 800,
  maxRetryDelayInMs: 60_000,
  timeoutInMs: 5_000,
} as const;
const WAIT_SECONDS = 2;

/** What the SDK asks a hub for its partitions with; it isn't public. */
interface WithManagement {
  readonly _context: {
    readonly managementSession: { getEventHubProperties(options: object): Promise<unknown> };
  };
}

/**
 * Each round of the SDK's load balancing asks for the hub's partitions, and by the SDK's own pauses: asked into a lost
 * connection it would be held up for 90 s, and so would every partition whose link was lost.
 */
function askSoonAgain(client: EventHubConsumerClient): void {
  const { managementSession } = (client as unknown as WithManagement)._context;
  const ask = managementSession.getEventHubProperties.bind(managementSession);
  managementSession.getEventHubProperties = (options) => ask({ ...options, retryOptions: NET_RETRY });
}

interface EventHubOptions {
  readonly connectionString: string;
  readonly storage: BlobServiceClient;
  readonly eventHubName: string;
  readonly consumerGroup: string;
  readonly many: boolean;
  readonly binary: boolean;
}

/**
 * Prepares an Event Hubs trigger.
 *
 * @throws FunctionInError if a setting is missing, `AzureWebJobsStorage` included.
 */
export function prepareEventHub(target: RegisteredFunction, context: TriggerContext): Trigger {
  const { settings } = context;
  const binding = eventHubBinding.parse(target.trigger);
  const storage = hostBlobs(settings);
  if (storage === undefined)
    throw new FunctionInError(
      "Connection 'AzureWebJobsStorage' is missing or empty: an event hub's checkpoints lie there.",
    );
  return new EventHubTrigger(target, context, startPosition(context.hostJson), {
    connectionString: settings.connection(settings.resolve(binding.connection)),
    storage,
    eventHubName: settings.resolve(binding.eventHubName),
    consumerGroup: settings.resolve(binding.consumerGroup),
    many: binding.cardinality.toLowerCase() === 'many',
    binary: binding.dataType?.toLowerCase() === 'binary',
  });
}

/** Where to begin in a partition that has no checkpoint. */
function startPosition({ extensions: { eventHubs } }: HostJson): EventPosition {
  const { type, enqueuedTimeUtc } = eventHubs.initialOffsetOptions;
  switch (type.toLowerCase()) {
    case 'fromstart':
      return earliestEventPosition;
    case 'fromend':
      return latestEventPosition;
    case 'fromenqueuedtime':
      return { enqueuedOn: new Date(enqueuedTimeUtc ?? '') };
    default:
      throw new FunctionInError(
        `initialOffsetOptions.type '${type}' in host.json isn't one of fromStart, fromEnd, fromEnqueuedTime.`,
      );
  }
}

class EventHubTrigger implements Trigger {
  #stopping = false;
  #client: EventHubConsumerClient | undefined;
  #subscription: Subscription | undefined;
  readonly #batchesSinceCheckpoint = new Map<string, number>();
  readonly #handling = new Set<Promise<void>>();

  constructor(
    private readonly target: RegisteredFunction,
    private readonly context: TriggerContext,
    private readonly startPosition: EventPosition,
    private readonly options: EventHubOptions,
  ) {}

  async start(): Promise<void> {
    const { connectionString, storage, eventHubName, consumerGroup } = this.options;
    const { maxEventBatchSize, prefetchCount } = this.context.hostJson.extensions.eventHubs;
    const container = storage.getContainerClient(CHECKPOINT_CONTAINER);
    await container.createIfNotExists();
    if (this.#stopping) return;
    this.#client = new EventHubConsumerClient(
      consumerGroup,
      connectionString,
      eventHubName,
      new BlobCheckpointStore(container),
      {
        loadBalancingOptions: LOAD_BALANCING,
        retryOptions: NET_RETRY,
      },
    );
    askSoonAgain(this.#client);
    this.#subscription = this.#client.subscribe(
      {
        processEvents: (events, partition) => this.#handle(events, partition),
        processError: (error, { partitionId }) => {
          if (!this.#stopping) this.#logError(`Receiving failed, partition '${partitionId}'`, error);
          return Promise.resolve();
        },
      },
      {
        startPosition: this.startPosition,
        maxBatchSize: maxEventBatchSize,
        maxWaitTimeInSeconds: WAIT_SECONDS,
        prefetchCount: Math.max(prefetchCount, maxEventBatchSize),
        // Bodies must arrive as they were sent: it is the library that parses, by rules of its own.
        skipParsingBodyAsJson: true,
      },
    );
  }

  async pause(): Promise<void> {
    this.#stopping = true;
    await this.#subscription?.close();
  }

  /** The last batches' checkpoints are written after their runs. */
  async close(): Promise<void> {
    await Promise.all(this.#handling);
    await this.#client?.close();
  }

  async runManually(input: string): Promise<void> {
    const event = { body: Buffer.from(input, 'utf8') };
    const { many, binary } = this.options;
    const delivery = many ? eventsInput([event], undefined, binary) : eventInput(event, undefined, binary);
    await this.context.executor.runWithRetry(this.target, { ...delivery, reason: CALLED_REASON });
  }

  /** Never rejects: the SDK would close the partition's pump. */
  #handle(events: readonly ReceivedEventData[], partition: PartitionContext): Promise<void> {
    const handled = this.#handleBatch(events, partition).catch((error: unknown) =>
      this.#logError(`Checkpointing failed, partition '${partition.partitionId}'`, error),
    );
    this.#handling.add(handled);
    return handled.finally(() => this.#handling.delete(handled));
  }

  async #handleBatch(events: readonly ReceivedEventData[], partition: PartitionContext): Promise<void> {
    const last = events.at(-1);
    // The SDK also calls when its wait has brought nothing.
    if (last === undefined || this.#stopping) return;
    const batches = (this.#batchesSinceCheckpoint.get(partition.partitionId) ?? 0) + 1;
    const due = batches >= this.context.hostJson.extensions.eventHubs.batchCheckpointFrequency;
    const results = await this.#run(events, partition, due);
    // A run that the stop has cut short is not done: its events come again.
    if (results.some((result) => result.kind === 'cancelled')) return;
    this.#batchesSinceCheckpoint.set(partition.partitionId, due ? 0 : batches);
    if (due) await partition.updateCheckpoint(last);
  }

  #run(events: readonly ReceivedEventData[], context: PartitionContext, due: boolean): Promise<RunResult[]> {
    const { fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId } = context;
    const partition = {
      fullyQualifiedNamespace,
      eventHubName,
      consumerGroup,
      partitionId,
      isCheckpointingAfterInvocation: due,
    };
    const { many, binary } = this.options;
    const { executor } = this.context;
    const deliveries = many
      ? [eventsInput(events, partition, binary)]
      : events.map((event) => eventInput(event, partition, binary));
    return Promise.all(
      deliveries.map((delivery) => executor.runWithRetry(this.target, { ...delivery, reason: MESSAGE_REASON })),
    );
  }

  #logError(what: string, error: unknown): void {
    const message = `${what}, event hub '${this.options.eventHubName}': ${error instanceof Error ? error.message : String(error)}`;
    this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
  }
}
