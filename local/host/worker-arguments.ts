/** What `languageWorkers__node__arguments` asks of the worker's Node, for a worker that is a thread. */
import { parseArgs } from 'node:util';
import type { WorkerOptions } from 'node:worker_threads';

/** As infra/modules/app-settings.bicep sets it for instances of 2,048 MB. */
const DEFAULT = '--max-semi-space-size=8 --max-old-space-size=1024';

/** V8's young generation is two semi-spaces, and as much again as one of them for large objects. */
const SEMI_SPACES = 3;

/**
 * The options of the thread. Flags of V8 hold for a whole process, so that those of its heap become the thread's limits.
 *
 * @param setting undefined: as an instance of 2,048 MB has it
 */
export function threadOptions(setting: string = DEFAULT): Pick<WorkerOptions, 'execArgv' | 'resourceLimits'> {
  const args = setting.split(/\s+/).filter((arg) => arg !== '');
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      ['max-semi-space-size', 'max-old-space-size', 'initial-old-space-size'].map((name) => [name, { type: 'string' }]),
    ),
  });
  const execArgv: string[] = [];
  const resourceLimits: NonNullable<WorkerOptions['resourceLimits']> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (token.name === 'max-semi-space-size')
      resourceLimits.maxYoungGenerationSizeMb = SEMI_SPACES * Number(token.value);
    else if (token.name === 'max-old-space-size') resourceLimits.maxOldGenerationSizeMb = Number(token.value);
    // No limit, and so only for the whole process: give it to the host's own Node.
    else if (token.name === 'initial-old-space-size') continue;
    else execArgv.push(token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`);
  }
  // Without arguments of its own the thread has those of the process.
  return execArgv.length === 0 ? { resourceLimits } : { execArgv, resourceLimits };
}
