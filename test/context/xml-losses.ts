/**
 * What an event's facts (`*.expected.json`) become in the XML forms, text and binary: the ONE place that says what is
 * lost, and where.
 *
 * By the wire: nothing. (The binary form keeps of a Local time its instant, text XML the offset too; an instant is all
 * that the change model has.)
 *
 * By the change model, which has no place for them: an Entity's state and related rows, a reference's row version and
 * alternate key, a collection's paging; the type of an enumeration, whose name is a text.
 *
 * Gained from the same entity's formatted values: the labels of choices, the name of a lookup that has none.
 */
import type { Columns, RowContent, Value } from '../../shared/change/value';
import type { Fact } from './json-losses';
import { valueInJson } from './json-losses';

const scalar = (fact: Fact): string => {
  if (typeof fact.value !== 'string') throw new Error(`fact without a value: ${fact.type}`);
  return fact.value;
};

const label = (text: string | null | undefined): { readonly label?: string } =>
  typeof text === 'string' ? { label: text } : {};

/** The value that a reader of an XML form can at best have. */
export function valueInXml(fact: Fact, formatted?: string | null): Value {
  switch (fact.type) {
    case 'Guid':
      return { kind: 'guid', value: scalar(fact) };
    case 'Int32':
      return { kind: 'integer', value: Number(scalar(fact)) };
    case 'Int64':
      return { kind: 'bigint', value: BigInt(scalar(fact)) };
    case 'Decimal':
      return { kind: 'decimal', text: scalar(fact) };
    case 'Double':
      return { kind: 'double', value: Number(scalar(fact)) };
    case 'Enum':
      return { kind: 'string', value: scalar(fact) };
    case 'DateTime': {
      const text = scalar(fact);
      return fact.kind === 'Unspecified' ? { kind: 'wallTime', text } : { kind: 'instant', epochMs: Date.parse(text) };
    }
    case 'OptionSetValueCollection':
      return { kind: 'choices', values: (fact.items ?? []).map((item) => Number(scalar(item))), ...label(formatted) };
    case 'EntityReferenceCollection':
    case 'Array':
      return { kind: 'list', items: (fact.items ?? []).map((item) => valueInXml(item)) };
    case 'Bytes':
      return { kind: 'bytes', base64: scalar(fact) };
    case 'Entity':
      return { kind: 'row', row: rowInXml(fact) };
    case 'EntityCollection':
      return { kind: 'rows', table: fact.table ?? '', rows: (fact.entities ?? []).map(rowInXml) };
    case 'AliasedValue': {
      if (typeof fact.value !== 'object' || fact.value === null) throw new Error('an aliased value without a value');
      const value = valueInXml(fact.value, formatted);
      return { kind: 'aliased', table: fact.table ?? '', column: fact.column ?? '', value };
    }
    default:
      // Null, String, Boolean, Money, OptionSetValue, EntityReference, Pairs, managed properties, Relationship: the
      // same in every form.
      return valueInJson(fact, 0, formatted);
  }
}

const columnsInXml = (facts: readonly Fact[], labels: ReadonlyMap<string, string | null>): Columns =>
  new Map(facts.map((fact) => [fact.name ?? '', valueInXml(fact, labels.get(fact.name ?? ''))] as const));

/** A row (an Entity) as a reader of an XML form can at best have it. */
export function rowInXml(fact: Fact): RowContent {
  const formatted = new Map((fact.formattedValues ?? []).map(({ name, value }) => [name, value] as const));
  return {
    table: fact.table ?? '',
    id: fact.id ?? '',
    columns: columnsInXml(fact.attributes ?? [], formatted),
    formatted,
    rowVersion: fact.rowVersion ?? null,
    keyAttributes: columnsInXml(fact.keyAttributes ?? [], new Map()),
  };
}
