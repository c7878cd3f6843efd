"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RowIdSet = void 0;
exports.packIds = packIds;
const node_crypto_1 = require("node:crypto");
/** Of one packed id. */
const BYTES = 16;
/** Letters of a GUID; the id of a link is longer. */
const GUID_LENGTH = 36;
/**
 * A set of row ids (GUIDs; of links' ids half a SHA-256) in 16 bytes each, by open addressing: a load of a million rows takes about 40 MB where a Set
 * of strings takes several times that.
 */
class RowIdSet {
    #words = new Uint32Array(4 * 1024);
    #slots = 1024;
    #size = 0;
    get size() {
        return this.#size;
    }
    add(id) {
        this.#addWords(wordsOf(id));
    }
    #addWords(words) {
        if (this.#size * 3 >= this.#slots * 2)
            this.#grow();
        const at = this.#find(words);
        if (this.#isFree(at))
            this.#size += 1;
        this.#words.set(words, at);
    }
    /** Adds ids that `packIds` packed. */
    addPacked(bytes) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let at = 0; at + BYTES <= bytes.byteLength; at += BYTES)
            this.#addWords([view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)]);
    }
    has(id) {
        return !this.#isFree(this.#find(wordsOf(id)));
    }
    /** Where the id is, or the free slot where it would go. The id of all zeros is never a row's and marks a free slot. */
    #find(words) {
        let slot = slotOf(words);
        for (;;) {
            const at = 4 * (slot & (this.#slots - 1));
            if (this.#isFree(at) || words.every((word, index) => this.#words[at + index] === word))
                return at;
            slot += 1;
        }
    }
    #isFree(at) {
        const words = this.#words;
        return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
    }
    #grow() {
        const old = this.#words;
        this.#slots *= 2;
        this.#words = new Uint32Array(4 * this.#slots);
        for (let at = 0; at < old.length; at += 4) {
            const words = [old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0];
            if (words.some((word) => word !== 0))
                this.#words.set(words, this.#find(words));
        }
    }
}
exports.RowIdSet = RowIdSet;
/**
 * Every bit of the id reaches the low bits of the slot: rows made one after another have ids that differ in the first
 * digits only, and would otherwise all begin their search at the same slot.
 */
function slotOf(words) {
    let mixed = 0;
    for (const word of words) {
        mixed = Math.imul(mixed ^ word, 0x85ebca6b);
        mixed ^= mixed >>> 15;
    }
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
}
/** Ids in 16 bytes each, as the set holds them. */
function packIds(ids) {
    const view = new DataView(new ArrayBuffer(BYTES * ids.length));
    ids.forEach((id, index) => {
        wordsOf(id).forEach((word, at) => {
            view.setUint32(BYTES * index + 4 * at, word);
        });
    });
    return new Uint8Array(view.buffer);
}
function wordsOf(id) {
    const hex = id.length === GUID_LENGTH ? id.replaceAll('-', '') : (0, node_crypto_1.createHash)('sha256').update(id).digest('hex');
    const word = (at) => Number.parseInt(hex.slice(at, at + 8), 16) >>> 0;
    return [word(0), word(8), word(16), word(24)];
}
//# sourceMappingURL=row-id-set.js.map