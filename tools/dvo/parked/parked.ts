import type { TableClient } from '@azure/data-tables';
import type { Command } from 'commander';
import { tableClients } from '../../../shared/azure/table-clients';
import { readConfig, readStateConfig } from '../../../shared/config/config';
import { environment } from '../../../shared/settings/environment';
import { deferredLargeBodies } from '../../../shared/parking/large-bodies';
import { TableParking } from '../../../shared/parking/table-parking';
import { compose, STATE_NAMES } from '../../../shared/app/services';
import { countArgument, rateArgument, spanArgument } from '../terminal/arguments';
import { MAX_BODY_BYTES } from '../terminal/body-bytes';
import { discardParked } from './discard';
import { idsOf } from './ids';
import { filterOf, listParked, type ListOptions } from './list';
import { replayParked, type Selection } from './replay';
import { showParked, type ShowOptions } from './show';
import { agreed, settingsOf, UsageError, type Terminal } from '../terminal/terminal';

interface State {
  readonly parking: TableParking;
  readonly discarded: TableClient;
}

/** The parking of the app whose settings these are. */
function openParking(): State {
  const [account] = settingsOf(readStateConfig(environment()));
  const tables = tableClients(account);
  return {
    parking: new TableParking(tables(STATE_NAMES.parked), deferredLargeBodies(account, STATE_NAMES.bodies)),
    discarded: tables(STATE_NAMES.discarded),
  };
}

async function show(terminal: Terminal, text: string, options: ShowOptions): Promise<void> {
  const { parking } = openParking();
  const [id = ''] = await idsOf(parking, [text]);
  const alias = environment().FULL_IMAGE_ALIAS?.trim() || undefined;
  await showParked(terminal, parking, id, options, alias);
}

interface ReplayOptions {
  readonly code?: string;
  readonly all?: true;
  readonly rate?: number;
  readonly yes?: true;
}

async function replay(terminal: Terminal, given: readonly string[], options: ReplayOptions): Promise<void> {
  const { code, all, rate, yes } = options;
  const ways = [given.length > 0, code !== undefined, all === true].filter((way) => way).length;
  if (ways !== 1) throw new UsageError('say what to replay: either ids, or --code, or --all');
  const [core] = settingsOf(readConfig(environment()).core);
  const services = compose(core, undefined, MAX_BODY_BYTES);
  const selection: Selection =
    given.length > 0
      ? { kind: 'ids', ids: await idsOf(services.parking, given) }
      : { kind: 'filter', filter: filterOf(code === undefined ? {} : { code }, 0) };
  if (selection.kind === 'filter')
    await agreed(terminal, `Replay all that is parked${code === undefined ? '' : ` as ${code}`}?`, yes);
  await replayParked(terminal, services, selection, rate);
}

interface DiscardOptions {
  readonly reason?: string;
  readonly yes?: true;
}

async function discard(terminal: Terminal, given: readonly string[], { reason, yes }: DiscardOptions): Promise<void> {
  const why = reason?.trim() ?? '';
  if (why === '') throw new UsageError('--reason is missing: say why, for whoever asks later');
  if (why.length > MAX_REASON) throw new UsageError(`--reason must be ${MAX_REASON} characters at most`);
  const { parking, discarded } = openParking();
  const ids = await idsOf(parking, given);
  await agreed(terminal, `Discard ${ids.length === 1 ? String(ids[0]) : `${ids.length} items`}?`, yes);
  await discardParked(terminal, parking, ids, why, discarded);
}

/** An entity that holds the largest body has room for it. */
const MAX_REASON = 1000;

const SETTINGS = `
It works on the app whose settings are in the environment: AzureWebJobsStorage (or AzureWebJobsStorage__accountName)
says where parked items are. docs/operations.md says what each code means and what to do.`;

const IDS = `
An id may be abbreviated to any beginning that only one item has; of a delivery, "delivery-" may be left out too.`;

/** `dvo parked`: what couldn't be processed and is kept. */
export function addParkedCommand(program: Command, terminal: Terminal): void {
  const parked = program
    .command('parked')
    .description('list, show, replay and discard what could not be processed and is kept')
    .addHelpText('after', SETTINGS);
  parked
    .command('list')
    .description('list parked items by id, and how many there are of each code')
    .option('--code <code>', 'only those parked with this code')
    .option('--source <name>', 'only deliveries of this function, such as webhook')
    .option('--older-than <span>', 'only those parked longer ago than 90s, 15m, 1h or 7d', spanArgument)
    .option('--due', 'only those that the app tries again by itself, now or at a later time')
    .option('--waiting', 'only those that wait for an operator')
    .option('--json', 'one JSON object a line, with the cause in words')
    .option('--limit <n>', 'items at most (default: all)', countArgument)
    .addHelpText('after', SETTINGS)
    .action((options: ListOptions) => listParked(terminal, openParking().parking, options));
  parked
    .command('show')
    .description("show one item's cause and attempts")
    .argument('<id>', 'its id, or the beginning of it')
    .option('--explain', 'say in words what its body tells, as dvo parse --explain does: names columns, no values')
    .option('--body', 'write the body to standard output as it was received, and all else to standard error')
    .addHelpText('after', IDS + SETTINGS)
    .action((id: string, options: ShowOptions) => show(terminal, id, options));
  parked
    .command('replay')
    .description('try items again now, in this process: processed ones go, others stay with their new cause')
    .argument('[ids...]', 'their ids, or the beginnings of them')
    .option('--code <code>', 'all that are parked with this code')
    .option('--all', 'all')
    .option('--rate <n>', 'so many a second at most', rateArgument)
    .option('--yes', "don't ask before replaying all of a code, or all")
    .addHelpText('after', `${IDS}\n${REPLAY_HELP}`)
    .action((ids: readonly string[], options: ReplayOptions) => replay(terminal, ids, options));
  parked
    .command('discard')
    .description(`take items out of the parking for good; they are moved to the table ${STATE_NAMES.discarded}`)
    .argument('<ids...>', 'their ids, or the beginnings of them')
    .option('--reason <text>', 'why; kept with the item, and in the log record that is printed')
    .option('--yes', "don't ask")
    .addHelpText('after', IDS + SETTINGS)
    .action((ids: readonly string[], options: DiscardOptions) => discard(terminal, ids, options));
}

const REPLAY_HELP = `
Needs all settings of the app in the environment (docs/configuration.md). Replaying is harmless, also twice, by several
operators, or while the app replays: the rule that decides about a change is the same. With --code and --all, events of
synchronous steps that aren't due yet are left to the app. Exit code 1 if any item could not be processed.`;
