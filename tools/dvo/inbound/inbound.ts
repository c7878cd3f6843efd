import type { Command } from 'commander';
import { readStateConfig } from '../../../shared/app/config';
import { STATE_NAMES } from '../../../shared/app/services';
import { tableClients } from '../../../shared/azure/table-clients';
import { inboundJsonSchema } from '../../../shared/inbound/message';
import { deferredLargeBodies } from '../../../shared/parking/large-bodies';
import { TableParking } from '../../../shared/parking/table-parking';
import { RESTORE_SOURCE } from '../../../shared/inbound/owned-columns';
import { environment } from '../../../shared/settings/environment';
import { countArgument, rateArgument } from '../terminal/arguments';
import { listParked, type ListOptions } from '../parked/list';
import { replay, type ReplayOptions } from '../parked/parked';
import { settingsOf, type Terminal } from '../terminal/terminal';
import { inboundOpenApi } from './openapi';
import { sendMessages } from './send';

/** Where what is parked comes from. */
const SOURCES = ['inbound-queue', 'inbound-sql', RESTORE_SOURCE];

/** The parking as far as it holds messages of the LOB system, and values that are to be put back. */
const inboundOf = (parking: Pick<TableParking, 'summaries'>): Pick<TableParking, 'summaries'> => ({
  async *summaries(filter) {
    for (const source of SOURCES) yield* parking.summaries({ ...filter, source });
  },
});

function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const [account] = settingsOf(readStateConfig(environment()));
  const parked = tableClients(account)(STATE_NAMES.parked);
  const parking = new TableParking(parked, deferredLargeBodies(account, STATE_NAMES.bodies));
  return listParked(terminal, inboundOf(parking), options);
}

const printed = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `dvo inbound`: changes of the LOB system on their way to Dataverse. */
export function addInboundCommand(program: Command, terminal: Terminal): void {
  const inbound = program
    .command('inbound')
    .description('send, list and replay changes of the LOB system (docs/inbound.md)');
  inbound
    .command('send')
    .description('check messages, and put them into the queue or the outbox')
    .argument('<file>', 'JSON: one message, a list, or one on each line; - is standard input')
    .option('--dry-run', 'only check them')
    .addHelpText(
      'after',
      `
They go to the queue INBOUND_QUEUE (ServiceBusConnection); without it, to the table dvo.inbound of the database
(LOB_STORE=postgres). Nothing is sent if a message isn't as the contract says.`,
    )
    .action((file: string, options: { readonly dryRun?: true }) => sendMessages(terminal, file, options));
  inbound
    .command('list')
    .description('list parked messages and count them by code, as dvo parked list does')
    .option('--code <code>', 'only items with this code')
    .option('--json', 'print one JSON object per line, with the cause in words')
    .option('--limit <n>', 'at most this many items (default: all)', countArgument)
    .action((options: ListOptions) => list(terminal, options));
  inbound
    .command('replay')
    .description('retry parked messages now, in this process, as dvo parked replay does')
    .argument('[ids...]', 'their ids or the beginnings of their ids')
    .option('--code <code>', 'all messages with this code')
    .option('--all', 'all messages')
    .option('--rate <n>', 'at most this many per second', rateArgument)
    .option('--yes', "don't ask for confirmation of --code or --all")
    .action((ids: readonly string[], options: ReplayOptions) => replay(terminal, ids, options, inboundOf));
  inbound
    .command('schema')
    .description('print the JSON Schema of messages')
    .option('--openapi', 'the OpenAPI document of sending them by HTTP instead')
    .action(({ openapi }: { readonly openapi?: true }) =>
      terminal.out(printed(openapi === true ? inboundOpenApi() : inboundJsonSchema())),
    );
}
