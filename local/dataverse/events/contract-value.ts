import type { ColumnDefinition } from '../metadata/table';
import type { NameOf } from '../rows/formatted-value';
import { asReference, valueText, type Reference, type Value } from '../rows/value';
import type { ParameterValue, RowValue } from './event';

/** A scalar with the type that .NET knows it by. */
export type Scalar =
  | { readonly kind: 'string' | 'guid' | 'long' | 'decimal'; readonly text: string }
  | { readonly kind: 'boolean'; readonly flag: boolean }
  | { readonly kind: 'bytes'; readonly base64: string }
  | { readonly kind: 'int' | 'double'; readonly number: number }
  /** A time of kind UTC, or one without a zone, which JSON shows with the server's. */
  | { readonly kind: 'dateTime'; readonly epochMs: number; readonly zone: 'utc' | 'none' }
  /** JSON shows the number, XML the name. */
  | { readonly kind: 'enum'; readonly name: string; readonly number: number };

/** Members of an object, in the ordinal order in which contracts are written. */
export type Members = Readonly<Record<string, ContractValue>>;

/** An object by the name of its contract: `Entity`. */
export interface ContractObject {
  readonly kind: 'object';
  readonly type: string;
  readonly members: Members;
}

/** A key with its value. */
export interface Pair {
  readonly key: string;
  readonly value: ContractValue;
}

/** Collections of pairs: what their values are declared as is part of the name. */
export type PairsType = 'anyType' | 'string' | 'Entity' | 'keyAttributes' | 'related' | 'dictionary';

/** Collections of objects or scalars. */
export type ListType =
  'Entities' | 'EntityReferenceCollection' | 'OptionSetValueCollection' | 'ArrayOfstring' | 'ArrayOfguid';

/** What a data contract holds, before it is known in which form it is sent. */
export type ContractValue =
  | null
  | Scalar
  | ContractObject
  | { readonly kind: 'pairs'; readonly type: PairsType; readonly pairs: readonly Pair[] }
  | { readonly kind: 'list'; readonly type: ListType; readonly items: readonly (ContractObject | Scalar)[] };

/** A text. */
export const textValue = (text: string): Scalar => ({ kind: 'string', text });
/** An id. */
export const guidValue = (text: string): Scalar => ({ kind: 'guid', text });
/** A whole number. */
export const intValue = (number: number): Scalar => ({ kind: 'int', number });
/** Yes or no. */
export const flagValue = (flag: boolean): Scalar => ({ kind: 'boolean', flag });
/** A collection of pairs. */
export const pairsValue = (type: PairsType, pairs: readonly Pair[]): ContractValue => ({ kind: 'pairs', type, pairs });

const withoutName: NameOf = () => null;

/** An EntityReference. */
export const referenceValue = ({ table, id }: Reference, name: string | null): ContractObject => ({
  kind: 'object',
  type: 'EntityReference',
  members: {
    Id: guidValue(id),
    KeyAttributes: pairsValue('keyAttributes', []),
    LogicalName: textValue(table),
    Name: name === null ? null : textValue(name),
    RowVersion: null,
  },
});

const optionValue = (option: number): ContractObject => ({
  kind: 'object',
  type: 'OptionSetValue',
  members: { Value: intValue(option) },
});

const moneyValue = (text: string): ContractObject => ({
  kind: 'object',
  type: 'Money',
  members: { Value: { kind: 'decimal', text } },
});

/** A column's value as contexts hold it. */
export function attributeValue(column: ColumnDefinition, value: Value, nameOf: NameOf): ContractValue {
  if (value === null) return null;
  switch (column.type) {
    case 'string':
    case 'memo':
      return textValue(valueText(value));
    case 'uniqueidentifier':
    case 'file':
      return guidValue(valueText(value));
    case 'image':
      return { kind: 'bytes', base64: valueText(value) };
    case 'managed':
      return {
        kind: 'object',
        type: 'BooleanManagedProperty',
        members: {
          CanBeChanged: flagValue(true),
          ManagedPropertyLogicalName: textValue(column.logicalName),
          Value: flagValue(value === true),
        },
      };
    case 'boolean':
      return flagValue(value === true);
    case 'integer':
      return intValue(Number(value));
    case 'double':
      return { kind: 'double', number: Number(value) };
    case 'bigint':
      return { kind: 'long', text: valueText(value) };
    case 'decimal':
      return { kind: 'decimal', text: valueText(value) };
    case 'money':
      return moneyValue(valueText(value));
    case 'dateTime':
      // Dates without a zone are of kind Unspecified.
      return {
        kind: 'dateTime',
        epochMs: Date.parse(valueText(value)),
        zone: column.behavior === 'UserLocal' ? 'utc' : 'none',
      };
    case 'choice':
    case 'state':
    case 'status':
      return optionValue(Number(value));
    case 'choices':
      return { kind: 'list', type: 'OptionSetValueCollection', items: (value as readonly number[]).map(optionValue) };
    case 'lookup':
    case 'customer':
    case 'owner': {
      const target = asReference(value);
      return target === undefined ? null : referenceValue(target, nameOf(target));
    }
    default:
      return column satisfies never;
  }
}

/** An Entity. */
export const entityValue = (
  table: string,
  id: string,
  attributes: readonly Pair[],
  formatted: readonly Pair[] = [],
): ContractObject => ({
  kind: 'object',
  type: 'Entity',
  members: {
    Attributes: pairsValue('anyType', attributes),
    EntityState: null,
    FormattedValues: pairsValue('string', formatted),
    Id: guidValue(id),
    KeyAttributes: pairsValue('keyAttributes', []),
    LogicalName: textValue(table),
    RelatedEntities: pairsValue('related', []),
    RowVersion: null,
  },
});

/** A row of a parameter: its lookups come without names. */
function rowValue({ table, id, columns }: RowValue): ContractObject {
  const attributes = Object.entries(columns).flatMap(([name, value]): Pair[] => {
    const column = table.byName.get(name);
    return column === undefined ? [] : [{ key: name, value: attributeValue(column, value, withoutName) }];
  });
  return entityValue(table.logicalName, id, attributes);
}

const ROLE = {
  referencing: { kind: 'enum', name: 'Referencing', number: 0 },
  referenced: { kind: 'enum', name: 'Referenced', number: 1 },
} as const;

/** A parameter's value as contexts hold it. */
export function parameterContract(value: ParameterValue): ContractValue {
  switch (value.kind) {
    case 'null':
      return null;
    case 'string':
      return textValue(value.text);
    case 'guid':
      return guidValue(value.text);
    case 'decimal':
      return { kind: 'decimal', text: value.text };
    case 'money':
      return moneyValue(value.text);
    case 'dateTime':
      return { kind: 'dateTime', epochMs: Date.parse(value.text), zone: 'utc' };
    case 'boolean':
      return flagValue(value.flag);
    case 'integer':
      return intValue(value.number);
    case 'double':
      return { kind: 'double', number: value.number };
    case 'choice':
      return optionValue(value.number);
    case 'strings':
      return { kind: 'list', type: 'ArrayOfstring', items: value.items.map(textValue) };
    case 'guids':
      return { kind: 'list', type: 'ArrayOfguid', items: value.items.map(guidValue) };
    case 'reference':
      return referenceValue(value.reference, null);
    case 'references': {
      const items = value.references.map((reference) => referenceValue(reference, null));
      return { kind: 'list', type: 'EntityReferenceCollection', items };
    }
    case 'relationship': {
      const { role, schemaName } = value;
      return {
        kind: 'object',
        type: 'Relationship',
        members: {
          PrimaryEntityRole: role === undefined ? null : ROLE[role],
          SchemaName: textValue(schemaName),
        },
      };
    }
    case 'entity':
      return rowValue(value.row);
    case 'entities':
      return {
        kind: 'object',
        type: 'EntityCollection',
        members: {
          Entities: { kind: 'list', type: 'Entities', items: value.rows.map(rowValue) },
          EntityName: value.table === null ? null : textValue(value.table),
          MinActiveRowVersion: null,
          MoreRecords: flagValue(false),
          PagingCookie: null,
          TotalRecordCount: intValue(-1),
          TotalRecordCountLimitExceeded: flagValue(false),
        },
      };
    default:
      return value satisfies never;
  }
}
