/** `npm run stack`: only the stand-ins, with the settings under which `func start` or any own process can use them. */
import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineBusinessApis } from './business-apis';
import { daySettings } from './day/settings';
import { howToLook } from './look';
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
    await registerSteps(stack, { root: APP_DIR, webhookUrl });
    const file = JSON.stringify({ IsEncrypted: false, Values: { ...stack.settings, ...mapped } }, null, 2);
    if (write === undefined) console.log(`local.settings.json:\n${file}\n`);
    else {
      writeFileSync(write, `${file}\n`);
      console.log(`The settings are in ${write}.\n`);
    }
    const { port } = new URL(webhookUrl);
    console.log(
      [
        'Start the app with these settings, for example:',
        // Node reads this one before it starts, so it can't come from local.settings.json.
        `  export NODE_EXTRA_CA_CERTS=${stack.settings.NODE_EXTRA_CA_CERTS ?? ''}`,
        `  func start --port ${port}`,
        `  npm run host -- --port ${port}`,
        '',
        howToLook(stack, webhookUrl, mapped),
        '',
        'The stand-ins run until Ctrl-C.',
      ].join('\n'),
    );
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
