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

/** A user as contexts name one. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly businessUnitId: string;
  /** The user's object id in Entra ID. */
  readonly objectId: string;
}

/** A row that a step can have images of; before or after is undefined where there is none. */
export interface ImageSource {
  readonly table: Table;
  readonly id: string;
  readonly before: Columns | undefined;
  readonly after: Columns | undefined;
}

/** What an operation has to tell, before it is known who asked for it. */
export interface EventDraft {
  /** `Create`, `Associate`, or the name of a custom API. */
  readonly message: string;
  /** The primary table; `none` for messages that have none. */
  readonly table: string;
  readonly id: string;
  /** The parameters of the request. */
  readonly requested: readonly Parameter[];
  /** The parameters from the main operation on: with what the platform added. */
  readonly input: readonly Parameter[];
  /** Known after the main operation. */
  readonly output: readonly Parameter[];
  /** The rows of which there are images, by the name of the parameter that they belong to. */
  readonly images: Readonly<Record<string, ImageSource>>;
  /** Columns in Target: what filtering columns are compared with. */
  readonly columns: readonly string[];
  /** Part of another operation of the same request: one level deeper. */
  readonly nested?: boolean;
}

/** One event: what steps are told of. */
export interface RaisedEvent extends EventDraft {
  readonly user: User;
  readonly initiatingUser: User;
  readonly userAgent: string;
  readonly requestId: string;
  readonly correlationId: string;
  /** The operation inside which this one happened. */
  readonly parent: RaisedEvent | undefined;
  /** 1 without a parent, else one more than that. */
  readonly depth: number;
  /** The caller's own mark (`tag`), which arrives as a shared variable. */
  readonly tag: string | undefined;
  /** When the request began, milliseconds since 1970. */
  readonly startedAt: number;
}

/** What a step wants to see of a row. */
export interface StepImage {
  readonly when: 'pre' | 'post';
  readonly alias: string;
  /** The parameter whose row it is (`messagepropertyname`). */
  readonly property: string;
  /** Absent: all columns. */
  readonly columns: readonly string[] | undefined;
}

/** A registered step. */
export interface Step {
  readonly id: string;
  readonly name: string;
  readonly mode: 'sync' | 'async';
  readonly stage: number;
  readonly rank: number;
  /** Update only: at least one must be in Target. Absent: any column. */
  readonly filteringColumns: readonly string[] | undefined;
  readonly endpointId: string;
  /** A system job of it that succeeded is deleted (`asyncautodelete`). */
  readonly autoDelete: boolean;
  readonly images: readonly StepImage[];
}
