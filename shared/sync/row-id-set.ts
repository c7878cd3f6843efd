import { createHash } from 'node:crypto';

/** Of one packed id. */
export const PACKED_ID_BYTES = 16;

/** Letters of a GUID; the id of a link is longer. */
const GUID_LENGTH = 36;

/** Slots for each id: a search looks at some three of them. */
const ROOM = 1.25;

/**
 * A set of row ids (GUIDs; of links' ids half a SHA-256) in 20 bytes each, by open addressing: for a million rows that is 20 MB,
 * where a Set of strings takes several times as much.
 */
export class RowIdSet {
  readonly #slots: number;
  readonly #words: Uint32Array;
  #free: number;

  /** For so many ids at most. */
  constructor(capacity: number) {
    this.#slots = Math.ceil(capacity * ROOM) + 1;
    this.#words = new Uint32Array(4 * this.#slots);
    this.#free = capacity;
  }

  /** Adds ids that `packIds` packed. @throws RangeError when they are more than it was made for */
  addPacked(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + PACKED_ID_BYTES <= bytes.byteLength; at += PACKED_ID_BYTES)
      this.#add([view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)]);
  }

  #add(words: Words): void {
    const at = this.#find(words);
    if (!this.#isFree(at)) return;
    if (this.#free === 0) throw new RangeError('More ids than the set was made for.');
    this.#free -= 1;
    this.#words.set(words, at);
  }

  has(id: string): boolean {
    return !this.#isFree(this.#find(wordsOf(id)));
  }

  /** Where the id is, or the free slot where it would go. The id of all zeros is never a row's and marks a free slot. */
  #find([a, b, c, d]: Words): number {
    const words = this.#words;
    for (let slot = slotOf([a, b, c, d]) % this.#slots; ; slot = (slot + 1) % this.#slots) {
      const at = 4 * slot;
      if (this.#isFree(at)) return at;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    }
  }

  #isFree(at: number): boolean {
    const words = this.#words;
    return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
  }
}

/**
 * Every bit of the id reaches the low bits of the slot: rows made one after another have ids that differ in the first
 * digits only, and would otherwise all begin their search at the same slot.
 */
function slotOf(words: Words): number {
  let mixed = 0;
  for (const word of words) {
    mixed = Math.imul(mixed ^ word, 0x85ebca6b);
    mixed ^= mixed >>> 15;
  }
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Ids in 16 bytes each, as the set holds them. */
export function packIds(ids: readonly string[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(PACKED_ID_BYTES * ids.length));
  ids.forEach((id, index) => {
    wordsOf(id).forEach((word, at) => {
      view.setUint32(PACKED_ID_BYTES * index + 4 * at, word);
    });
  });
  return new Uint8Array(view.buffer);
}

type Words = [number, number, number, number];

function wordsOf(id: string): Words {
  const hex = id.length === GUID_LENGTH ? id.replaceAll('-', '') : createHash('sha256').update(id).digest('hex');
  const word = (at: number): number => Number.parseInt(hex.slice(at, at + 8), 16) >>> 0;
  return [word(0), word(8), word(16), word(24)];
}
