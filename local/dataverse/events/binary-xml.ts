import type { Scalar } from './contract-value';
import { isElements, scalarText, type XmlElement } from './contract-xml';

/**
 * Records of .NET's binary XML; a text record plus one ends its element.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
const RECORD = {
  endElement: 0x01,
  shortXmlns: 0x08,
  xmlns: 0x09,
  attributeA: 0x26,
  shortElement: 0x40,
  elementA: 0x5e,
  zero: 0x80,
  one: 0x82,
  false: 0x84,
  true: 0x86,
  int8: 0x88,
  int16: 0x8a,
  int32: 0x8c,
  int64: 0x8e,
  float: 0x90,
  double: 0x92,
  decimal: 0x94,
  dateTime: 0x96,
  chars: [0x98, 0x9a, 0x9c],
  unicodeChars: [0xb6, 0xb8, 0xba],
  bytes: [0x9e, 0xa0, 0xa2],
} as const;

const letter = (first: number, prefix: string): number => first + prefix.charCodeAt(0) - 0x61;

const u8 = (...values: number[]): Buffer => Buffer.from(values);

/** A length as the records of names have it, seven bits in a byte. */
function length31(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return u8(...bytes, rest);
}

/** A name or namespace with its length. */
export function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([length31(bytes.length), bytes]);
}

function fixed(type: number, size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = type;
  write(bytes);
  return bytes;
}

/** UTF-16 where that is shorter. */
function characters(text: string): Buffer {
  const [utf8, utf16] = [Buffer.from(text), Buffer.from(text, 'utf16le')];
  return utf16.length < utf8.length ? sized(RECORD.unicodeChars, utf16) : sized(RECORD.chars, utf8);
}

/** The record of a length that has one, two or four bytes. */
function sized(types: readonly [number, number, number], bytes: Buffer): Buffer {
  const { length } = bytes;
  if (length < 0x100) return Buffer.concat([u8(types[0], length), bytes]);
  const head =
    length < 0x10000
      ? fixed(types[1], 2, (start) => start.writeUInt16LE(length, 1))
      : fixed(types[2], 4, (start) => start.writeInt32LE(length, 1));
  return Buffer.concat([head, bytes]);
}

/** The narrowest record of a whole number. */
function whole(value: bigint): Buffer {
  if (value === 0n) return u8(RECORD.zero);
  if (value === 1n) return u8(RECORD.one);
  const fits = (bits: number): boolean => BigInt.asIntN(bits, value) === value;
  if (fits(8)) return fixed(RECORD.int8, 1, (bytes) => bytes.writeInt8(Number(value), 1));
  if (fits(16)) return fixed(RECORD.int16, 2, (bytes) => bytes.writeInt16LE(Number(value), 1));
  if (fits(32)) return fixed(RECORD.int32, 4, (bytes) => bytes.writeInt32LE(Number(value), 1));
  return fixed(RECORD.int64, 8, (bytes) => bytes.writeBigInt64LE(value, 1));
}

/** A whole number, a float or a double: whichever holds it. */
function double(value: number): Buffer {
  if (Math.fround(value) !== value) return fixed(RECORD.double, 8, (bytes) => bytes.writeDoubleLE(value, 1));
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return whole(BigInt(value));
  return fixed(RECORD.float, 4, (bytes) => bytes.writeFloatLE(value, 1));
}

/** Scale, sign, and 96 bits of digits, the upper 32 first. */
function decimal(text: string): Buffer {
  const [, sign = '', digits = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const value = BigInt(digits + fraction);
  return fixed(RECORD.decimal, 16, (bytes) => {
    bytes.writeUInt8(fraction.length, 3);
    bytes.writeUInt8(sign === '' ? 0 : 0x80, 4);
    bytes.writeUInt32LE(Number(value >> 64n), 5);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 9);
  });
}

/** Ticks of 100 ns since the year 1, and in the upper two bits the kind: 0 Unspecified, 1 UTC. */
function dateTime(epochMs: number, zone: 'utc' | 'none'): Buffer {
  const ticks = BigInt(epochMs) * 10_000n + 621_355_968_000_000_000n;
  const kind = zone === 'utc' ? 1n : 0n;
  return fixed(RECORD.dateTime, 8, (bytes) => bytes.writeBigUInt64LE(ticks | (kind << 62n), 1));
}

/** The writer encodes three bytes at a time, and writes those that are left over at the end. */
function bytesRecords(base64: string): Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  const whole = bytes.length - (bytes.length % 3);
  return [bytes.subarray(0, whole), bytes.subarray(whole)]
    .filter(({ length }) => length > 0)
    .map((part) => sized(RECORD.bytes, part));
}

/** The records of a scalar; an empty text has none. */
const textRecords = (value: Scalar): Buffer[] =>
  value.kind === 'bytes' ? bytesRecords(value.base64) : [textRecord(value) ?? []].flat();

function textRecord(value: Exclude<Scalar, { kind: 'bytes' }>): Buffer | undefined {
  switch (value.kind) {
    case 'string':
      if (value.text === '') return undefined;
      // The writer takes these two for numbers.
      return value.text === '0' || value.text === '1' ? whole(BigInt(value.text)) : characters(value.text);
    case 'guid':
    case 'enum':
      return characters(scalarText(value));
    case 'boolean':
      return u8(value.flag ? RECORD.true : RECORD.false);
    case 'int':
      return whole(BigInt(value.number));
    case 'long':
      return whole(BigInt(value.text));
    case 'double':
      return double(value.number);
    case 'decimal':
      return decimal(value.text);
    case 'dateTime':
      return dateTime(value.epochMs, value.zone);
    default:
      return value satisfies never;
  }
}

function write(element: XmlElement, out: Buffer[]): void {
  const { prefix, name, content } = element;
  out.push(u8(prefix === '' ? RECORD.shortElement : letter(RECORD.elementA, prefix)), counted(name));
  for (const attribute of element.attributes) {
    out.push(u8(letter(RECORD.attributeA, attribute.prefix)), counted(attribute.name));
    out.push(attribute.value === true ? u8(RECORD.true) : characters(attribute.value));
  }
  for (const { prefix: declared, uri } of element.declares) {
    out.push(...(declared === '' ? [u8(RECORD.shortXmlns)] : [u8(RECORD.xmlns), counted(declared)]), counted(uri));
  }
  const records = content === null || isElements(content) ? [] : textRecords(content);
  const last = records.at(-1);
  if (last !== undefined) {
    last[0] = (last[0] ?? 0) + 1;
    out.push(...records);
    return;
  }
  if (content !== null && isElements(content)) for (const child of content) write(child, out);
  out.push(u8(RECORD.endElement));
}

/** An element as .NET's binary XML, without a dictionary. */
export function binaryXml(element: XmlElement): Buffer {
  const out: Buffer[] = [];
  write(element, out);
  return Buffer.concat(out);
}
