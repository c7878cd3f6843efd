import type { Command } from 'commander';
import { readConfig } from '../../../shared/config/config';
import { environment } from '../../../shared/settings/environment';
import { readEventHubConfig, type EventHubConfig } from '../../../shared/settings/message-connections';
import { appIdentity } from '../../../shared/azure/deferred-credential';
import { compose } from '../../../shared/app/services';
import { rateArgument, timeArgument } from '../terminal/arguments';
import { MAX_BODY_BYTES } from '../terminal/body-bytes';
import { closeSoon } from '../terminal/close-soon';
import { fromArgument, type From } from './position';
import { replayHub } from './replay';
import { agreed, settingsOf, UsageError, type Terminal } from '../terminal/terminal';

interface HubReplayOptions {
  readonly from: From;
  readonly to?: number;
  readonly partition?: string;
  readonly consumerGroup: string;
  readonly rate?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Opens a client. The SDK is loaded only here: most commands need none of it. */
async function openHub({ namespace, hub }: EventHubConfig, consumerGroup: string) {
  const { EventHubConsumerClient, RetryMode } = await import('@azure/event-hubs');
  // .NET's pauses: the JavaScript SDK's own would leave a lost link down for 30 s.
  const options = {
    retryOptions: { mode: RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000 },
  };
  if (namespace.kind === 'connectionString')
    return new EventHubConsumerClient(consumerGroup, namespace.connectionString, hub, options);
  return new EventHubConsumerClient(consumerGroup, namespace.host, hub, appIdentity(namespace.clientId), options);
}

async function replay(terminal: Terminal, options: HubReplayOptions): Promise<void> {
  const { from, to, partition, consumerGroup, rate, dryRun, yes } = options;
  if (from.kind === 'offset' && partition === undefined)
    throw new UsageError('an offset is one of a partition: say which with --partition');
  if (from.kind === 'time' && to !== undefined && to < from.epochMs) throw new UsageError('--to is before --from');
  const settings = environment();
  const [config, core] =
    dryRun === true
      ? settingsOf(readEventHubConfig(settings))
      : settingsOf(readEventHubConfig(settings), readConfig(settings).core);
  if (core !== undefined) await agreed(terminal, `Settle the events of event hub ${config.hub} again?`, yes);
  const client = await openHub(config, consumerGroup);
  try {
    await replayHub(terminal, client, core && compose(core, undefined, MAX_BODY_BYTES).receiver, {
      from,
      ...(to === undefined ? {} : { toMs: to }),
      ...(partition === undefined ? {} : { partition }),
      ...(rate === undefined ? {} : { rate }),
    });
  } finally {
    await closeSoon(client.close());
  }
}

const REPLAY_HELP = `
Reads each partition from there to the end that it has at the start (or to --to), and settles each event in this process
as if it came now, with source "hub-replay": what can't be processed is parked. Replaying is harmless: the rule that
decides about a change is the same. The app goes on meanwhile; its checkpoints are not touched. Where a partition stops,
the position to go on from is named, and the exit code is 1.

The consumer group must not be one whose partitions a reader owns, as the app does in EVENTHUB_CONSUMER_GROUP.

Needs all settings of the app in the environment (docs/configuration.md); with --dry-run only EventHubConnection (or
EventHubConnection__fullyQualifiedNamespace, with your identity) and EVENTHUB_NAME.`;

/** `dvo hub`: the event hub that the app reads. */
export function addHubCommand(program: Command, terminal: Terminal): void {
  const hub = program.command('hub').description('read the event hub again');
  hub
    .command('replay')
    .description('settle the events of the event hub again, from a time or an offset on')
    .requiredOption(
      '--from <position>',
      'a time such as 2026-03-14T09:26:53Z, a day, a span before now such as 2h, "start", or an offset',
      fromArgument,
    )
    .option('--to <time>', 'up to events that were enqueued then', timeArgument)
    .option('--partition <id>', 'only this one')
    .option('--consumer-group <name>', 'read in this consumer group', '$Default')
    .option('--rate <n>', 'so many events a second at most', rateArgument)
    .option('--dry-run', 'only count what the events are about')
    .option('--yes', "don't ask")
    .addHelpText('after', REPLAY_HELP)
    .action((options: HubReplayOptions) => replay(terminal, options));
}
