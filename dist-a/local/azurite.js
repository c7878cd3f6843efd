"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.startAzurite = startAzurite;
/**
 * Azurite, Microsoft's storage emulator, as a child process: blobs, queues and tables for the local stack and the tests.
 */
const node_child_process_1 = require("node:child_process");
const node_os_1 = require("node:os");
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
async function startAzurite(options = {}) {
    let running = await launch(options);
    const { blobPort, queuePort, tablePort } = running;
    const endpoint = (port) => `http://127.0.0.1:${port}/${ACCOUNT}`;
    return {
        connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};` +
            `BlobEndpoint=${endpoint(blobPort)};QueueEndpoint=${endpoint(queuePort)};TableEndpoint=${endpoint(tablePort)};`,
        blobPort,
        queuePort,
        tablePort,
        stop: () => running.stop(),
        async startAgain() {
            running = await launch({ ...options, blobPort, queuePort, tablePort });
        },
    };
}
async function launch(options) {
    const child = (0, node_child_process_1.spawn)(process.execPath, [
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
    ], 
    // A working folder of its own: Azurite writes its log there, and must not into the repository.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: options.dir ?? (0, node_os_1.tmpdir)() });
    let output = '';
    const ports = new Map();
    const exited = new Promise((resolve) => child.once('exit', () => resolve()));
    await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            child.kill('SIGKILL');
            reject(new Error(`Azurite didn't start within ${START_LIMIT_MS / 1000} s. Its output:\n${output}`));
        }, START_LIMIT_MS);
        const read = (chunk) => {
            if (ports.size === 3)
                return;
            output += chunk.toString();
            for (const [, service, port] of output.matchAll(/Azurite (\w+) service is successfully listening at \S+:(\d+)\s/g)) {
                if (service !== undefined)
                    ports.set(service, Number(port));
            }
            if (ports.size < 3)
                return;
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
            if (child.connected)
                child.disconnect();
            const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
            await exited;
            clearTimeout(timer);
        },
    };
}
//# sourceMappingURL=azurite.js.map