/** Runs the local host as a child process, for the local stack and for tests. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FunctionState } from './host';
import type { HttpKeys } from './http';
import type { LogRecord } from './log';

/** What to host, and how. */
export interface SpawnHostOptions {
  /** Folder of the app: package.json, host.json. */
  readonly appDir: string;
  /** App settings, over the environment of this process. Locks of timers last 2 s unless they say otherwise. */
  readonly settings: Readonly<Record<string, string>>;
  /** @default a free one */
  readonly port?: number;
  readonly onLog?: (record: LogRecord) => void;
  /** For the child's Node, such as `--inspect`. */
  readonly nodeArgs?: readonly string[];
  /** With any key given, callers must present one. */
  readonly keys?: HttpKeys;
  /** The compiled main module. @default the one beside this module, else that of the app's own build */
  readonly main?: string;
}

/** How the host's process ended. */
export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A host in its own process. It ends with this one, however this one ends. */
export interface SpawnedHost {
  readonly url: string;
  readonly port: number;
  readonly functions: readonly FunctionState[];
  readonly pid: number;
  /** Ends gracefully; after 20 s by force. */
  stop(): Promise<void>;
  /** Ends at once, as a crash does. */
  kill(): void;
  /** Resolves when it has ended and all that it said was logged. */
  readonly exited: Promise<HostExit>;
}

/** The real host's locks last a minute, and so long its timers would rest after each kill. */
const SHORT_LOCKS = {
  AzureFunctionsJobHost__singleton__listenerLockPeriod: '00:00:02',
  AzureFunctionsJobHost__singleton__listenerLockRecoveryPollingInterval: '00:00:01',
} as const;
const READY = 'HOST READY ';
const STOP_LIMIT_MS = 20_000;
const KEPT_OUTPUT = 20_000;

/**
 * Starts a host and waits until it listens.
 *
 * @throws Error with the host's output if it ends first.
 */
export async function spawnHost(options: SpawnHostOptions): Promise<SpawnedHost> {
  const { keys = {} } = options;
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeArgs ?? []),
      options.main ?? findMain(options.appDir),
      options.appDir,
      ...['--port', String(options.port ?? 0), '--json-logs'],
      ...(keys.master === undefined ? [] : ['--master-key', keys.master]),
      ...(keys.function === undefined ? [] : ['--function-key', keys.function]),
    ],
    { env: { ...process.env, ...SHORT_LOCKS, ...options.settings }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  // `close` comes after the last output, `exit` may not.
  const exited = new Promise<HostExit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));

  const ready = await new Promise<Pick<SpawnedHost, 'url' | 'functions'>>((resolve, reject) => {
    let output: string | undefined = '';
    const take = (line: string, category: 'stdout' | 'stderr') => {
      if (output !== undefined) output = `${output}${line}\n`.slice(-KEPT_OUTPUT);
      if (category === 'stdout' && line.startsWith(READY)) {
        output = undefined;
        resolve(JSON.parse(line.slice(READY.length)) as Pick<SpawnedHost, 'url' | 'functions'>);
      } else {
        options.onLog?.(parseRecord(line, category === 'stderr'));
      }
    };
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = child[name];
      if (stream !== null) createInterface(stream).on('line', (line) => take(line, name));
    }
    child.once('error', reject);
    child.once('close', (code, signal) =>
      reject(new Error(`The host ended (${String(code ?? signal)}) before it was ready:\n${output ?? ''}`)),
    );
  });

  return {
    ...ready,
    port: Number(new URL(ready.url).port),
    pid: child.pid ?? 0,
    exited,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      if (child.connected) child.send('stop');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function findMain(appDir: string): string {
  const beside = join(__dirname, 'main.js');
  return existsSync(beside) ? beside : join(appDir, 'dist/local/host/main.js');
}

/** A line that is no record was printed past the logger: by `console.log` in the app, by Node, by a native library. */
function parseRecord(line: string, isError: boolean): LogRecord {
  try {
    if (!isError && line.startsWith('{"level":')) return JSON.parse(line) as LogRecord;
  } catch {
    // Half a line, or the app's own JSON.
  }
  return { level: isError ? 'error' : 'information', category: 'console', message: line };
}
