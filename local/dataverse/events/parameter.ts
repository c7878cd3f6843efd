import type { Table } from '../metadata/table';
import type { Columns, Reference } from '../rows/value';

/** A row inside a parameter: the columns that are told, under its id. */
export interface RowValue {
  readonly table: Table;
  readonly id: string;
  readonly columns: Columns;
}

/** Which end of a relationship of a table with itself the target is (`EntityRole`). */
export type Role = 'referencing' | 'referenced';

/** The typed value of a message's parameter. */
export type ParameterValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'string' | 'guid' | 'decimal' | 'money' | 'dateTime'; readonly text: string }
  | { readonly kind: 'boolean'; readonly flag: boolean }
  | { readonly kind: 'integer' | 'double' | 'choice'; readonly number: number }
  | { readonly kind: 'strings' | 'guids'; readonly items: readonly string[] }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'references'; readonly references: readonly Reference[] }
  | { readonly kind: 'relationship'; readonly schemaName: string; readonly role: Role | undefined }
  | { readonly kind: 'entity'; readonly row: RowValue }
  | { readonly kind: 'entities'; readonly table: string | null; readonly rows: readonly RowValue[] };

/** A parameter of a message, by name. */
export interface Parameter {
  readonly name: string;
  readonly value: ParameterValue;
}

/** A parameter that refers to a row. */
export const referenceParameter = (name: string, reference: Reference): Parameter => ({
  name,
  value: { kind: 'reference', reference },
});

/** A parameter that holds a row. */
export const entityParameter = (name: string, row: RowValue): Parameter => ({ name, value: { kind: 'entity', row } });
