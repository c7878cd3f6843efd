/**
 * How a Dataverse row lies in Azure Tables: the code behind docs/store.md.
 *
 * One Azure table per Dataverse table; the partition is the first hexadecimal digit of the row id (16 partitions: enough
 * for the 20,000 entities/s of an account at 2,000/s each, few enough that a batch fills transactions); RowKey is the
 * row id. Logical names are lower case, so every property that is ours has a capital letter and can't meet a column.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
 */
import { odata } from '@azure/data-tables';
import type { RowAddress } from '../../change/row-change';
import { OutboundError } from '../../errors/errors';
import { bytesOf, type Fingerprints, type Property } from './columns';

/** An entity has at most 255 properties, three of which are PartitionKey, RowKey and Timestamp. */
const MAX_PROPERTIES = 252;
const MAX_ENTITY_BYTES = 1024 * 1024;
/** Of a row over all of its entities, as sent: they are written in one transaction, which takes 4 MiB. */
const MAX_ROW_BYTES = 3.9 * 1024 * 1024;
/** Properties of each entity that aren't columns, at most, and bytes for them besides the stamp: ample. */
const OWN_PROPERTIES = 5;
const OWN_BYTES = 512;

/** Thrown when a row doesn't fit one transaction (4 MiB). The row is parked: leave columns out to fit it. */
export class RowTooLarge extends OutboundError {
  constructor(row: RowAddress, what: string) {
    super(
      'row-too-large',
      `Row ${row.table}(${row.id}) doesn't fit one transaction of Azure Tables: ${what}. It was not written.`,
    );
  }
}

/** The PartitionKey of a row. */
export const partitionOf = (id: string): string => id.slice(0, 1);

/** All partitions, for readers of a whole table. */
export const PARTITIONS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

/** The Azure table of a name: Azure allows letters and digits only, so underscores go. */
export const azureTableName = (prefix: string, name: string): string => prefix + name.replaceAll('_', '');

/** How the store calls things. No two rows of a table may have one key. */
export interface StoreNaming {
  /** The Azure table of a Dataverse table (or of a link). */
  tableOf(table: string): string;
  keyOf(row: RowAddress): string;
  /** The id of the row that has a key; undefined where no row of the table has it. */
  idOf(table: string, rowKey: string): string | undefined;
}

/** Names as they are, after a prefix. */
export const plainNaming = (prefix: string): StoreNaming => ({
  tableOf: (table) => azureTableName(prefix, table),
  keyOf: ({ id }) => id,
  idOf: (_table, rowKey) => rowKey,
});

/** Thrown when an entity's key isn't that of a row: it lies in the store's table since before its key was changed. */
export class RowKeyForeign extends OutboundError {
  constructor(azureTable: string, partition: string, rowKey: string) {
    super(
      'row-key-foreign',
      `The entity (${partition}, ${rowKey}) of ${azureTable} has no key of this table's mapping. If the key was changed, ` +
        `delete the entities with the earlier keys, or give the table another target.`,
    );
  }
}

/** Where an entity is: its PartitionKey and RowKey. */
export interface EntityKey {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/** A row's columns as they are stored, and how many entities they take. */
export interface HeldRow {
  readonly columns: Fingerprints;
  readonly parts: number;
}

/** The key of a row's further entity; `part` counts from 2. */
export const partKey = ({ partitionKey, rowKey }: EntityKey, part: number): EntityKey => ({
  partitionKey,
  rowKey: `${rowKey}~${part}`,
});

/** The filter for all entities of a row, the first one first. */
export const entitiesOfRow = ({ partitionKey, rowKey }: EntityKey): string =>
  odata`PartitionKey eq ${partitionKey} and (RowKey eq ${rowKey} or (RowKey gt ${`${rowKey}~`} and RowKey lt ${`${rowKey}~~`}))`;

/** Whether a RowKey is that of a row's further entity. */
export const isPartKey = (rowKey: string): boolean => /~\d+$/.test(rowKey);

/** Whether a row fits one entity. `columns` are the fingerprints of the whole row. */
export const fitsOne = ({ rowKey }: EntityKey, stamp: string, columns: Fingerprints): boolean =>
  misfitOf(columns, { count: 2, bytes: 2 * (1 + rowKey.length) + 2 * stamp.length + 64 }) === undefined;

/**
 * A row's properties, spread over as many entities as they take.
 *
 * @param columns the fingerprints of all of them
 * @throws RowTooLarge
 */
export function spread(
  row: RowAddress,
  stamp: string,
  properties: ReadonlyMap<string, Property>,
  columns: Fingerprints,
): readonly ReadonlyMap<string, Property>[] {
  const entities = [new Map<string, Property>()];
  let [bytes, sent] = [OWN_BYTES + 2 * stamp.length, 0];
  for (const [name, property] of properties) {
    const print = columns.get(name) ?? '';
    const sentBytes = typeof print === 'string' ? Buffer.byteLength(JSON.stringify(print)) : 24;
    // Azure counts UTF-16; whoever counts what is sent counts otherwise.
    const size = 8 + 2 * name.length + Math.max(bytesOf(print), sentBytes);
    sent += 64 + name.length + sentBytes;
    if ((entities.at(-1)?.size ?? 0) === MAX_PROPERTIES - OWN_PROPERTIES || bytes + size > MAX_ENTITY_BYTES) {
      entities.push(new Map());
      bytes = OWN_BYTES;
    }
    entities.at(-1)?.set(name, property);
    bytes += size;
  }
  if (sent > MAX_ROW_BYTES)
    throw new RowTooLarge(row, `${Math.ceil(sent / 1024)} KiB of at most ${MAX_ROW_BYTES / 1024}`);
  return entities;
}

/**
 * Which limit of an entity these fingerprints would break together with `own`, the properties that every entity of the
 * kind has; undefined for none.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-limitations
 */
export function misfitOf(
  stored: Fingerprints,
  own: { readonly count: number; readonly bytes: number },
): string | undefined {
  const count = stored.size + own.count;
  if (count > MAX_PROPERTIES) return `${count} properties of at most ${MAX_PROPERTIES}`;
  let bytes = 4 + own.bytes;
  for (const [name, print] of stored) bytes += 8 + 2 * name.length + bytesOf(print);
  return bytes > MAX_ENTITY_BYTES ? `${Math.ceil(bytes / 1024)} KiB of at most 1024` : undefined;
}
