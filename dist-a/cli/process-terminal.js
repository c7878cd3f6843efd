"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.processTerminal = void 0;
const node_events_1 = require("node:events");
const promises_1 = require("node:fs/promises");
const promises_2 = require("node:readline/promises");
const consumers_1 = require("node:stream/consumers");
const DRAW_EVERY_MS = 200;
async function progress() {
    if (!process.stderr.isTTY)
        return { show: () => undefined, done: () => undefined };
    const { createLogUpdate } = await import('log-update');
    const draw = createLogUpdate(process.stderr);
    let last = -Infinity;
    return {
        show(line) {
            if (performance.now() - last < DRAW_EVERY_MS)
                return;
            last = performance.now();
            draw(line);
        },
        done: () => {
            draw.clear();
            draw.done();
        },
    };
}
async function ask(question) {
    if (!process.stdin.isTTY)
        return undefined;
    const lines = (0, promises_2.createInterface)({ input: process.stdin, output: process.stderr });
    try {
        // Ctrl-D closes it without an answer.
        return await Promise.race([lines.question(question), (0, node_events_1.once)(lines, 'close').then(() => '')]);
    }
    finally {
        lines.close();
    }
}
/** The terminal of this process. */
exports.processTerminal = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    write: async (chunk) => {
        if (!process.stdout.write(chunk))
            await (0, node_events_1.once)(process.stdout, 'drain');
    },
    ask,
    progress,
    readFile: (path) => (0, promises_1.readFile)(path),
    readInput: () => (0, consumers_1.buffer)(process.stdin),
};
//# sourceMappingURL=process-terminal.js.map