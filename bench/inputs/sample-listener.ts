import { RestError, type TableClient } from '@azure/data-tables';

interface Attribute {
  readonly key: string;
  readonly value: unknown;
}

interface WireContext {
  readonly PrimaryEntityId: string;
  readonly OperationId: string;
  readonly MessageName: string;
  readonly InputParameters: readonly { readonly key: string; readonly value: { readonly Attributes: readonly Attribute[] } }[];
}

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
  const target = context.InputParameters.find((parameter) => parameter.key === 'Target')?.value.Attributes ?? [];
  const columns = Object.fromEntries(target.map(({ key: name, value }) => [name, plain(value)]));
  const row = (await find(rows, partition, id)) as { readonly modifiedon?: Date } | undefined;
  const modifiedOn = columns.modifiedon instanceof Date ? columns.modifiedon.getTime() : 0;
  if ((row?.modifiedon?.getTime() ?? 0) <= modifiedOn)
    await rows.upsertEntity({ partitionKey: partition, rowKey: id, ...columns }, 'Merge');
  await handled.createEntity({ partitionKey: partition, rowKey: key });
}

function plain(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    const { Value, Id } = value as { readonly Value?: unknown; readonly Id?: unknown };
    return Value ?? Id;
  }
  const date = typeof value === 'string' ? /^\/Date\((-?\d+)/.exec(value)?.[1] : undefined;
  return date === undefined ? value : new Date(Number(date));
}
