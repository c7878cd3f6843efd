/**
 * `npm run emulators`: the configuration files of Microsoft's emulators (local/emulators/compose.yaml), made from what is declared for
 * Dataverse; and then the Dataverse simulator beside them, its steps posting to them, with the settings for `func start`.
 */
import { Option } from 'commander';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { sayFault, script, wholeNumber } from '../../tools/dvo/terminal/script';
import { readDeclaration } from '../../tools/registration/read-declaration';
import { defineBusinessApis } from '../stack/business-apis';
import { mappingSettings } from '../day/mapping';
import { startDataverse } from '../dataverse/simulator';
import { address, busAddress, portTaken, writableFile } from '../stack/flags';
import { registerSteps } from '../stack/register-steps';
import { howToStart } from '../stack/instructions';
import { writeSettings } from '../stack/settings-file';
import { BUS, FIXTURES_ORGANIZATION, settingsFor } from '../stack/stack';
import { emulatorConfigs } from './config';

interface Flags {
  readonly root: string;
  readonly out: string;
  readonly serviceBus: string;
  readonly eventHubs: string;
  readonly storage: string;
  readonly dataversePort: number;
  readonly webhookUrl: string;
  readonly write?: string;
  readonly configOnly?: true;
}

/** Root of the repository: this file runs as dist/local/emulators/main.js. */
const ROOT = resolve(__dirname, '../../..');

/** The key of both emulators, which their documentation names: it opens nothing else. */
const connectionString = (address: string): string =>
  `Endpoint=${address};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;`;

/** Writes both files; returns their names. */
function writeConfigs(root: string, folder: string): readonly string[] {
  const file = join(root, 'local/day/dataverse.yaml');
  // Only names matter here.
  const address = 'sb://localhost:5672/';
  const read = readDeclaration(basename(file), readFileSync(file, 'utf8'), {
    variables: {
      ...{ SERVICEBUS_QUEUE: BUS.queue, SERVICEBUS_TOPIC: BUS.topic, EVENTHUB_NAME: BUS.hub },
      ...{ WEBHOOK_URL: 'http://localhost', BUS_NAMESPACE: address, HUB_NAMESPACE: address },
      ...{ BUS_KEY_NAME: 'x', HUB_KEY_NAME: 'x' },
    },
  });
  if (!read.ok) throw new Error(read.faults.join('\n'));
  const receivers = { subscription: BUS.subscription, consumerGroup: BUS.group, partitions: BUS.partitions };
  const { serviceBus, eventHubs } = emulatorConfigs(read.file, receivers);
  mkdirSync(folder, { recursive: true });
  return Object.entries({ 'service-bus.json': serviceBus, 'event-hubs.json': eventHubs }).map(([name, config]) => {
    writeFileSync(join(folder, name), `${JSON.stringify(config, null, 2)}\n`);
    return name;
  });
}

async function main(flags: Flags): Promise<void> {
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  console.log(`${flags.out}: ${writeConfigs(flags.root, resolve(flags.out)).join(', ')}`);
  if (flags.configOnly === true) return;
  const dataverse = await startDataverse({ port: flags.dataversePort, organization: FIXTURES_ORGANIZATION });
  try {
    await defineBusinessApis(dataverse);
    const places = {
      storage: flags.storage,
      serviceBus: connectionString(flags.serviceBus),
      eventHubs: connectionString(flags.eventHubs),
    };
    const settings = settingsFor(places, dataverse, randomBytes(24).toString('base64url'));
    await registerSteps(settings, flags);
    const all = { ...settings, ...mappingSettings(flags.root) };
    if (flags.write !== undefined) writeSettings(flags.write, all);
    console.log(howToStart(all, flags.webhookUrl, flags.write));
    console.log('The Dataverse simulator runs until Ctrl-C.');
    await stopped;
  } finally {
    await dataverse.close();
  }
}

void script(
  'npm run emulators --',
  "Writes the configuration files of Microsoft's emulators from local/day/dataverse.yaml, and starts the Dataverse simulator beside them.",
)
  .addOption(new Option('--root <folder>', 'of the repository').default(ROOT).hideHelp())
  .option('--config-only', 'only write the files')
  .option('--out <folder>', 'where to write them', 'local/emulators')
  .option('--service-bus <address>', 'address of the Service Bus emulator', busAddress, 'sb://localhost:5672')
  .option('--event-hubs <address>', 'address of the Event Hubs emulator', busAddress, 'sb://localhost:5673')
  .option('--storage <connection string>', 'connection string of Azurite', 'UseDevelopmentStorage=true')
  .option('--dataverse-port <port>', 'port of the simulator (default: a free one)', wholeNumber(0, 65_535), 0)
  .option('--webhook-url <url>', 'where the simulator posts webhooks', address, 'http://127.0.0.1:7071/api/webhook')
  .option(
    '--write <file>',
    'write the settings to this file and replace its content: as shell lines if the name ends in .env, else as local.settings.json',
    writableFile,
  )
  .action(async (flags: Flags) => {
    try {
      await main(flags);
    } catch (error) {
      sayFault(portTaken(error) ?? error);
      process.exitCode = 1;
    }
  })
  .parseAsync();
