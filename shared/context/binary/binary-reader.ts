import { isUtf8 } from 'node:buffer';
import { ARRAY_VALUE_BYTES, isInStartTag, KIND, kindOf, RECORD, recordName } from './record-types';
import { dateTimeText, decimalText, doubleText, isDateTime, isDecimal, timeSpanText, uuidText } from './binary-values';
import type { ContentSource, ElementEvents } from '../elements/element-events';
import type { BinaryFault } from '../errors';
import { BinaryInvalid } from '../errors';
import { asciiName } from '../json/known-names';

/** A length in one to five bytes, seven bits in each, has at most 31 bits (2.1.2, "MultiByteInt31"). */
const LENGTH_BYTES = 5;
const LAST_LENGTH_BYTE = 0x07;

/** The letters that some records have for a prefix. */
const LETTERS = Array.from({ length: 26 }, (_, index) => String.fromCharCode(0x61 + index));

const prefixOf = (type: number, first: number): string => LETTERS[type - first] ?? '';

/** Texts up to so many bytes are looked through here: handing them to native code takes longer. */
const SHORT_BYTES = 200;

interface Attribute {
  readonly kind: 'attribute' | 'declaration';
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
}

/**
 * Reads .NET's binary XML without a dictionary, telling what it meets. The record that a text comes in is the writer's
 * choice of the shortest, so nothing but the text, or the bytes, is passed on. All is checked at once; contents are made when
 * they are asked for.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
export class BinaryReader implements ContentSource {
  private readonly bytes: Buffer;
  private readonly view: DataView;
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
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
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
      if (this.inStartTag && !isInStartTag(type)) this.endStartTag();
      this.one(type);
    }
    if (this.depth > 0 || !this.rootEnded) {
      this.recordAt = this.at;
      this.type = -1;
      throw this.fault('cut-off');
    }
  }

  contentAt(at: number): string | Uint8Array {
    const standsAt = this.at;
    this.at = at;
    const value = this.value(this.byte());
    this.at = standsAt;
    return value;
  }

  private one(type: number): void {
    switch (kindOf(type)) {
      case KIND.element:
        this.startElement(type);
        break;
      case KIND.text:
        this.content(type);
        break;
      case KIND.endElement:
        this.endElement();
        break;
      case KIND.attribute:
        if (!this.inStartTag) throw this.fault('record');
        this.tell(this.attribute(type));
        break;
      case KIND.comment:
        this.take(this.length31());
        break;
      case KIND.array:
        this.array();
        break;
      case KIND.dictionary:
        throw this.fault('dictionary');
      default:
        throw this.fault('record');
    }
  }

  private startElement(type: number): void {
    if (this.rootEnded) throw this.fault('structure');
    const prefix = this.elementPrefix(type);
    this.events.open(prefix, this.name());
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
      const at = this.recordAt;
      this.pass(type);
      this.events.content(this, at);
    }
    if (ends) this.endElement();
  }

  /** Texts with a space between them (2.2.3.20, "StartListText"). */
  private list(): { readonly text: string; readonly ends: boolean } {
    const items: string[] = [];
    for (;;) {
      const type = this.record();
      if ((type & 0xfe) === RECORD.endList) return { text: items.join(' '), ends: type % 2 === 1 };
      const kind = kindOf(type);
      if (kind === KIND.dictionary) throw this.fault('dictionary');
      if (kind !== KIND.text || type % 2 === 1 || type === RECORD.startList) throw this.fault('list');
      const value = this.value(type);
      items.push(typeof value === 'string' ? value : Buffer.from(value).toString('base64'));
    }
  }

  /** One element with its attributes, and how often it comes with which content (2.2.3.31, "Array"). */
  private array(): void {
    if (this.depth === 0) throw this.fault('structure');
    const start = this.recordAt;
    const element = this.record();
    const kind = kindOf(element);
    if (kind === KIND.dictionary) throw this.fault('dictionary');
    if (kind !== KIND.element) throw this.fault('array');
    const prefix = this.elementPrefix(element);
    const name = this.name();
    const attributes: Attribute[] = [];
    let type = this.record();
    while (isInStartTag(type)) {
      if (kindOf(type) === KIND.dictionary) throw this.fault('dictionary');
      attributes.push(this.attribute(type));
      type = this.record();
    }
    if (type !== RECORD.endElement) throw this.fault('array');
    const values = this.record();
    const size = ARRAY_VALUE_BYTES.get(values);
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
      const value = this.value(values);
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
    const kind = kindOf(type);
    if (kind === KIND.dictionary) throw this.fault('dictionary');
    if (kind !== KIND.text || type % 2 === 1) throw this.fault('record');
    if (type === RECORD.startList) {
      const list = this.list();
      if (list.ends) throw this.fault('list');
      return list.text;
    }
    if (type === RECORD.chars8) return this.known(this.byte());
    const value = this.value(type);
    return typeof value === 'string' ? value : Buffer.from(value).toString('base64');
  }

  private elementPrefix(type: number): string {
    if (type === RECORD.shortElement) return '';
    return type === RECORD.element ? this.name() : prefixOf(type, RECORD.prefixElementA);
  }

  /** Checks the content of a text record other than a list, and goes past it. */
  private pass(type: number): void {
    switch (type & 0xfe) {
      case RECORD.chars8:
        this.passText(this.byte());
        break;
      case RECORD.chars16:
        this.passText(this.length16());
        break;
      case RECORD.chars32:
        this.passText(this.length32());
        break;
      case RECORD.decimal:
        if (!isDecimal(this.bytes, this.take(16))) throw this.fault('value');
        break;
      case RECORD.dateTime:
        if (!isDateTime(this.bytes, this.take(8))) throw this.fault('value');
        break;
      default:
        // The others are few, and short.
        this.value(type);
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
        return this.inRange(BOOLEANS[this.byte()]);
      case RECORD.empty:
        return '';
      case RECORD.chars8:
        return this.utf8(this.byte());
      case RECORD.chars16:
        return this.utf8(this.length16());
      case RECORD.chars32:
        return this.utf8(this.length32());
      case RECORD.unicodeChars8:
        return this.utf16(this.byte());
      case RECORD.unicodeChars16:
        return this.utf16(this.length16());
      case RECORD.unicodeChars32:
        return this.utf16(this.length32());
      case RECORD.bytes8:
        return this.slice(this.byte());
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
    this.type = this.byte();
    return this.type;
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw this.fault('cut-off');
    this.at += 1;
    return byte;
  }

  /** Takes bytes; the index of the first. */
  private take(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) throw this.fault('cut-off');
    this.at = from + count;
    return from;
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
      const byte = this.byte();
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

  /** Goes past a text in UTF-8. */
  private passText(length: number): void {
    const from = this.take(length);
    if (!isUtf8Text(this.bytes, from, this.at)) throw this.fault('encoding');
  }

  private utf8(length: number): string {
    const from = this.at;
    this.passText(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  /** Half of a character stays as it is: the other half may come in the next record. */
  private utf16(length: number): string {
    if (length % 2 === 1) throw this.fault('length');
    const from = this.take(length);
    return this.bytes.toString('utf16le', from, from + length);
  }

  /** A text of which a context has the same few again and again. */
  private known(length: number): string {
    const from = this.take(length);
    const known = asciiName(this.view, from, length);
    if (known !== undefined) return known;
    this.at = from;
    return this.utf8(length);
  }

  private string(): string {
    return this.known(this.length31());
  }

  private name(): string {
    const name = this.string();
    if (name === '') throw this.fault('name');
    return name;
  }
}

const BOOLEANS: readonly (string | undefined)[] = ['false', 'true'];

function isUtf8Text(bytes: Buffer, from: number, to: number): boolean {
  if (to - from > SHORT_BYTES) return isUtf8(bytes.subarray(from, to));
  for (let at = from; at < to; at++) if ((bytes[at] ?? 0) >= 0x80) return isUtf8(bytes.subarray(at, to));
  return true;
}
