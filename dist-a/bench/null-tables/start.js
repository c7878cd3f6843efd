"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.startNullTables = startNullTables;
const node_path_1 = __importDefault(require("node:path"));
const child_1 = require("../measure/child");
/** Of no value: nothing checks it. */
const KEY = Buffer.from('null').toString('base64');
/** Starts the null table service in a process of its own. */
async function startNullTables() {
    const { said: port, stop } = await (0, child_1.startChild)(node_path_1.default.join(__dirname, 'main.js'));
    const endpoint = (service) => `${service}Endpoint=http://127.0.0.1:${port}/null;`;
    return {
        connectionString: `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=${KEY};${endpoint('Table')}${endpoint('Blob')}`,
        stop,
    };
}
//# sourceMappingURL=start.js.map