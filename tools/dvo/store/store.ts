import type { Command } from 'commander';
import type { Terminal } from '../terminal/terminal';
import { check } from './check';
import { migrate } from './migrate';

/** `dvo store`: the LOB store besides its rows. */
export function addStoreCommand(program: Command, terminal: Terminal): void {
  const store = program
    .command('store')
    .description('the schema of PostgreSQL; whether a REST interface does its part');
  store
    .command('migrate')
    .description('show the tables and columns that are missing; nothing is ever dropped or changed')
    .option('--apply', 'make them')
    .addHelpText(
      'after',
      `
Needs all settings of the app in the environment (docs/configuration.md). The columns are those of Dataverse's
metadata and the mapping file. Exit code 2: a column has another type than it should.`,
    )
    .action((options: { readonly apply?: true }) => migrate(terminal, options));
  store
    .command('check')
    .description('try the REST interface of a LOB system with a row of table dvo-store-check')
    .addHelpText(
      'after',
      `
Stores, changes and deletes one row, and sends some of it twice, late and with a wrong signature. Needs LOB_STORE=http,
LOB_STORAGE and the settings LOB_HTTP__… (docs/store-http.md).`,
    )
    .action(() => check(terminal));
}
