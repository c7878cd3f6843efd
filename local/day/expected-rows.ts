/** What docs/store.md promises for the rows and links that Dataverse has, property by property. */
import type { ColumnDefinition, Dataverse, ManyToManyDefinition, Row, Value } from '../dataverse/simulator';
import type { Properties } from './store-entities';
import { partsOf } from './text-parts';
import type { TableMapping, Mapping } from './mapping';

/** What a row should be in the store: its RowKey and its properties; none where it must not be seen. */
export interface Expected {
  readonly key: string;
  readonly properties: Properties | 'hidden';
}

/** A row that may be seen. */
interface Seen extends Expected {
  readonly properties: Properties;
}

/** The rows of a table. */
export function* expectedRows(dataverse: Dataverse, table: string, mapping: TableMapping): Generator<Expected> {
  const definitions = columnsOf(dataverse, table);
  for (const row of dataverse.rows(table)) {
    if (mapping.shows(row.columns)) yield expectedProperties(row, definitions, mapping);
    else yield { key: row.id, properties: 'hidden' };
  }
}

type Definitions = ReadonlyMap<string, ColumnDefinition>;

/** The columns of a table as Dataverse has them now. */
export const columnsOf = (dataverse: Dataverse, table: string): Definitions =>
  dataverse.tables.find(({ logicalName }) => logicalName === table)?.byName ?? new Map<string, ColumnDefinition>();

/** A row of a table that has these columns, whether or not the mapping's filter shows it. */
export function expectedProperties(row: Row, definitions: Definitions, mapping: TableMapping): Seen {
  const properties = new Map<string, unknown>();
  for (const [name, column] of definitions) {
    const value = row.columns[name];
    const { name: to = name, redact } = mapping.column(name) ?? { name: '' };
    if (to === '' || name === 'versionnumber' || value === null || value === undefined) continue;
    if (redact === undefined) expect(properties, to, column, value);
    else properties.set(to, redact(plainText(column, value)));
  }
  return { key: row.id, properties };
}

/** The links of a relationship. */
export function* expectedLinks(dataverse: Dataverse, relationship: ManyToManyDefinition): Generator<Expected> {
  for (const row of dataverse.rows(relationship.intersect.table)) yield expectedLink(row, relationship);
}

/** A link lies under both ids, that of the table first whose name comes first. */
export function expectedLink({ columns }: Row, { one, two }: ManyToManyDefinition): Seen {
  const [first, second] = one.table <= two.table ? [one, two] : [two, one];
  const [id1, id2] = [idIn(columns[first.column]), idIn(columns[second.column])];
  const properties = { table1: first.table, id1, table2: second.table, id2 };
  return { key: `${id1}_${id2}`, properties: new Map(Object.entries(properties)) };
}

const idIn = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** The tables and relationships that are compared, each with what is expected of it. */
export const expectedOf = (
  dataverse: Dataverse,
  tables: readonly string[],
  relationships: readonly ManyToManyDefinition[],
  mapping: Mapping,
): readonly (readonly [string, Iterable<Expected>])[] => [
  ...tables.map((table) => [table, expectedRows(dataverse, table, mapping.table(table))] as const),
  ...relationships.map((relationship) => [relationship.schemaName, expectedLinks(dataverse, relationship)] as const),
];

/** The text that is redacted: the day redacts nothing but texts. */
function plainText({ logicalName, type }: ColumnDefinition, value: Exclude<Value, null>): string {
  if (typeof value === 'string' && (type === 'string' || type === 'memo')) return value;
  throw new Error(`The check can't tell how column ${logicalName} of type ${type} is redacted.`);
}

/** Adds a column's properties under its name in the store. */
function expect(expected: Map<string, unknown>, name: string, column: ColumnDefinition, value: Exclude<Value, null>) {
  const text = typeof value === 'string' ? value : '';
  switch (column.type) {
    case 'string':
    case 'memo':
      partsOf(text).forEach((part, index) => expected.set(index === 0 ? name : `${name}Part${index + 1}`, part));
      return;
    case 'dateTime':
      if (column.behavior === 'UserLocal') expected.set(name, Date.parse(text));
      else expected.set(name, column.behavior === 'DateOnly' ? text : new Date(text).toISOString().replace('Z', ''));
      return;
    case 'choice':
    case 'state':
    case 'status':
      expected.set(name, value);
      expected.set(`${name}Label`, column.options.find((option) => option.value === value)?.label);
      return;
    case 'choices':
      expected.set(name, JSON.stringify(value));
      expected.set(
        `${name}Label`,
        (value as readonly number[])
          .map((each) => column.options.find((option) => option.value === each)?.label)
          .join('; '),
      );
      return;
    case 'lookup':
    case 'customer':
    case 'owner': {
      const { table, id } = value as { table: string; id: string };
      expected.set(name, id);
      expected.set(`${name}Table`, table);
      // As of the row's last full read: Dataverse doesn't report it when the other row's name changes.
      expected.set(`${name}Name`, undefined);
      return;
    }
    // Left out, unless a mapping names it.
    case 'image':
      return;
    case 'boolean':
    case 'managed':
    case 'file':
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
    case 'uniqueidentifier':
      expected.set(name, value);
      return;
    default:
      column satisfies never;
  }
}
