import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from './stack';

const run = promisify(execFile);

/** Where the operator's tool lies, beside this file's folder once both are compiled. */
const DVO = resolve(__dirname, '../cli/dvo.js');

/** What registering the steps of the local stack needs. */
export interface StepTargets {
  /** Folder of the repository: declarations aren't compiled. */
  readonly root: string;
  readonly webhookUrl: string;
  /** The tool's main file. @default the one beside this file, compiled */
  readonly dvo?: string;
}

/**
 * Registers the steps of `local/day/dataverse.yaml` in the simulator as an operator does in an environment: by `dvo steps
 * apply`, with the settings in its environment. The custom APIs have to be there.
 */
export async function registerSteps(stack: Stack, { root, webhookUrl, dvo = DVO }: StepTargets): Promise<void> {
  const [, namespace = '', name = '', key = ''] =
    /^Endpoint=([^;]+);SharedAccessKeyName=([^;]+);SharedAccessKey=([^;]+)/.exec(stack.broker.connectionString) ?? [];
  const variables = { WEBHOOK_URL: webhookUrl, BUS_NAMESPACE: namespace, BUS_KEY_NAME: name, BUS_KEY: key };
  const file = join(root, 'local/day/dataverse.yaml');
  try {
    await run(process.execPath, [dvo, 'steps', 'apply', file, '--yes'], {
      env: { ...process.env, ...stack.settings, ...variables },
    });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new Error(`The steps could not be registered: ${stderr.trim()}`, { cause: error });
  }
}
