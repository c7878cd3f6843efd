import { InvalidArgumentError, type Command } from 'commander';
import { appIdentity } from '../../../shared/azure/deferred-credential';
import { RELAY_SCOPE, relaySignature } from '../../../shared/azure/relay-token';
import { environment } from '../../../shared/settings/environment';
import { UsageError, type Terminal } from '../terminal/terminal';
import { allowRule, type AllowRule } from './allow';

interface RelayListenOptions {
  readonly namespace: string;
  readonly path: string;
  readonly to: URL;
  readonly allow: readonly AllowRule[];
  readonly keyName?: string;
}

/** A signature's life: the channel gets a new one after half of it. */
const SIGNATURE_MS = 3_600_000;

const KEY = 'RELAY_LISTEN_KEY';

function tokenSource({ namespace, path, keyName }: RelayListenOptions) {
  if (keyName === undefined) {
    const credential = appIdentity();
    return async () => {
      const token = await credential.getToken(RELAY_SCOPE);
      if (token === null) throw new Error('nobody is signed in: az login');
      return { token: token.token, endsAtMs: token.expiresOnTimestamp };
    };
  }
  const key = environment()[KEY]?.trim() ?? '';
  if (key === '') throw new UsageError(`${KEY} is missing: --key-name needs the key of that rule in the environment`);
  return () => {
    const endsAtMs = Date.now() + SIGNATURE_MS;
    return Promise.resolve({
      token: relaySignature(namespace, path, keyName, key, Math.floor(endsAtMs / 1000)),
      endsAtMs,
    });
  };
}

async function listen(terminal: Terminal, options: RelayListenOptions): Promise<void> {
  const { RelayListener } = await import('./listener.js');
  const { namespace, path, to, allow } = options;
  const isLocal = /^(?:localhost|127\.0\.0\.1):\d+$/.test(namespace);
  const listener = new RelayListener({
    relay: `${isLocal ? 'ws' : 'wss'}://${namespace}`,
    path,
    token: tokenSource(options),
    to,
    allow,
    log: (line) => terminal.err(`${new Date().toISOString()} ${line}\n`),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => listener.stop());
  await listener.run();
}

function origin(text: string): URL {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  )
    throw new InvalidArgumentError('It must be an address without a path, such as http://127.0.0.1:8080.');
  return url;
}

function rules(text: string, before: readonly AllowRule[] = []): readonly AllowRule[] {
  const rule = allowRule(text);
  if (rule === undefined)
    throw new InvalidArgumentError(
      "It must be methods and the beginning of a path, such as 'PUT,PATCH,DELETE /rows/'.",
    );
  return [...before, rule];
}

function namespaceHost(text: string): string {
  if (!/^[a-z0-9.-]+(?::\d+)?$/i.test(text))
    throw new InvalidArgumentError('It must be a host name such as contoso.servicebus.windows.net.');
  return text;
}

const HELP = `
Runs beside an on-premises LOB system and listens on a hybrid connection of Azure Relay: no port has to be opened. It passes
requests on to one fixed address, and only those that --allow names. It renews its token, connects again with growing pauses, and
ends on Ctrl-C or SIGTERM when what is under way is answered. Two of them, on two machines, share the work.

Signs in as you (az login) or as the machine's managed identity, which needs the role "Azure Relay Listener"; with --key-name by
a rule with the right Listen only, whose key is in ${KEY}.

  dvo relay-listen --namespace contoso.servicebus.windows.net --path erp --to http://127.0.0.1:8080 \\
    --allow 'PUT,PATCH,DELETE /rows/' --allow 'POST /events/'`;

/** `dvo relay-listen`: the on-premises end of a hybrid connection. */
export function addRelayListenCommand(program: Command, terminal: Terminal): void {
  program
    .command('relay-listen')
    .description('listen on a hybrid connection of Azure Relay, and pass requests on to an on-premises LOB system')
    .requiredOption('--namespace <host>', 'host name of the relay', namespaceHost)
    .requiredOption('--path <name>', 'name of the hybrid connection')
    .requiredOption('--to <address>', 'where the LOB system listens', origin)
    .requiredOption('--allow <rule>', "what is passed on: 'METHODS /path/' (may be repeated)", rules)
    .option('--key-name <rule>', 'sign in by a rule of the hybrid connection instead of an identity')
    .addHelpText('after', HELP)
    .action((options: RelayListenOptions) => listen(terminal, options));
}
