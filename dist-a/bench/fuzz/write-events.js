"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.toXml = toXml;
exports.length31 = length31;
exports.textRecord = textRecord;
exports.toBinary = toBinary;
const binary_records_1 = require("../../shared/context/binary-records");
const qualified = (prefix, name) => (prefix === '' ? name : `${prefix}:${name}`);
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** As .NET escapes text: also what XML 1.0 has no way to write. */
const escaped = (text) => text.replace(/[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`);
/** Writes what was met as text XML, whether or not it is well formed. */
function toXml(events) {
    const open = [];
    let out = '';
    for (const event of events) {
        switch (event.kind) {
            case 'open':
                open.push(qualified(event.prefix, event.name));
                out += `<${open.at(-1) ?? ''}`;
                break;
            case 'declare':
                out += ` ${event.prefix === '' ? 'xmlns' : `xmlns:${event.prefix}`}="${escaped(event.uri)}"`;
                break;
            case 'attribute':
                out += ` ${qualified(event.prefix, event.name)}="${escaped(event.value)}"`;
                break;
            case 'opened':
                out += '>';
                break;
            case 'text':
                out += escaped(event.text);
                break;
            case 'bytes':
                out += Buffer.from(event.bytes).toString('base64');
                break;
            case 'close':
                out += `</${open.pop() ?? 'x'}>`;
                break;
        }
    }
    return Buffer.from(out);
}
const u8 = (...values) => Buffer.from(values);
function u16(value) {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return bytes;
}
function i32(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
}
/** A length as the records of names have it, seven bits in a byte. */
function length31(value) {
    const bytes = [];
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80))
        bytes.push((rest % 0x80) + 0x80);
    return u8(...bytes, rest);
}
function string(text) {
    const bytes = Buffer.from(text);
    return Buffer.concat([length31(bytes.length), bytes]);
}
/** Length and content in the records of 8, 16 or 32 bits of length that have room for them. */
function sized(type8, type16, type32, content, random) {
    const { length } = content;
    const widths = [...(length < 0x100 ? [8] : []), ...(length < 0x10000 ? [16] : []), 32];
    switch (random.oneOf(widths)) {
        case 8:
            return Buffer.concat([u8(type8, length), content]);
        case 16:
            return Buffer.concat([u8(type16), u16(length), content]);
        default:
            return Buffer.concat([u8(type32), i32(length), content]);
    }
}
const SMALL = new Map([
    ['0', binary_records_1.RECORD.zero],
    ['1', binary_records_1.RECORD.one],
    ['false', binary_records_1.RECORD.false],
    ['true', binary_records_1.RECORD.true],
]);
const WHOLE = /^(?:0|-?[1-9]\d{0,8})$/;
/** A text in one of the records that can hold it. */
function textRecord(text, random) {
    const small = SMALL.get(text);
    if (small !== undefined && random.happens(0.5))
        return u8(small);
    if (text === '')
        return u8(binary_records_1.RECORD.empty);
    if (WHOLE.test(text) && random.happens(0.5))
        return Buffer.concat([u8(binary_records_1.RECORD.int32), i32(Number(text))]);
    // Half of a character can't be written as UTF-8.
    return random.happens(0.3) || !text.isWellFormed()
        ? sized(binary_records_1.RECORD.unicodeChars8, binary_records_1.RECORD.unicodeChars16, binary_records_1.RECORD.unicodeChars32, Buffer.from(text, 'utf16le'), random)
        : sized(binary_records_1.RECORD.chars8, binary_records_1.RECORD.chars16, binary_records_1.RECORD.chars32, Buffer.from(text), random);
}
const LETTER = /^[a-z]$/;
/** Writes what was met as .NET binary XML, in records of chance's choosing. */
function toBinary(events, random) {
    const out = [];
    /** What was written last is content of the element that is open. */
    let content = false;
    for (const event of events) {
        switch (event.kind) {
            case 'open':
                if (event.prefix === '')
                    out.push(u8(binary_records_1.RECORD.shortElement));
                else if (LETTER.test(event.prefix) && random.happens(0.7)) {
                    out.push(u8(binary_records_1.RECORD.prefixElementA + event.prefix.charCodeAt(0) - 0x61));
                }
                else
                    out.push(u8(binary_records_1.RECORD.element), string(event.prefix));
                out.push(string(event.name));
                break;
            case 'declare':
                if (event.prefix === '')
                    out.push(u8(binary_records_1.RECORD.shortXmlnsAttribute));
                else
                    out.push(u8(binary_records_1.RECORD.xmlnsAttribute), string(event.prefix));
                out.push(string(event.uri));
                break;
            case 'attribute':
                if (event.prefix === '')
                    out.push(u8(binary_records_1.RECORD.shortAttribute));
                else if (LETTER.test(event.prefix) && random.happens(0.7)) {
                    out.push(u8(binary_records_1.RECORD.prefixAttributeA + event.prefix.charCodeAt(0) - 0x61));
                }
                else
                    out.push(u8(binary_records_1.RECORD.attribute), string(event.prefix));
                out.push(string(event.name), textRecord(event.value, random));
                break;
            case 'opened':
                if (random.happens(0.05))
                    out.push(u8(binary_records_1.RECORD.comment), string('a comment'));
                break;
            case 'text': {
                const cut = random.happens(0.2) ? random.below(event.text.length + 1) : event.text.length;
                out.push(textRecord(event.text.slice(0, cut), random));
                if (cut < event.text.length)
                    out.push(textRecord(event.text.slice(cut), random));
                break;
            }
            case 'bytes':
                out.push(sized(binary_records_1.RECORD.bytes8, binary_records_1.RECORD.bytes16, binary_records_1.RECORD.bytes32, Buffer.from(event.bytes), random));
                break;
            case 'close': {
                // Text that the element ends with has that in its own record.
                const last = content ? out.at(-1) : undefined;
                if (last !== undefined && random.happens(0.7))
                    last[0] = (last[0] ?? 0) + 1;
                else
                    out.push(u8(binary_records_1.RECORD.endElement));
                break;
            }
        }
        content = event.kind === 'text' || event.kind === 'bytes';
    }
    return Buffer.concat(out);
}
//# sourceMappingURL=write-events.js.map