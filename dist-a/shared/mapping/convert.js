"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TARGET_TYPES = void 0;
exports.convertValue = convertValue;
exports.isoMs = isoMs;
const exact_number_1 = require("../change/exact-number");
const value_json_1 = require("../change/value-json");
/** The types that a column can be given (`as`). */
exports.TARGET_TYPES = ['text', 'integer', 'bigint', 'decimal', 'double', 'boolean', 'date', 'time'];
/** A value in another type; undefined where it has no such form. Only `double` may lose digits. */
function convertValue(value, as) {
    if (value === null)
        return null;
    switch (as) {
        case 'text':
            return { kind: 'string', value: (0, value_json_1.textOf)(value) };
        case 'integer': {
            const whole = wholeOf(value);
            return whole === undefined || BigInt.asIntN(32, whole) !== whole
                ? undefined
                : { kind: 'integer', value: Number(whole) };
        }
        case 'bigint': {
            const whole = wholeOf(value);
            return whole === undefined || BigInt.asIntN(64, whole) !== whole ? undefined : { kind: 'bigint', value: whole };
        }
        case 'decimal': {
            const text = numberOf(value);
            return text === undefined ? undefined : { kind: 'decimal', text };
        }
        case 'double': {
            const number = Number(numberOf(value) ?? Number.NaN);
            return Number.isFinite(number) ? { kind: 'double', value: number } : undefined;
        }
        case 'boolean':
            return booleanOf(value);
        case 'date': {
            const epochMs = wallMsOf(value);
            return epochMs === undefined ? undefined : { kind: 'date', text: new Date(epochMs).toISOString().slice(0, 10) };
        }
        case 'time': {
            const epochMs = value.kind === 'offsetTime' ? value.epochMs : wallMsOf(value);
            return epochMs === undefined ? undefined : { kind: 'instant', epochMs };
        }
        default:
            return as;
    }
}
const NUMERIC = new Set(['number', 'integer', 'bigint', 'decimal', 'money', 'double', 'choice', 'string']);
/** The plain digits of a number, or of text that is one. */
const numberOf = (value) => NUMERIC.has(value.kind) ? (0, exact_number_1.plainNumber)((0, value_json_1.textOf)(value)) : undefined;
const wholeOf = (value) => {
    const text = numberOf(value);
    return text === undefined ? undefined : (0, exact_number_1.wholeNumber)(text);
};
function booleanOf(value) {
    if (value.kind === 'boolean' || value.kind === 'managed')
        return { kind: 'boolean', value: value.value };
    const text = (0, value_json_1.textOf)(value);
    if (value.kind === 'string' && /^(?:true|false)$/i.test(text)) {
        return { kind: 'boolean', value: text.toLowerCase() === 'true' };
    }
    const whole = wholeOf(value);
    return whole === 0n || whole === 1n ? { kind: 'boolean', value: whole === 1n } : undefined;
}
/** A date or time as milliseconds; one without a zone is read as UTC. */
function wallMsOf(value) {
    switch (value.kind) {
        case 'instant':
            return value.epochMs;
        case 'offsetTime':
            return isoMs((0, value_json_1.wallTimeOf)(value.epochMs, value.offsetMinutes));
        case 'date':
        case 'wallTime':
            return isoMs(value.text);
        case 'string':
            return isoMs(value.value);
        default:
            return undefined;
    }
}
const ISO = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/;
/** Days that every month has. */
const SHORTEST_MONTH = 28;
function isDay(text) {
    if (Number(text.slice(8)) <= SHORTEST_MONTH)
        return true;
    const ms = Date.parse(text);
    return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
/** An ISO date or time in milliseconds, UTC where it names no zone; undefined for any other text. */
function isoMs(text) {
    const [, day, time, zone] = ISO.exec(text) ?? [];
    // Date.parse takes a 30th of February for a day in March.
    if (day === undefined || !isDay(day))
        return undefined;
    const ms = Date.parse(time === undefined ? day : zone === undefined ? `${text}Z` : text);
    return Number.isNaN(ms) ? undefined : ms;
}
//# sourceMappingURL=convert.js.map