/**
 * A column's value, exact whatever the wire. `null` is an empty column.
 *
 * Each wire format keeps only part of the type (JSON has one kind of number; a Guid in JSON is a string): the kinds
 * `number`, `offsetTime` and `list` say "as sent, type lost" and become the column's own kind once the table's metadata
 * is at hand (`shared/mapping/conform.ts`).
 */
export type Value =
  | null
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** A number whose type the wire lost, in the digits it was sent in (`1.10`, `9007199254740993`, `1E-07`). */
  | { readonly kind: 'number'; readonly text: string }
  /** Int32. */
  | { readonly kind: 'integer'; readonly value: number }
  /** Int64. */
  | { readonly kind: 'bigint'; readonly value: bigint }
  /** Digits as sent, scale kept. */
  | { readonly kind: 'decimal'; readonly text: string }
  | { readonly kind: 'double'; readonly value: number }
  /** Digits as sent, scale kept; the currency is another column of the row. */
  | { readonly kind: 'money'; readonly text: string }
  /** A point in time, in milliseconds since 1970-01-01T00:00:00Z. */
  | { readonly kind: 'instant'; readonly epochMs: number }
  /** A time without a zone (a "time-zone independent" column): `2026-02-28T17:45:00.000`. */
  | { readonly kind: 'wallTime'; readonly text: string }
  /** A date without a time: `1969-07-20`. */
  | { readonly kind: 'date'; readonly text: string }
  /**
   * A JSON date with an offset, `/Date(ms+hhmm)/`: .NET writes both Local and Unspecified times like this. `epochMs` is
   * the UTC instant if it was Local; `epochMs` + `offsetMinutes` read as UTC is the wall time if it was Unspecified.
   */
  | { readonly kind: 'offsetTime'; readonly epochMs: number; readonly offsetMinutes: number }
  /** Lower case, with hyphens, without braces. */
  | { readonly kind: 'guid'; readonly value: string }
  /** `labels` by language code, where a mapping asks for several languages. */
  | { readonly kind: 'choice'; readonly value: number; readonly label?: string; readonly labels?: Labels }
  /** A multi-select choice; `label` is all labels as Dataverse joins them (`A; B`). */
  | { readonly kind: 'choices'; readonly values: readonly number[]; readonly label?: string; readonly labels?: Labels }
  /** A reference to a row; `name` is the referenced row's primary name, null where it was not sent. */
  | { readonly kind: 'lookup'; readonly table: string; readonly id: string; readonly name: string | null }
  | { readonly kind: 'bytes'; readonly base64: string }
  /** A managed property of a solution component. */
  | { readonly kind: 'managed'; readonly value: boolean; readonly canBeChanged: boolean; readonly property: string }
  /** A column of another table, read through a link. */
  | { readonly kind: 'aliased'; readonly table: string; readonly column: string; readonly value: Value }
  /** Rows within a row: a party list, or an EntityCollection parameter. */
  | { readonly kind: 'rows'; readonly table: string; readonly rows: readonly RowContent[] }
  /** One row as a parameter (Target, an entity-typed parameter of a custom action). */
  | { readonly kind: 'row'; readonly row: RowContent }
  | { readonly kind: 'relationship'; readonly schemaName: string; readonly role: string | null }
  /** A dictionary of strings or a list of pairs. */
  | { readonly kind: 'pairs'; readonly entries: readonly (readonly [string, string])[] }
  /** An array that names no type of its own; empty, it tells nothing of its items. */
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** A type this reader doesn't know, kept as JSON text; `type` is empty where none was named. */
  | { readonly kind: 'unknown'; readonly type: string; readonly json: string };

/** Texts by language code (1033 is English). */
export type Labels = ReadonlyMap<number, string>;

/** Columns by logical name. A Map, so that no column name can reach an object's prototype. */
export type Columns = ReadonlyMap<string, Value>;

/** A row as it stands inside a message. */
export interface RowContent {
  readonly table: string;
  readonly id: string;
  readonly columns: Columns;
  /** User-facing texts by column (`FormattedValues`), in the language and zone of the user who caused the event. */
  readonly formatted: ReadonlyMap<string, string | null>;
  /** As sent; may be the caller's If-Match, i.e. the version BEFORE the change. Never order evidence. */
  readonly rowVersion: string | null;
  readonly keyAttributes: Columns;
}
