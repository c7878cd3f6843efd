"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Random = void 0;
/** Random numbers that a seed repeats. */
class Random {
    state;
    constructor(seed) {
        this.state = seed >>> 0;
    }
    /** A whole number from 0 up to, and without, `limit`. (Mulberry32.) */
    below(limit) {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    }
    /** Whether something of this chance happens. */
    happens(chance) {
        return this.below(1_000_000) < chance * 1_000_000;
    }
    /** One of some; undefined of none. */
    oneOf(items) {
        return items[this.below(items.length)];
    }
    bytes(count) {
        return Buffer.from(Array.from({ length: count }, () => this.below(256)));
    }
}
exports.Random = Random;
//# sourceMappingURL=random.js.map