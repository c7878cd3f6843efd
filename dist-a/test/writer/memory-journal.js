"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MemoryJournal = void 0;
/** Load journals in memory. */
class MemoryJournal {
    loads = new Map();
    append({ table, load }, ids) {
        const name = `${table}/${load}`;
        this.loads.set(name, [...(this.loads.get(name) ?? []), ids]);
        return Promise.resolve();
    }
    read({ table, load }) {
        const pieces = this.loads.get(`${table}/${load}`);
        return Promise.resolve(pieces && iterate(pieces));
    }
    clear(table) {
        for (const name of this.loads.keys())
            if (name.startsWith(`${table}/`))
                this.loads.delete(name);
        return Promise.resolve();
    }
}
exports.MemoryJournal = MemoryJournal;
async function* iterate(pieces) {
    await Promise.resolve();
    yield* pieces;
}
//# sourceMappingURL=memory-journal.js.map