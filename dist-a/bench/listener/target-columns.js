"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.targetColumns = targetColumns;
/** The columns of Target, simply: a choice, a lookup or money as its bare value, a date as a Date. */
function targetColumns({ InputParameters }) {
    const target = InputParameters.find(({ key }) => key === 'Target')?.value.Attributes ?? [];
    return Object.fromEntries(target.map(({ key, value }) => [key, plain(value)]));
}
function plain(value) {
    if (typeof value === 'object' && value !== null) {
        const { Value, Id } = value;
        return Value ?? Id;
    }
    const date = typeof value === 'string' ? /^\/Date\((-?\d+)/.exec(value)?.[1] : undefined;
    return date === undefined ? value : new Date(Number(date));
}
//# sourceMappingURL=target-columns.js.map