import { badRequest, noProperty } from '../dataverse-error';
import { isLookup, navigationProperty, type ColumnDefinition, type Table } from '../metadata/table';
import { formattedValue, type NameOf } from '../rows/formatted-value';
import type { Row } from '../rows/row-store';
import {
  asReference,
  inputFromJson,
  propertyName,
  valueToJson,
  type ColumnInput,
  type ColumnInputs,
  type Reference,
} from '../rows/value';
import type { Json, JsonObject } from './json-text';
import { wantsAnnotation } from './odata-query';

const FORMATTED = 'OData.Community.Display.V1.FormattedValue';
const LOOKUP_TABLE = 'Microsoft.Dynamics.CRM.lookuplogicalname';
const NAVIGATION = 'Microsoft.Dynamics.CRM.associatednavigationproperty';

/** Which columns of a table are shown, in order. */
export type Projection = readonly ColumnDefinition[];

/**
 * The columns of a `$select`; the primary id is always among them. Without one all but images, which have to be asked for.
 * https://learn.microsoft.com/power-apps/developer/data-platform/image-column-data#use-image-data-with-records
 */
export function project(table: Table, select: readonly string[] | undefined): Projection {
  const readable = table.columns.filter((column) => column.writeOnly !== true);
  if (select === undefined) return readable.filter(({ type }) => type !== 'image');
  const wanted = new Set(select);
  const found = readable.filter(
    (column) => wanted.delete(propertyName(column)) || column.logicalName === table.primaryId,
  );
  for (const unknown of wanted) throw noProperty(unknown, table.logicalName);
  return found;
}

/** A row as the Web API shows it. Columns without a value are there, as null. */
export function rowToJson(
  row: Row,
  projection: Projection,
  annotations: readonly string[],
  nameOf: NameOf,
): Record<string, Json> {
  const shown: Record<string, Json> = { '@odata.etag': `W/"${row.version}"` };
  const annotate = annotations.length > 0;
  for (const column of projection) {
    const name = propertyName(column);
    const value = row.columns[column.logicalName] ?? null;
    if (annotate && value !== null) {
      const reference = asReference(value);
      if (reference !== undefined && isLookup(column) && wantsAnnotation(annotations, NAVIGATION)) {
        shown[`${name}@${NAVIGATION}`] = navigationProperty(column, reference.table);
      }
      if (reference !== undefined && wantsAnnotation(annotations, LOOKUP_TABLE)) {
        shown[`${name}@${LOOKUP_TABLE}`] = reference.table;
      }
      const text = wantsAnnotation(annotations, FORMATTED)
        ? formattedValue(column, value, { kind: 'webApi' }, nameOf)
        : undefined;
      if (text !== undefined) shown[`${name}@${FORMATTED}`] = text;
    }
    shown[name] = valueToJson(column, value);
  }
  return shown;
}

/** Finds the row that a link in a body leads to. */
export type FollowLink = (link: Json) => Reference;

/** The columns of a row as the Web API is sent them; annotations other than `@odata.bind` are passed over. */
export function readRowInputs(table: Table, body: JsonObject, follow: FollowLink): ColumnInputs {
  const inputs: Record<string, ColumnInput> = {};
  for (const [member, json] of Object.entries(body)) {
    const bound = /^(.+)@odata\.bind$/.exec(member)?.[1];
    if (bound !== undefined) {
      const { column, targets } = boundColumn(table, bound) ?? undeclared(bound);
      inputs[column.logicalName] = json === null ? null : within(follow(json), targets, bound);
    } else if (!member.includes('@')) {
      const column = table.byName.get(member);
      if (column !== undefined && !isLookup(column)) inputs[member] = inputFromJson(column, json);
      else inputs[clearedColumn(table, member, json)] = null;
    }
  }
  return inputs;
}

/** The lookup that a member empties: `"parentaccountid": null`. */
function clearedColumn(table: Table, member: string, json: Json): string {
  const bound = boundColumn(table, member);
  if (bound !== undefined && json === null) return bound.column.logicalName;
  const isLookupName = table.columns.some(
    (column) => isLookup(column) && [propertyName(column), column.logicalName].includes(member),
  );
  if (bound === undefined && !isLookupName) throw noProperty(member, table.logicalName);
  throw badRequest(
    'CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.',
  );
}

interface BoundColumn {
  readonly column: ColumnDefinition;
  /** The tables that the navigation property leads to. */
  readonly targets: readonly string[];
}

function boundColumn(table: Table, navigation: string): BoundColumn | undefined {
  for (const column of table.columns) {
    if (!isLookup(column)) continue;
    const targets = column.targets.filter((target) => navigationProperty(column, target) === navigation);
    if (targets.length > 0) return { column, targets };
  }
  return undefined;
}

function undeclared(navigation: string): never {
  throw badRequest(
    `An undeclared property '${navigation}' which only has property annotations in the payload but no property value ` +
      'was found in the payload. In OData, only declared navigation properties and declared named streams can be ' +
      'represented as properties without values.',
    '0x80048d19',
  );
}

function within(reference: Reference, targets: readonly string[], navigation: string): Reference {
  if (targets.includes(reference.table)) return reference;
  throw badRequest(`A row of ${reference.table} can't be bound to '${navigation}'.`, '0x80048d19');
}
