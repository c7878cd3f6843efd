import { isAscii } from 'node:buffer';
import { internalized } from '../elements/qualified-name';

/** How many names are remembered; contexts have some hundred. A power of two. */
const SLOTS = 1024;
const SLOT_BITS = 10;

/** Longer ones are not remembered: namespaces have up to seventy characters. */
const MAX_LENGTH = 96;

const WORD = 4;

/** A name stands in its slot or in the one behind it. */
const texts: string[] = Array.from({ length: SLOTS + 1 }, () => '');
const remembered = new DataView(new ArrayBuffer((SLOTS + 1) * MAX_LENGTH));

/** The length and a few bytes tell names apart well enough, since all are compared afterwards. */
function slotOf(bytes: DataView, from: number, length: number): number {
  const end = length - WORD;
  const some =
    end < 0
      ? Math.imul(bytes.getUint8(from), 0x01f3) + bytes.getUint8(from + length - 1)
      : Math.imul(bytes.getInt32(from, true), 0x85eb_ca6b) ^
        Math.imul(bytes.getInt32(from + ((end * 3) >> 2), true), 0xc2b2_ae35) ^
        bytes.getInt32(from + end, true);
  return Math.imul((some ^ (some >>> 15)) + length, 0x9e37_79b1) >>> (32 - SLOT_BITS);
}

/** Whether the name in a slot has these bytes. */
function isIn(slot: number, bytes: DataView, from: number, length: number): boolean {
  if (texts[slot]?.length !== length) return false;
  const start = slot * MAX_LENGTH;
  let at = 0;
  for (; at <= length - WORD; at += WORD) {
    if (bytes.getInt32(from + at, true) !== remembered.getInt32(start + at, true)) return false;
  }
  for (; at < length; at++) if (bytes.getUint8(from + at) !== remembered.getUint8(start + at)) return false;
  return true;
}

/**
 * The text of a name in ASCII; undefined for other bytes. A context has the same few names again and again, and comparing one
 * with the name met before takes a fraction of the time that making its text again does. Which names are remembered changes
 * nothing but that time: a new one takes the place of an old one.
 */
export function asciiName(bytes: DataView, from: number, length: number): string | undefined {
  if (length === 0) return '';
  const slot = slotOf(bytes, from, length);
  if (isIn(slot, bytes, from, length)) return texts[slot];
  if (isIn(slot + 1, bytes, from, length)) return texts[slot + 1];
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + from, length);
  if (!isAscii(name)) return undefined;
  if (length > MAX_LENGTH) return name.toString('latin1');
  const made = internalized(name.toString('latin1'));
  const free = texts[slot] === '' ? slot : slot + 1;
  texts[free] = made;
  new Uint8Array(remembered.buffer).set(name, free * MAX_LENGTH);
  return made;
}
