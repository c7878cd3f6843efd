import { RestError, type TableClient } from '@azure/data-tables';
import { targetColumns, type WireContext } from './target-columns';

const find = async (client: TableClient, partitionKey: string, rowKey: string): Promise<object | undefined> => {
  try {
    return await client.getEntity(partitionKey, rowKey);
  } catch (error) {
    if (error instanceof RestError && error.statusCode === 404) return undefined;
    throw error;
  }
};

/**
 * A listener as samples and blog posts have it: parse, look the message up in a table of those that were handled, read the
 * row, write it unless it is newer, note the message. Four round trips; between the last two it can die and handle a message
 * twice; it knows no order but modifiedon, and no deleted rows.
 */
export async function sampleListener(rows: TableClient, handled: TableClient, body: Buffer): Promise<void> {
  const context = JSON.parse(body.toString('utf8')) as WireContext;
  const { PrimaryEntityId: id, OperationId, MessageName } = context;
  const key = `${OperationId}-${MessageName}-${id}`;
  const partition = id.slice(0, 1);
  if ((await find(handled, partition, key)) !== undefined) return;
  const columns = targetColumns(context);
  const row = (await find(rows, partition, id)) as { readonly modifiedon?: Date } | undefined;
  const modifiedOn = columns.modifiedon instanceof Date ? columns.modifiedon.getTime() : 0;
  if ((row?.modifiedon?.getTime() ?? 0) <= modifiedOn)
    await rows.upsertEntity({ partitionKey: partition, rowKey: id, ...columns }, 'Merge');
  await handled.createEntity({ partitionKey: partition, rowKey: key });
}
