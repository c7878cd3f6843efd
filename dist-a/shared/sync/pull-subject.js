"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tableSubject = void 0;
exports.linkSubject = linkSubject;
const odata_row_1 = require("../dataverse/odata-row");
const link_1 = require("../mapping/link");
/** A table. */
const tableSubject = (definition, columnsOf, refresh) => ({
    name: definition.table,
    definition,
    by: 'changeTracking',
    storedAs: (item) => item,
    ...columnsOf(definition),
    renewed: async () => (0, exports.tableSubject)(await refresh(), columnsOf, refresh),
});
exports.tableSubject = tableSubject;
/**
 * A many-to-many relationship, read through its intersect table. A deletion there names only the intersect table's own
 * row, so a delta that has one says no more than that all links have to be compared; where change tracking is off for
 * the intersect table, they are compared at every run.
 */
function linkSubject(name, relationship, definition, fingerprint) {
    const [first, second] = (0, link_1.orderedEnds)(relationship);
    const linkOf = (row) => {
        const rows = [
            { table: first.table, id: idIn(row.columns, first.column) },
            { table: second.table, id: idIn(row.columns, second.column) },
        ];
        if (rows.some(({ id }) => id === '')) {
            const error = new odata_row_1.AnswerUnreadable(definition.table, `a row has no ${first.column} or no ${second.column}`);
            return { kind: 'unreadable', id: row.id, error };
        }
        return { ...row, id: (0, link_1.linkAddress)(name, rows).id, columns: (0, link_1.linkColumns)(rows) };
    };
    const subject = {
        name,
        definition,
        by: definition.changeTracking ? 'changeTracking' : 'compare',
        storedAs: (item) => {
            if (item.kind === 'deleted')
                return undefined;
            return item.kind === 'row' ? linkOf(item) : item;
        },
        ...(fingerprint === undefined ? {} : { fingerprint }),
        renewed: () => Promise.resolve(subject),
    };
    return subject;
}
function idIn(columns, column) {
    const value = columns.get(column);
    if (value?.kind === 'guid' || value?.kind === 'string')
        return value.value.toLowerCase();
    return value?.kind === 'lookup' ? value.id : '';
}
//# sourceMappingURL=pull-subject.js.map