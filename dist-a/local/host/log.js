"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.filteredLog = filteredLog;
exports.writeJson = writeJson;
exports.writeReadable = writeReadable;
/** Log records of the host and of the app that runs in it: their shape, which are kept, how they are written. */
const picocolors_1 = __importDefault(require("picocolors"));
const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];
/**
 * Keeps what `logging.logLevel` of host.json lets through: the longest configured prefix of the record's category decides, and `default`
 * (information) where none fits. https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-log-levels
 */
function filteredLog(levels, write) {
    const rank = (level) => LEVELS.findIndex((known) => known === level.toLowerCase());
    const limits = Object.entries(levels)
        .map(([prefix, level]) => ({ prefix, rank: rank(level) }))
        .filter((limit) => limit.rank >= 0)
        .sort((a, b) => b.prefix.length - a.prefix.length);
    const fallback = limits.find((limit) => limit.prefix === 'default')?.rank ?? rank('information');
    return (record) => {
        const name = hostCategory(record);
        const limit = limits.find(({ prefix }) => name === prefix || name.startsWith(`${prefix}.`));
        if (rank(record.level) >= (limit?.rank ?? fallback))
            write(record);
    };
}
/** The category name that host.json speaks of: `Function.<name>.User`, `Function.<name>`, `Worker`, `Host`. */
function hostCategory(record) {
    if (record.category === 'system')
        return 'Worker';
    if (record.function === undefined)
        return record.category === 'user' ? 'Function' : 'Host';
    return `Function.${record.function}${record.category === 'user' ? '.User' : ''}`;
}
/** Writes a record as one line of JSON. */
function writeJson(record) {
    // The level comes first: a reader knows a record from the app's own JSON by it.
    const { level, category, function: name, invocationId, message } = record;
    process.stdout.write(`${JSON.stringify({ level, category, function: name, invocationId, message })}\n`);
}
/** Writes a record for people. */
function writeReadable(record) {
    const time = new Date().toISOString().slice(11, 23);
    const paint = { warning: picocolors_1.default.yellow, error: picocolors_1.default.red, critical: picocolors_1.default.red, debug: picocolors_1.default.dim, trace: picocolors_1.default.dim }[record.level];
    const message = paint === undefined ? record.message : paint(record.message);
    process.stdout.write(`${picocolors_1.default.dim(time)} ${record.function === undefined ? '' : `${picocolors_1.default.cyan(record.function)} `}${message}\n`);
}
//# sourceMappingURL=log.js.map