import { noProperty } from '../dataverse-error';
import { formattedValue, type NameOf } from '../rows/formatted-value';
import type { Json } from './json-text';
import { wantsAnnotation } from './odata-query';
import type { Row } from '../rows/row-store';
import { isLookup, navigationProperty, type ColumnDefinition, type Table } from '../metadata/table';
import { asReference, propertyName, valueToJson } from '../rows/value';

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
