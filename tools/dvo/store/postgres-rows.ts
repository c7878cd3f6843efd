import type { LobConfig } from '../../../shared/app/config';
import { Database, type Row } from '../../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../../shared/lob/postgres/naming';
import { SCHEMAS } from '../../../shared/lob/postgres/schema';
import { LINK_KEY, ROW_KEY, quoted } from '../../../shared/lob/postgres/statements';
import { linkedIds } from '../../../shared/mapping/link';
import type { PostgresConfig } from '../../../shared/settings/postgres';

/** Rows that are to be shown. */
export interface WantedRows {
  readonly table: string;
  readonly id?: string;
  /** Tombstones and hidden rows, too. */
  readonly withDeleted: boolean;
}

/** Rows of one page. */
const PAGE = 500;

/** The rows of a table as JSON, as PostgreSQL writes it: numbers keep their digits. */
export async function* rowsInPostgres(
  place: PostgresConfig,
  { mapping, tablePrefix }: Pick<LobConfig, 'mapping' | 'tablePrefix'>,
  { table, id, withDeleted }: WantedRows,
): AsyncIterable<string> {
  const database = new Database(place);
  const ref = `${quoted(SCHEMAS.tables)}.${quoted(postgresNamingOf(mapping, tablePrefix).tableOf(table))}`;
  const rows = `select jsonb_pretty(to_jsonb(t)) from ${ref} t where`;
  try {
    if (id !== undefined) {
      const key = linkedIds({ table, id }) ?? [id];
      const isRow = (key.length === 1 ? ROW_KEY : LINK_KEY).map((column, at) => `${column} = $${at + 1}`);
      for (const [json] of await database.query(`${rows} ${isRow.join(' and ')}`, key)) yield json ?? '';
      return;
    }
    const where = withDeleted ? 'true' : 'dvo_state = 0';
    let page: readonly Row[];
    let offset = 0;
    do {
      // By the place on the disk: whatever the key is, and a command for eyes needs no more.
      page = await database.query(`${rows} ${where} order by ctid offset $1 limit ${PAGE}`, [offset]);
      for (const [json] of page) yield json ?? '';
      offset += PAGE;
    } while (page.length === PAGE);
  } finally {
    await database.close();
  }
}
