"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.spawnHost = spawnHost;
/** Runs the local host as a child process, for the local stack and for tests. */
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const node_readline_1 = require("node:readline");
const READY = 'HOST READY ';
const STOP_LIMIT_MS = 20_000;
const KEPT_OUTPUT = 20_000;
/**
 * Starts a host and waits until it listens.
 *
 * @throws Error with the host's output if it ends first.
 */
async function spawnHost(options) {
    const { keys = {} } = options;
    const child = (0, node_child_process_1.spawn)(process.execPath, [
        ...(options.nodeArgs ?? []),
        options.main ?? findMain(options.appDir),
        options.appDir,
        ...['--port', String(options.port ?? 0), '--json-logs'],
        ...(keys.master === undefined ? [] : ['--master-key', keys.master]),
        ...(keys.function === undefined ? [] : ['--function-key', keys.function]),
    ], { env: { ...process.env, ...options.settings }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    // `close` comes after the last output, `exit` may not.
    const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    const ready = await new Promise((resolve, reject) => {
        let output = '';
        const take = (line, category) => {
            if (output !== undefined)
                output = `${output}${line}\n`.slice(-KEPT_OUTPUT);
            if (category === 'stdout' && line.startsWith(READY)) {
                output = undefined;
                resolve(JSON.parse(line.slice(READY.length)));
            }
            else {
                options.onLog?.(parseRecord(line, category === 'stderr'));
            }
        };
        for (const name of ['stdout', 'stderr']) {
            const stream = child[name];
            if (stream !== null)
                (0, node_readline_1.createInterface)(stream).on('line', (line) => take(line, name));
        }
        child.once('error', reject);
        child.once('close', (code, signal) => reject(new Error(`The host ended (${String(code ?? signal)}) before it was ready:\n${output ?? ''}`)));
    });
    return {
        ...ready,
        port: Number(new URL(ready.url).port),
        pid: child.pid ?? 0,
        exited,
        kill: () => void child.kill('SIGKILL'),
        async stop() {
            if (child.connected)
                child.send('stop');
            const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
            await exited;
            clearTimeout(timer);
        },
    };
}
function findMain(appDir) {
    const beside = (0, node_path_1.join)(__dirname, 'main.js');
    return (0, node_fs_1.existsSync)(beside) ? beside : (0, node_path_1.join)(appDir, 'dist/local/host/main.js');
}
/** A line that is no record was printed past the logger: by `console.log` in the app, by Node, by a native library. */
function parseRecord(line, isError) {
    try {
        if (!isError && line.startsWith('{"level":'))
            return JSON.parse(line);
    }
    catch {
        // Half a line, or the app's own JSON.
    }
    return { level: isError ? 'error' : 'information', category: 'console', message: line };
}
//# sourceMappingURL=spawn-host.js.map