"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.startChild = startChild;
const node_child_process_1 = require("node:child_process");
/** Starts a compiled module in a process of its own and waits until it says something. */
async function startChild(module, args = []) {
    const child = (0, node_child_process_1.fork)(module, args, { execArgv: [] });
    const said = await new Promise((resolve, reject) => {
        child.once('message', (message) => resolve(message));
        child.once('exit', (code) => reject(new Error(`${module} ended with code ${String(code)}; its output says why.`)));
    });
    return {
        said,
        process: child,
        stop: () => new Promise((resolve) => {
            child.removeAllListeners('exit');
            child.once('exit', () => resolve());
            if (child.connected)
                child.disconnect();
            else
                resolve();
        }),
    };
}
//# sourceMappingURL=child.js.map