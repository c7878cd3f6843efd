import type { TableEntityResult } from '@azure/data-tables';
import type { Command } from 'commander';
import { tableClients } from '../../../shared/azure/table-clients';
import { findEntity, statusOf } from '../../../shared/azure/tables';
import { readLobConfig } from '../../../shared/config/config';
import { environment } from '../../../shared/settings/environment';
import { partitionOf } from '../../../shared/lob/tables/layout';
import { namingOf } from '../../../shared/lob/mapped-store';
import { countArgument } from '../terminal/arguments';
import { plainJson } from '../terminal/output';
import { UsageError, type Terminal } from '../terminal/terminal';

interface RowsOptions {
  readonly deleted?: true;
  readonly limit: number;
}

type Entity = TableEntityResult<Record<string, unknown>>;

async function rows(
  terminal: Terminal,
  table: string,
  id: string | undefined,
  { deleted, limit }: RowsOptions,
): Promise<void> {
  const config = readLobConfig(environment());
  if (!config.ok) throw new UsageError(config.faults.join('; '));
  const naming = namingOf(config.value.mapping, config.value.tablePrefix);
  const client = tableClients(config.value.account)(naming.tableOf(table));
  if (id !== undefined) {
    const row = { table, id: id.toLowerCase() };
    const entity = await findEntity(client, partitionOf(row.id), naming.keyOf(row));
    if (entity === undefined) throw new Error(`${table}(${row.id}) was never stored.`);
    terminal.out(`${plainJson(entity)}\n`);
    return;
  }
  let shown = 0;
  try {
    for await (const entity of client.listEntities<Entity>(
      deleted === true ? {} : { queryOptions: { filter: 'Deleted eq false' } },
    )) {
      if (shown === limit) {
        terminal.err(`Only the first ${limit} rows are shown. A higher --limit shows more.\n`);
        return;
      }
      terminal.out(`${plainJson(entity)}\n`);
      shown += 1;
    }
    if (shown === 0)
      terminal.err(`${table} has no ${deleted === true ? 'rows' : 'live rows. --deleted shows the tombstones'}.\n`);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    terminal.err(`No row of ${table} was ever stored.\n`);
  }
}

/** `dvo rows TABLE [ID]`: the rows of a table as they lie in the LOB store. */
export function addRowsCommand(program: Command, terminal: Terminal): void {
  program
    .command('rows')
    .description('list the rows of a table in the LOB store (LOB_STORAGE or LOB_STORAGE__accountName)')
    .argument('<table>', 'logical name, such as account')
    .argument('[id]', 'only this row, even if it is deleted')
    .option('--deleted', 'include the tombstones of deleted rows, and hidden rows')
    .option('--limit <n>', 'at most this many rows', countArgument, 100)
    .action((table: string, id: string | undefined, options: RowsOptions) => rows(terminal, table, id, options));
}
