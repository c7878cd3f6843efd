"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.driftBetween = driftBetween;
exports.continues = continues;
const nameOf = (column) => column.slice(0, column.indexOf(':'));
/** Undefined when nothing differs, or nothing is known of before. */
function driftBetween(before, now) {
    if (before === undefined || now === undefined)
        return undefined;
    const had = new Map(before.map((column) => [nameOf(column), column]));
    const has = new Set(now.map(nameOf));
    const added = now.filter((column) => !had.has(nameOf(column)));
    const removed = before.filter((column) => !has.has(nameOf(column)));
    const changed = now.filter((column) => (had.get(nameOf(column)) ?? column) !== column);
    return added.length + removed.length + changed.length === 0 ? undefined : { added, removed, changed };
}
/**
 * Whether a run may go on with a delta. After a change of the mapping or of the columns rows that don't change would
 * keep what they have: then everything is loaded again, and only rows that differ are written.
 */
function continues(state, { fingerprint, columns, newColumns }) {
    if (state.fingerprint !== fingerprint)
        return false;
    const drift = driftBetween(state.columns, columns);
    return drift === undefined || (newColumns === 'add' && drift.removed.length + drift.changed.length === 0);
}
//# sourceMappingURL=schema-drift.js.map