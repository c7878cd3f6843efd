import { visible } from '../../../shared/errors/visible';
import { InvalidArgumentError, type Command } from 'commander';
import { readMappingPart } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import { TableUnknown } from '../../../shared/dataverse/metadata';
import { enableTracking, readTracking, type Tracking } from '../../../shared/dataverse/table-tracking';
import type { WebApi } from '../../../shared/dataverse/web-api';
import { messageOf } from '../../../shared/errors/errors';
import { connect } from '../terminal/connect';
import { agreed, UsageError, type Terminal } from '../terminal/terminal';
import { textTable } from '../terminal/output';

const SAYS: Readonly<Record<Tracking | 'unknown', (table: string) => string>> = {
  on: () => 'on',
  off: (table) => `off: dvo tracking enable ${table}`,
  impossible: () => "off, and can't be enabled",
  unknown: () => 'no such table, or this user may not see it',
};

async function trackingIn(api: WebApi, table: string): Promise<Tracking | 'unknown'> {
  try {
    return await readTracking(api, table);
  } catch (error) {
    if (error instanceof TableUnknown) return 'unknown';
    throw error;
  }
}

async function show(terminal: Terminal, given: readonly string[]): Promise<void> {
  const tables = given.length > 0 ? [...new Set(given)] : readMappingPart(environment()).tables;
  if (tables.length === 0) throw new UsageError('name tables, or set SYNC_TABLES or MAPPING_FILE');
  const api = connect();
  const found = await Promise.all(tables.map(async (table) => [table, await trackingIn(api, table)] as const));
  const { heading, line } = textTable([
    { heading: 'table', width: Math.max(...tables.map(({ length }) => length)) },
    { heading: 'change tracking', width: 0 },
  ]);
  terminal.out(heading);
  for (const [table, tracking] of found) terminal.out(line([table, SAYS[tracking](table)]));
  const unknown = found.filter(([, tracking]) => tracking === 'unknown').map(([table]) => table);
  if (unknown.length > 0) throw new TableUnknown(unknown.join(', '));
}

async function enable(terminal: Terminal, given: readonly string[], { yes }: { readonly yes?: true }): Promise<void> {
  const tables = [...new Set(given)];
  const api = connect();
  await agreed(
    terminal,
    `Enable change tracking for ${tables.join(', ')} in ${api.host}? It can't be disabled again.`,
    yes,
  );
  const failed: string[] = [];
  // One after the other: Dataverse publishes one thing at a time.
  for (const table of tables) {
    try {
      const before = await enableTracking(api, table);
      terminal.out(`${table}: change tracking ${before === 'on' ? 'was on already' : 'is on'}\n`);
    } catch (error) {
      failed.push(table);
      terminal.err(`${table}: ${visible(messageOf(error))}\n`);
    }
  }
  if (failed.length > 0)
    throw new Error(`Change tracking was not enabled, or the result is unknown: ${failed.join(', ')}.`);
}

/** It goes into an address and into XML. */
function tableArgument(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[a-z][a-z0-9_]{1,127}$/.test(text))
    throw new InvalidArgumentError('It must be a logical table name (lower case).');
  return [...before, text];
}

const SETTINGS = `
DATAVERSE_URL names the environment. docs/configuration.md lists the settings for the sign-in.`;

/** `dvo tracking`: change tracking, without which a table can't be pulled. */
export function addTrackingCommand(program: Command, terminal: Terminal): void {
  const tracking = program
    .command('tracking')
    .description("show and enable tables' change tracking, without which they can't be pulled")
    .addHelpText('after', SETTINGS);
  tracking
    .command('show')
    .description('show which tables have change tracking')
    .argument('[tables...]', 'logical names (default: all that the app syncs)', tableArgument)
    .addHelpText('after', SETTINGS)
    .action((tables: readonly string[]) => show(terminal, tables));
  tracking
    .command('enable')
    .description("enable change tracking and publish the tables; it can't be disabled again")
    .argument('<tables...>', 'logical names', tableArgument)
    .option('--yes', "don't ask for confirmation")
    .addHelpText('after', `\nNeeds the privileges to change tables and to publish customizations.\n${SETTINGS}`)
    .action((tables: readonly string[], options: { readonly yes?: true }) => enable(terminal, tables, options));
}
