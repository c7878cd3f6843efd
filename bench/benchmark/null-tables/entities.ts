import { filterOf, type Filter } from './filter';

/** What a write does, as its method and condition say. `etag`: undefined = whatever is there; '*' = whatever is there, if anything is. */
export interface Write {
  readonly kind: 'insert' | 'merge' | 'replace' | 'delete';
  readonly table: string;
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly etag: string | undefined;
  readonly body: Buffer;
}

/** A refusal, as the service words it. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
}

interface Entity {
  etag: string;
  writtenAt: number;
  /** The last insert or replace and the merges since, as they came: put together only when someone asks. */
  bodies: Buffer[];
}

interface Partition {
  readonly entities: Map<string, Entity>;
  /** Row keys in order; undefined until someone asks, and when one was added or taken since. */
  sorted: string[] | undefined;
}

/** A page of a query. */
export interface Page {
  readonly entities: readonly Readonly<Record<string, unknown>>[];
  readonly next: { readonly partitionKey: string; readonly rowKey: string } | undefined;
}

const EVERYTHING: Filter = { meets: () => true, partitionKey: undefined };

/** Merges kept apart before they are put together. */
const MAX_BODIES = 64;

const folded = ({ bodies }: Entity): Record<string, unknown> =>
  Object.assign({}, ...bodies.map((body) => JSON.parse(body.toString()) as unknown)) as Record<string, unknown>;

const REFUSALS = {
  exists: { status: 409, code: 'EntityAlreadyExists' },
  missing: { status: 404, code: 'ResourceNotFound' },
  moved: { status: 412, code: 'UpdateConditionNotSatisfied' },
} as const satisfies Record<string, Refusal>;

/** Entities by table, partition and row. Every table is there. */
export class Entities {
  readonly #tables = new Map<string, Map<string, Partition>>();
  #etags = 0;

  /** Why a write can't be; undefined where it can. */
  refusalOf({ kind, table, partitionKey, rowKey, etag }: Write): Refusal | undefined {
    const entity = this.#tables.get(table)?.get(partitionKey)?.entities.get(rowKey);
    if (kind === 'insert') return entity === undefined ? undefined : REFUSALS.exists;
    if (etag === undefined) return undefined;
    if (entity === undefined) return REFUSALS.missing;
    return etag === '*' || etag === entity.etag ? undefined : REFUSALS.moved;
  }

  /** Does what was found possible; the new entity tag. */
  write({ kind, table, partitionKey, rowKey, body }: Write): string {
    const partition = this.#partition(table, partitionKey);
    const before = partition.entities.get(rowKey);
    // As the table service's: the time of the write, and unlike any other.
    const time = new Date().toISOString().slice(0, -1) + String((this.#etags += 1) % 10_000).padStart(4, '0');
    const etag = `W/"datetime'${encodeURIComponent(time)}Z'"`;
    if (kind === 'delete') {
      partition.entities.delete(rowKey);
      partition.sorted = undefined;
      return etag;
    }
    if (before === undefined) {
      partition.entities.set(rowKey, { etag, writtenAt: Date.now(), bodies: [body] });
      partition.sorted = undefined;
      return etag;
    }
    before.etag = etag;
    before.writtenAt = Date.now();
    if (kind === 'merge') before.bodies.push(body);
    else before.bodies = [body];
    if (before.bodies.length > MAX_BODIES) before.bodies = [Buffer.from(JSON.stringify(folded(before)))];
    return etag;
  }

  get(table: string, partitionKey: string, rowKey: string): Record<string, unknown> | undefined {
    const entity = this.#tables.get(table)?.get(partitionKey)?.entities.get(rowKey);
    return entity && shown(entity, partitionKey, rowKey);
  }

  /** A page of the entities that meet a filter, in the order of their keys. */
  query(table: string, filter: string, top: number, from: Page['next'], select: readonly string[] | undefined): Page {
    const { meets, partitionKey: only } = filter === '' ? EVERYTHING : filterOf(filter);
    const tables = this.#tables.get(table);
    const partitionKeys = only === undefined ? [...(tables?.keys() ?? [])].sort() : [only];
    const entities: Record<string, unknown>[] = [];
    for (const partitionKey of partitionKeys) {
      if (from !== undefined && partitionKey < from.partitionKey) continue;
      const partition = tables?.get(partitionKey);
      if (partition === undefined) continue;
      partition.sorted ??= [...partition.entities.keys()].sort();
      for (const rowKey of partition.sorted) {
        if (from?.partitionKey === partitionKey && rowKey < from.rowKey) continue;
        const entity = partition.entities.get(rowKey);
        if (entity === undefined) continue;
        let all: Record<string, unknown> | undefined;
        const read = (property: string): unknown => {
          if (property === 'PartitionKey') return partitionKey;
          if (property === 'RowKey') return rowKey;
          if (property === 'Timestamp') return timestampOf(entity);
          return (all ??= folded(entity))[property];
        };
        if (!meets(read)) continue;
        if (entities.length === top) return { entities, next: { partitionKey, rowKey } };
        entities.push(picked(shown(entity, partitionKey, rowKey), select));
      }
    }
    return { entities, next: undefined };
  }

  drop(table: string): void {
    this.#tables.delete(table);
  }

  #partition(table: string, partitionKey: string): Partition {
    const partitions = this.#tables.get(table) ?? new Map<string, Partition>();
    this.#tables.set(table, partitions);
    const partition = partitions.get(partitionKey) ?? { entities: new Map<string, Entity>(), sorted: undefined };
    partitions.set(partitionKey, partition);
    return partition;
  }
}

const timestampOf = ({ writtenAt }: Entity): string => new Date(writtenAt).toISOString();

const shown = (entity: Entity, PartitionKey: string, RowKey: string): Record<string, unknown> => ({
  'odata.etag': entity.etag,
  ...folded(entity),
  PartitionKey,
  RowKey,
  Timestamp: timestampOf(entity),
});

const picked = (entity: Record<string, unknown>, select: readonly string[] | undefined): Record<string, unknown> =>
  select === undefined
    ? entity
    : Object.fromEntries(
        Object.entries(entity).filter(
          ([name]) => name === 'odata.etag' || select.includes(name.replace(/@odata\.type$/, '')),
        ),
      );
