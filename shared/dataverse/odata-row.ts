/**
 * Rows as the Web API sends them, turned into columns: `_x_value` and its annotations become a lookup, numbers keep
 * their digits, and the table's definition gives the types that JSON loses.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/select-columns
 */
import { floorInstant, BEGINNING, type Instant } from '../change/instant';
import { versionFromETag, NO_VERSION, type RowVersion } from '../change/row-version';
import type { Columns, Value } from '../change/value';
import { numberTextOf, parseAllExact, type Json, type JsonObject } from '../json/exact-json';
import { OutboundError } from '../errors';
import { conformValue } from '../mapping/conform';
import type { TableDefinition } from '../mapping/table-definition';

/** Asks for what a row can't do without: the tables and names of its lookups, the labels of its choices. */
export const ROW_ANNOTATIONS =
  'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname,OData.Community.Display.V1.FormattedValue"';

const FORMATTED = '@OData.Community.Display.V1.FormattedValue';
const LOOKUP_TABLE = '@Microsoft.Dynamics.CRM.lookuplogicalname';

/** Thrown when an answer of the Web API isn't what its documentation says. */
export class AnswerUnreadable extends OutboundError {
  readonly code = 'web-api-answer';
  readonly disposition = 'retry';
  constructor(table: string, what: string, options?: ErrorOptions) {
    super(`The Web API's answer for ${table} can't be read: ${what}.`, options);
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

/** A page of rows, with the link to what comes next. */
export interface ODataPage {
  readonly items: readonly (ODataRow | ODataDeletedRow | ODataUnreadableRow)[];
  /** A row has a column that the table's definition doesn't know: the definition is older than the row. */
  readonly definitionIsOld: boolean;
  readonly nextLink?: string;
  readonly deltaLink?: string;
}

type WireRow = JsonObject;

/** Reads one row out of the answer to a GET by id. */
export function readRow(body: string, definition: TableDefinition): ODataRow & Pick<ODataPage, 'definitionIsOld'> {
  const row = parse(body, definition);
  return { ...rowFrom(row, definition), definitionIsOld: hasUnknownColumn(row, definition) };
}

/** Reads a page of a table or of its delta. */
export function readPage(body: string, definition: TableDefinition): ODataPage {
  const { value, '@odata.nextLink': nextLink, '@odata.deltaLink': deltaLink } = parse(body, definition);
  if (!Array.isArray(value)) throw new AnswerUnreadable(definition.table, 'it has no array "value"');
  const rows = value as readonly WireRow[];
  return {
    items: rows.map((row) => itemFrom(row, definition)),
    definitionIsOld: rows.some((row) => hasUnknownColumn(row, definition)),
    ...(typeof nextLink === 'string' ? { nextLink } : {}),
    ...(typeof deltaLink === 'string' ? { deltaLink } : {}),
  };
}

function parse(body: string, { table }: TableDefinition): WireRow {
  try {
    return parseAllExact(body) as WireRow;
  } catch (error) {
    throw new AnswerUnreadable(table, 'it is no JSON', { cause: error });
  }
}

function itemFrom(row: WireRow, definition: TableDefinition): ODataRow | ODataDeletedRow | ODataUnreadableRow {
  // https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
  const context = row['@odata.context'];
  if (typeof context === 'string' && context.endsWith('/$deletedEntity'))
    return { kind: 'deleted', id: idFrom(row.id, definition) };
  const id = idFrom(row[definition.primaryId], definition);
  try {
    return rowFrom(row, definition);
  } catch (error) {
    if (error instanceof AnswerUnreadable) return { kind: 'unreadable', id, error };
    throw error;
  }
}

/** Whether a row has a column that the definition doesn't know. A deleted row has none at all. */
function hasUnknownColumn(row: WireRow, { columns }: TableDefinition): boolean {
  if (typeof row['@odata.context'] === 'string' && row['@odata.etag'] === undefined) return false;
  return Object.keys(row).some(
    (key) => !key.includes('@') && !columns.has(key) && !columns.has(lookupName(key) ?? key),
  );
}

/** The column of a lookup's property, `_ownerid_value`; undefined for any other. */
const lookupName = (key: string): string | undefined => /^_(.+)_value$/.exec(key)?.[1];

function rowFrom(row: WireRow, definition: TableDefinition): ODataRow {
  const columns = new Map<string, Value>();
  for (const key of Object.keys(row)) {
    if (key.includes('@')) continue;
    const lookup = lookupName(key);
    if (lookup !== undefined && !definition.columns.has(key)) columns.set(lookup, lookupFrom(row, key));
    else if (key !== 'versionnumber') columns.set(key, valueFrom(row, key, definition));
  }
  const modified = columns.get('modifiedon');
  return {
    kind: 'row',
    id: idFrom(row[definition.primaryId], definition),
    version: versionFrom(row, definition),
    modifiedOn: modified?.kind === 'instant' ? floorInstant(modified.epochMs) : BEGINNING,
    columns,
  };
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

function lookupFrom(row: WireRow, key: string): Value {
  const id = row[key];
  if (typeof id !== 'string') return null;
  const table = row[key + LOOKUP_TABLE];
  const name = row[key + FORMATTED];
  return {
    kind: 'lookup',
    table: typeof table === 'string' ? table : '',
    id: id.toLowerCase(),
    name: typeof name === 'string' ? name : null,
  };
}

function valueFrom(row: WireRow, key: string, definition: TableDefinition): Value {
  const wire = plainValue(row[key]);
  const column = definition.columns.get(key);
  const value = column === undefined ? wire : conformValue(wire, column);
  const formatted = row[key + FORMATTED];
  if (typeof formatted !== 'string' || value === null) return value;
  const labelled = value.kind === 'choice' || value.kind === 'choices';
  return labelled && value.label === undefined ? { ...value, label: formatted } : value;
}

function plainValue(value: Json | undefined): Value {
  if (value === null || value === undefined) return null;
  const digits = numberTextOf(value);
  if (digits !== undefined) return { kind: 'number', text: digits };
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'boolean') return { kind: 'boolean', value };
  return { kind: 'unknown', type: 'object', json: JSON.stringify(value) };
}
