import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the operator's tool lies, beside this file's folder once both are compiled. */
const DVO = resolve(__dirname, '../../tools/dvo/dvo.js');

/** Where the steps of the local stack are declared, and where they post to. */
export interface StepTargets {
  /** Folder of the repository: declarations aren't compiled. */
  readonly root: string;
  readonly webhookUrl: string;
  /** The tool's main file. @default the compiled one */
  readonly dvo?: string;
}

/**
 * Registers the steps of `local/day/dataverse.yaml` in the simulator as an operator does in an environment: by `dvo steps
 * apply`, with these settings of the app's in its environment. The custom APIs have to be there.
 */
export async function registerSteps(
  settings: Readonly<Record<string, string>>,
  { root, webhookUrl, dvo = DVO }: StepTargets,
): Promise<void> {
  const file = join(root, 'local/day/dataverse.yaml');
  try {
    await run(process.execPath, [dvo, 'steps', 'apply', file, '--yes'], {
      env: { ...process.env, ...settings, ...stepVariables(settings, webhookUrl) },
    });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new Error(`The steps could not be registered: ${stderr.trim()}`, { cause: error });
  }
}

/** What stands in the declaration for the places that the steps of the local stack post to. */
export const stepVariables = (
  settings: Readonly<Record<string, string>>,
  webhookUrl: string,
): Readonly<Record<string, string>> => ({
  WEBHOOK_URL: webhookUrl,
  ...namespaceOf('BUS', settings.ServiceBusConnection),
  ...namespaceOf('HUB', settings.EventHubConnection),
});

/** A connection string as the declaration's values. */
function namespaceOf(prefix: 'BUS' | 'HUB', connectionString = ''): Record<string, string> {
  const [, address = '', name = '', key = ''] =
    /^Endpoint=([^;]+);SharedAccessKeyName=([^;]+);SharedAccessKey=([^;]+)/.exec(connectionString) ?? [];
  return { [`${prefix}_NAMESPACE`]: address, [`${prefix}_KEY_NAME`]: name, [`${prefix}_KEY`]: key };
}
