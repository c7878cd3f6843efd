"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.DEFAULT_MAPPING = exports.NO_HASH = void 0;
exports.tableLookup = tableLookup;
const table_mapping_1 = require("./table-mapping");
/** For whoever reads a mapping but maps no values. */
const NO_HASH = () => {
    throw new Error('A column is hashed, but there is no key.');
};
exports.NO_HASH = NO_HASH;
const NO_FILE = { hash: exports.NO_HASH, languages: [], newColumns: 'backfill' };
/** Looks tables up; what isn't named gets the default mapping, made once. */
function tableLookup(named, context = NO_FILE) {
    const known = new Map(named);
    return (table) => {
        const found = known.get(table) ?? new table_mapping_1.TableMapping(table, {}, context);
        known.set(table, found);
        return found;
    };
}
/** Without a mapping file: every column of every table, under its own name; nothing else. */
exports.DEFAULT_MAPPING = {
    languages: [],
    unmapped: { tables: 'park', relationships: 'park', messages: 'park' },
    newColumns: 'backfill',
    tables: [],
    tableOf: tableLookup(new Map()),
    links: new Map(),
    events: new Map(),
};
//# sourceMappingURL=mapping.js.map