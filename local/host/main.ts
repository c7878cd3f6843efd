/**
 * A local stand-in for the Azure Functions host and its Node worker: `node dist/local/host/main.js [APP_DIR]`. It loads the unmodified app through the interface that
 * `@azure/functions` meets the real worker through, and drives its triggers with the real Azure SDK clients. With Core Tools, `func start` does the same.
 *
 * Supported: HTTP (routes, constraints, auth levels, streams), timer, Service Bus queues and topics (single, batches, sessions) and Event Hubs triggers;
 * app settings, local.settings.json, host.json (log levels, route prefix, serviceBus, eventHubs) and its overrides by setting; disabled functions; functions in error;
 * retry policies; `functionTimeout`; a worker that dies and is started anew; singleton locks of timers; runs by hand (`POST /admin/functions/{name}`); hooks; a graceful stop.
 *
 * Lacking, compared to the real host:
 * - Other triggers, and all input and output bindings.
 * - Identity-based connections. Keys other than one master and one host key; other admin endpoints; CORS; EasyAuth.
 * - Scale-out; dynamic concurrency and `prefetchCount` of Service Bus; more than one call per session; minimum batch sizes and their waits.
 * - Timers know NCRONTAB only (no TimeSpan) and the machine's time zone. Their monitor record is kept in AzureWebJobsStorage if there is one, else in memory.
 * - A Service Bus batch waits up to a second for more messages after its first, which is the SDK's doing.
 * - The .NET-only parts of trigger metadata (`client`, `messageReceiver`, `messageSession` and the like), which hold nothing for Node.
 *
 * Different from the real host:
 * - A file that throws while it is loaded: there no function is registered and the host goes on; here the host ends with the file and the cause.
 * - A batch (`cardinality: 'many'`) without `dataType: 'binary'`, of which an item isn't JSON: there the batch fails before the function runs; here the function gets the item as text.
 * - The first run of a timer: there `lastUpdated` is in the year 1; here it is the time of the start.
 * - A new worker: there it takes up to 5 s. A file written into the app's folder restarts the real host.
 * - `npm start` and the tests hold the timers' lock for 2 s and ask for it every 1 s (AzureFunctionsJobHost__singleton__listenerLockPeriod,
 *   AzureFunctionsJobHost__singleton__listenerLockRecoveryPollingInterval); the real host refuses less than 15 s.
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
  .option('--settings <FILE>', 'settings below the environment (default: APP_DIR/local.settings.json)')
  .option('--json-logs', 'log lines as JSON even on a terminal')
  .option('--function-key <KEY>', 'ask callers for a key; this one opens functions of auth level "function"')
  .option('--master-key <KEY>', 'ask callers for a key; this one opens everything')
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
