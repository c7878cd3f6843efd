"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const process_terminal_1 = require("./process-terminal");
const run_1 = require("./run");
const terminal_1 = require("./terminal");
// Whoever reads the output has seen enough, as `head` does.
process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE')
        throw error;
    process.exit(terminal_1.EXIT.ok);
});
/** Resolves when a pipe has taken what was written to it. */
const flushed = (stream) => new Promise((resolve) => {
    stream.write('', () => resolve());
});
void (0, run_1.run)(process.argv.slice(2), process_terminal_1.processTerminal).then(async (code) => {
    await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
    // A connection that doesn't close, or is kept open for a next request, would keep the process.
    process.exit(code);
});
//# sourceMappingURL=dvo.js.map