"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.startPagedSource = startPagedSource;
const node_path_1 = __importDefault(require("node:path"));
const node_tls_1 = require("node:tls");
const child_1 = require("../measure/child");
/** Starts the source in a process of its own: so many rows for whoever doesn't say. */
async function startPagedSource(rows) {
    const { said, stop } = await (0, child_1.startChild)(node_path_1.default.join(__dirname, 'main.js'), [
        String(rows),
    ]);
    (0, node_tls_1.setDefaultCACertificates)([...(0, node_tls_1.getCACertificates)('default'), said.certificate]);
    return { url: said.url, stop };
}
//# sourceMappingURL=start.js.map