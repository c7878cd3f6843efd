import { badRequest, noProperty } from '../dataverse-error';
import { isLookup, navigationProperty, type Catalog, type ColumnDefinition, type Table } from '../metadata/table';
import { formattedValue, type NameOf } from '../rows/formatted-value';
import type { Row } from '../rows/row-store';
import {
  asReference,
  inputFromJson,
  isGuid,
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
      const reference = isLookup(column) ? asReference(value) : undefined;
      if (reference !== undefined && wantsAnnotation(annotations, NAVIGATION)) {
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

/** The columns of a row as the Web API is sent them; annotations other than `@odata.bind` are passed over. */
export function readRowInputs(catalog: Catalog, table: Table, body: JsonObject): ColumnInputs {
  const inputs: Record<string, ColumnInput> = {};
  for (const [member, json] of Object.entries(body)) {
    const bound = /^(.+)@odata\.bind$/.exec(member)?.[1];
    if (bound !== undefined) {
      const column = boundColumn(table, bound);
      inputs[column.logicalName] = boundValue(catalog, json);
    } else if (!member.includes('@')) {
      const column = table.byName.get(member);
      if (column === undefined || isLookup(column)) throw noProperty(member, table.logicalName);
      inputs[member] = inputFromJson(column, json);
    }
  }
  return inputs;
}

function boundColumn(table: Table, navigation: string): ColumnDefinition {
  const name = navigation.toLowerCase();
  const column = table.columns.find(
    (candidate) =>
      isLookup(candidate) && candidate.targets.some((target) => navigationProperty(candidate, target) === name),
  );
  if (column === undefined) throw noProperty(navigation, table.logicalName);
  return column;
}

const boundValue = (catalog: Catalog, json: Json): ColumnInput =>
  json === null ? null : readEntityLink(catalog, json);

/** The row that a URL, absolute or relative, leads to: `accounts(…)`. */
export function readEntityLink(catalog: Catalog, link: Json | undefined): Reference {
  const text = typeof link === 'string' ? link : '';
  const [, set = '', id = ''] = /\b([a-z_]\w*)\(([^)]*)\)$/i.exec(text) ?? [];
  const table = catalog.bySet(set);
  if (table === undefined) throw badRequest(`The reference '${JSON.stringify(link ?? null)}' leads to no table.`);
  return { table: table.logicalName, id };
}

/** The id in a row's key: `00000000-…`, or with the name of the primary id. */
export function readKey(key: string, primaryId: string): string {
  const [, name, text = ''] = /^(?:(\w+)=)?'?([^']*)'?$/.exec(key) ?? [];
  const id = text.toLowerCase();
  if ((name !== undefined && name !== primaryId) || !isGuid(id)) {
    throw badRequest(`The key '${key}' is not supported: only the primary id is.`, '0x80060888');
  }
  return id;
}
