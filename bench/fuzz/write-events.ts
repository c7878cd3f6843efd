import { RECORD } from '../../shared/context/binary/record-types';
import { counted } from '../../local/dataverse/events/binary-xml';
import { escapeXml } from '../../local/dataverse/events/contract-xml';
import type { LoggedEvent } from './event-log';
import type { Random } from './random';

const qualified = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}:${name}`);

/** Writes what was met as text XML, whether or not it is well formed. */
export function toXml(events: readonly LoggedEvent[]): Buffer {
  const open: string[] = [];
  let out = '';
  for (const event of events) {
    switch (event.kind) {
      case 'open':
        open.push(qualified(event.prefix, event.name));
        out += `<${open.at(-1) ?? ''}`;
        break;
      case 'declare':
        out += ` ${event.prefix === '' ? 'xmlns' : `xmlns:${event.prefix}`}="${escapeXml(event.uri)}"`;
        break;
      case 'attribute':
        out += ` ${qualified(event.prefix, event.name)}="${escapeXml(event.value)}"`;
        break;
      case 'opened':
        out += '>';
        break;
      case 'text':
        out += escapeXml(event.text);
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

const u8 = (...values: number[]): Buffer => Buffer.from(values);

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Length and content in the records of 8, 16 or 32 bits of length that have room for them. */
function sized(type8: number, type16: number, type32: number, content: Buffer, random: Random): Buffer {
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

const SMALL: ReadonlyMap<string, number> = new Map([
  ['0', RECORD.zero],
  ['1', RECORD.one],
  ['false', RECORD.false],
  ['true', RECORD.true],
]);

const WHOLE = /^(?:0|-?[1-9]\d{0,8})$/;

/** A text in one of the records that can hold it. */
export function textRecord(text: string, random: Random): Buffer {
  const small = SMALL.get(text);
  if (small !== undefined && random.happens(0.5)) return u8(small);
  if (text === '') return u8(RECORD.empty);
  if (WHOLE.test(text) && random.happens(0.5)) return Buffer.concat([u8(RECORD.int32), i32(Number(text))]);
  // Half of a character can't be written as UTF-8.
  return random.happens(0.3) || !text.isWellFormed()
    ? sized(RECORD.unicodeChars8, RECORD.unicodeChars16, RECORD.unicodeChars32, Buffer.from(text, 'utf16le'), random)
    : sized(RECORD.chars8, RECORD.chars16, RECORD.chars32, Buffer.from(text), random);
}

const LETTER = /^[a-z]$/;

/** Writes what was met as .NET binary XML, in records of chance's choosing. */
export function toBinary(events: readonly LoggedEvent[], random: Random): Buffer {
  const out: Buffer[] = [];
  /** What was written last is content of the element that is open. */
  let content = false;
  for (const event of events) {
    switch (event.kind) {
      case 'open':
        if (event.prefix === '') out.push(u8(RECORD.shortElement));
        else if (LETTER.test(event.prefix) && random.happens(0.7)) {
          out.push(u8(RECORD.prefixElementA + event.prefix.charCodeAt(0) - 0x61));
        } else out.push(u8(RECORD.element), counted(event.prefix));
        out.push(counted(event.name));
        break;
      case 'declare':
        if (event.prefix === '') out.push(u8(RECORD.shortXmlnsAttribute));
        else out.push(u8(RECORD.xmlnsAttribute), counted(event.prefix));
        out.push(counted(event.uri));
        break;
      case 'attribute':
        if (event.prefix === '') out.push(u8(RECORD.shortAttribute));
        else if (LETTER.test(event.prefix) && random.happens(0.7)) {
          out.push(u8(RECORD.prefixAttributeA + event.prefix.charCodeAt(0) - 0x61));
        } else out.push(u8(RECORD.attribute), counted(event.prefix));
        out.push(counted(event.name), textRecord(event.value, random));
        break;
      case 'opened':
        if (random.happens(0.05)) out.push(u8(RECORD.comment), counted('a comment'));
        break;
      case 'text': {
        const cut = random.happens(0.2) ? random.below(event.text.length + 1) : event.text.length;
        out.push(textRecord(event.text.slice(0, cut), random));
        if (cut < event.text.length) out.push(textRecord(event.text.slice(cut), random));
        break;
      }
      case 'bytes':
        out.push(sized(RECORD.bytes8, RECORD.bytes16, RECORD.bytes32, Buffer.from(event.bytes), random));
        break;
      case 'close': {
        // Text that the element ends with has that in its own record.
        const last = content ? out.at(-1) : undefined;
        if (last !== undefined && random.happens(0.7)) last[0] = (last[0] ?? 0) + 1;
        else out.push(u8(RECORD.endElement));
        break;
      }
    }
    content = event.kind === 'text' || event.kind === 'bytes';
  }
  return Buffer.concat(out);
}
