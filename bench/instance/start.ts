import { once } from 'node:events';
import path from 'node:path';
import { startChild } from '../measure/child';

/** Rows to change once each. */
export interface Task {
  /** Counts up: changes of a later phase are newer. */
  readonly phase: number;
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
  /** 1: neighbouring rows. n: of each n rows one, the next one in the next phase, so that n instances take turns. */
  readonly step: number;
}

/** What it took. */
export interface Done {
  readonly cpuMs: number;
  readonly requests: number;
}

/** An instance in a process of its own. */
export interface Instance {
  readonly run: (task: Task) => Promise<Done>;
  readonly stop: () => Promise<void>;
}

/** Starts an instance; see `main.ts`. */
export async function startInstance(
  connectionString: string,
  kind: 'app' | 'bare',
  number: number,
  width: number,
): Promise<Instance> {
  const args = [connectionString, kind, String(number), String(width)];
  const { process: child, stop } = await startChild<'ready'>(path.join(__dirname, 'main.js'), args);
  return {
    run: async (task) => {
      child.send(task);
      const [done] = (await once(child, 'message')) as [Done];
      return done;
    },
    stop,
  };
}
