/**
 * Azurite, Microsoft's storage emulator, as a child process: blobs, queues and tables for the local stack and the tests.
 */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Where Azurite keeps its data and listens. */
export interface AzuriteOptions {
  /** Folder for the data; absent = in memory, gone at the end. */
  readonly dir?: string;
  /** @default a free port */
  readonly blobPort?: number;
  /** @default a free port */
  readonly queuePort?: number;
  /** @default a free port */
  readonly tablePort?: number;
  /** PEM files: Azurite then speaks TLS, and takes bearer tokens of any issuer of Microsoft's, whatever their signature. */
  readonly tls?: { readonly certificatePath: string; readonly keyPath: string };
}

/** A running Azurite. */
export interface Azurite {
  /** For `AzureWebJobsStorage` and the storage SDKs: Azurite's well-known development account. */
  readonly connectionString: string;
  /** Addresses of the services, as an identity takes them. */
  readonly endpoints: Readonly<Record<'blob' | 'queue' | 'table', string>>;
  readonly blobPort: number;
  readonly queuePort: number;
  readonly tablePort: number;
  /** Writes the data out (if kept in a folder) and ends the process; safe to call twice. */
  stop(): Promise<void>;
  /** After `stop`: at the same ports, with the data of the folder. */
  startAgain(): Promise<void>;
}

/** Azurite's only account; name and key are public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

/**
 * Runs inside Azurite's process before its own code. The channel to the parent closes when the parent stops Azurite and also when the
 * parent dies, however it dies; both then end in Azurite's own shutdown, which closes its databases.
 */
const STOP_WITH_PARENT = `data:text/javascript,${encodeURIComponent(`
  process.once('disconnect', () => {
    process.emit('message', 'shutdown');
    setTimeout(() => process.exit(), ${STOP_LIMIT_MS - 2_000}).unref();
  });`)}`;

/**
 * Starts Azurite and waits until its three services listen.
 *
 * @throws Error with Azurite's output if it ends first (a port in use, say) or takes longer than a minute.
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  let running = await launch(options);
  const { blobPort, queuePort, tablePort } = running;
  const protocol = options.tls === undefined ? 'http' : 'https';
  const endpoint = (port: number) => `${protocol}://127.0.0.1:${port}/${ACCOUNT}`;
  const endpoints = { blob: endpoint(blobPort), queue: endpoint(queuePort), table: endpoint(tablePort) };
  return {
    connectionString:
      `DefaultEndpointsProtocol=${protocol};AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};` +
      `BlobEndpoint=${endpoints.blob};QueueEndpoint=${endpoints.queue};TableEndpoint=${endpoints.table};`,
    endpoints,
    blobPort,
    queuePort,
    tablePort,
    stop: () => running.stop(),
    async startAgain() {
      running = await launch({ ...options, blobPort, queuePort, tablePort });
    },
  };
}

type Launched = Pick<Azurite, 'blobPort' | 'queuePort' | 'tablePort' | 'stop'>;

async function launch(options: AzuriteOptions): Promise<Launched> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      STOP_WITH_PARENT,
      require.resolve('azurite/dist/src/azurite.js'),
      ...(options.dir === undefined ? ['--inMemoryPersistence'] : ['--location', options.dir]),
      '--silent',
      '--skipApiVersionCheck',
      '--disableTelemetry',
      ...['--blobPort', String(options.blobPort ?? 0)],
      ...['--queuePort', String(options.queuePort ?? 0)],
      ...['--tablePort', String(options.tablePort ?? 0)],
      // Otherwise a busy client sends into connections that are just being closed, after Node's 5 s.
      ...['blob', 'queue', 'table'].flatMap((service) => [`--${service}KeepAliveTimeout`, '120']),
      ...(options.tls === undefined
        ? []
        : ['--oauth', 'basic', '--cert', options.tls.certificatePath, '--key', options.tls.keyPath]),
    ],
    // A working folder of its own: Azurite writes its log there, and must not into the repository.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: options.dir ?? tmpdir() },
  );
  let output = '';
  const ports = new Map<string, number>();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Azurite didn't start within ${START_LIMIT_MS / 1000} s. Its output:\n${output}`));
    }, START_LIMIT_MS);
    const read = (chunk: Buffer) => {
      if (ports.size === 3) return;
      output += chunk.toString();
      for (const [, service, port] of output.matchAll(
        /Azurite (\w+) service is successfully listening at \S+:(\d+)\s/g,
      )) {
        if (service !== undefined) ports.set(service, Number(port));
      }
      if (ports.size < 3) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Azurite ended with code ${String(code)} before it listened. Its output:\n${output}`));
    });
  });

  const [blobPort = 0, queuePort = 0, tablePort = 0] = ['Blob', 'Queue', 'Table'].map((service) => ports.get(service));
  return {
    blobPort,
    queuePort,
    tablePort,
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
