import type { Command } from 'commander';
import { readConfig } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import { readEventHubConfig, type EventHubConfig } from '../../../shared/settings/message-connections';
import { appIdentity } from '../../../shared/azure/deferred-credential';
import { compose } from '../../../shared/app/services';
import { rateArgument, timeArgument } from '../terminal/arguments';
import { MAX_BODY_BYTES } from '../parse/explain-body';
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
    throw new UsageError('an offset belongs to a partition: pass --partition');
  if (from.kind === 'time' && to !== undefined && to < from.epochMs) throw new UsageError('--to is before --from');
  const settings = environment();
  const [config, core] =
    dryRun === true
      ? settingsOf(readEventHubConfig(settings))
      : settingsOf(readEventHubConfig(settings), readConfig(settings).core);
  if (core !== undefined) await agreed(terminal, `Replay the events of event hub ${config.hub}?`, yes);
  const client = await openHub(config, consumerGroup);
  try {
    await replayHub(terminal, client, core && compose(core, undefined, { maxBodyBytes: MAX_BODY_BYTES }).receiver, {
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
Reads each partition from this position to its end at the start of the replay (or to --to). Processes each event in this
process, with source "hub-replay", and parks events that can't be processed. Replaying is safe: the same rule decides about
each change. The app keeps running, and its checkpoints are not touched. If a partition stops, the position to continue
from is printed, and the exit code is 1.

Don't use a consumer group that has a reader, such as the app's EVENTHUB_CONSUMER_GROUP.

Needs all settings of the app in the environment (docs/configuration.md); with --dry-run only EventHubConnection (or
EventHubConnection__fullyQualifiedNamespace, with your identity) and EVENTHUB_NAME.`;

/** `dvo hub`: the event hub that the app reads. */
export function addHubCommand(program: Command, terminal: Terminal): void {
  const hub = program.command('hub').description('read the event hub again');
  hub
    .command('replay')
    .description('process the events of the event hub again, starting at a time or an offset')
    .requiredOption(
      '--from <position>',
      'a time such as 2026-03-14T09:26:53Z, a day, a span before now such as 2h, "start", or an offset',
      fromArgument,
    )
    .option('--to <time>', 'end with the events enqueued at this time', timeArgument)
    .option('--partition <id>', 'only this partition')
    .option('--consumer-group <name>', 'read in this consumer group', '$Default')
    .option('--rate <n>', 'at most this many events per second', rateArgument)
    .option('--dry-run', 'only count the events by message and table')
    .option('--yes', "don't ask for confirmation")
    .addHelpText('after', REPLAY_HELP)
    .action((options: HubReplayOptions) => replay(terminal, options));
}
