/**
 * The check that matters: every row of Dataverse against every row of the LOB store. It reads the store as any reader
 * would, by docs/store.md and the plain SDK, and shares no code with the app: a mistake of the app's layout would show.
 */
import { TableClient } from '@azure/data-tables';
import type { ColumnDefinition, Dataverse, ManyToManyDefinition, Row, Value } from '../dataverse/simulator';

/** A column, a whole row, or a property of the store that isn't as it should be. */
export interface Difference {
  readonly table: string;
  readonly id: string;
  /** Names columns, never their values. */
  readonly what: string;
}

/** The result for one table, or for the links of one relationship. */
export interface TableCheck {
  readonly table: string;
  readonly rows: number;
  readonly stored: number;
  readonly tombstones: number;
  readonly missing: number;
  readonly surplus: number;
  readonly different: number;
}

/** The result for all tables. */
export interface CheckResult {
  readonly tables: readonly TableCheck[];
  /** All of them count; the first hundred are kept. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  readonly columnsCompared: number;
}

const KEPT = 100;
const PART = 32 * 1024;

type Entity = Readonly<Record<string, unknown>>;

/** What a row should be in the store: its RowKey and its properties; `undefined` as a value: any text will do. */
interface Expected {
  readonly key: string;
  readonly properties: ReadonlyMap<string, unknown>;
}

/** Compares the tables and the links of the relationships named. */
export async function compare(
  dataverse: Dataverse,
  connectionString: string,
  tables: readonly string[],
  relationships: readonly ManyToManyDefinition[] = [],
): Promise<CheckResult> {
  const checks: TableCheck[] = [];
  const differences: Difference[] = [];
  let differenceCount = 0;
  let columnsCompared = 0;
  const note = (table: string, id: string, what: string): void => {
    differenceCount += 1;
    if (differences.length < KEPT) differences.push({ table, id, what });
  };
  const wanted: readonly (readonly [string, Iterable<Expected>])[] = [
    ...tables.map((table) => [table, expectedRows(dataverse, table)] as const),
    ...relationships.map((relationship) => [relationship.schemaName, expectedLinks(dataverse, relationship)] as const),
  ];
  for (const [table, expectedOfTable] of wanted) {
    const entities = await entitiesOf(connectionString, table);
    const live = new Map([...entities].filter(([, entity]) => entity.Deleted !== true));
    const counts = { missing: 0, surplus: 0, different: 0 };
    let rows = 0;
    for (const { key, properties } of expectedOfTable) {
      rows += 1;
      const entity = live.get(key);
      live.delete(key);
      if (entity === undefined) {
        counts.missing += 1;
        note(table, key, 'the row is missing in the store');
        continue;
      }
      columnsCompared += properties.size;
      const wrong = differingProperties(properties, entity);
      if (wrong.length > 0) counts.different += 1;
      for (const name of wrong) note(table, key, `property ${name} differs`);
    }
    for (const id of live.keys()) {
      counts.surplus += 1;
      note(table, id, 'the row is live in the store but not in Dataverse');
    }
    const tombstones = [...entities.values()].filter((entity) => entity.Deleted === true).length;
    checks.push({ table, rows, stored: entities.size - tombstones, tombstones, ...counts });
  }
  return { tables: checks, differences, differenceCount, columnsCompared };
}

async function entitiesOf(connectionString: string, table: string): Promise<Map<string, Entity>> {
  const client = TableClient.fromConnectionString(connectionString, table.replaceAll('_', ''), {
    allowInsecureConnection: true,
  });
  const entities = new Map<string, Entity>();
  try {
    for await (const entity of client.listEntities()) entities.set(String(entity.rowKey), entity);
  } catch (error) {
    // No row of this table was ever written.
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  return entities;
}

function* expectedRows(dataverse: Dataverse, table: string): Generator<Expected> {
  const columns =
    dataverse.tables.find(({ logicalName }) => logicalName === table)?.byName ?? new Map<string, ColumnDefinition>();
  for (const row of dataverse.rows(table)) yield { key: row.id, properties: expectedProperties(row, columns) };
}

/** A link lies under both ids, that of the table first whose name comes first. */
function* expectedLinks(dataverse: Dataverse, { intersect, one, two }: ManyToManyDefinition): Generator<Expected> {
  const [first, second] = one.table <= two.table ? [one, two] : [two, one];
  for (const { columns } of dataverse.rows(intersect.table)) {
    const [id1, id2] = [String(columns[first.column]), String(columns[second.column])];
    const properties = { table1: first.table, id1, table2: second.table, id2 };
    yield { key: `${id1}_${id2}`, properties: new Map(Object.entries(properties)) };
  }
}

/** Property by property what docs/store.md promises for a row. `undefined` as a value: any text will do. */
function expectedProperties(row: Row, columns: ReadonlyMap<string, ColumnDefinition>): Map<string, unknown> {
  const expected = new Map<string, unknown>();
  for (const [name, column] of columns) {
    const value = row.columns[name];
    if (name !== 'versionnumber' && value !== null && value !== undefined) expect(expected, column, value);
  }
  return expected;
}

function expect(expected: Map<string, unknown>, column: ColumnDefinition, value: Exclude<Value, null>): void {
  const name = column.logicalName;
  const text = typeof value === 'string' ? value : '';
  switch (column.type) {
    case 'string':
    case 'memo':
      for (let part = 0; part === 0 || part * PART < text.length; part += 1) {
        expected.set(part === 0 ? name : `${name}Part${part + 1}`, text.slice(part * PART, (part + 1) * PART));
      }
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
    case 'boolean':
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

const OWN = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'Stamp', 'Deleted']);

function differingProperties(expected: ReadonlyMap<string, unknown>, entity: Entity): string[] {
  const wrong: string[] = [];
  for (const [name, want] of expected) {
    const have = entity[name];
    const plain = have instanceof Date ? have.getTime() : have;
    if (want !== undefined && plain !== want) wrong.push(name);
  }
  for (const name of Object.keys(entity)) {
    if (!OWN.has(name) && !name.startsWith('odata') && !expected.has(name)) wrong.push(name);
  }
  return wrong;
}
