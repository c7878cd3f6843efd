"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.recordOf = exports.numbersOf = exports.textOf = exports.arrayOf = exports.map = exports.list = exports.described = exports.readerOf = void 0;
exports.encode = encode;
exports.symbol = symbol;
exports.numberOf = numberOf;
const rhea_1 = require("rhea");
const undeclared = rhea_1.types;
/** Codes of the array constructors used in replies; AMQP arrays name one type for all items. */
const ARRAY_OF = { long: 0x81, timestamp: 0x83, string: 0xa1 };
/** A reader over encoded values. */
const readerOf = (buffer) => new undeclared.Reader(buffer);
exports.readerOf = readerOf;
/** Encodes values one after the other. */
function encode(values) {
    const writer = new undeclared.Writer();
    for (const value of values)
        writer.write(value);
    return writer.toBuffer();
}
/** A described value: how AMQP marks message sections, outcomes and errors. */
const described = (code, value) => rhea_1.types.described_nc(rhea_1.types.wrap_ulong(code), value);
exports.described = described;
/** A list; an absent item is encoded as null. */
const list = (items) => undeclared.List32(items);
exports.list = list;
/** A map from keys and values in turn. */
const map = (keysAndValues) => undeclared.Map32(keysAndValues);
exports.map = map;
/** An array of one type. */
const arrayOf = (type, items) => rhea_1.types.wrap_array(items, ARRAY_OF[type], undefined);
exports.arrayOf = arrayOf;
const symbols = new Map();
/** A symbol; the broker uses a fixed set of them, so each is wrapped once. */
function symbol(name) {
    const known = symbols.get(name) ?? rhea_1.types.wrap_symbol(name);
    symbols.set(name, known);
    return known;
}
/** The number in a decoded value: rhea gives a Buffer for what exceeds 2^53, a Date for a timestamp. */
function numberOf(value) {
    if (Buffer.isBuffer(value))
        return Number(value.readBigInt64BE(0));
    if (value instanceof Date)
        return value.getTime();
    return Number(value);
}
/** The string in a decoded value; undefined for anything else. */
const textOf = (value) => (typeof value === 'string' ? value : undefined);
exports.textOf = textOf;
/** Numbers out of a decoded list or array. */
const numbersOf = (value) => (Array.isArray(value) ? value.map(numberOf) : []);
exports.numbersOf = numbersOf;
/** A decoded map as a record; empty for anything else. */
const recordOf = (value) => typeof value === 'object' && value !== null ? value : {};
exports.recordOf = recordOf;
//# sourceMappingURL=amqp-types.js.map