import type { TableClient, TableEntity } from '@azure/data-tables';

interface Pair {
  readonly key: string;
  readonly value: unknown;
}

interface Target {
  readonly Attributes: readonly Pair[];
  readonly FormattedValues: readonly Pair[];
}

/** The part of an event's JSON that is read. */
interface WireContext {
  readonly PrimaryEntityId: string;
  readonly InputParameters: readonly { readonly key: string; readonly value: Target }[];
}

/** Writes the columns of an Update's Target into its row, whatever is stored there. */
export async function plainWrite(rows: TableClient, body: Buffer): Promise<void> {
  await rows.upsertEntity(entityFrom(body), 'Merge');
}

/** The columns of an Update's Target as an entity, with the properties that the app makes of them. */
export function entityFrom(body: Buffer): TableEntity {
  const { PrimaryEntityId: id, InputParameters } = JSON.parse(body.toString('utf8')) as WireContext;
  const target = InputParameters.find(({ key }) => key === 'Target')?.value;
  const labels = new Map(target?.FormattedValues.map(({ key, value }) => [key, value]));
  const entity: TableEntity = { partitionKey: id.slice(0, 1), rowKey: id };
  for (const { key, value } of target?.Attributes ?? []) {
    if (typeof value === 'object' && value !== null) {
      const { __type = '', Value, Id, LogicalName, Name } = value as Readonly<Record<string, unknown>>;
      entity[key] = Value ?? Id;
      if (Id !== undefined) Object.assign(entity, { [`${key}Table`]: LogicalName, [`${key}Name`]: Name });
      else if (String(__type).startsWith('OptionSetValue')) entity[`${key}Label`] = labels.get(key);
    } else entity[key] = dated(value);
  }
  return entity;
}

/** A date as a Date, all else as it is. */
function dated(value: unknown): unknown {
  const date = typeof value === 'string' ? /^\/Date\((-?\d+)/.exec(value)?.[1] : undefined;
  return date === undefined ? value : new Date(Number(date));
}
