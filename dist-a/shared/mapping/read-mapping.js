"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MAX_MAPPING_BYTES = void 0;
exports.readMapping = readMapping;
const node_module_1 = require("node:module");
const errors_1 = require("../errors");
const exact_number_1 = require("../change/exact-number");
const mapping_rules_1 = require("./mapping-rules");
const mapping_schema_1 = require("./mapping-schema");
const schema_faults_1 = require("./schema-faults");
/** Largest mapping file, in bytes. */
exports.MAX_MAPPING_BYTES = 1024 * 1024;
/** The parser, loaded with the first file: deployments without one do without it. */
const yaml = () => (0, node_module_1.createRequire)(__filename)('yaml');
/**
 * Reads a mapping file, YAML or JSON (which is YAML too). Never throws: faults are data.
 * @param name as the faults shall name it
 */
function readMapping(name, text) {
    if (Buffer.byteLength(text) > exports.MAX_MAPPING_BYTES)
        return failed(`${name} must not be larger than 1 MiB`);
    const { LineCounter, parseDocument } = yaml();
    const lines = new LineCounter();
    try {
        const document = parseDocument(text, {
            ...{ version: '1.2', schema: 'core', resolveKnownTags: false },
            ...{ lineCounter: lines, prettyErrors: false },
        });
        const wrong = [...document.errors, ...document.warnings];
        if (wrong.length > 0) {
            return { ok: false, faults: wrong.map(({ pos, message }) => `${placeOf(name, lines, pos[0])} ${message}`) };
        }
        const parsed = mapping_schema_1.mappingSchema.safeParse(document.toJS() ?? {});
        const found = parsed.success ? (0, mapping_rules_1.ruleFaults)(parsed.data) : (0, schema_faults_1.schemaFaults)(parsed.error.issues);
        const faults = [
            ...textFaults(document),
            ...found.map((fault) => ({ offset: offsetOf(document, fault), text: sentenceOf(fault) })),
        ].sort((a, b) => a.offset - b.offset);
        if (parsed.success && faults.length === 0) {
            const at = (fault) => `${placeOf(name, lines, offsetOf(document, fault))} ${sentenceOf(fault)}`;
            return { ok: true, file: parsed.data, at };
        }
        return {
            ok: false,
            faults: faults.map(({ offset, text: sentence }) => `${placeOf(name, lines, offset)} ${sentence}`),
        };
    }
    catch (error) {
        // Nested too deep for the parser, or aliases that would grow without end.
        return failed(`${name} can't be read: ${(0, errors_1.messageOf)(error)}`);
    }
}
const failed = (fault) => ({ ok: false, faults: [fault] });
function placeOf(name, lines, offset) {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
}
const sentenceOf = ({ path, text }) => `${path.length === 0 ? 'The file' : pathText(path)} ${text}`;
/** What can be seen in the text only: a number that no double holds, a key that no JavaScript object could have. */
function textFaults(document) {
    const faults = [];
    yaml().visit(document, {
        Scalar: (at, { value, source = '', range }) => {
            const offset = range?.[0] ?? 0;
            if (at === 'key' && value === '__proto__')
                faults.push({ offset, text: '__proto__ is no known key' });
            // What isn't written as plain digits is left to the schema.
            if (typeof value === 'number' && ((0, exact_number_1.compareNumbers)(source, String(value)) ?? 0) !== 0)
                faults.push({ offset, text: 'A number of so many digits must be in quotes' });
        },
    });
    return faults;
}
/** Where the value at a path begins (or its key), or the nearest thing above it that has a place. */
function offsetOf(document, { path, ofKey }) {
    const { isMap, isScalar } = yaml();
    const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
    if (ofKey === true && isMap(parent)) {
        const key = parent.items.map((pair) => pair.key).find((of) => isScalar(of) && of.value === path.at(-1));
        if (isScalar(key) && key.range != null)
            return key.range[0];
    }
    for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        if (node?.range != null)
            return node.range[0];
    }
    return document.contents?.range?.[0] ?? 0;
}
/** `tables.account.columns.revenue.as`; a key with other characters in brackets. */
const pathText = (path) => path
    .map((part, index) => {
    if (typeof part === 'number')
        return `[${part}]`;
    return /^[\w-]+$/.test(part) ? `${index === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`;
})
    .join('');
//# sourceMappingURL=read-mapping.js.map