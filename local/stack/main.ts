/** `npm run stack`: only the stand-ins, with the settings under which `func start` or any own process can use them. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { sayFault, script, wholeNumber } from '../../tools/dvo/terminal/script';
import { mappingSettings } from '../day/mapping';
import { defineBusinessApis } from './business-apis';
import { address, portTaken, withStackFlags, writableFile, type StackFlags } from './flags';
import { howToLook, howToRegister, howToStart } from './instructions';
import { registerSteps, stepVariables } from './register-steps';
import { writeSettings } from './settings-file';
import { startStack } from './stack';

interface Flags extends StackFlags {
  readonly seed: number;
  readonly webhookUrl: string;
  readonly write?: string;
  readonly steps: boolean;
}

/** Root of the repository: this file runs as dist/local/stack/main.js. */
const APP_DIR = resolve(__dirname, '../../..');

const command = withStackFlags(
  script(
    'npm run stack --',
    'Starts Azurite, the AMQP broker and the Dataverse simulator, and prints the settings with which the app can use them.',
  ),
)
  .option('--seed <n>', 'seed of everything random in the simulator', wholeNumber(0, 2 ** 31), 1)
  .option('--webhook-url <url>', 'where the simulator posts webhooks', address, 'http://127.0.0.1:7071/api/webhook')
  .option(
    '--write <file>',
    'write the settings to this file and replace its content: as shell lines if the name ends in .env, else as local.settings.json',
    writableFile,
  )
  .option('--no-steps', 'register nothing: an empty environment, for trying dvo steps');

async function main(flags: Flags): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    await standIns(flags, stopping.signal);
  } catch (error) {
    // Ctrl-C reaches what this process has started as well: that it ended is no fault then.
    if (!stopping.signal.aborted) throw error;
  }
}

async function standIns({ webhookUrl, write, steps, ...flags }: Flags, stopping: AbortSignal): Promise<void> {
  const mapped = mappingSettings(APP_DIR);
  console.log('Starting Azurite, the broker and the Dataverse simulator …\n');
  const stack = await startStack(flags);
  try {
    await defineBusinessApis(stack.dataverse);
    if (steps) await registerSteps(stack.settings, { root: APP_DIR, webhookUrl });
    const settings = { ...stack.settings, ...mapped, ...(steps ? {} : stepVariables(stack.settings, webhookUrl)) };
    if (write !== undefined) writeSettings(write, settings);
    console.log(howToStart(settings, webhookUrl, write));
    if (!steps) console.log(`${howToRegister(write)}\n`);
    console.log(`${howToLook(stack, webhookUrl, mapped)}\n\nThe stand-ins run until Ctrl-C.`);
    if (!stopping.aborted) await once(stopping, 'abort');
  } finally {
    await stack.stop();
  }
}

command.action(async (flags: Flags) => {
  try {
    await main(flags);
  } catch (error) {
    sayFault(portTaken(error) ?? error);
    process.exitCode = 2;
  }
});
void command.parseAsync();
