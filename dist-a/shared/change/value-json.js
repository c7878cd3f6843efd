"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.wallTimeOf = void 0;
exports.plainValue = plainValue;
exports.textOf = textOf;
const exact_number_1 = require("./exact-number");
/** A value as plain JSON: digits of exact numbers as text, a date as its ISO form, a lookup as an object. */
function plainValue(value) {
    if (value === null)
        return null;
    switch (value.kind) {
        case 'string':
        case 'guid':
        case 'boolean':
        case 'integer':
        case 'double':
        case 'managed':
        case 'choice':
            return value.value;
        case 'bigint':
            return value.value.toString();
        case 'number':
        case 'decimal':
        case 'money':
        case 'date':
        case 'wallTime':
            return value.text;
        case 'instant':
            return new Date(value.epochMs).toISOString();
        case 'offsetTime':
            return (0, exports.wallTimeOf)(value.epochMs, value.offsetMinutes);
        case 'choices':
            return value.values;
        case 'lookup':
            return { table: value.table, id: value.id, name: value.name };
        case 'bytes':
            return value.base64;
        case 'aliased':
            return plainValue(value.value);
        case 'rows':
            return value.rows.map(plainRow);
        case 'row':
            return plainRow(value.row);
        case 'relationship':
            return { schemaName: value.schemaName, role: value.role };
        case 'pairs':
            return value.entries;
        case 'list':
            return value.items.map(plainValue);
        case 'unknown':
            return { type: value.type, json: value.json };
        default:
            return value;
    }
}
const plainRow = (row) => ({
    table: row.table,
    id: row.id,
    columns: Object.fromEntries([...row.columns].map(([name, value]) => [name, plainValue(value)])),
});
/** The wall time that a time with an offset shows: `2026-02-28T17:45:00.000`. */
const wallTimeOf = (epochMs, offsetMinutes) => new Date(epochMs + offsetMinutes * 60_000).toISOString().replace('Z', '');
exports.wallTimeOf = wallTimeOf;
/** A value as one text: an id for a lookup, plain digits for a number, JSON for what has parts. */
function textOf(value) {
    if (value.kind === 'lookup')
        return value.id;
    const plain = plainValue(value);
    if (typeof plain === 'number')
        return (0, exact_number_1.plainNumber)(String(plain)) ?? String(plain);
    return typeof plain === 'string' ? plain : JSON.stringify(plain);
}
//# sourceMappingURL=value-json.js.map