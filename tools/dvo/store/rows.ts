import type { TableEntityResult } from '@azure/data-tables';
import type { Command } from 'commander';
import { tableClients } from '../../../shared/azure/table-clients';
import { statusOf } from '../../../shared/azure/tables';
import { readLobConfig, type LobConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import type { StorageAccount } from '../../../shared/settings/storage-account';
import { sqlStateOf } from '../../../shared/lob/postgres/failures';
import { entitiesOfRow, isPartKey, partitionOf } from '../../../shared/lob/tables/layout';
import { namingOf } from '../../../shared/lob/mapped-store';
import { countArgument } from '../terminal/arguments';
import { plainJson } from '../terminal/output';
import { UsageError, type Terminal } from '../terminal/terminal';
import { rowsInPostgres, type WantedRows } from './postgres-rows';

interface RowsOptions {
  readonly deleted?: true;
  readonly limit: number;
}

type Entity = TableEntityResult<Record<string, unknown>>;

/** How rows lie in the store. */
type Layout = Pick<LobConfig, 'mapping' | 'tablePrefix'>;

async function rows(
  terminal: Terminal,
  table: string,
  id: string | undefined,
  { deleted, limit }: RowsOptions,
): Promise<void> {
  const config = readLobConfig(environment());
  if (!config.ok) throw new UsageError(config.faults.join('; '));
  const { place, ...layout } = config.value;
  const withDeleted = deleted === true || id !== undefined;
  const wanted = { table, ...(id === undefined ? {} : { id: id.toLowerCase() }), withDeleted };
  const found =
    place.kind === 'postgres'
      ? rowsInPostgres(place, layout, wanted)
      : // Of rows that lie elsewhere what is noted of them.
        rowsInTables(place.kind === 'http' ? place.notes : place, layout, wanted);
  let shown = 0;
  try {
    for await (const row of found) {
      if (shown === limit) {
        terminal.err(`Only the first ${limit} rows are shown. A higher --limit shows more.\n`);
        return;
      }
      terminal.out(`${row}\n`);
      shown += 1;
    }
    if (shown > 0) return;
    if (wanted.id !== undefined) throw new Error(`${table}(${wanted.id}) was never stored.`);
    terminal.err(`${table} has no ${deleted === true ? 'rows' : 'live rows. --deleted shows the tombstones'}.\n`);
  } catch (error) {
    if (!tableIsMissing(error)) throw error;
    terminal.err(`No row of ${table} was ever stored.\n`);
  }
}

/** Of either store. */
const tableIsMissing = (error: unknown): boolean => statusOf(error) === 404 || sqlStateOf(error) === '42P01';

/** The rows of a table as JSON. */
async function* rowsInTables(
  account: StorageAccount<'table'>,
  { mapping, tablePrefix }: Layout,
  { table, id, withDeleted }: WantedRows,
): AsyncIterable<string> {
  const naming = namingOf(mapping, tablePrefix);
  const client = tableClients(account)(naming.tableOf(table));
  const filter =
    id === undefined
      ? withDeleted
        ? undefined
        : 'not (Deleted eq true)'
      : entitiesOfRow({ partitionKey: partitionOf(id), rowKey: naming.keyOf({ table, id }) });
  let row: Entity | undefined;
  // A row's further entities follow its first one.
  for await (const entity of client.listEntities<Entity>(filter === undefined ? {} : { queryOptions: { filter } })) {
    if (isPartKey(String(entity.rowKey))) row = row && { ...entity, ...row };
    else {
      if (row !== undefined) yield plainJson(row);
      row = entity;
    }
  }
  if (row !== undefined) yield plainJson(row);
}

/** `dvo rows TABLE [ID]`: the rows of a table as they lie in the LOB store. */
export function addRowsCommand(program: Command, terminal: Terminal): void {
  program
    .command('rows')
    .description('list the rows of a table in the LOB store (LOB_STORE and the settings that it needs)')
    .argument('<table>', 'logical name, such as account')
    .argument('[id]', 'only this row, even if it is deleted')
    .option('--deleted', 'include the tombstones of deleted rows, and hidden rows')
    .option('--limit <n>', 'at most this many rows', countArgument, 100)
    .action((table: string, id: string | undefined, options: RowsOptions) => rows(terminal, table, id, options));
}
