import type { ColumnRule } from '../../shared/mapping/column-rule';
import { tableLookup } from '../../shared/mapping/mapping';
import { TableMapping } from '../../shared/mapping/table-mapping';
import { TABLES } from './simulated-dataverse';

/** Rows leave this filter and come back, by a column that isn't stored; another one is renamed. */
const FILTERED_TABLE = new TableMapping(
  TABLES[0],
  {
    columns: new Map<string, ColumnRule>([
      ['a', { drop: true }],
      ['b', { to: 'B' }],
    ]),
    filter: [{ column: 'a', op: 'isNull', isNull: false }],
  },
  { hash: String, languages: [], newColumns: 'backfill' },
);

export const FILTERED = { tableOf: tableLookup(new Map([[TABLES[0], FILTERED_TABLE]])) };

/** Another name for a column. */
const RENAMED_TABLE = new TableMapping(
  TABLES[0],
  { columns: new Map<string, ColumnRule>([['b', { to: 'B' }]]) },
  { hash: String, languages: [], newColumns: 'backfill' },
);

export const RENAMED = { tableOf: tableLookup(new Map([[TABLES[0], RENAMED_TABLE]])) };
