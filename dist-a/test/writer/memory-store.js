"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MemoryStore = void 0;
/**
 * A LOB store in memory with the semantics of a real one: compare-and-swap by entity tags that never repeat, tombstones,
 * merge and replace. It counts its work, and can be made to wait or fail at any step.
 */
const node_util_1 = require("node:util");
const instant_1 = require("../../shared/change/instant");
const keyOf = ({ table, id }) => `${table}/${id}`;
const withoutNulls = (columns) => new Map([...columns].filter(([, value]) => value !== null));
class MemoryStore {
    now;
    rows = new Map();
    /** Rows read, rows sent to be written, and calls of `write`. */
    counts = { reads: 0, writes: 0, calls: 0 };
    /** Runs at each point; what it throws is what the caller of the store gets. */
    at = () => undefined;
    #etags = 0;
    constructor(now = Date.now) {
        this.now = now;
    }
    async read(rows) {
        await this.at('read', rows);
        this.counts.reads += rows.length;
        return rows.map((row) => this.rows.get(keyOf(row)));
    }
    async write(writes) {
        const rows = writes.map(({ row }) => row);
        await this.at('write', rows);
        this.counts.calls += 1;
        this.counts.writes += writes.length;
        const outcomes = writes.map((write) => this.#writeOne(write));
        await this.at('written', rows);
        return outcomes;
    }
    #writeOne(write) {
        const key = keyOf(write.row);
        const have = this.rows.get(key);
        if (!this.isAsExpected(have, write))
            return { kind: 'conflict' };
        const written = {
            stamp: write.stamp,
            etag: String((this.#etags += 1)),
            hidden: write.effect === 'hide' || (write.effect === 'keep' && have?.hidden === true),
            writtenAt: (0, instant_1.floorInstant)(this.now()) + 1,
            data: dataAfter(have, write),
            size: 100,
        };
        this.rows.set(key, written);
        return { kind: 'written', stored: written };
    }
    /** The compare of the compare-and-swap. */
    isAsExpected(have, { expected }) {
        return have?.etag === expected?.etag;
    }
    sameData(stored, { columns }, of = 'all') {
        if (stored.hidden)
            return false;
        const seen = of === 'all' ? (all) => all : bareValues;
        return (0, node_util_1.isDeepStrictEqual)(seen(stored.data), seen(withoutNulls(columns)));
    }
    liveRows(table) {
        return this.#entries(table, ({ stamp }) => !stamp.gone);
    }
    tombstones(table, writtenBefore) {
        return this.#entries(table, ({ stamp, writtenAt }) => stamp.gone && writtenAt <= writtenBefore);
    }
    async *#entries(table, which) {
        await this.at('read', []);
        const found = [...this.rows].flatMap(([key, stored]) => {
            const [of = '', id = ''] = key.split('/');
            return of === table && which(stored) ? [{ row: { table, id }, stored }] : [];
        });
        for (let at = 0; at < found.length; at += 2)
            yield found.slice(at, at + 2);
    }
    removeTombstones(tombstones) {
        const as = tombstones.filter(({ row, stored }) => this.rows.get(keyOf(row))?.etag === stored.etag);
        for (const { row } of as)
            this.rows.delete(keyOf(row));
        return Promise.resolve(as.length);
    }
    /** The columns that readers see; undefined for a tombstone, a hidden row, or where nothing is stored. */
    columnsOf(row) {
        const stored = this.rows.get(keyOf(row));
        return stored === undefined || stored.stamp.gone || stored.hidden ? undefined : stored.data;
    }
    stampOf(row) {
        return this.rows.get(keyOf(row))?.stamp;
    }
}
exports.MemoryStore = MemoryStore;
/** Choices without their labels, lookups without their names. */
const bareValues = (columns) => new Map([...columns].map(([name, value]) => {
    if (value?.kind === 'choice')
        return [name, { kind: 'choice', value: value.value }];
    if (value?.kind === 'choices')
        return [name, { kind: 'choices', values: value.values }];
    return [name, value?.kind === 'lookup' ? { ...value, name: null } : value];
}));
function dataAfter(have, { effect, columns }) {
    const before = have?.data ?? new Map();
    switch (effect) {
        case 'snapshot':
            return withoutNulls(columns);
        case 'patch':
            return withoutNulls(new Map([...before, ...columns]));
        case 'keep':
            return before;
        case 'clear':
        case 'hide':
            return new Map();
        default:
            return effect;
    }
}
//# sourceMappingURL=memory-store.js.map