import type { Catalog } from '../metadata/catalog';
import { noProperty } from '../dataverse-error';
import { readEntityLink } from './entity-link';
import type { Json, JsonObject } from './json-text';
import { isLookup, navigationProperty, type ColumnDefinition, type Table } from '../metadata/table';
import { inputFromJson, type ColumnInput, type ColumnInputs } from '../rows/value';

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
