import { isAscii } from 'node:buffer';

/** How many names are remembered; contexts have some hundred. A power of two. */
const SLOTS = 1024;
const SLOT_BITS = 10;

/** Longer ones are not remembered: namespaces have up to seventy characters. */
const MAX_LENGTH = 96;

const WORD = 4;

const texts: string[] = Array.from({ length: SLOTS }, () => '');
const remembered = new DataView(new ArrayBuffer(SLOTS * MAX_LENGTH));

/** The length and three bytes tell names apart well enough, since all bytes are compared afterwards. */
function slotOf(bytes: DataView, from: number, length: number): number {
  const first = bytes.getUint8(from);
  const middle = bytes.getUint8(from + (length >> 1));
  const last = bytes.getUint8(from + length - 1);
  return Math.imul(length + (first << 8) + (middle << 16) + (last << 24), 0x9e37_79b1) >>> (32 - SLOT_BITS);
}

function areEqual(one: DataView, oneAt: number, other: DataView, otherAt: number, length: number): boolean {
  let at = 0;
  for (; at <= length - WORD; at += WORD) if (one.getInt32(oneAt + at) !== other.getInt32(otherAt + at)) return false;
  for (; at < length; at++) if (one.getUint8(oneAt + at) !== other.getUint8(otherAt + at)) return false;
  return true;
}

/**
 * The text of a name in ASCII; undefined for other bytes. A context has the same few names again and again, and comparing one
 * with the name met before takes a fraction of the time that making its text again does. Which names are remembered changes
 * nothing but that time: a new one takes the place of whichever has its slot.
 */
export function asciiName(bytes: DataView, from: number, length: number): string | undefined {
  if (length === 0) return '';
  const slot = slotOf(bytes, from, length);
  const text = texts[slot] ?? '';
  if (text.length === length && areEqual(bytes, from, remembered, slot * MAX_LENGTH, length)) return text;
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + from, length);
  if (!isAscii(name)) return undefined;
  const made = name.toString('latin1');
  if (length > MAX_LENGTH) return made;
  texts[slot] = made;
  new Uint8Array(remembered.buffer).set(name, slot * MAX_LENGTH);
  return made;
}
