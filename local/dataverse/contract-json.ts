import type { NameOf } from './formatted-value';
import { Digits, type Json } from './json-text';
import type { ParameterValue, RowValue } from './parameter';
import type { ColumnDefinition } from './table';
import { asReference, valueText, type Reference, type Value } from './value';

/** Members of an object. */
export type Members = Readonly<Record<string, Json>>;

const typeName = (name: string): string => `${name}:http://schemas.microsoft.com/xrm/2011/Contracts`;

// Where a value is declared as object, DataContractJsonSerializer names its type, always first; elsewhere never.
const typed = (name: string, members: Members): Members => ({ __type: typeName(name), ...members });

/** A pair of a collection. */
export const pair = (key: string, value: Json): Members => ({ key, value });

/** An EntityReference where it is declared as such. */
export const referenceJson = ({ table, id }: Reference, name: string | null): Members => ({
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  Name: name,
  RowVersion: null,
});

const typedReference = (reference: Reference, name: string | null): Members =>
  typed('EntityReference', referenceJson(reference, name));

const withoutName: NameOf = () => null;

/** A column's value as DataContractJsonSerializer writes it. */
export function attributeJson(column: ColumnDefinition, value: Value, nameOf: NameOf): Json {
  if (value === null) return null;
  switch (column.type) {
    case 'string':
    case 'memo':
    case 'uniqueidentifier':
    case 'boolean':
    case 'integer':
    case 'double':
      return value as string | boolean | number;
    case 'bigint':
    case 'decimal':
      return new Digits(valueText(value));
    case 'money':
      return typed('Money', { Value: new Digits(valueText(value)) });
    case 'dateTime':
      // UTC kind has no offset; dates without a zone (Unspecified) come with the server's.
      return `/Date(${Date.parse(valueText(value))}${column.behavior === 'UserLocal' ? '' : '+0000'})/`;
    case 'choice':
    case 'state':
    case 'status':
      return typed('OptionSetValue', { Value: Number(value) });
    case 'choices':
      return (value as readonly number[]).map((item) => typed('OptionSetValue', { Value: item }));
    case 'lookup':
    case 'customer':
    case 'owner': {
      const target = asReference(value);
      return target === undefined ? null : typedReference(target, nameOf(target));
    }
    default:
      return column satisfies never;
  }
}

/** An Entity where it is declared as such. */
export const entityJson = (
  table: string,
  id: string,
  attributes: readonly Json[],
  formatted: readonly Json[] = [],
): Members => ({
  Attributes: attributes,
  EntityState: null,
  FormattedValues: formatted,
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  RelatedEntities: [],
  RowVersion: null,
});

/** A row of a parameter: its lookups come without names. */
function rowJson({ table, id, columns }: RowValue): Members {
  const attributes = Object.entries(columns).flatMap(([name, value]) => {
    const column = table.byName.get(name);
    return column === undefined ? [] : [pair(name, attributeJson(column, value, withoutName))];
  });
  return entityJson(table.logicalName, id, attributes);
}

const ROLE = { referencing: 0, referenced: 1 } as const;

/**
 * A parameter's value as DataContractJsonSerializer writes it: scalars and lists lose their type, the rest names it.
 */
export function parameterJson(value: ParameterValue): Json {
  switch (value.kind) {
    case 'null':
      return null;
    case 'string':
    case 'guid':
      return value.text;
    case 'decimal':
      return new Digits(value.text);
    case 'money':
      return typed('Money', { Value: new Digits(value.text) });
    case 'dateTime':
      return `/Date(${Date.parse(value.text)})/`;
    case 'boolean':
      return value.flag;
    case 'integer':
    case 'double':
      return value.number;
    case 'choice':
      return typed('OptionSetValue', { Value: value.number });
    case 'strings':
    case 'guids':
      return value.items;
    case 'reference':
      return typedReference(value.reference, null);
    case 'references':
      return value.references.map((reference) => typedReference(reference, null));
    case 'relationship': {
      const { role, schemaName } = value;
      const primaryEntityRole = role === undefined ? null : ROLE[role];
      return typed('Relationship', { PrimaryEntityRole: primaryEntityRole, SchemaName: schemaName });
    }
    case 'entity':
      return typed('Entity', rowJson(value.row));
    case 'entities':
      return typed('EntityCollection', {
        Entities: value.rows.map(rowJson),
        EntityName: value.table,
        MinActiveRowVersion: null,
        MoreRecords: false,
        PagingCookie: null,
        TotalRecordCount: -1,
        TotalRecordCountLimitExceeded: false,
      });
    default:
      return value satisfies never;
  }
}
