/**
 * What an event's facts (`*.expected.json`) become in the JSON form: the ONE place that says what is lost, and where.
 *
 * By the wire (test/fixtures/README.md, "What each form loses"):
 * - Guid → string; Int32, Int64, Decimal, Double, enum → number with the same digits
 * - DateTime: Utc → instant; Unspecified and Local → offsetTime with the offset of the writer's zone
 * - Bytes, int[], Guid[], string[], EntityReferenceCollection → list; an empty OptionSetValueCollection → empty list
 * - a Dictionary and a list of pairs → the same pairs
 *
 * By the change model, which has no place for them: an Entity's state and related rows, a reference's row version and
 * alternate key, a collection's paging.
 *
 * Gained from the same entity's formatted values: the labels of choices, the name of a lookup that has none.
 */
import type { Columns, RowContent, Value } from '../../shared/change/value';

/** A fact of `*.expected.json`; which members it has depends on its type. */
export interface Fact {
  readonly name?: string;
  readonly type: string;
  readonly kind?: string;
  readonly value?: string | Fact | null;
  readonly number?: string;
  readonly table?: string;
  readonly column?: string;
  readonly id?: string;
  readonly displayName?: string | null;
  readonly rowVersion?: string | null;
  readonly canBeChanged?: boolean;
  readonly logicalName?: string;
  readonly schemaName?: string;
  readonly primaryEntityRole?: string | null;
  readonly items?: readonly Fact[];
  readonly entities?: readonly Fact[];
  readonly attributes?: readonly Fact[];
  readonly keyAttributes?: readonly Fact[];
  readonly formattedValues?: readonly { readonly name: string; readonly value: string | null }[];
}

/** Minutes that the serialiser's zone was off UTC: +0 for all fixtures but one. */
export type WriterOffset = number;

const scalar = (fact: Fact): string => {
  if (typeof fact.value !== 'string') throw new Error(`fact without a value: ${fact.type}`);
  return fact.value;
};

const label = (text: string | null | undefined): { readonly label?: string } =>
  typeof text === 'string' ? { label: text } : {};

const numbersOf = (base64: string): Value => ({
  kind: 'list',
  items: [...Buffer.from(base64, 'base64')].map((byte): Value => ({ kind: 'number', text: String(byte) })),
});

/** The value that a reader of the JSON form can at best have. */
export function valueInJson(fact: Fact, offset: WriterOffset, formatted?: string | null): Value {
  switch (fact.type) {
    case 'Null':
      return null;
    case 'String':
    case 'Guid':
      return { kind: 'string', value: scalar(fact) };
    case 'Boolean':
      return { kind: 'boolean', value: scalar(fact) === 'true' };
    case 'Int32':
    case 'Int64':
    case 'Decimal':
    case 'Double':
      return { kind: 'number', text: scalar(fact) };
    case 'Enum':
      return { kind: 'number', text: fact.number ?? '' };
    case 'Money':
      return { kind: 'money', text: scalar(fact) };
    case 'DateTime': {
      const text = scalar(fact);
      if (fact.kind === 'Utc') return { kind: 'instant', epochMs: Date.parse(text) };
      if (fact.kind === 'Local') return { kind: 'offsetTime', epochMs: Date.parse(text), offsetMinutes: offset };
      return { kind: 'offsetTime', epochMs: Date.parse(`${text}Z`) - offset * 60_000, offsetMinutes: offset };
    }
    case 'OptionSetValue':
      return { kind: 'choice', value: Number(scalar(fact)), ...label(formatted) };
    case 'OptionSetValueCollection':
      return (fact.items ?? []).length === 0
        ? { kind: 'list', items: [] }
        : { kind: 'choices', values: (fact.items ?? []).map((item) => Number(scalar(item))), ...label(formatted) };
    case 'EntityReference':
      return {
        kind: 'lookup',
        table: fact.table ?? '',
        id: fact.id ?? '',
        name: fact.displayName ?? formatted ?? null,
      };
    case 'EntityReferenceCollection':
    case 'Array':
      return { kind: 'list', items: (fact.items ?? []).map((item) => valueInJson(item, offset)) };
    case 'Bytes':
      return numbersOf(scalar(fact));
    case 'Pairs':
      return {
        kind: 'pairs',
        entries: (fact.items ?? []).map((item): readonly [string, string] => [item.name ?? '', scalar(item)]),
      };
    case 'Entity':
      return { kind: 'row', row: rowInJson(fact, offset) };
    case 'EntityCollection':
      return {
        kind: 'rows',
        table: fact.table ?? '',
        rows: (fact.entities ?? []).map((entity) => rowInJson(entity, offset)),
      };
    case 'AliasedValue': {
      if (typeof fact.value !== 'object' || fact.value === null) throw new Error('an aliased value without a value');
      const value = valueInJson(fact.value, offset, formatted);
      return { kind: 'aliased', table: fact.table ?? '', column: fact.column ?? '', value };
    }
    case 'BooleanManagedProperty':
      return {
        kind: 'managed',
        value: scalar(fact) === 'true',
        canBeChanged: fact.canBeChanged === true,
        property: fact.logicalName ?? '',
      };
    case 'Relationship':
      return { kind: 'relationship', schemaName: fact.schemaName ?? '', role: fact.primaryEntityRole ?? null };
    default:
      throw new Error(`a type of fact that this test doesn't know: ${fact.type}`);
  }
}

const columnsInJson = (
  facts: readonly Fact[],
  offset: WriterOffset,
  labels: ReadonlyMap<string, string | null>,
): Columns =>
  new Map(facts.map((fact) => [fact.name ?? '', valueInJson(fact, offset, labels.get(fact.name ?? ''))] as const));

/** A row (an Entity) as a reader of the JSON form can at best have it. */
export function rowInJson(fact: Fact, offset: WriterOffset): RowContent {
  const formatted = new Map((fact.formattedValues ?? []).map(({ name, value }) => [name, value] as const));
  return {
    table: fact.table ?? '',
    id: fact.id ?? '',
    columns: columnsInJson(fact.attributes ?? [], offset, formatted),
    formatted,
    rowVersion: fact.rowVersion ?? null,
    keyAttributes: columnsInJson(fact.keyAttributes ?? [], offset, new Map()),
  };
}

function valueAsInJson(value: Value, offset: WriterOffset): Value {
  if (value === null) return null;
  switch (value.kind) {
    case 'guid':
      return { kind: 'string', value: value.value };
    case 'integer':
    case 'bigint':
      return { kind: 'number', text: String(value.value) };
    case 'decimal':
      return { kind: 'number', text: value.text };
    case 'double':
      return { kind: 'number', text: netDouble(value.value) };
    case 'wallTime':
      return {
        kind: 'offsetTime',
        epochMs: Date.parse(`${value.text}Z`) - offset * 60_000,
        offsetMinutes: offset,
      };
    case 'bytes':
      return numbersOf(value.base64);
    case 'choices':
      return value.values.length === 0 ? { kind: 'list', items: [] } : value;
    case 'list':
      return { kind: 'list', items: value.items.map((item) => valueAsInJson(item, offset)) };
    case 'aliased':
      return { ...value, value: valueAsInJson(value.value, offset) };
    case 'row':
      return { kind: 'row', row: rowAsInJson(value.row, offset) };
    case 'rows':
      return { ...value, rows: value.rows.map((row) => rowAsInJson(row, offset)) };
    case 'instant':
    case 'string':
    case 'boolean':
    case 'number':
    case 'money':
    case 'date':
    case 'offsetTime':
    case 'choice':
    case 'lookup':
    case 'managed':
    case 'relationship':
    case 'pairs':
    case 'unknown':
      return value;
  }
}

const rowAsInJson = (row: RowContent, offset: WriterOffset): RowContent => ({
  ...row,
  columns: asInJson(row.columns, offset),
  keyAttributes: asInJson(row.keyAttributes, offset),
});

/** .NET has a capital E and two digits in its exponents. */
const netDouble = (value: number): string =>
  String(value).replace(/e([+-])(\d+)$/, (_, sign: string, digits: string) => `E${sign}${digits.padStart(2, '0')}`);

/** Columns that were read from another form, as they would be had they come in JSON: types fewer, values the same. */
export const asInJson = (columns: Columns, offset: WriterOffset): Columns =>
  new Map([...columns].map(([name, value]) => [name, asLocalInJson(name, value, offset)] as const));

/** The one column of Local kind in the fixtures: XML makes an instant of it, JSON has the writer's offset as well. */
const asLocalInJson = (name: string, value: Value, offset: WriterOffset): Value =>
  name === 'new_localtime' && value?.kind === 'instant'
    ? { kind: 'offsetTime', epochMs: value.epochMs, offsetMinutes: offset }
    : valueAsInJson(value, offset);
