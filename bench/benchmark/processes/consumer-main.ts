/**
 * The least that a consumer can be: the SDK's receiver with the settings of host.json, messages completed (the checkpoint moved)
 * with nothing done. A process of its own: told a number, it answers once it has had so many more messages.
 *
 * Arguments: `queue` or `hub`, the broker's connection string, the connection string of the storage for checkpoints.
 */
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { BUS } from '../../../local/stack/stack';

interface HostJson {
  readonly extensions: {
    readonly serviceBus: { readonly maxConcurrentCalls: number };
    readonly eventHubs: { readonly maxEventBatchSize: number; readonly prefetchCount: number };
  };
}

const [, , kind = '', broker = '', storage = ''] = process.argv;
const { serviceBus, eventHubs } = (JSON.parse(readFileSync('host.json', 'utf8')) as HostJson).extensions;

let had = 0;
let awaited = Number.POSITIVE_INFINITY;

function have(messages: number): void {
  had += messages;
  if (had < awaited) return;
  awaited = Number.POSITIVE_INFINITY;
  process.send?.('had');
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

function consumeQueue(): void {
  const receiver = new ServiceBusClient(broker).createReceiver(BUS.queue);
  receiver.subscribe(
    {
      processMessage: async (message) => {
        await receiver.completeMessage(message);
        have(1);
      },
      processError: ({ error }) => Promise.resolve(fail(error)),
    },
    { autoCompleteMessages: false, maxConcurrentCalls: serviceBus.maxConcurrentCalls },
  );
}

async function consumeHub(): Promise<void> {
  const container = BlobServiceClient.fromConnectionString(storage).getContainerClient('bench-checkpoints');
  await container.createIfNotExists();
  const consumer = new EventHubConsumerClient(BUS.group, broker, BUS.hub, new BlobCheckpointStore(container));
  consumer.subscribe(
    {
      processEvents: async (events, context) => {
        const last = events.at(-1);
        if (last === undefined) return;
        await context.updateCheckpoint(last);
        have(events.length);
      },
      processError: (error) => Promise.resolve(fail(error)),
    },
    {
      maxBatchSize: eventHubs.maxEventBatchSize,
      prefetchCount: eventHubs.prefetchCount,
      startPosition: earliestEventPosition,
      skipParsingBodyAsJson: true,
    },
  );
}

process.on('message', (count) => {
  awaited = had + Number(count);
});
process.once('disconnect', () => process.exit());
(async () => {
  if (kind === 'queue') consumeQueue();
  else await consumeHub();
  process.send?.('ready');
})().catch(fail);
