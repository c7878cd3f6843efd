import type { Dataverse } from './dataverse/simulator';
import { BUS } from './stack';

/** Where the steps post to. */
export interface StepTargets {
  readonly webhookUrl: string;
  readonly webhookKey: string;
  readonly busConnectionString: string;
}

/**
 * Registers the steps of the local stack: one table for each way, so that each can be watched by itself. Shipments have
 * no step at all, and cases only one for some columns: those changes are the pull's to find.
 */
export async function registerSteps(
  dataverse: Dataverse,
  { webhookUrl, webhookKey, busConnectionString }: StepTargets,
): Promise<void> {
  const webhook = await dataverse.registerEndpoint({
    name: 'webhook',
    contract: 'webhook',
    url: webhookUrl,
    authvalue: webhookKey,
  });
  const bus = { connectionString: busConnectionString };
  const queue = await dataverse.registerEndpoint({ name: 'queue', contract: 'queue', path: BUS.queue, ...bus });
  const topic = await dataverse.registerEndpoint({ name: 'topic', contract: 'topic', path: BUS.topic, ...bus });
  const hub = await dataverse.registerEndpoint({ name: 'hub', contract: 'eventHub', path: BUS.hub, ...bus });

  const MESSAGES = ['Create', 'Update', 'Delete'] as const;
  for (const message of MESSAGES) {
    await dataverse.registerStep({ table: 'account', message, endpoint: webhook, mode: 'async' });
    await dataverse.registerStep({ table: 'lead', message, endpoint: topic, mode: 'async' });
    await dataverse.registerStep({ table: 'opportunity', message, endpoint: hub, mode: 'async' });
    // A post image with all columns: the whole row comes along and no read is needed where the order is clear.
    const images = message === 'Delete' ? [] : [{ kind: 'post', alias: 'full' } as const];
    await dataverse.registerStep({ table: 'contact', message, endpoint: queue, mode: 'async', images });
  }
  // Synchronous: sent inside the transaction, so it is only a reason to read.
  await dataverse.registerStep({ table: 'incident', message: 'Create', endpoint: webhook, mode: 'sync' });
  const filteringColumns = ['title', 'prioritycode', 'statecode', 'statuscode'];
  await dataverse.registerStep({
    table: 'incident',
    message: 'Update',
    endpoint: queue,
    mode: 'async',
    filteringColumns,
  });
  await dataverse.registerStep({ table: 'incident', message: 'Delete', endpoint: hub, mode: 'async' });
}
