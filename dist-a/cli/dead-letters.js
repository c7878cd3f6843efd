"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addDeadLettersCommand = addDeadLettersCommand;
const commander_1 = require("commander");
const service_bus_client_1 = require("../shared/azure/service-bus-client");
const config_1 = require("../shared/config/config");
const message_connections_1 = require("../shared/config/message-connections");
const close_soon_1 = require("./close-soon");
const arguments_1 = require("./arguments");
const dead_letters_list_1 = require("./dead-letters-list");
const dead_letters_replay_1 = require("./dead-letters-replay");
const service_bus_1 = require("./service-bus");
const terminal_1 = require("./terminal");
async function withClient(options, action, before = () => Promise.resolve()) {
    const [config] = (0, terminal_1.settingsOf)((0, message_connections_1.readServiceBusConfig)((0, config_1.environment)()));
    const entity = (0, service_bus_1.entityOf)(options, config);
    await before(entity);
    const client = await (0, service_bus_client_1.openServiceBus)(config.namespace);
    try {
        await action(client, entity);
    }
    finally {
        await (0, close_soon_1.closeSoon)(client.close());
    }
}
const sequenceArgument = (text) => {
    if (!/^\d{1,19}$/.test(text))
        throw new commander_1.InvalidArgumentError('It must be a sequence number, as the list shows it.');
    return String(BigInt(text));
};
const SETTINGS = `
ServiceBusConnection (or ServiceBusConnection__fullyQualifiedNamespace, with your identity) says where Service Bus is.
Without --queue or --topic the entity is the app's own, where SERVICEBUS_QUEUE, or SERVICEBUS_TOPIC and
SERVICEBUS_SUBSCRIPTION, name only one.`;
const REPLAY_HELP = `
Each dead letter is locked, a copy is sent to the queue or topic (the same body, content type, properties, session and
message id), and only when that was accepted the dead letter is completed. Stopped at any moment nothing is lost; at
worst a message comes twice, which is harmless. It ends at the messages that were dead-lettered after its start.

A TOPIC HANDS THE COPY TO ALL ITS SUBSCRIPTIONS, not only to the one whose dead letter it was.

Where the queue or topic detects duplicates, say --new-message-ids: Service Bus would drop a copy with an id that it has
seen within the detection window, after accepting it.

Exit code 1 if dead letters are left that another reader has locked, or a copy was not accepted.`;
const withEntity = (command) => command
    .option('--queue <name>', 'the dead letters of this queue')
    .option('--topic <name>', 'with --subscription: those of a subscription')
    .option('--subscription <name>', 'with --topic');
/** `dvo dead-letters`: what Service Bus gave up delivering. */
function addDeadLettersCommand(program, terminal) {
    const deadLetters = program
        .command('dead-letters')
        .description('list, show and replay what Service Bus has dead-lettered')
        .addHelpText('after', SETTINGS);
    withEntity(deadLetters.command('list'))
        .description('list dead letters, and how many there are of each reason; none is locked')
        .option('--json', 'one JSON object a line')
        .option('--limit <n>', 'messages at most (default: all)', arguments_1.countArgument)
        .addHelpText('after', SETTINGS)
        .action((options) => withClient(options, (client, entity) => (0, dead_letters_list_1.listDeadLetters)(terminal, (0, service_bus_1.deadLettersOf)(client, entity), options)));
    withEntity(deadLetters.command('show'))
        .description('show one dead letter; it is not locked')
        .argument('<sequence>', 'its sequence number, as the list shows it', sequenceArgument)
        .option('--explain', 'say in words what its body tells, as dvo parse --explain does: names columns, no values')
        .option('--body', 'write the body to standard output as it was received, and all else to standard error')
        .addHelpText('after', SETTINGS)
        .action((sequence, options) => withClient(options, async (client, entity) => {
        const message = await (0, dead_letters_list_1.deadLetterAt)((0, service_bus_1.deadLettersOf)(client, entity), sequence);
        await (0, dead_letters_list_1.showDeadLetter)(terminal, message, options, (0, config_1.environment)().FULL_IMAGE_ALIAS?.trim() || undefined);
    }));
    withEntity(deadLetters.command('replay'))
        .description('send dead letters again to the queue or topic that they came from')
        .option('--rate <n>', 'so many a second at most', arguments_1.rateArgument)
        .option('--limit <n>', 'messages at most (default: all)', arguments_1.countArgument)
        .option('--new-message-ids', 'give each copy a message id of its own')
        .option('--yes', "don't ask")
        .addHelpText('after', REPLAY_HELP + SETTINGS)
        .action((options) => withClient(options, (client, entity) => (0, dead_letters_replay_1.replayDeadLetters)(terminal, {
        receiver: (0, service_bus_1.deadLettersOf)(client, entity),
        peeker: (0, service_bus_1.deadLettersOf)(client, entity),
        sender: (0, service_bus_1.senderTo)(client, entity),
    }, options), (entity) => (0, terminal_1.agreed)(terminal, `Send the dead letters of ${(0, service_bus_1.entityText)(entity)} again?${toAll(entity)}`, options.yes)));
}
const toAll = (entity) => entity.kind === 'subscription' ? ` All subscriptions of topic ${entity.topic} get them.` : '';
//# sourceMappingURL=dead-letters.js.map