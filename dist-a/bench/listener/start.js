"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.startListener = void 0;
const node_path_1 = __importDefault(require("node:path"));
const child_1 = require("../measure/child");
/** Starts the plain listener, which writes into a table of a place; it says its address. */
const startListener = (place, table) => (0, child_1.startChild)(node_path_1.default.join(__dirname, 'main.js'), [place.connectionString, table]);
exports.startListener = startListener;
//# sourceMappingURL=start.js.map