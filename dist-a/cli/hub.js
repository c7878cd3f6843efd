"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addHubCommand = addHubCommand;
const config_1 = require("../shared/config/config");
const message_connections_1 = require("../shared/config/message-connections");
const services_1 = require("../shared/services");
const arguments_1 = require("./arguments");
const close_soon_1 = require("./close-soon");
const hub_position_1 = require("./hub-position");
const hub_replay_1 = require("./hub-replay");
const terminal_1 = require("./terminal");
/** Opens a client. The SDK is loaded only here: most commands need none of it. */
async function openHub({ namespace, hub }, consumerGroup) {
    const { EventHubConsumerClient, RetryMode } = await import('@azure/event-hubs');
    // .NET's pauses: the JavaScript SDK's own would leave a lost link down for 30 s.
    const options = {
        retryOptions: { mode: RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000 },
    };
    if (namespace.kind === 'connectionString')
        return new EventHubConsumerClient(consumerGroup, namespace.connectionString, hub, options);
    const { DefaultAzureCredential } = await import('@azure/identity');
    return new EventHubConsumerClient(consumerGroup, namespace.host, hub, new DefaultAzureCredential(), options);
}
async function replay(terminal, options) {
    const { from, to, partition, consumerGroup, rate, dryRun, yes } = options;
    if (from.kind === 'offset' && partition === undefined)
        throw new terminal_1.UsageError('an offset is one of a partition: say which with --partition');
    if (from.kind === 'time' && to !== undefined && to < from.epochMs)
        throw new terminal_1.UsageError('--to is before --from');
    const settings = (0, config_1.environment)();
    const [config, core] = dryRun === true
        ? (0, terminal_1.settingsOf)((0, message_connections_1.readEventHubConfig)(settings))
        : (0, terminal_1.settingsOf)((0, message_connections_1.readEventHubConfig)(settings), (0, config_1.readConfig)(settings).core);
    if (core !== undefined)
        await (0, terminal_1.agreed)(terminal, `Settle the events of event hub ${config.hub} again?`, yes);
    const client = await openHub(config, consumerGroup);
    try {
        await (0, hub_replay_1.replayHub)(terminal, client, core && (0, services_1.compose)(core).receiver, {
            from,
            ...(to === undefined ? {} : { toMs: to }),
            ...(partition === undefined ? {} : { partition }),
            ...(rate === undefined ? {} : { rate }),
        });
    }
    finally {
        await (0, close_soon_1.closeSoon)(client.close());
    }
}
const REPLAY_HELP = `
Reads each partition from there to the end that it has at the start (or to --to), and settles each event in this process
as if it came now, with source "hub-replay": what can't be settled is parked. Replaying is harmless: the rule that
decides about a change is the same. The app goes on meanwhile; its checkpoints are not touched. Where a partition stops,
the position to go on from is named, and the exit code is 1.

The consumer group must not be one whose partitions a reader owns, as the app does in EVENTHUB_CONSUMER_GROUP.

Needs all settings of the app in the environment (docs/configuration.md); with --dry-run only EventHubConnection (or
EventHubConnection__fullyQualifiedNamespace, with your identity) and EVENTHUB_NAME.`;
/** `dvo hub`: the event hub that the app reads. */
function addHubCommand(program, terminal) {
    const hub = program.command('hub').description('read the event hub again');
    hub
        .command('replay')
        .description('settle the events of the event hub again, from a time or an offset on')
        .requiredOption('--from <position>', 'a time such as 2026-03-14T09:26:53Z, a day, a span before now such as 2h, "start", or an offset', hub_position_1.fromArgument)
        .option('--to <time>', 'up to events that were enqueued then', arguments_1.timeArgument)
        .option('--partition <id>', 'only this one')
        .option('--consumer-group <name>', 'read in this consumer group', '$Default')
        .option('--rate <n>', 'so many events a second at most', arguments_1.rateArgument)
        .option('--dry-run', 'only count what the events are about')
        .option('--yes', "don't ask")
        .addHelpText('after', REPLAY_HELP)
        .action((options) => replay(terminal, options));
}
//# sourceMappingURL=hub.js.map