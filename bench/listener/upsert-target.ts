import type { TableClient } from '@azure/data-tables';
import { targetColumns, type WireContext } from './target-columns';

/** An Update as it came into its row, whatever is there. */
export async function upsertTarget(rows: TableClient, body: Buffer): Promise<void> {
  const context = JSON.parse(body.toString('utf8')) as WireContext;
  const id = context.PrimaryEntityId;
  await rows.upsertEntity({ partitionKey: id.slice(0, 1), rowKey: id, ...targetColumns(context) }, 'Merge');
}
