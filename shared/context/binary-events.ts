import {
  ARRAY_VALUE_BYTES,
  FIRST_ATTRIBUTE,
  FIRST_ELEMENT,
  FIRST_TEXT,
  LAST_ATTRIBUTE,
  LAST_ELEMENT,
  LAST_TEXT,
  needsDictionary,
  RECORD,
  recordName,
} from './binary-records';
import { dateTimeText, decimalText, doubleText, timeSpanText, uuidText } from './binary-values';
import type { ElementEvents } from './element-events';
import type { BinaryFault } from './errors';
import { BinaryInvalid } from './errors';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const REPLACEMENT = '\ufffd';

/** A length in one to five bytes, seven bits in each, has at most 31 bits (2.1.2, "MultiByteInt31"). */
const LENGTH_BYTES = 5;
const LAST_LENGTH_BYTE = 0x07;

/** The letter that some records have for a prefix. */
const prefixOf = (type: number, first: number): string => String.fromCharCode(0x61 + type - first);

const isText = (type: number): boolean => type >= FIRST_TEXT && type <= LAST_TEXT;

interface Attribute {
  readonly kind: 'attribute' | 'declaration';
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
}

/**
 * Reads .NET's binary XML without a dictionary, telling what it meets. The record that a text comes in is the writer's
 * choice of the shortest, so nothing but the text, or the bytes, is passed on.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
export class BinaryEvents {
  private readonly bytes: Buffer;
  private at = 0;
  private recordAt = 0;
  private type = -1;
  private depth = 0;
  private inStartTag = false;
  private rootEnded = false;

  constructor(
    body: Uint8Array,
    private readonly events: ElementEvents,
  ) {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  /** The error of a fault in the record that is being read. */
  fault(reason: BinaryFault): BinaryInvalid {
    return new BinaryInvalid(reason, this.recordAt, this.type === -1 ? undefined : recordName(this.type));
  }

  /**
   * Reads the whole document.
   *
   * @throws BinaryInvalid, and whatever `events` throws
   */
  read(): void {
    while (this.at < this.bytes.length) {
      const type = this.record();
      if (this.inStartTag && !(type >= FIRST_ATTRIBUTE && type <= LAST_ATTRIBUTE)) this.endStartTag();
      this.one(type);
    }
    if (this.depth > 0 || !this.rootEnded) {
      this.recordAt = this.at;
      this.type = -1;
      throw this.fault('cut-off');
    }
  }

  private one(type: number): void {
    if (needsDictionary(type)) throw this.fault('dictionary');
    if (isText(type)) this.content(type);
    else if (type >= FIRST_ELEMENT && type <= LAST_ELEMENT) this.startElement(type);
    else if (type >= FIRST_ATTRIBUTE && type <= LAST_ATTRIBUTE) {
      if (!this.inStartTag) throw this.fault('record');
      this.tell(this.attribute(type));
    } else if (type === RECORD.endElement) this.endElement();
    else if (type === RECORD.comment) this.skip(this.length31());
    else if (type === RECORD.array) this.array();
    else throw this.fault('record');
  }

  private startElement(type: number): void {
    if (this.rootEnded) throw this.fault('structure');
    const [prefix, name] = this.elementName(type);
    this.events.open(prefix, name);
    this.depth++;
    this.inStartTag = true;
  }

  private endStartTag(): void {
    this.inStartTag = false;
    this.events.opened();
  }

  private endElement(): void {
    if (this.depth === 0) throw this.fault('structure');
    this.events.close();
    this.depth--;
    if (this.depth === 0) this.rootEnded = true;
  }

  private content(type: number): void {
    if (this.depth === 0) throw this.fault('structure');
    let ends = type % 2 === 1;
    if (type === RECORD.startList) {
      const list = this.list();
      this.events.text(list.text);
      ends = list.ends;
    } else {
      const value = this.value(type);
      if (typeof value !== 'string') this.events.bytes(value);
      else if (value !== '') this.events.text(value);
    }
    if (ends) this.endElement();
  }

  /** Texts with a space between them (2.2.3.20, "StartListText"). */
  private list(): { readonly text: string; readonly ends: boolean } {
    const items: string[] = [];
    for (;;) {
      const type = this.record();
      if ((type & 0xfe) === RECORD.endList) return { text: items.join(' '), ends: type % 2 === 1 };
      if (needsDictionary(type)) throw this.fault('dictionary');
      if (!isText(type) || type % 2 === 1 || type === RECORD.startList) throw this.fault('list');
      const value = this.value(type);
      items.push(typeof value === 'string' ? value : Buffer.from(value).toString('base64'));
    }
  }

  /** One element with its attributes, and how often it comes with which content (2.2.3.31, "Array"). */
  private array(): void {
    if (this.depth === 0) throw this.fault('structure');
    const start = this.recordAt;
    const element = this.record();
    if (needsDictionary(element)) throw this.fault('dictionary');
    if (element < FIRST_ELEMENT || element > LAST_ELEMENT) throw this.fault('array');
    const [prefix, name] = this.elementName(element);
    const attributes: Attribute[] = [];
    let type = this.record();
    while (type >= FIRST_ATTRIBUTE && type <= LAST_ATTRIBUTE) {
      if (needsDictionary(type)) throw this.fault('dictionary');
      attributes.push(this.attribute(type));
      type = this.record();
    }
    if (type !== RECORD.endElement) throw this.fault('array');
    const kind = this.record();
    const size = ARRAY_VALUE_BYTES.get(kind);
    if (size === undefined) throw this.fault('array');
    const count = this.length31();
    if (count * size > this.bytes.length - this.at) {
      this.recordAt = start;
      throw this.fault('cut-off');
    }
    for (let item = 0; item < count; item++) {
      this.events.open(prefix, name);
      for (const attribute of attributes) this.tell(attribute);
      this.events.opened();
      const value = this.value(kind);
      if (typeof value === 'string') this.events.text(value);
      this.events.close();
    }
  }

  private tell(attribute: Attribute): void {
    if (attribute.kind === 'declaration') this.events.declare(attribute.prefix, attribute.value);
    else this.events.attribute(attribute.prefix, attribute.name, attribute.value);
  }

  private attribute(type: number): Attribute {
    switch (type) {
      case RECORD.shortXmlnsAttribute:
        return { kind: 'declaration', prefix: '', name: '', value: this.string() };
      case RECORD.xmlnsAttribute: {
        const prefix = this.name();
        return { kind: 'declaration', prefix, name: '', value: this.string() };
      }
      case RECORD.shortAttribute: {
        const name = this.name();
        return { kind: 'attribute', prefix: '', name, value: this.attributeValue() };
      }
      case RECORD.attribute: {
        const prefix = this.name();
        const name = this.name();
        return { kind: 'attribute', prefix, name, value: this.attributeValue() };
      }
      default: {
        const name = this.name();
        return {
          kind: 'attribute',
          prefix: prefixOf(type, RECORD.prefixAttributeA),
          name,
          value: this.attributeValue(),
        };
      }
    }
  }

  private attributeValue(): string {
    const type = this.record();
    if (needsDictionary(type)) throw this.fault('dictionary');
    if (!isText(type) || type % 2 === 1) throw this.fault('record');
    if (type === RECORD.startList) {
      const list = this.list();
      if (list.ends) throw this.fault('list');
      return list.text;
    }
    const value = this.value(type);
    return typeof value === 'string' ? value : Buffer.from(value).toString('base64');
  }

  private elementName(type: number): readonly [prefix: string, name: string] {
    switch (type) {
      case RECORD.shortElement:
        return ['', this.name()];
      case RECORD.element: {
        const prefix = this.name();
        return [prefix, this.name()];
      }
      default:
        return [prefixOf(type, RECORD.prefixElementA), this.name()];
    }
  }

  /** The content of a text record other than a list: text, or bytes. */
  private value(type: number): string | Uint8Array {
    const { bytes } = this;
    switch (type & 0xfe) {
      case RECORD.zero:
        return '0';
      case RECORD.one:
        return '1';
      case RECORD.false:
        return 'false';
      case RECORD.true:
        return 'true';
      case RECORD.int8:
        return String(bytes.readInt8(this.take(1)));
      case RECORD.int16:
        return String(bytes.readInt16LE(this.take(2)));
      case RECORD.int32:
        return String(bytes.readInt32LE(this.take(4)));
      case RECORD.int64:
        return bytes.readBigInt64LE(this.take(8)).toString();
      case RECORD.uint64:
        return bytes.readBigUInt64LE(this.take(8)).toString();
      case RECORD.float:
        return doubleText(bytes.readFloatLE(this.take(4)));
      case RECORD.double:
        return doubleText(bytes.readDoubleLE(this.take(8)));
      case RECORD.decimal:
        return this.inRange(decimalText(bytes, this.take(16)));
      case RECORD.dateTime:
        return this.inRange(dateTimeText(bytes, this.take(8)));
      case RECORD.timeSpan:
        return timeSpanText(bytes, this.take(8));
      case RECORD.uuid:
        return uuidText(bytes, this.take(16));
      case RECORD.uniqueId:
        return `urn:uuid:${uuidText(bytes, this.take(16))}`;
      case RECORD.bool:
        return this.inRange(BOOLEANS[bytes.readUInt8(this.take(1))]);
      case RECORD.empty:
        return '';
      case RECORD.chars8:
        return this.utf8(this.length8());
      case RECORD.chars16:
        return this.utf8(this.length16());
      case RECORD.chars32:
        return this.utf8(this.length32());
      case RECORD.unicodeChars8:
        return this.utf16(this.length8());
      case RECORD.unicodeChars16:
        return this.utf16(this.length16());
      case RECORD.unicodeChars32:
        return this.utf16(this.length32());
      case RECORD.bytes8:
        return this.slice(this.length8());
      case RECORD.bytes16:
        return this.slice(this.length16());
      case RECORD.bytes32:
        return this.slice(this.length32());
      default:
        // An end of a list that did not begin, or of an element where a list begins.
        throw this.fault('list');
    }
  }

  private inRange(text: string | undefined): string {
    if (text === undefined) throw this.fault('value');
    return text;
  }

  /** The type of the next record. */
  private record(): number {
    this.recordAt = this.at;
    this.type = -1;
    const type = this.bytes.readUInt8(this.take(1));
    this.type = type;
    return type;
  }

  /** Takes bytes; the index of the first. */
  private take(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) throw this.fault('cut-off');
    this.at = from + count;
    return from;
  }

  private skip(count: number): void {
    this.take(count);
  }

  private length8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  private length16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  private length32(): number {
    const length = this.bytes.readInt32LE(this.take(4));
    if (length < 0) throw this.fault('length');
    return length;
  }

  private length31(): number {
    let length = 0;
    for (let count = 0; count < LENGTH_BYTES; count++) {
      const byte = this.length8();
      if (count === LENGTH_BYTES - 1 && byte > LAST_LENGTH_BYTE) break;
      length += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return length;
    }
    throw this.fault('length');
  }

  private slice(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  private utf8(length: number): string {
    const from = this.take(length);
    const text = this.bytes.toString('utf8', from, from + length);
    // A replacement character may be the text's own, or stand for bytes that are no text.
    if (!text.includes(REPLACEMENT)) return text;
    try {
      return UTF8.decode(this.bytes.subarray(from, from + length));
    } catch {
      throw this.fault('encoding');
    }
  }

  /** Half of a character stays as it is: the other half may come in the next record. */
  private utf16(length: number): string {
    if (length % 2 === 1) throw this.fault('length');
    const from = this.take(length);
    return this.bytes.toString('utf16le', from, from + length);
  }

  private string(): string {
    return this.utf8(this.length31());
  }

  private name(): string {
    const name = this.string();
    if (name === '') throw this.fault('name');
    return name;
  }
}

const BOOLEANS: readonly (string | undefined)[] = ['false', 'true'];
