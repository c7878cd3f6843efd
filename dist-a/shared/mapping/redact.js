"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hashWith = void 0;
exports.redact = redact;
const node_crypto_1 = require("node:crypto");
const exact_number_1 = require("../change/exact-number");
const value_json_1 = require("../change/value-json");
/** HMAC-SHA-256: who doesn't have the key can't find a value by trying. */
const hashWith = (key) => (text) => (0, node_crypto_1.createHmac)('sha256', key).update(text).digest('base64url');
exports.hashWith = hashWith;
const NUMBERS = new Set(['number', 'integer', 'bigint', 'decimal', 'money', 'double']);
/** The same text for the same value in whatever column and type, so that hashed columns can still be joined. */
function canonicalText(value) {
    const text = (0, value_json_1.textOf)(value);
    if (!NUMBERS.has(value.kind))
        return text;
    const plain = (0, exact_number_1.plainNumber)(text) ?? text;
    return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}
/** A value redacted: text, without label, table or name. Null stays null. */
function redact(value, redaction, hash) {
    if (value === null)
        return null;
    return {
        kind: 'string',
        value: redaction === 'hash' ? hash(canonicalText(value)) : mask((0, value_json_1.textOf)(value), redaction),
    };
}
/** Every character an asterisk, except a few at the ends: half of them at most, so that no short text stays readable. */
function mask(text, { keepFirst, keepLast }) {
    const characters = Array.from(text);
    const half = Math.floor(characters.length / 2);
    const first = Math.min(keepFirst, half);
    const last = Math.min(keepLast, half - first);
    return characters.map((character, at) => (at < first || at >= characters.length - last ? character : '*')).join('');
}
//# sourceMappingURL=redact.js.map