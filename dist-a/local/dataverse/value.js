"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.propertyName = exports.asReference = exports.secondsText = exports.isGuid = exports.ValueError = void 0;
exports.acceptValue = acceptValue;
exports.inputFromJson = inputFromJson;
exports.valueToJson = valueToJson;
exports.valueText = valueText;
const json_text_1 = require("./json-text");
const table_1 = require("./table");
/** Thrown when a value does not fit its column. */
class ValueError extends Error {
    constructor(column, value) {
        super(`Cannot convert the value ${display(value)} of column '${column.logicalName}' to type ${column.type}.`);
    }
}
exports.ValueError = ValueError;
const display = (value) => typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Is it a GUID in lower case with hyphens? */
const isGuid = (text) => GUID.test(text);
exports.isGuid = isGuid;
/** Digits padded to a scale: the database keeps a decimal with its column's scale, money with four places. */
function withScale(text, scale) {
    const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
    if (whole === '' || fraction.length > scale)
        return undefined;
    return `${sign}${whole}${scale > 0 ? '.' : ''}${fraction.padEnd(scale, '0')}`;
}
function time(input) {
    const ms = typeof input === 'string' ? Date.parse(input) : input.getTime();
    return Number.isNaN(ms) ? undefined : (0, exports.secondsText)(ms);
}
/** A moment as the Web API writes it, in whole seconds: `2026-03-14T09:26:53Z`. */
const secondsText = (epochMs) => `${new Date(Math.floor(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
exports.secondsText = secondsText;
const isReference = (input) => typeof input === 'object' && input !== null && 'table' in input && 'id' in input;
const isWhole = (value, bits) => Number.isInteger(value) && Math.abs(value) <= 2 ** (bits - 1);
/** Makes a caller's value the stored one; throws {@link ValueError} when it does not fit the column. */
function acceptValue(column, input) {
    if (input === null)
        return null;
    const accepted = fit(column, input);
    if (accepted === undefined)
        throw new ValueError(column, input);
    return accepted;
}
function fit(column, input) {
    switch (column.type) {
        case 'string':
        case 'memo':
            return typeof input === 'string' ? input : undefined;
        case 'uniqueidentifier':
            return typeof input === 'string' && (0, exports.isGuid)(input.toLowerCase()) ? input.toLowerCase() : undefined;
        case 'boolean':
            return typeof input === 'boolean' ? input : undefined;
        case 'integer':
            return typeof input === 'number' && isWhole(input, 32) ? input : undefined;
        case 'double':
            return typeof input === 'number' ? input : undefined;
        case 'bigint':
            if (typeof input === 'bigint')
                return input;
            return typeof input === 'number' && Number.isSafeInteger(input) ? BigInt(input) : undefined;
        case 'decimal':
        case 'money':
            if (typeof input !== 'string' && typeof input !== 'number')
                return undefined;
            return withScale(String(input), column.type === 'money' ? 4 : (column.precision ?? 2));
        case 'dateTime':
            if (typeof input !== 'string' && !(input instanceof Date))
                return undefined;
            if (column.behavior === 'DateOnly') {
                const date = typeof input === 'string' ? input : input.toISOString().slice(0, 10);
                return DATE.test(date) ? date : undefined;
            }
            return time(input);
        case 'choice':
        case 'state':
        case 'status':
            return typeof input === 'number' && column.options.some((option) => option.value === input) ? input : undefined;
        case 'choices': {
            if (!Array.isArray(input))
                return undefined;
            const values = input.toSorted((a, b) => a - b);
            if (!values.every((value) => column.options.some((option) => option.value === value)))
                return undefined;
            return values.length === 0 ? null : values;
        }
        case 'lookup':
        case 'customer':
        case 'owner':
            if (!isReference(input) || !column.targets.includes(input.table) || !(0, exports.isGuid)(input.id.toLowerCase()))
                return undefined;
            return { table: input.table, id: input.id.toLowerCase() };
        default:
            return column;
    }
}
/** A value of a Web API request body as a caller's value: numbers arrive as digits, choices as `"1,2,3"`. */
function inputFromJson(column, json) {
    if (json instanceof json_text_1.Digits) {
        switch (column.type) {
            case 'decimal':
            case 'money':
                return json.text;
            case 'bigint':
                return /^-?\d+$/.test(json.text) ? BigInt(json.text) : Number(json.text);
            default:
                return Number(json.text);
        }
    }
    if (column.type === 'choices' && typeof json === 'string') {
        return json
            .split(',')
            .filter((part) => part.trim() !== '')
            .map(Number);
    }
    if (json === null || typeof json === 'string' || typeof json === 'boolean' || typeof json === 'number')
        return json;
    throw new ValueError(column, (0, json_text_1.isList)(json) ? 'a list' : 'an object');
}
/** A value as the Web API shows it (a lookup as its bare id). */
function valueToJson(column, value) {
    if (value === null)
        return null;
    if (typeof value === 'bigint')
        return new json_text_1.Digits(String(value));
    if (typeof value === 'object')
        return valueText(value);
    if (typeof value === 'string' && (column.type === 'decimal' || column.type === 'money'))
        return new json_text_1.Digits(value);
    return value;
}
const isReferenceValue = (value) => 'table' in value;
/** A scalar's text; of lists and references their parts. */
function valueText(value) {
    if (typeof value !== 'object')
        return String(value);
    return isReferenceValue(value) ? value.id : value.join(',');
}
/** The value as a reference; undefined when it is none. */
const asReference = (value) => typeof value === 'object' && value !== null && isReferenceValue(value) ? value : undefined;
exports.asReference = asReference;
/** The name under which the Web API shows a column. */
const propertyName = (column) => (0, table_1.isLookup)(column) ? `_${column.logicalName}_value` : column.logicalName;
exports.propertyName = propertyName;
//# sourceMappingURL=value.js.map