/** `npm run stack`: only the stand-ins, with the settings under which `func start` or any own process can use them. */
import { Command } from 'commander';
import { resolve } from 'node:path';
import { defineBusinessApis } from './business-apis';
import { daySettings } from './day/settings';
import { howToLook } from './look';
import { howToStart } from './settings-text';
import { startStack } from './stack';
import { USAGE_EXIT_CODE, wholeNumber, withStackFlags, writableFile, type StackFlags } from './stack-flags';
import { registerSteps } from './register-steps';

interface Flags extends StackFlags {
  readonly seed: number;
  readonly webhookUrl: string;
  readonly write?: string;
}

/** Root of the repository: this file runs as dist/local/stack-main.js. */
const APP_DIR = resolve(__dirname, '../..');

const command = withStackFlags(new Command('npm run stack --'))
  .description(
    'Starts Azurite, the AMQP broker and the Dataverse simulator, and prints the settings with which the app can use them.',
  )
  .option('--seed <n>', 'seed of everything random in the simulator', wholeNumber(0, 2 ** 31), 1)
  .option('--webhook-url <url>', 'where the simulator posts webhooks', 'http://127.0.0.1:7071/api/webhook')
  .option('--write <file>', 'write the settings to this file, in the form of local.settings.json', writableFile)
  .showHelpAfterError('(--help lists the flags)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_EXIT_CODE));

async function main({ webhookUrl, write, ...flags }: Flags): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const mapped = daySettings(APP_DIR);
  const stack = await startStack(flags);
  try {
    await defineBusinessApis(stack.dataverse);
    await registerSteps(stack.settings, { root: APP_DIR, webhookUrl });
    console.log(howToStart({ ...stack.settings, ...mapped }, webhookUrl, write));
    console.log(`${howToLook(stack, webhookUrl, mapped)}\n\nThe stand-ins run until Ctrl-C.`);
    await stopped;
  } finally {
    await stack.stop();
  }
}

command.action(async (flags: Flags) => {
  try {
    await main(flags);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
});
void command.parseAsync();
