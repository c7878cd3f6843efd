"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PLAIN_VIEW = void 0;
exports.readView = readView;
/**
 * What a mapping file promises, as far as the business day uses it: read by code of its own, so that the check follows
 * the file and not the app. Anything else in a file is an error rather than overlooked.
 */
const node_crypto_1 = require("node:crypto");
const node_fs_1 = require("node:fs");
const yaml_1 = require("yaml");
const zod_1 = require("zod");
const mask = zod_1.z.strictObject({ keepFirst: zod_1.z.number().optional(), keepLast: zod_1.z.number().optional() });
const column = zod_1.z.union([
    zod_1.z.string(),
    zod_1.z.strictObject({
        to: zod_1.z.string().optional(),
        redact: zod_1.z.union([zod_1.z.literal('hash'), zod_1.z.strictObject({ mask })]).optional(),
        as: zod_1.z.literal('integer').optional(),
    }),
]);
const table = zod_1.z
    .strictObject({
    target: zod_1.z.string().optional(),
    columns: zod_1.z.record(zod_1.z.string(), column).optional(),
    filter: zod_1.z.record(zod_1.z.string(), zod_1.z.union([zod_1.z.string(), zod_1.z.number(), zod_1.z.boolean()])).optional(),
})
    .nullable();
const form = zod_1.z.strictObject({
    languages: zod_1.z.tuple([zod_1.z.literal(1033)]),
    unmapped: zod_1.z.strictObject({ relationships: zod_1.z.literal('ignore') }),
    tables: zod_1.z.record(zod_1.z.string(), table),
    links: zod_1.z.record(zod_1.z.string(), table),
    events: zod_1.z.record(zod_1.z.string(), table),
});
/** Every column of every table under its own name. */
exports.PLAIN_VIEW = { table: (name) => tableView(name, null, ''), events: new Map() };
/** Reads the mapping file that the settings name. */
function readView({ MAPPING_FILE, REDACTION_KEY }) {
    const file = form.parse((0, yaml_1.parse)((0, node_fs_1.readFileSync)(MAPPING_FILE, 'utf8')));
    const named = { ...file.tables, ...file.links };
    return {
        table: (name) => tableView(name, named[name] ?? null, REDACTION_KEY),
        events: new Map(Object.entries(file.events).map(([message, event]) => [message, tableView(message, event, REDACTION_KEY)])),
    };
}
function tableView(name, file, key) {
    const { target = name, columns = {}, filter = {} } = file ?? {};
    // Of an event's parameters variables are left out unless named.
    const others = (name) => (name.startsWith('variable.') ? 'drop' : (columns['*'] ?? 'keep'));
    return {
        target,
        column: (column) => columnView(columns[column] ?? others(column), key),
        shows: (row) => Object.entries(filter).every(([column, wanted]) => row[column] === wanted),
    };
}
function columnView(rule, key) {
    if (rule === 'drop')
        return undefined;
    if (rule === 'keep')
        return {};
    if (typeof rule === 'string')
        return { name: rule };
    const { to, redact, as } = rule;
    return {
        ...(to === undefined ? {} : { name: to }),
        ...(redact === undefined ? {} : { redact: redact === 'hash' ? hashWith(key) : maskWith(redact.mask) }),
        ...(as === undefined ? {} : { isInteger: true }),
    };
}
const hashWith = (key) => (text) => (0, node_crypto_1.createHmac)('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64url');
/** Of a short text at most half stays. */
const maskWith = ({ keepFirst = 0, keepLast = 0 }) => (text) => {
    const characters = Array.from(text);
    const first = Math.min(keepFirst, Math.floor(characters.length / 2));
    const last = Math.min(keepLast, Math.floor(characters.length / 2) - first);
    const hidden = characters.length - first - last;
    return [...characters.slice(0, first), '*'.repeat(hidden), ...characters.slice(first + hidden)].join('');
};
//# sourceMappingURL=view.js.map