"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.seededRandom = seededRandom;
/** Makes a source of decisions from a seed. */
function seededRandom(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
    const hex = (digits) => Math.floor(next() * 16 ** digits)
        .toString(16)
        .padStart(digits, '0');
    return {
        next,
        between: (min, max) => min + Math.floor(next() * (max - min + 1)),
        chance: (probability) => probability > 0 && next() < probability,
        guid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`,
    };
}
//# sourceMappingURL=random.js.map