/**
 * Rows as the Web API sends them, turned into columns: `_x_value` and its annotations become a lookup, numbers keep
 * their digits, and the table's definition gives the types that JSON loses.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/select-columns
 */
import { floorInstant, BEGINNING, type Instant } from '../change/instant';
import { versionFromETag, NO_VERSION, type RowVersion } from '../change/row-version';
import type { Columns, Value } from '../change/value';
import {
  isList,
  numberTextOf,
  objectOf,
  parseAllExact,
  writeExact,
  type Json,
  type JsonObject,
} from '../json/exact-json';
import { OutboundError } from '../errors/errors';
import { conformValue } from '../mapping/conform';
import type { ColumnDefinition, TableDefinition } from '../mapping/table-definition';

/** Asks for what a row can't do without: the tables and names of its lookups, the labels of its choices. */
export const ROW_ANNOTATIONS =
  'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname,OData.Community.Display.V1.FormattedValue"';

const FORMATTED = '@OData.Community.Display.V1.FormattedValue';
const LOOKUP_TABLE = '@Microsoft.Dynamics.CRM.lookuplogicalname';

/** Thrown when an answer of the Web API isn't what its documentation says. */
export class AnswerUnreadable extends OutboundError {
  constructor(table: string, what: string, options?: ErrorOptions) {
    super('web-api-answer', `The Web API's answer for ${table} can't be read: ${what}.`, options);
  }
}

/** A full row as read. */
export interface ODataRow {
  readonly kind: 'row';
  readonly id: string;
  readonly version: RowVersion;
  /** BEGINNING for a table without the column. */
  readonly modifiedOn: Instant;
  readonly columns: Columns;
}

/** A row that a delta says is gone. */
export interface ODataDeletedRow {
  readonly kind: 'deleted';
  readonly id: string;
}

/** A row that can't be read, although its id is known: it is put aside, and the page goes on. */
export interface ODataUnreadableRow {
  readonly kind: 'unreadable';
  readonly id: string;
  readonly error: AnswerUnreadable;
}

/** What a page has. */
export type ODataItem = ODataRow | ODataDeletedRow | ODataUnreadableRow;

/** Rows as they were read. */
export interface ODataItems {
  readonly items: readonly ODataItem[];
  /** A row has a column that the table's definition doesn't know: the definition is older than the row. */
  readonly definitionIsOld: boolean;
}

/** A row as the parser gives it. */
export type WireRow = JsonObject;

/** Reads one row out of the answer to a GET by id. */
export function readRow(body: string, definition: TableDefinition): ODataRow & Pick<ODataItems, 'definitionIsOld'> {
  const row = objectOf(parseAnswer(body, definition.table)) ?? {};
  const reader = new RowReader(definition);
  return { ...reader.row(row), definitionIsOld: reader.definitionIsOld };
}

/** Reads all rows of a short answer; see `slicedPage` for a long one. */
export const readPage = (body: string, definition: TableDefinition): ODataItems =>
  readRows(rowsOf(objectOf(parseAnswer(body, definition.table))?.value, definition.table), definition);

/** Reads rows of a table or of its delta. */
export function readRows(rows: readonly WireRow[], definition: TableDefinition): ODataItems {
  const reader = new RowReader(definition);
  const items = rows.map((row) => reader.item(row));
  return { items, definitionIsOld: reader.definitionIsOld };
}

/** Parses an answer about a table. @throws AnswerUnreadable */
export function parseAnswer(body: string, table: string): Json {
  try {
    return parseAllExact(body);
  } catch (error) {
    throw new AnswerUnreadable(table, 'it is no JSON', { cause: error });
  }
}

/** The rows that an answer has as its `value`. @throws AnswerUnreadable */
export function rowsOf(value: Json | undefined, table: string): readonly WireRow[] {
  if (!isList(value)) throw new AnswerUnreadable(table, 'it has no array "value"');
  return value.map((row) => objectOf(row) ?? {});
}

/** What a property of a row is, by its name: found out once, since the rows of a page have the same. */
type Property =
  | { readonly kind: 'lookup'; readonly column: string; readonly table: string; readonly name: string }
  | { readonly kind: 'column'; readonly definition: ColumnDefinition | undefined; readonly label: string }
  /** An annotation, read with what it describes; the row version, which is no column. */
  | { readonly kind: 'other' };

/** Reads rows of one table. */
class RowReader {
  /** A row had a column that the definition doesn't know. */
  definitionIsOld = false;
  readonly #properties = new Map<string, Property>();

  constructor(private readonly definition: TableDefinition) {}

  item(row: WireRow): ODataItem {
    const { definition } = this;
    // https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
    const context = row['@odata.context'];
    if (typeof context === 'string' && context.endsWith('/$deletedEntity'))
      return { kind: 'deleted', id: idFrom(row.id, definition) };
    const id = idFrom(row[definition.primaryId], definition);
    try {
      return this.row(row);
    } catch (error) {
      if (error instanceof AnswerUnreadable) return { kind: 'unreadable', id, error };
      throw error;
    }
  }

  row(row: WireRow): ODataRow {
    const columns = new Map<string, Value>();
    for (const key of Object.keys(row)) {
      const property = this.#properties.get(key) ?? this.#propertyOf(key);
      if (property.kind === 'column') columns.set(key, valueFrom(row, key, property));
      else if (property.kind === 'lookup') columns.set(property.column, lookupFrom(row, key, property));
    }
    const modified = columns.get('modifiedon');
    return {
      kind: 'row',
      id: idFrom(row[this.definition.primaryId], this.definition),
      version: versionFrom(row, this.definition),
      modifiedOn: modified?.kind === 'instant' ? floorInstant(modified.epochMs) : BEGINNING,
      columns,
    };
  }

  #propertyOf(key: string): Property {
    const { columns } = this.definition;
    const lookup = /^_(.+)_value$/.exec(key)?.[1];
    if (!key.includes('@') && !columns.has(key) && !columns.has(lookup ?? key)) this.definitionIsOld = true;
    const property = propertyOf(key, lookup, columns);
    this.#properties.set(key, property);
    return property;
  }
}

function propertyOf(key: string, lookup: string | undefined, columns: TableDefinition['columns']): Property {
  if (key.includes('@')) return { kind: 'other' };
  const definition = columns.get(key);
  if (lookup !== undefined && definition === undefined)
    return { kind: 'lookup', column: lookup, table: key + LOOKUP_TABLE, name: key + FORMATTED };
  return key === 'versionnumber' ? { kind: 'other' } : { kind: 'column', definition, label: key + FORMATTED };
}

function versionFrom(row: WireRow, { table }: TableDefinition): RowVersion {
  const etag = row['@odata.etag'];
  const version = typeof etag === 'string' ? versionFromETag(etag) : undefined;
  if (version === undefined || version === NO_VERSION)
    throw new AnswerUnreadable(table, 'a row has no @odata.etag with its version');
  return version;
}

function idFrom(value: unknown, { table, primaryId }: TableDefinition): string {
  if (typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
    return value.toLowerCase();
  throw new AnswerUnreadable(table, `a row has no id in ${primaryId}`);
}

function lookupFrom(row: WireRow, key: string, of: Extract<Property, { kind: 'lookup' }>): Value {
  const id = row[key];
  if (typeof id !== 'string') return null;
  const table = row[of.table];
  const name = row[of.name];
  return {
    kind: 'lookup',
    table: typeof table === 'string' ? table : '',
    id: id.toLowerCase(),
    name: typeof name === 'string' && name !== '' ? name : null,
  };
}

function valueFrom(row: WireRow, key: string, { definition, label }: Extract<Property, { kind: 'column' }>): Value {
  const value = conformValue(plainValue(row[key]), definition);
  if (value === null || (value.kind !== 'choice' && value.kind !== 'choices') || value.label !== undefined)
    return value;
  const formatted = row[label];
  return typeof formatted === 'string' ? { ...value, label: formatted } : value;
}

function plainValue(value: Json | undefined): Value {
  if (value === null || value === undefined) return null;
  const digits = numberTextOf(value);
  if (digits !== undefined) return { kind: 'number', text: digits };
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'boolean') return { kind: 'boolean', value };
  return managedFrom(objectOf(value)) ?? { kind: 'unknown', type: '', json: writeExact(value, Infinity) };
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/booleanmanagedproperty */
function managedFrom(complex: JsonObject | undefined): Value | undefined {
  const { Value: value, CanBeChanged, ManagedPropertyLogicalName } = complex ?? {};
  return typeof value === 'boolean' && typeof ManagedPropertyLogicalName === 'string'
    ? { kind: 'managed', value, canBeChanged: CanBeChanged === true, property: ManagedPropertyLogicalName }
    : undefined;
}
