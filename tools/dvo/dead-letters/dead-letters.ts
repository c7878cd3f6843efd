import type { ServiceBusClient } from '@azure/service-bus';
import { InvalidArgumentError, type Command } from 'commander';
import { environment } from '../../../shared/settings/environment';
import { readServiceBusConfig } from '../../../shared/settings/message-connections';
import { closeSoon } from '../terminal/close-soon';
import { countArgument, rateArgument } from '../terminal/arguments';
import { deadLetterAt, listDeadLetters, showDeadLetter } from './list';
import { replayDeadLetters, type ReplayOptions } from './replay';
import { deadLettersOf, entityOf, entityText, senderTo } from './service-bus';
import type { Entity, EntityOptions } from './service-bus';
import { agreed, settingsOf, type Terminal } from '../terminal/terminal';

async function withClient(
  options: EntityOptions,
  action: (client: ServiceBusClient, entity: Entity) => Promise<void>,
  before: (entity: Entity) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const [config] = settingsOf(readServiceBusConfig(environment()));
  const entity = entityOf(options, config);
  await before(entity);
  const { openServiceBus } = await import('../../../shared/azure/service-bus-client.js');
  const client = openServiceBus(config.namespace);
  try {
    await action(client, entity);
  } finally {
    await closeSoon(client.close());
  }
}

const sequenceArgument = (text: string): string => {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('It must be a sequence number, as the list shows it.');
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

const withEntity = (command: Command): Command =>
  command
    .option('--queue <name>', 'the dead letters of this queue')
    .option('--topic <name>', 'with --subscription: those of a subscription')
    .option('--subscription <name>', 'with --topic');

/** `dvo dead-letters`: what Service Bus gave up delivering. */
export function addDeadLettersCommand(program: Command, terminal: Terminal): void {
  const deadLetters = program
    .command('dead-letters')
    .description('list, show and replay what Service Bus has dead-lettered')
    .addHelpText('after', SETTINGS);
  withEntity(deadLetters.command('list'))
    .description('list dead letters, and how many there are of each reason; none is locked')
    .option('--json', 'one JSON object a line')
    .option('--limit <n>', 'messages at most (default: all)', countArgument)
    .addHelpText('after', SETTINGS)
    .action((options: EntityOptions & { readonly limit?: number; readonly json?: true }) =>
      withClient(options, (client, entity) => listDeadLetters(terminal, deadLettersOf(client, entity), options)),
    );
  withEntity(deadLetters.command('show'))
    .description('show one dead letter; it is not locked')
    .argument('<sequence>', 'its sequence number, as the list shows it', sequenceArgument)
    .option('--explain', 'say in words what its body tells, as dvo parse --explain does: names columns, no values')
    .option('--body', 'write the body to standard output as it was received, and all else to standard error')
    .addHelpText('after', SETTINGS)
    .action((sequence: string, options: EntityOptions & { readonly body?: true; readonly explain?: true }) =>
      withClient(options, async (client, entity) => {
        const message = await deadLetterAt(deadLettersOf(client, entity), sequence);
        await showDeadLetter(terminal, message, options, environment().FULL_IMAGE_ALIAS?.trim() || undefined);
      }),
    );
  withEntity(deadLetters.command('replay'))
    .description('send dead letters again to the queue or topic that they came from')
    .option('--rate <n>', 'so many a second at most', rateArgument)
    .option('--limit <n>', 'messages at most (default: all)', countArgument)
    .option('--new-message-ids', 'give each copy a message id of its own')
    .option('--yes', "don't ask")
    .addHelpText('after', REPLAY_HELP + SETTINGS)
    .action((options: EntityOptions & ReplayOptions & { readonly yes?: true }) =>
      withClient(
        options,
        (client, entity) =>
          replayDeadLetters(
            terminal,
            {
              receiver: deadLettersOf(client, entity),
              peeker: deadLettersOf(client, entity),
              sender: senderTo(client, entity),
            },
            options,
          ),
        (entity) =>
          agreed(terminal, `Send the dead letters of ${entityText(entity)} again?${toAll(entity)}`, options.yes),
      ),
    );
}

const toAll = (entity: Entity): string =>
  entity.kind === 'subscription' ? ` All subscriptions of topic ${entity.topic} get them.` : '';
