/**
 * How a Dataverse row lies in Azure Tables: the code behind docs/store.md.
 *
 * One Azure table per Dataverse table; the partition is the first hexadecimal digit of the row id (16 partitions: enough
 * for the 20,000 entities/s of an account at 2,000/s each, few enough that a batch fills transactions); RowKey is the
 * row id. Logical names are lower case, so every property that is ours has a capital letter and can't meet a column.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
 */
import type { TableEntity } from '@azure/data-tables';
import type { RowAddress } from '../../change/row-change';
import type { Columns, Value } from '../../change/value';
import { OutboundError } from '../../errors';
import { plainValue, wallTimeOf } from '../../change/value-json';
import type { Stamp } from '../../writer/stamp';

/** An Azure Tables property as the SDK takes it: a number is an Int32, a bigint an Int64. */
export type Property =
  string | number | boolean | bigint | { readonly type: 'Double' | 'DateTime' | 'Binary'; readonly value: string };

/** Properties that carry the stamp; see docs/store.md. */
export const STAMP_PROPERTY = 'Stamp';
/** True on a tombstone and on a hidden row, false on any other: what readers filter by. */
export const DELETED_PROPERTY = 'Deleted';
/** True on a row that the mapping's filter hides: it isn't deleted in Dataverse. Absent on any other. */
export const HIDDEN_PROPERTY = 'Hidden';

/** Longest text of one property: 64 KiB of UTF-16. */
const MAX_TEXT = 32 * 1024;
/** Largest binary of one property, as base64 text (64 KiB of bytes, a multiple of 3 so that parts join). */
const MAX_BASE64 = 4 * Math.floor((64 * 1024) / 3);
/** An entity has at most 255 properties, three of which are PartitionKey, RowKey and Timestamp. */
const MAX_PROPERTIES = 252;
const MAX_ENTITY_BYTES = 1024 * 1024;

/** Thrown when a row doesn't fit one entity (252 properties, 1 MiB). The row is parked: leave columns out to fit it. */
export class RowTooLarge extends OutboundError {
  readonly code = 'row-too-large';
  readonly disposition = 'park';
  constructor(row: RowAddress, what: string) {
    super(`Row ${row.table}(${row.id}) doesn't fit one entity of Azure Tables: ${what}. It was not written.`);
  }
}

/** Thrown when Azure Tables refuses a row as it stands: it would refuse it again. The row is parked. */
export class RowRefused extends OutboundError {
  readonly code = 'row-refused';
  readonly disposition = 'park';
  constructor(row: RowAddress, serviceCode: string, options?: ErrorOptions) {
    super(`Azure Tables refused row ${row.table}(${row.id}) with ${serviceCode}. It was not written.`, options);
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

/** Names that the SDK uses for an entity's own metadata, or can't carry; a column of that name gets a suffix. */
const TAKEN = new Set(['etag', 'timestamp', '__proto__']);
const propertyName = (column: string): string => (TAKEN.has(column) ? `${column}Column` : column);

/** A row's columns as properties; an empty column has none. */
export function encodeColumns(columns: Columns): Map<string, Property> {
  const properties = new Map<string, Property>();
  for (const [column, value] of columns) encodeValue(properties, propertyName(column), value);
  return properties;
}

/** Every property that a column can have taken in an earlier write: what a patch has to clear besides setting it. */
export const belongsTo = (property: string, column: string): boolean => {
  const name = propertyName(column);
  return (
    property.startsWith(name) &&
    (property.length === name.length || /^(?:Label\d*|Table|Name|Part\d+)$/.test(property.slice(name.length)))
  );
};

function encodeValue(into: Map<string, Property>, name: string, value: Value): void {
  if (value === null) return;
  switch (value.kind) {
    case 'string': {
      putText(into, name, value.value);
      return;
    }
    case 'guid':
      return void into.set(name, value.value);
    case 'boolean':
    case 'managed':
      return void into.set(name, value.value);
    case 'integer':
      return void into.set(name, value.value);
    case 'bigint':
      return void into.set(name, value.value);
    case 'double':
      return void into.set(name, { type: 'Double', value: String(value.value) });
    // Azure Tables has no decimal: the digits are kept as text, scale included.
    case 'number':
    case 'decimal':
    case 'money':
      return void into.set(name, value.text);
    case 'instant':
      return void into.set(name, { type: 'DateTime', value: new Date(value.epochMs).toISOString() });
    case 'date':
    case 'wallTime':
      return void into.set(name, value.text);
    case 'offsetTime':
      return void into.set(name, wallTimeOf(value.epochMs, value.offsetMinutes));
    case 'choice':
      into.set(name, value.value);
      putLabels(into, name, value);
      return;
    case 'choices':
      into.set(name, JSON.stringify(value.values));
      putLabels(into, name, value);
      return;
    case 'lookup':
      into.set(name, value.id);
      if (value.table !== '') into.set(`${name}Table`, value.table);
      if (value.name !== null) into.set(`${name}Name`, value.name);
      return;
    case 'bytes': {
      const end = (_text: string, start: number): number => start + MAX_BASE64;
      putParts(into, name, value.base64, end, (part) => ({ type: 'Binary', value: part }));
      return;
    }
    case 'aliased': {
      encodeValue(into, name, value.value);
      return;
    }
    case 'rows':
    case 'row':
    case 'list':
    case 'pairs':
    case 'relationship':
    case 'unknown': {
      putText(into, name, JSON.stringify(plainValue(value)));
      return;
    }
    default:
      value satisfies never;
  }
}

function putLabels(into: Map<string, Property>, name: string, { label, labels }: Labelled): void {
  if (label !== undefined) into.set(`${name}Label`, label);
  for (const [language, text] of labels ?? []) into.set(`${name}Label${language}`, text);
}

type Labelled = Extract<Value, { readonly kind: 'choice' | 'choices' }>;

const putText = (into: Map<string, Property>, name: string, text: string): void =>
  putParts(into, name, text, textPartEnd, (part) => part);

/** Where a part of a text ends: never between the halves of a character, each of which alone the service would replace. */
function textPartEnd(text: string, start: number): number {
  const end = start + MAX_TEXT;
  const isCut = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(end - 1, end + 1));
  return isCut ? end - 1 : end;
}

function putParts(
  into: Map<string, Property>,
  name: string,
  text: string,
  endOf: (text: string, start: number) => number,
  make: (part: string) => Property,
): void {
  let at = endOf(text, 0);
  into.set(name, make(text.slice(0, at)));
  for (let part = 2; at < text.length; part += 1) {
    const end = endOf(text, at);
    into.set(`${name}Part${part}`, make(text.slice(at, end)));
    at = end;
  }
}

/**
 * Whether a property only describes the value of another one: the label of a choice, the name of a lookup. `columns` are
 * those of the row, some of which may have been given a name that ends so.
 */
export const describesValue = (property: string, columns: Columns): boolean =>
  /(?:Label\d*|Name)$/.test(property) && !columns.has(property);

/** The stamp as one text property: short names, since every row carries it. */
export function encodeStamp(stamp: Stamp): string {
  return JSON.stringify({
    v: stamp.version.toString(),
    base: stamp.base,
    seen: stamp.seen,
    ...(stamp.ahead ? { ahead: true } : {}),
    ...(stamp.gone ? { gone: true } : {}),
    ring: stamp.ring.join(' '),
  });
}

/** Thrown when an entity's key isn't that of a row: it lies in the store's table since before its key was changed. */
export class RowKeyForeign extends OutboundError {
  readonly code = 'row-key-foreign';
  readonly disposition = 'park';
  constructor(azureTable: string, partition: string, rowKey: string) {
    super(
      `The entity (${partition}, ${rowKey}) of ${azureTable} has no key of this table's mapping. If the key was changed, ` +
        `delete the entities with the earlier keys, or give the table another target.`,
    );
  }
}

/** Thrown when an entity in the store's table was not written by this app. */
export class StampUnreadable extends OutboundError {
  readonly code = 'stamp-unreadable';
  readonly disposition = 'park';
  constructor(partition: string, rowKey: string) {
    super(
      `The entity (${partition}, ${rowKey}) has no readable ${STAMP_PROPERTY} property: it was not written by this app. Move it out of the table.`,
    );
  }
}

/** Reads the stamp of an entity back. */
export function decodeStamp(text: string): Stamp | undefined {
  try {
    const { v, base, seen, ahead, gone, ring } = JSON.parse(text) as Record<string, unknown>;
    if (typeof v !== 'string' || typeof base !== 'number' || typeof seen !== 'number' || typeof ring !== 'string')
      return undefined;
    return {
      version: BigInt(v),
      base,
      seen,
      ahead: ahead === true,
      gone: gone === true,
      ring: ring === '' ? [] : ring.split(' '),
    };
  } catch {
    return undefined;
  }
}

/** Where an entity is: its PartitionKey and RowKey. */
export interface EntityKey {
  readonly partitionKey: string;
  readonly rowKey: string;
}

/** An entity for the SDK from properties and stamp. */
export function toEntity(
  key: EntityKey,
  stamp: Stamp,
  hidden: boolean,
  properties: ReadonlyMap<string, Property>,
): TableEntity {
  const entity: TableEntity = { ...key };
  for (const [name, value] of properties) entity[name] = value;
  entity[STAMP_PROPERTY] = encodeStamp(stamp);
  entity[DELETED_PROPERTY] = stamp.gone || hidden;
  if (hidden) entity[HIDDEN_PROPERTY] = true;
  return entity;
}

/** Refuses a row that Azure Tables would refuse, naming the limit. `stored` are the fingerprints of the whole row. */
export function assertFits(
  row: RowAddress,
  { rowKey }: EntityKey,
  stamp: Stamp,
  stored: ReadonlyMap<string, string>,
): void {
  const own = { count: 2, bytes: 2 * (1 + rowKey.length) + 2 * encodeStamp(stamp).length + 64 };
  const misfit = misfitOf(stored, own);
  if (misfit !== undefined) throw new RowTooLarge(row, misfit);
}

/**
 * Which limit of an entity these fingerprints would break together with `own`, the properties that every entity of the
 * kind has; undefined for none.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-limitations
 */
export function misfitOf(
  stored: ReadonlyMap<string, string>,
  own: { readonly count: number; readonly bytes: number },
): string | undefined {
  const count = stored.size + own.count;
  if (count > MAX_PROPERTIES) return `${count} properties of at most ${MAX_PROPERTIES}`;
  let bytes = 4 + own.bytes;
  for (const [name, print] of stored)
    bytes += 8 + 2 * name.length + 4 + (print.startsWith('x') ? 0.75 : 2) * print.length;
  return bytes > MAX_ENTITY_BYTES ? `${Math.ceil(bytes / 1024)} KiB of at most 1024` : undefined;
}

/** A property's type and value as one comparable text: equal texts, equal properties. */
export function fingerprint(property: Property): string {
  switch (typeof property) {
    case 'string':
      return `s${property}`;
    case 'number':
      return `n${property}`;
    case 'boolean':
      return `b${property}`;
    case 'bigint':
      return `l${property}`;
    default:
      return fingerprintTyped(property.type, property.value);
  }
}

function fingerprintTyped(type: string, value: unknown): string {
  const text = String(value);
  switch (type) {
    case 'Boolean':
      return `b${text}`;
    case 'Int32':
      return `n${Number(text)}`;
    case 'Int64':
      return `l${text}`;
    case 'Double':
      return `n${Number(text)}`;
    case 'DateTime':
      return `t${new Date(text).toISOString()}`;
    case 'Binary':
      return `x${text}`;
    default:
      return `s${text}`;
  }
}

const OWN = new Set([STAMP_PROPERTY, DELETED_PROPERTY, HIDDEN_PROPERTY, 'partitionKey', 'rowKey', 'etag', 'timestamp']);

/** The fingerprints of the columns of an entity that was read with `disableTypeConversion`. */
export function fingerprintsOf(entity: Record<string, unknown>): Map<string, string> {
  const prints = new Map<string, string>();
  for (const [name, property] of Object.entries(entity)) {
    if (OWN.has(name) || name.startsWith('odata.')) continue;
    const { type, value } = property as { type: string; value: unknown };
    prints.set(name, fingerprintTyped(type, value));
  }
  return prints;
}
