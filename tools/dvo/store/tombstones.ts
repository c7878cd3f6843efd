import { Option, type Command } from 'commander';
import { readConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import { compose } from '../../../shared/app/services';
import { LEAST_PURGE_AGE_MS, type TombstonePurge } from '../../../shared/sync/tombstone-purge';
import { countsOf, purgeTombstones } from './tombstones-purge';
import { purgeAgeArgument, rateArgument, spanArgument } from '../terminal/arguments';
import { settingsOf, UsageError, type Terminal } from '../terminal/terminal';

interface ListOptions {
  readonly olderThan: number;
}

interface PurgeOptions extends ListOptions {
  readonly dryRun?: true;
  readonly rate?: number;
  readonly yes?: true;
}

interface Opened {
  readonly tombstones: TombstonePurge;
  readonly tables: readonly string[];
  readonly canReadBack: boolean;
}

/** The tables and relationships that are meant: all that the app keeps in step, unless some are named. */
function open(given: readonly string[]): Opened {
  const [core] = settingsOf(readConfig(environment()).core);
  const known = [...core.tables, ...core.relationships];
  const foreign = given.filter((name) => !known.includes(name));
  if (foreign.length > 0)
    throw new UsageError(
      `${foreign.join(', ')}: neither in SYNC_TABLES nor in SYNC_RELATIONSHIPS (${known.join(', ')})`,
    );
  const tables = given.length > 0 ? [...new Set(given)] : known;
  return { tombstones: compose(core).tombstonePurge, tables, canReadBack: core.dataverse !== undefined };
}

async function list(terminal: Terminal, given: readonly string[], { olderThan }: ListOptions): Promise<void> {
  const { tombstones, tables } = open(given);
  await countsOf(terminal, tombstones, tables, Date.now() - olderThan);
}

async function purge(terminal: Terminal, given: readonly string[], options: PurgeOptions): Promise<void> {
  const { tombstones, tables, canReadBack } = open(given);
  if (!canReadBack)
    throw new UsageError(
      'DATAVERSE_URL is not set: without the Web API, only its tombstone keeps a late event from restoring a deleted row',
    );
  await purgeTombstones(terminal, tombstones, { ...options, tables, untilMs: Date.now() - options.olderThan });
}

const SETTINGS = `
Needs all settings of the app in the environment (docs/configuration.md). docs/store.md explains tombstones and
what purging them costs.`;

/** `dvo tombstones`: what is left of deleted rows. */
export function addTombstonesCommand(program: Command, terminal: Terminal): void {
  const tombstones = program
    .command('tombstones')
    .description('count and purge the tombstones of deleted rows in the LOB store')
    .addHelpText('after', SETTINGS);
  tombstones
    .command('list')
    .description('count the tombstones of each table')
    .argument('[tables...]', 'tables and relationships (default: all that the app syncs)')
    .addOption(
      new Option('--older-than <span>', 'only tombstones last written longer ago than this, such as 12h or 90d')
        .argParser(spanArgument)
        .default(0, 'all'),
    )
    .addHelpText('after', SETTINGS)
    .action((tables: readonly string[], options: ListOptions) => list(terminal, tables, options));
  tombstones
    .command('purge')
    .description('remove old tombstones for good; the app then reads back the rows of late events')
    .argument('[tables...]', 'tables and relationships (default: all that the app syncs)')
    .requiredOption(
      '--older-than <span>',
      `only tombstones last written longer ago than this, such as 90d; at least ${LEAST_PURGE_AGE_MS / 3_600_000}h`,
      purgeAgeArgument,
    )
    .option('--dry-run', 'only count them')
    .option('--rate <n>', 'at most this many per second', rateArgument)
    .option('--yes', "don't ask for confirmation")
    .addHelpText('after', SETTINGS)
    .action((tables: readonly string[], options: PurgeOptions) => purge(terminal, tables, options));
}
