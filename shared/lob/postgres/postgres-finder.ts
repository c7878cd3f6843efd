import type { Columns } from '../../change/value';
import { NotFindable, type RowFinder } from '../row-finder';
import { ValueTypes, columnName, encodeColumns, type SqlType } from './columns';
import type { Querying } from './database';
import type { PostgresNaming } from './naming';
import type { KnownTable, Schema } from './schema';
import { selectWith } from './statements';

/** Finds rows in PostgreSQL: fast where the columns have an index. */
export class PostgresFinder implements RowFinder {
  constructor(
    private readonly database: Querying,
    private readonly schema: Pick<Schema, 'table' | 'refresh'>,
    private readonly naming: Pick<PostgresNaming, 'tableOf'>,
  ) {}

  async find(name: string, columns: Columns): Promise<readonly string[]> {
    const place = this.naming.tableOf(name);
    const wanted = [...columns.keys()].map(columnName);
    const hasAll = (of: KnownTable | undefined): of is KnownTable =>
      of !== undefined && wanted.every((column) => of.columns.has(column));
    const known = await this.schema.table(place);
    // Another instance may have added one that no row had before.
    const table = hasAll(known) ? known : await this.schema.refresh(place);
    if (!hasAll(table)) return [];
    const types = new ValueTypes();
    const texts = encodeColumns(columns, types);
    const values = wanted.map((column) => findable(texts.get(column), types.byColumn.get(column)));
    const rows = await this.database.query(selectWith(table, wanted), values);
    return rows.map(([id]) => id ?? '');
  }
}

const WITHOUT_EQUALS: ReadonlySet<SqlType> = new Set<SqlType>(['jsonb', 'bytea', 'integer[]']);

function findable(text: string | undefined, type: SqlType | undefined): string {
  if (text === undefined || type === undefined || WITHOUT_EQUALS.has(type))
    throw new NotFindable('the store looks for texts, ids, choices, numbers and dates only');
  return text;
}
