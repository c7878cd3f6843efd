import { fork, type ChildProcess } from 'node:child_process';

/** A process of a benchmark, which ends with this one. */
export interface Child<T> {
  /** What it said first: that it is ready, and where. */
  readonly said: T;
  readonly process: ChildProcess;
  readonly stop: () => Promise<void>;
}

/** Starts a compiled module in a process of its own and waits until it says something. */
export async function startChild<T>(
  module: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Child<T>> {
  const child = fork(module, args, { execArgv: [], env: { ...process.env, ...environment } });
  const said = await new Promise<T>((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`${module} ended with code ${String(code)}; its output says why.`)));
  });
  return {
    said,
    process: child,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => resolve());
        if (child.connected) child.disconnect();
        else resolve();
      }),
  };
}
