/** What the reference LOB system has received, in the form in which the check compares the entities of Azure Tables. */
import type { Received } from '../lob-receiver/receiver';
import { partsOf } from './text-parts';

type Entity = Readonly<Record<string, unknown>>;

/** Whether a place is that of a LOB system. */
export const isReceiver = (place: string): boolean => place.startsWith('http://');

/** All that was received of a table, a link or an event, deleted rows included. */
export async function receivedEntities(place: string, name: string): Promise<readonly Entity[]> {
  const parts = await Promise.all(
    ['rows', 'links', 'events'].map(async (kind) => {
      const response = await fetch(`${place}/${kind}/${name}/`);
      return (await response.json()) as readonly (readonly [string, Received])[];
    }),
  );
  return parts.flat().map(([path, received]) => entityOf(path, received));
}

function entityOf(path: string, { columns, event }: Received): Entity {
  const keys = path.split('/').slice(3).map(decodeURIComponent);
  const properties = Object.fromEntries(Object.entries(columns ?? {}).flatMap(propertiesOf));
  if (event === undefined) return { ...properties, rowKey: keys.join('_'), Stamp: '', Deleted: columns === undefined };
  return { ...properties, ...factsOf(event as EventBody) };
}

interface EventBody {
  readonly message: string;
  readonly key: string;
  readonly occurredAt: string;
  readonly row: { readonly table: string; readonly id: string } | null;
  readonly committed: boolean;
  readonly truncated: boolean;
  readonly origin: Readonly<Record<string, unknown>>;
}

function factsOf({ message, key, occurredAt, row, committed, truncated, origin }: EventBody): Entity {
  const { correlationId, operationId, userId, initiatingUserId, depth, source } = origin;
  return {
    partitionKey: occurredAt.slice(0, 10),
    rowKey: `${occurredAt}_${key}`,
    Message: message,
    OccurredAt: new Date(occurredAt),
    ...(row === null ? {} : { Table: row.table, RowId: row.id }),
    Committed: committed,
    Truncated: truncated,
    Source: source,
    CorrelationId: correlationId,
    OperationId: operationId,
    UserId: userId,
    InitiatingUserId: initiatingUserId,
    Depth: depth,
  };
}

/** A member as Azure Tables would have it: a time as a time, a list as JSON, a long text in parts. */
function propertiesOf([name, value]: readonly [string, unknown]): [string, unknown][] {
  if (typeof value === 'object') return [[name, JSON.stringify(value)]];
  if (typeof value !== 'string') return [[name, value]];
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return [[name, new Date(value)]];
  return partsOf(value).map((part, at) => [at === 0 ? name : `${name}Part${at + 1}`, part]);
}
