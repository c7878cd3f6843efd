/** What is under way between Dataverse and the store, asked of all but the app. */
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import { BlobServiceClient } from '@azure/storage-blob';
import { entitiesOf } from '../day/store-entities';
import { BUS, type Stack } from '../stack/stack';

/** Where the Functions host keeps the checkpoints of hubs. */
const CHECKPOINTS = 'azure-webjobs-eventhub';

/** How many events of the hub no checkpoint of the app has passed. */
export async function behindInHub({ azurite, broker }: Stack): Promise<number> {
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(CHECKPOINTS);
  const checkpoints = (await container.exists())
    ? await new BlobCheckpointStore(container).listCheckpoints('127.0.0.1', BUS.hub, BUS.group)
    : [];
  const passed = checkpoints.reduce((sum, { sequenceNumber }) => sum + sequenceNumber + 1, 0);
  return (broker.counts().hubs[BUS.hub]?.events ?? 0) - passed;
}

/** Messages in the queue and the subscription, dead-lettered ones included. */
export function waitingMessages({ broker }: Stack): number {
  const { queues, subscriptions } = broker.counts();
  return [...Object.values(queues), ...Object.values(subscriptions)].reduce(
    (sum, { active, locked, scheduled, deferred, deadLettered }) =>
      sum + active + locked + scheduled + deferred + deadLettered,
    0,
  );
}

/** How many items are parked. */
export async function parkedItems({ azurite }: Stack): Promise<number> {
  const entities = await entitiesOf(azurite.connectionString, 'dvoparked');
  // Others are the entries of due ones.
  return entities.filter(({ kind }) => kind !== undefined).length;
}

/** All that is under way, by its name. */
export const underWay = async (stack: Stack): Promise<Readonly<Record<string, number>>> => ({
  'jobs open': stack.dataverse.stats().openJobs,
  'messages waiting': waitingMessages(stack),
  'hub events waiting': await behindInHub(stack),
  'items parked': await parkedItems(stack),
});
