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
  if (!/^\d{1,19}$/.test(text))
    throw new InvalidArgumentError('It must be a sequence number from dvo dead-letters list.');
  return String(BigInt(text));
};

const SETTINGS = `
ServiceBusConnection (or ServiceBusConnection__fullyQualifiedNamespace, with your identity) names the namespace.
Without --queue or --topic, the entity is that of SERVICEBUS_QUEUE, or of SERVICEBUS_TOPIC and SERVICEBUS_SUBSCRIPTION,
if only one of them is set.`;

const REPLAY_HELP = `
Locks each dead letter, sends a copy to the queue or topic (with the same body, content type, properties, session and
message id), and completes the dead letter after the copy was accepted. You can stop it at any time: nothing is lost. At
worst a message comes twice, which is harmless. It ends at messages that were dead-lettered after its start.

A TOPIC SENDS THE COPY TO ALL ITS SUBSCRIPTIONS, not only to the one that has the dead letter.

If the queue or topic detects duplicates, pass --new-message-ids. Otherwise Service Bus accepts and then drops a copy
whose id it has seen within the detection window.

Exit code 1 if another reader has locked dead letters, or if a copy was not accepted.`;

const withEntity = (command: Command): Command =>
  command
    .option('--queue <name>', 'the dead letters of this queue')
    .option('--topic <name>', 'with --subscription: the dead letters of a subscription')
    .option('--subscription <name>', 'with --topic');

/** `dvo dead-letters`: what Service Bus gave up delivering. */
export function addDeadLettersCommand(program: Command, terminal: Terminal): void {
  const deadLetters = program
    .command('dead-letters')
    .description('list, show and replay messages that Service Bus has dead-lettered')
    .addHelpText('after', SETTINGS);
  withEntity(deadLetters.command('list'))
    .description('list dead letters and count them by reason; locks nothing')
    .option('--json', 'print one JSON object per line')
    .option('--limit <n>', 'at most this many messages (default: all)', countArgument)
    .addHelpText('after', SETTINGS)
    .action((options: EntityOptions & { readonly limit?: number; readonly json?: true }) =>
      withClient(options, (client, entity) => listDeadLetters(terminal, deadLettersOf(client, entity), options)),
    );
  withEntity(deadLetters.command('show'))
    .description('show one dead letter; locks nothing')
    .argument('<sequence>', 'its sequence number in the list', sequenceArgument)
    .option('--explain', 'explain its body as dvo parse --explain does: names of columns, no values')
    .option('--body', 'write the body to standard output as it was received, and everything else to standard error')
    .addHelpText('after', SETTINGS)
    .action((sequence: string, options: EntityOptions & { readonly body?: true; readonly explain?: true }) =>
      withClient(options, async (client, entity) => {
        const message = await deadLetterAt(deadLettersOf(client, entity), sequence);
        await showDeadLetter(terminal, message, options, environment().FULL_IMAGE_ALIAS?.trim() || undefined);
      }),
    );
  withEntity(deadLetters.command('replay'))
    .description('send dead letters again to the queue or topic they came from')
    .option('--rate <n>', 'at most this many per second', rateArgument)
    .option('--limit <n>', 'at most this many messages (default: all)', countArgument)
    .option('--new-message-ids', 'give each copy a new message id')
    .option('--yes', "don't ask for confirmation")
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
