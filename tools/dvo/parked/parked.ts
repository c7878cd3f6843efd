import type { TableClient } from '@azure/data-tables';
import type { Command } from 'commander';
import { tableClients } from '../../../shared/azure/table-clients';
import { readConfig, readStateConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import { deferredLargeBodies } from '../../../shared/parking/large-bodies';
import type { ParkedFilter } from '../../../shared/parking/parking';
import { TableParking } from '../../../shared/parking/table-parking';
import type { Log } from '../../../shared/telemetry/log';
import { compose, STATE_NAMES } from '../../../shared/app/services';
import { countArgument, rateArgument, spanArgument } from '../terminal/arguments';
import { MAX_BODY_BYTES } from '../parse/explain-body';
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

/** Options of replaying, as commander gives them. */
export interface ReplayOptions {
  readonly code?: string;
  readonly all?: true;
  readonly rate?: number;
  readonly yes?: true;
}

/**
 * Replays parked items.
 *
 * @param only the part of the parking that a filter selects from. @default all of it
 */
export async function replay(
  terminal: Terminal,
  given: readonly string[],
  options: ReplayOptions,
  only: (parking: TableParking) => Pick<TableParking, 'summaries'> = (parking) => parking,
): Promise<void> {
  const { code, all, rate, yes } = options;
  const ways = [given.length > 0, code !== undefined, all === true].filter((way) => way).length;
  if (ways !== 1) throw new UsageError('pass ids, --code or --all');
  const config = readConfig(environment());
  const [core] = settingsOf(config.core);
  const { inbound } = config;
  const log: Log = (event, fields) => {
    if (event === 'inboundLost') terminal.err(`${event} ${JSON.stringify(fields)}\n`);
  };
  const services = compose(core, log, {
    maxBodyBytes: MAX_BODY_BYTES,
    ...(inbound.ok ? { inbound: inbound.value } : {}),
  });
  const selection: Selection =
    given.length > 0
      ? { kind: 'ids', ids: await idsOf(services.parking, given) }
      : { kind: 'filter', filter: filterOf(code === undefined ? {} : { code }, 0) };
  if (selection.kind === 'filter')
    await agreed(terminal, `Replay all parked items${code === undefined ? '' : ` with code ${code}`}?`, yes);
  const { parking } = services;
  const some = {
    remove: parking.remove.bind(parking),
    postpone: parking.postpone.bind(parking),
    find: parking.find.bind(parking),
    summaries: (filter: ParkedFilter) => only(parking).summaries(filter),
  };
  await replayParked(terminal, { ...services, parking: some }, selection, rate);
}

interface DiscardOptions {
  readonly reason?: string;
  readonly yes?: true;
}

async function discard(terminal: Terminal, given: readonly string[], { reason, yes }: DiscardOptions): Promise<void> {
  const why = reason?.trim() ?? '';
  if (why === '') throw new UsageError('--reason is missing: it is stored with the item');
  if (why.length > MAX_REASON) throw new UsageError(`--reason must have at most ${MAX_REASON} characters`);
  const { parking, discarded } = openParking();
  const ids = await idsOf(parking, given);
  await agreed(terminal, `Discard ${ids.length === 1 ? String(ids[0]) : `${ids.length} items`}?`, yes);
  await discardParked(terminal, parking, ids, why, discarded);
}

/** An entity that holds the largest body has room for it. */
const MAX_REASON = 1000;

const SETTINGS = `
AzureWebJobsStorage (or AzureWebJobsStorage__accountName) in the environment names the storage account of the app.
docs/operations.md explains each code.`;

const IDS = `
You can shorten an id to any beginning that only one item has. For a delivery, you can also leave out "delivery-".`;

/** `dvo parked`: what couldn't be processed and is kept. */
export function addParkedCommand(program: Command, terminal: Terminal): void {
  const parked = program
    .command('parked')
    .description('list, show, replay and discard parked items')
    .addHelpText('after', SETTINGS);
  parked
    .command('list')
    .description('list parked items by id and count them by code')
    .option('--code <code>', 'only items with this code')
    .option('--source <name>', 'only deliveries of this function, such as webhook')
    .option('--older-than <span>', 'only items parked longer ago than this, such as 90s, 15m, 1h or 7d', spanArgument)
    .option('--due', 'only items that the app retries by itself, now or later')
    .option('--waiting', 'only items that wait for an operator')
    .option('--json', 'print one JSON object per line, with the cause in words')
    .option('--limit <n>', 'at most this many items (default: all)', countArgument)
    .addHelpText('after', SETTINGS)
    .action((options: ListOptions) => listParked(terminal, openParking().parking, options));
  parked
    .command('show')
    .description("show one item's cause and attempts")
    .argument('<id>', 'its id or the beginning of its id')
    .option('--explain', 'explain its body as dvo parse --explain does: names of columns, no values')
    .option('--body', 'write the body to standard output as it was received, and everything else to standard error')
    .addHelpText('after', IDS + SETTINGS)
    .action((id: string, options: ShowOptions) => show(terminal, id, options));
  parked
    .command('replay')
    .description('retry items now, in this process; items that fail again stay with their new cause')
    .argument('[ids...]', 'their ids or the beginnings of their ids')
    .option('--code <code>', 'all items with this code')
    .option('--all', 'all items')
    .option('--rate <n>', 'at most this many per second', rateArgument)
    .option('--yes', "don't ask for confirmation of --code or --all")
    .addHelpText('after', `${IDS}\n${REPLAY_HELP}`)
    .action((ids: readonly string[], options: ReplayOptions) => replay(terminal, ids, options));
  parked
    .command('discard')
    .description(`remove items from the parking for good and move them to the table ${STATE_NAMES.discarded}`)
    .argument('<ids...>', 'their ids or the beginnings of their ids')
    .option('--reason <text>', 'why; stored with the item and printed in the log record')
    .option('--yes', "don't ask for confirmation")
    .addHelpText('after', IDS + SETTINGS)
    .action((ids: readonly string[], options: DiscardOptions) => discard(terminal, ids, options));
}

const REPLAY_HELP = `
Needs all settings of the app in the environment (docs/configuration.md). Replaying is safe: you can repeat it, and several
operators and the app can replay at the same time. --code and --all leave events of synchronous steps to the app until
they are due. Exit code 1 if an item could not be processed.`;
