"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BinaryEvents = void 0;
const binary_records_1 = require("./binary-records");
const binary_values_1 = require("./binary-values");
const errors_1 = require("./errors");
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACEMENT = '\ufffd';
/** A length in one to five bytes, seven bits in each, has at most 31 bits (2.1.2, "MultiByteInt31"). */
const LENGTH_BYTES = 5;
const LAST_LENGTH_BYTE = 0x07;
/** The letter that some records have for a prefix. */
const prefixOf = (type, first) => String.fromCharCode(0x61 + type - first);
const isText = (type) => type >= binary_records_1.FIRST_TEXT && type <= binary_records_1.LAST_TEXT;
/**
 * Reads .NET's binary XML without a dictionary, telling what it meets. The record that a text comes in is the writer's
 * choice of the shortest, so nothing but the text, or the bytes, is passed on.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
class BinaryEvents {
    events;
    bytes;
    at = 0;
    recordAt = 0;
    type = -1;
    depth = 0;
    inStartTag = false;
    rootEnded = false;
    constructor(body, events) {
        this.events = events;
        this.bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    }
    /** The error of a fault in the record that is being read. */
    fault(reason) {
        return new errors_1.BinaryInvalid(reason, this.recordAt, this.type === -1 ? undefined : (0, binary_records_1.recordName)(this.type));
    }
    /**
     * Reads the whole document.
     *
     * @throws BinaryInvalid, and whatever `events` throws
     */
    read() {
        while (this.at < this.bytes.length) {
            const type = this.record();
            if (this.inStartTag && !(type >= binary_records_1.FIRST_ATTRIBUTE && type <= binary_records_1.LAST_ATTRIBUTE))
                this.endStartTag();
            this.one(type);
        }
        if (this.depth > 0 || !this.rootEnded) {
            this.recordAt = this.at;
            this.type = -1;
            throw this.fault('cut-off');
        }
    }
    one(type) {
        if ((0, binary_records_1.needsDictionary)(type))
            throw this.fault('dictionary');
        if (isText(type))
            this.content(type);
        else if (type >= binary_records_1.FIRST_ELEMENT && type <= binary_records_1.LAST_ELEMENT)
            this.startElement(type);
        else if (type >= binary_records_1.FIRST_ATTRIBUTE && type <= binary_records_1.LAST_ATTRIBUTE) {
            if (!this.inStartTag)
                throw this.fault('record');
            this.tell(this.attribute(type));
        }
        else if (type === binary_records_1.RECORD.endElement)
            this.endElement();
        else if (type === binary_records_1.RECORD.comment)
            this.skip(this.length31());
        else if (type === binary_records_1.RECORD.array)
            this.array();
        else
            throw this.fault('record');
    }
    startElement(type) {
        if (this.rootEnded)
            throw this.fault('structure');
        const [prefix, name] = this.elementName(type);
        this.events.open(prefix, name);
        this.depth++;
        this.inStartTag = true;
    }
    endStartTag() {
        this.inStartTag = false;
        this.events.opened();
    }
    endElement() {
        if (this.depth === 0)
            throw this.fault('structure');
        this.events.close();
        this.depth--;
        if (this.depth === 0)
            this.rootEnded = true;
    }
    content(type) {
        if (this.depth === 0)
            throw this.fault('structure');
        let ends = type % 2 === 1;
        if (type === binary_records_1.RECORD.startList) {
            const list = this.list();
            this.events.text(list.text);
            ends = list.ends;
        }
        else {
            const value = this.value(type);
            if (typeof value !== 'string')
                this.events.bytes(value);
            else if (value !== '')
                this.events.text(value);
        }
        if (ends)
            this.endElement();
    }
    /** Texts with a space between them (2.2.3.20, "StartListText"). */
    list() {
        const items = [];
        for (;;) {
            const type = this.record();
            if ((type & 0xfe) === binary_records_1.RECORD.endList)
                return { text: items.join(' '), ends: type % 2 === 1 };
            if ((0, binary_records_1.needsDictionary)(type))
                throw this.fault('dictionary');
            if (!isText(type) || type % 2 === 1 || type === binary_records_1.RECORD.startList)
                throw this.fault('list');
            const value = this.value(type);
            items.push(typeof value === 'string' ? value : Buffer.from(value).toString('base64'));
        }
    }
    /** One element with its attributes, and how often it comes with which content (2.2.3.31, "Array"). */
    array() {
        if (this.depth === 0)
            throw this.fault('structure');
        const start = this.recordAt;
        const element = this.record();
        if ((0, binary_records_1.needsDictionary)(element))
            throw this.fault('dictionary');
        if (element < binary_records_1.FIRST_ELEMENT || element > binary_records_1.LAST_ELEMENT)
            throw this.fault('array');
        const [prefix, name] = this.elementName(element);
        const attributes = [];
        let type = this.record();
        while (type >= binary_records_1.FIRST_ATTRIBUTE && type <= binary_records_1.LAST_ATTRIBUTE) {
            if ((0, binary_records_1.needsDictionary)(type))
                throw this.fault('dictionary');
            attributes.push(this.attribute(type));
            type = this.record();
        }
        if (type !== binary_records_1.RECORD.endElement)
            throw this.fault('array');
        const kind = this.record();
        const size = binary_records_1.ARRAY_VALUE_BYTES.get(kind);
        if (size === undefined)
            throw this.fault('array');
        const count = this.length31();
        if (count * size > this.bytes.length - this.at) {
            this.recordAt = start;
            throw this.fault('cut-off');
        }
        for (let item = 0; item < count; item++) {
            this.events.open(prefix, name);
            for (const attribute of attributes)
                this.tell(attribute);
            this.events.opened();
            const value = this.value(kind);
            if (typeof value === 'string')
                this.events.text(value);
            this.events.close();
        }
    }
    tell(attribute) {
        if (attribute.kind === 'declaration')
            this.events.declare(attribute.prefix, attribute.value);
        else
            this.events.attribute(attribute.prefix, attribute.name, attribute.value);
    }
    attribute(type) {
        switch (type) {
            case binary_records_1.RECORD.shortXmlnsAttribute:
                return { kind: 'declaration', prefix: '', name: '', value: this.string() };
            case binary_records_1.RECORD.xmlnsAttribute: {
                const prefix = this.name();
                return { kind: 'declaration', prefix, name: '', value: this.string() };
            }
            case binary_records_1.RECORD.shortAttribute: {
                const name = this.name();
                return { kind: 'attribute', prefix: '', name, value: this.attributeValue() };
            }
            case binary_records_1.RECORD.attribute: {
                const prefix = this.name();
                const name = this.name();
                return { kind: 'attribute', prefix, name, value: this.attributeValue() };
            }
            default: {
                const name = this.name();
                return {
                    kind: 'attribute',
                    prefix: prefixOf(type, binary_records_1.RECORD.prefixAttributeA),
                    name,
                    value: this.attributeValue(),
                };
            }
        }
    }
    attributeValue() {
        const type = this.record();
        if ((0, binary_records_1.needsDictionary)(type))
            throw this.fault('dictionary');
        if (!isText(type) || type % 2 === 1)
            throw this.fault('record');
        if (type === binary_records_1.RECORD.startList) {
            const list = this.list();
            if (list.ends)
                throw this.fault('list');
            return list.text;
        }
        const value = this.value(type);
        return typeof value === 'string' ? value : Buffer.from(value).toString('base64');
    }
    elementName(type) {
        switch (type) {
            case binary_records_1.RECORD.shortElement:
                return ['', this.name()];
            case binary_records_1.RECORD.element: {
                const prefix = this.name();
                return [prefix, this.name()];
            }
            default:
                return [prefixOf(type, binary_records_1.RECORD.prefixElementA), this.name()];
        }
    }
    /** The content of a text record other than a list: text, or bytes. */
    value(type) {
        const { bytes } = this;
        switch (type & 0xfe) {
            case binary_records_1.RECORD.zero:
                return '0';
            case binary_records_1.RECORD.one:
                return '1';
            case binary_records_1.RECORD.false:
                return 'false';
            case binary_records_1.RECORD.true:
                return 'true';
            case binary_records_1.RECORD.int8:
                return String(bytes.readInt8(this.take(1)));
            case binary_records_1.RECORD.int16:
                return String(bytes.readInt16LE(this.take(2)));
            case binary_records_1.RECORD.int32:
                return String(bytes.readInt32LE(this.take(4)));
            case binary_records_1.RECORD.int64:
                return bytes.readBigInt64LE(this.take(8)).toString();
            case binary_records_1.RECORD.uint64:
                return bytes.readBigUInt64LE(this.take(8)).toString();
            case binary_records_1.RECORD.float:
                return (0, binary_values_1.doubleText)(bytes.readFloatLE(this.take(4)));
            case binary_records_1.RECORD.double:
                return (0, binary_values_1.doubleText)(bytes.readDoubleLE(this.take(8)));
            case binary_records_1.RECORD.decimal:
                return this.inRange((0, binary_values_1.decimalText)(bytes, this.take(16)));
            case binary_records_1.RECORD.dateTime:
                return this.inRange((0, binary_values_1.dateTimeText)(bytes, this.take(8)));
            case binary_records_1.RECORD.timeSpan:
                return (0, binary_values_1.timeSpanText)(bytes, this.take(8));
            case binary_records_1.RECORD.uuid:
                return (0, binary_values_1.uuidText)(bytes, this.take(16));
            case binary_records_1.RECORD.uniqueId:
                return `urn:uuid:${(0, binary_values_1.uuidText)(bytes, this.take(16))}`;
            case binary_records_1.RECORD.bool:
                return this.inRange(BOOLEANS[bytes.readUInt8(this.take(1))]);
            case binary_records_1.RECORD.empty:
                return '';
            case binary_records_1.RECORD.chars8:
                return this.utf8(this.length8());
            case binary_records_1.RECORD.chars16:
                return this.utf8(this.length16());
            case binary_records_1.RECORD.chars32:
                return this.utf8(this.length32());
            case binary_records_1.RECORD.unicodeChars8:
                return this.utf16(this.length8());
            case binary_records_1.RECORD.unicodeChars16:
                return this.utf16(this.length16());
            case binary_records_1.RECORD.unicodeChars32:
                return this.utf16(this.length32());
            case binary_records_1.RECORD.bytes8:
                return this.slice(this.length8());
            case binary_records_1.RECORD.bytes16:
                return this.slice(this.length16());
            case binary_records_1.RECORD.bytes32:
                return this.slice(this.length32());
            default:
                // An end of a list that did not begin, or of an element where a list begins.
                throw this.fault('list');
        }
    }
    inRange(text) {
        if (text === undefined)
            throw this.fault('value');
        return text;
    }
    /** The type of the next record. */
    record() {
        this.recordAt = this.at;
        this.type = -1;
        const type = this.bytes.readUInt8(this.take(1));
        this.type = type;
        return type;
    }
    /** Takes bytes; the index of the first. */
    take(count) {
        const from = this.at;
        if (count > this.bytes.length - from)
            throw this.fault('cut-off');
        this.at = from + count;
        return from;
    }
    skip(count) {
        this.take(count);
    }
    length8() {
        return this.bytes.readUInt8(this.take(1));
    }
    length16() {
        return this.bytes.readUInt16LE(this.take(2));
    }
    length32() {
        const length = this.bytes.readInt32LE(this.take(4));
        if (length < 0)
            throw this.fault('length');
        return length;
    }
    length31() {
        let length = 0;
        for (let count = 0; count < LENGTH_BYTES; count++) {
            const byte = this.length8();
            if (count === LENGTH_BYTES - 1 && byte > LAST_LENGTH_BYTE)
                break;
            length += (byte & 0x7f) * 2 ** (7 * count);
            if (byte < 0x80)
                return length;
        }
        throw this.fault('length');
    }
    slice(length) {
        const from = this.take(length);
        return this.bytes.subarray(from, from + length);
    }
    utf8(length) {
        const from = this.take(length);
        const text = this.bytes.toString('utf8', from, from + length);
        // A replacement character may be the text's own, or stand for bytes that are no text.
        if (!text.includes(REPLACEMENT))
            return text;
        try {
            return UTF8.decode(this.bytes.subarray(from, from + length));
        }
        catch {
            throw this.fault('encoding');
        }
    }
    /** Half of a character stays as it is: the other half may come in the next record. */
    utf16(length) {
        if (length % 2 === 1)
            throw this.fault('length');
        const from = this.take(length);
        return this.bytes.toString('utf16le', from, from + length);
    }
    string() {
        return this.utf8(this.length31());
    }
    name() {
        const name = this.string();
        if (name === '')
            throw this.fault('name');
        return name;
    }
}
exports.BinaryEvents = BinaryEvents;
const BOOLEANS = ['false', 'true'];
//# sourceMappingURL=binary-events.js.map