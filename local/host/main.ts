/**
 * `node dist/local/host/main.js [APP_DIR]`: the Azure Functions host and its Node worker on one machine. What it supports and
 * lacks: local/host/README.md.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sayFault, script, wholeNumber } from '../../tools/dvo/terminal/script';
import { portTaken } from '../stack/flags';
import { startHost, type FunctionState } from './host';
import { writeJson, writeReadable, type Log } from './log';
import { loadSettingsFile } from './settings';

interface Flags {
  readonly port: number;
  readonly settings?: string;
  readonly jsonLogs?: boolean;
  readonly functionKey?: string;
  readonly masterKey?: string;
}

const program = script('npm run host --', 'Runs an Azure Functions app (Node, programming model v4) on this machine.')
  .argument('[APP_DIR]', 'folder of the app: package.json, host.json', '.')
  .option('--port <N>', 'port for HTTP, by default that of func start; 0 = a free one', wholeNumber(0, 65_535), 7071)
  .option('--settings <FILE>', 'file of settings; the environment overrides it (default: APP_DIR/local.settings.json)')
  .option('--json-logs', 'log lines as JSON even on a terminal')
  .option('--function-key <KEY>', 'require a key; this one is for functions of auth level "function"')
  .option('--master-key <KEY>', 'require a key; this one is for everything')
  .action(run);

async function run(folder: string, flags: Flags): Promise<void> {
  const appDir = resolve(folder);
  const needed = [join(appDir, 'package.json'), ...(flags.settings === undefined ? [] : [resolve(flags.settings)])];
  for (const file of needed) if (!existsSync(file)) program.error(`error: ${file} isn't there`);
  const write: Log = flags.jsonLogs === true || !process.stdout.isTTY ? writeJson : writeReadable;
  loadSettingsFile(flags.settings === undefined ? join(appDir, 'local.settings.json') : resolve(flags.settings));
  process.env.AZURE_FUNCTIONS_ENVIRONMENT ??= 'Development';

  // Of the host's own SDKs: one that the app leaves behind ends its thread.
  process.on('unhandledRejection', (reason) => {
    const cause = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    write({ level: 'critical', category: 'host', message: `Unhandled rejection: ${cause}` });
  });
  // A parent that is gone sees nothing of a graceful end, and its broker and storage are likely gone with it.
  process.once('disconnect', () => process.exit(1));
  const host = await startHost({
    appDir,
    environment: process.env,
    port: flags.port,
    keys: {
      ...(flags.masterKey !== undefined && { master: flags.masterKey }),
      ...(flags.functionKey !== undefined && { function: flags.functionKey }),
    },
    write,
    onGivenUp: () => fail(new Error('The worker has ended three times in a row: the host ends, too.')),
  });

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= host.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('message', (message) => {
    if (message === 'stop') stop();
  });

  console.log(['Functions:', ...host.functions.map(describe)].join('\n'));
  // For programs (spawn-host.ts); who sits at a terminal has just read the same.
  if (process.stdout.isTTY) console.log('Ctrl-C stops it.');
  else console.log(`HOST READY ${JSON.stringify({ url: host.url, functions: host.functions })}`);
}

function describe({ name, trigger, state, url, methods }: FunctionState): string {
  const how = url === undefined ? trigger : `[${methods?.join(',') || 'ALL'}] ${url}`;
  return `  ${name}: ${how}${state === 'running' ? '' : ` (${state === 'inError' ? 'in error' : state})`}`;
}

function fail(error: unknown): never {
  sayFault(portTaken(error) ?? (error instanceof Error ? (error.stack ?? error.message) : error));
  process.exit(1);
}

program.parseAsync().catch(fail);
