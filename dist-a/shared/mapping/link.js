"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.linkColumns = exports.linkAddress = exports.LINK_COLUMNS = void 0;
exports.linkedIds = linkedIds;
exports.linkedRows = linkedRows;
exports.orderedEnds = orderedEnds;
/** The columns of a link: the same for every relationship, so that no metadata is needed to know them. */
exports.LINK_COLUMNS = { table1: 'table1', id1: 'id1', table2: 'table2', id2: 'id2' };
/**
 * Where a link is stored: under the relationship's schema name, by both ids. Rows of two tables are ordered by the
 * tables' names; rows of one table by their roles, Referencing first.
 */
const linkAddress = (relationship, [first, second]) => ({
    table: relationship,
    id: `${first.id}_${second.id}`,
});
exports.linkAddress = linkAddress;
/** The ids of a link's two rows; undefined for the address of an ordinary row. */
function linkedIds({ id }) {
    const [first, second, ...more] = id.split('_');
    return first === undefined || second === undefined || more.length > 0 ? undefined : [first, second];
}
/** A link's columns. */
const linkColumns = ([first, second]) => new Map([
    [exports.LINK_COLUMNS.table1, { kind: 'string', value: first.table }],
    [exports.LINK_COLUMNS.id1, { kind: 'guid', value: first.id }],
    [exports.LINK_COLUMNS.table2, { kind: 'string', value: second.table }],
    [exports.LINK_COLUMNS.id2, { kind: 'guid', value: second.id }],
]);
exports.linkColumns = linkColumns;
/** The two rows of an association in the order of links. */
function linkedRows({ target, related, role }) {
    if (target.table !== related.table)
        return target.table < related.table ? [target, related] : [related, target];
    return role === 'Referenced' ? [related, target] : [target, related];
}
/** The ends of a relationship in the order of links. */
function orderedEnds({ ends }) {
    const [first, second] = ends;
    return first.table <= second.table ? ends : [second, first];
}
//# sourceMappingURL=link.js.map