"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MemoryJournal = void 0;
const row_id_set_1 = require("../../shared/sync/row-id-set");
/** Load journals in memory. */
class MemoryJournal {
    loads = new Map();
    append({ table, load }, ids) {
        const name = `${table}/${load}`;
        this.loads.set(name, [...(this.loads.get(name) ?? []), ids]);
        return Promise.resolve();
    }
    count({ table, load }) {
        const pieces = this.loads.get(`${table}/${load}`);
        return Promise.resolve(pieces?.reduce((count, { byteLength }) => count + byteLength / row_id_set_1.PACKED_ID_BYTES, 0));
    }
    async *read({ table, load }) {
        await Promise.resolve();
        yield* this.loads.get(`${table}/${load}`) ?? [];
    }
    clear(table) {
        for (const name of this.loads.keys())
            if (name.startsWith(`${table}/`))
                this.loads.delete(name);
        return Promise.resolve();
    }
}
exports.MemoryJournal = MemoryJournal;
//# sourceMappingURL=memory-journal.js.map