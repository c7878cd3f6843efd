"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Overtaking = void 0;
const promises_1 = require("node:timers/promises");
const store_writes_1 = require("./store-writes");
/** How long a write to a row waits for another one. */
const LIMIT_MS = 600;
/** Holds writes to rows back until another write to the same row was carried out: two writers, both at it from the same state. */
class Overtaking {
    random;
    /** The share of writes that are held back. */
    share = 0;
    /** How many of them another one has overtaken. */
    overtaken = 0;
    /** By row, how to let the write pass. */
    #held = new Map();
    constructor(random) {
        this.random = random;
    }
    /** Resolves when a request may be carried out. */
    async turnOf(request) {
        if (this.share === 0)
            return;
        const rows = (0, store_writes_1.writesIn)(request)
            .map(rowOf)
            .filter((row) => !this.#held.has(row));
        if (rows.length === 0 || this.random.next() >= this.share)
            return;
        const over = new AbortController();
        for (const row of rows)
            this.#held.set(row, () => over.abort());
        await (0, promises_1.setTimeout)(LIMIT_MS, undefined, { signal: over.signal }).catch(() => (this.overtaken += 1));
        for (const row of rows)
            this.#held.delete(row);
    }
    /** These were carried out. */
    done(writes) {
        for (const write of writes)
            this.#held.get(rowOf(write))?.();
    }
}
exports.Overtaking = Overtaking;
const rowOf = ({ table, rowKey }) => `${table} ${rowKey}`;
//# sourceMappingURL=overtaking.js.map