import type { TableClient } from '@azure/data-tables';

interface Attribute {
  readonly key: string;
  readonly value: unknown;
}

/** The part of an event's JSON that is read. */
interface WireContext {
  readonly PrimaryEntityId: string;
  readonly InputParameters: readonly {
    readonly key: string;
    readonly value: { readonly Attributes: readonly Attribute[] };
  }[];
}

/** Writes the columns of an Update's Target into its row, whatever is stored there. */
export async function plainWrite(rows: TableClient, body: Buffer): Promise<void> {
  const { PrimaryEntityId: id, InputParameters } = JSON.parse(body.toString('utf8')) as WireContext;
  const target = InputParameters.find(({ key }) => key === 'Target')?.value.Attributes ?? [];
  const columns = Object.fromEntries(target.map(({ key, value }) => [key, plain(value)]));
  await rows.upsertEntity({ partitionKey: id.slice(0, 1), rowKey: id, ...columns }, 'Merge');
}

/** A choice, a lookup or money as its bare value, a date as a Date. */
function plain(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    const { Value, Id } = value as { readonly Value?: unknown; readonly Id?: unknown };
    return Value ?? Id;
  }
  const date = typeof value === 'string' ? /^\/Date\((-?\d+)/.exec(value)?.[1] : undefined;
  return date === undefined ? value : new Date(Number(date));
}
