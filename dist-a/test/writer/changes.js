"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.missing = exports.found = exports.pulledDelete = exports.pulledRow = exports.hint = exports.eventDelete = exports.image = exports.patch = exports.stamp = exports.row = exports.rowId = exports.STRICT = exports.RULE = void 0;
exports.columns = columns;
const row_version_1 = require("../../shared/change/row-version");
const stamp_1 = require("../../shared/writer/stamp");
/** The rule as deployed by default. */
exports.RULE = { margin: 5, mode: 'default' };
exports.STRICT = { margin: 5, mode: 'strict' };
/** The n-th row id; `partition` is the hexadecimal digit that it begins with. */
const rowId = (n, partition = 'a') => `${partition}${n.toString(16).padStart(7, '0')}-0000-4000-8000-00000000000a`;
exports.rowId = rowId;
const row = (n = 1, table = 'account', partition = 'a') => ({ table, id: (0, exports.rowId)(n, partition) });
exports.row = row;
/** Plain strings and numbers as columns; null is an empty column. */
function columns(plain) {
    const value = (of) => of === null ? null : typeof of === 'string' ? { kind: 'string', value: of } : { kind: 'integer', value: of };
    return new Map(Object.entries(plain).map(([name, of]) => [name, value(of)]));
}
const stamp = (of = {}) => ({ ...stamp_1.NO_STAMP, ...of });
exports.stamp = stamp;
const origin = { source: 'test', message: 'Update' };
const eventEvidence = ({ key = 'k1', at = 1020, sure = true }) => ({
    kind: 'event',
    key,
    at,
    sure,
});
/** A pushed, committed Update: only the changed columns. */
const patch = (parts = {}) => ({
    kind: 'patch',
    row: parts.row ?? (0, exports.row)(),
    columns: parts.columns ?? columns({ name: 'pushed' }),
    evidence: eventEvidence(parts),
    origin,
});
exports.patch = patch;
/** A pushed, committed change with its full post image. */
const image = (parts = {}) => ({
    ...(0, exports.patch)(parts),
    kind: 'snapshot',
    columns: parts.columns ?? columns({ name: 'image' }),
});
exports.image = image;
/** A pushed, committed Delete: OperationCreatedOn is all the time it has. */
const eventDelete = (parts = {}) => ({
    kind: 'delete',
    row: parts.row ?? (0, exports.row)(),
    evidence: eventEvidence({ sure: false, ...parts }),
    origin,
});
exports.eventDelete = eventDelete;
/** An event of a synchronous step, which may roll back. */
const hint = (parts = {}) => ({
    ...(0, exports.patch)(parts),
    evidence: { kind: 'hint', key: parts.key ?? 'h1' },
});
exports.hint = hint;
const pullEvidence = (parts) => ({
    kind: 'pull',
    version: parts.version ?? 200n,
    modifiedOn: parts.modifiedOn ?? 1005,
    runBegin: parts.runBegin ?? 1030,
    end: parts.end ?? 1040,
    holdsLease: () => parts.leased ?? true,
});
/** A row of a pulled page. */
const pulledRow = (parts = {}) => ({
    kind: 'snapshot',
    row: parts.row ?? (0, exports.row)(),
    columns: parts.columns ?? columns({ name: 'pulled' }),
    evidence: pullEvidence(parts),
    origin,
});
exports.pulledRow = pulledRow;
/** A deleted row of a delta, or a row that a full load no longer showed. */
const pulledDelete = (parts = {}) => ({
    kind: 'delete',
    row: parts.row ?? (0, exports.row)(),
    evidence: pullEvidence({ version: row_version_1.NO_VERSION, ...parts }),
    origin,
});
exports.pulledDelete = pulledDelete;
/** What a GET by id found. */
const found = (version, of = columns({ name: 'read' }), { modifiedOn = 1020, begin = 1050, end = 1052 } = {}) => ({ kind: 'found', version, columns: of, modifiedOn, begin, end });
exports.found = found;
/** A GET by id that found nothing. */
const missing = (begin = 1050, end = 1052) => ({ kind: 'missing', begin, end });
exports.missing = missing;
//# sourceMappingURL=changes.js.map