"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.startPagedSource = startPagedSource;
const node_path_1 = __importDefault(require("node:path"));
const node_tls_1 = require("node:tls");
const child_1 = require("../measure/child");
const TRUSTED = (0, node_tls_1.getCACertificates)('default');
/** Starts the source of so many rows in a process of its own; the token of its delta link may expire. */
async function startPagedSource(rows, token = 'lasts') {
    const { said, stop } = await (0, child_1.startChild)(node_path_1.default.join(__dirname, 'main.js'), [
        String(rows),
        token,
    ]);
    // Not beside an older one's: all have the same name.
    (0, node_tls_1.setDefaultCACertificates)([...TRUSTED, said.certificate]);
    return { url: said.url, stop };
}
//# sourceMappingURL=start.js.map