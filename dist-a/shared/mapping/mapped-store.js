"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MappedStore = void 0;
const NO_COLUMNS = new Map();
/**
 * A store as the mapping shows it: rows go in as Dataverse has them, and lie there with the mapping's columns, or hidden
 * where they don't meet its filter. Whoever writes and reads through it knows of no mapping.
 */
class MappedStore {
    store;
    mapping;
    constructor(store, mapping) {
        this.store = store;
        this.mapping = mapping;
    }
    read(rows) {
        return this.store.read(rows);
    }
    liveRows(table) {
        return this.store.liveRows(table);
    }
    async write(writes) {
        const mapped = writes.map((write) => {
            try {
                return this.#mapped(write);
            }
            catch (error) {
                return { kind: 'failed', error };
            }
        });
        const written = await this.store.write(mapped.flatMap((of) => ('kind' in of ? [] : [of])));
        let next = 0;
        return mapped.map((of) => ('kind' in of ? of : (written[next++] ?? { kind: 'conflict' })));
    }
    #mapped(write) {
        const { row, effect, columns, expected } = write;
        const mapping = this.mapping.tableOf(row.table);
        switch (effect) {
            case 'snapshot':
                return mapping.shows(row, columns, 'all')
                    ? { ...write, columns: mapping.map(row, columns) }
                    : { ...write, effect: 'hide', columns: NO_COLUMNS };
            case 'patch': {
                if (expected?.hidden !== true) {
                    return mapping.shows(row, columns, 'brought')
                        ? { ...write, columns: mapping.map(row, columns) }
                        : { ...write, effect: 'hide', columns: NO_COLUMNS };
                }
                // Only without a Web API: what isn't in the patch isn't known.
                const shows = mapping.filterColumns.every((column) => columns.has(column)) && mapping.shows(row, columns, 'all');
                return shows
                    ? { ...write, effect: 'snapshot', columns: mapping.map(row, columns) }
                    : { ...write, effect: 'keep', columns: NO_COLUMNS };
            }
            default:
                return write;
        }
    }
    sameData(stored, { row, columns }, of) {
        const mapping = this.mapping.tableOf(row.table);
        const shown = mapping.shows(row, columns, 'all');
        if (stored.hidden || !shown)
            return stored.hidden && !shown;
        return this.store.sameData(stored, { row, columns: mapping.map(row, columns) }, of);
    }
}
exports.MappedStore = MappedStore;
//# sourceMappingURL=mapped-store.js.map