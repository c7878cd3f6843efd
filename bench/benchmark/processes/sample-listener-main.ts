/**
 * A webhook's receiver as published samples write it: node:http, JSON.parse, a new client of the table for each request, which
 * gets the row and upserts it unless it is newer, and logs what it does as text. A process of its own.
 *
 * Settings: the app's own for its store.
 */
import { InvocationContext } from '@azure/functions';
import { RestError, type TableClient, type TableEntityResult } from '@azure/data-tables';
import { ownTable } from '../inputs/stores';
import { entityFrom } from './plain-write';
import { serve } from './serve';

const context = new InvocationContext({ functionName: 'sample', logHandler: () => undefined });

type Stored = TableEntityResult<{ readonly modifiedon?: Date }>;

serve(async (body) => {
  const entity = entityFrom(body);
  context.log(`Webhook received ${body.length} bytes for row ${entity.rowKey}`);
  const client = ownTable();
  const stored = await storedIn(client, entity.partitionKey, entity.rowKey);
  const modifiedOn = entity.modifiedon as Date;
  if (stored?.modifiedon !== undefined && stored.modifiedon > modifiedOn) {
    context.log(`Skipped row ${entity.rowKey}, which is newer: ${stored.modifiedon.toISOString()}`);
    return { status: 200, body: '{"outcome":"skipped"}' };
  }
  await client.upsertEntity(entity, 'Merge');
  context.log(`Wrote row ${entity.rowKey} of ${modifiedOn.toISOString()} over ${String(stored?.etag)}`);
  return { status: 200, body: '{"outcome":"written"}' };
});

async function storedIn(client: TableClient, partitionKey: string, rowKey: string): Promise<Stored | undefined> {
  try {
    return await client.getEntity<Stored>(partitionKey, rowKey);
  } catch (error) {
    if (error instanceof RestError && error.statusCode === 404) return undefined;
    throw error;
  }
}
