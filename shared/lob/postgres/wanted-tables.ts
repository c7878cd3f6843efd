/** The tables that the mapping and Dataverse's metadata call for: what `dvo store migrate` plans. */
import type { Value } from '../../change/value';
import { linkOf } from '../../mapping/link';
import type { Mapping } from '../../mapping/mapping';
import type { ColumnDefinition, TableDefinition } from '../../mapping/table-definition';
import { ValueNotConvertible } from '../../mapping/errors';
import { ValueTypes, encodeColumns } from './columns';
import type { PostgresNaming } from './naming';
import { EVENT_COLUMNS } from './postgres-event-store';
import type { WantedTable } from './schema';
import { LINK_KEY } from './statements';

const ID = '00000000-0000-0000-0000-000000000000';

/** Values of a column, some of which its rule can turn: the columns that one makes are those that all make. */
function samplesOf({ type }: ColumnDefinition, languages: readonly number[]): readonly Value[] {
  const labelled = {
    label: 'x',
    ...(languages.length > 1 ? { labels: new Map(languages.map((code) => [code, 'x'])) } : {}),
  };
  switch (type) {
    case 'string':
      return ['0', 'true', '2000-01-01T00:00:00Z'].map((value) => ({ kind: 'string', value }));
    case 'boolean':
      return [{ kind: 'boolean', value: true }];
    case 'integer':
    case 'double':
      return [{ kind: type, value: 0 }];
    case 'bigint':
      return [{ kind: 'bigint', value: 0n }];
    case 'decimal':
    case 'money':
      return [{ kind: type, text: '0' }];
    case 'instant':
      return [{ kind: 'instant', epochMs: 0 }];
    case 'date':
      return [{ kind: 'date', text: '2000-01-01' }];
    case 'wallTime':
      return [{ kind: 'wallTime', text: '2000-01-01T00:00:00.000' }];
    case 'guid':
    case 'file':
      return [{ kind: 'guid', value: ID }];
    case 'choice':
      return [{ kind: 'choice', value: 0, ...labelled }];
    case 'choices':
      return [{ kind: 'choices', values: [0], ...labelled }];
    case 'lookup':
      return [{ kind: 'lookup', table: 'x', id: ID, name: 'x' }];
    case 'bytes':
      return [{ kind: 'bytes', base64: 'AA==' }];
    case 'managed':
      return [{ kind: 'managed', value: true, canBeChanged: true, property: 'x' }];
    case 'other':
      return [{ kind: 'rows', table: 'x', rows: [] }];
    default:
      return type satisfies never;
  }
}

/** The table of a Dataverse table: the columns that a row with a value in each would have. */
export function wantedRows(definition: TableDefinition, mapping: Mapping, naming: PostgresNaming): WantedTable {
  const { table } = definition;
  const types = new ValueTypes();
  for (const column of definition.columns.values()) {
    if (column.readable === false || (column.type !== 'other' && !mapping.tableOf(table).reads(column))) continue;
    for (const sample of samplesOf(column, mapping.languages)) {
      try {
        const mapped = mapping.tableOf(table).map({ table, id: ID }, new Map([[column.name, sample]]));
        encodeColumns(mapped, types);
        break;
      } catch (error) {
        if (!(error instanceof ValueNotConvertible)) throw error;
      }
    }
  }
  return { name: naming.tableOf(table), kind: 'rows', columns: types.byColumn };
}

/** The table of a relationship's links. */
export function wantedLinks(relationship: string, naming: PostgresNaming): WantedTable {
  const row = { table: 'x', id: ID };
  const types = new ValueTypes();
  encodeColumns(linkOf(relationship, [row, row]).columns, types);
  const columns = [...types.byColumn].filter(([name]) => !LINK_KEY.some((key) => key === name));
  return { name: naming.tableOf(relationship), kind: 'links', columns: new Map(columns) };
}

/** The table of a message's events, without parameters: their types aren't known before one comes. */
export const wantedEvents = (target: string, naming: PostgresNaming): WantedTable => ({
  name: naming.eventTableOf(target),
  kind: 'events',
  columns: new Map(Object.entries(EVENT_COLUMNS)),
});
