"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.seasoned = exports.keyOf = exports.allColumns = exports.updatedColumns = exports.rowOf = exports.idOf = exports.EPOCH = exports.TABLE = void 0;
exports.updateOf = updateOf;
exports.pulledOf = pulledOf;
exports.TABLE = 'account';
const ORIGIN = { source: 'bench', message: 'Update' };
/** A second in 2026, from which the benchmarks' clock counts. */
exports.EPOCH = 1_790_000_000;
/** The n-th row id: evenly over the partitions, as random ids are. */
const idOf = (n) => `${(n % 16).toString(16)}${(0x1000000 + n).toString(16).slice(0, 7)}-5b1d-4c0a-8e6f-0d9a3c27f514`;
exports.idOf = idOf;
const rowOf = (n) => ({ table: exports.TABLE, id: (0, exports.idOf)(n) });
exports.rowOf = rowOf;
/** What a pushed Update of a row brings: six columns and modifiedon. */
const updated = (n, at) => [
    ['name', { kind: 'string', value: `Contoso Harbour ${n}, revision ${at}` }],
    ['industrycode', { kind: 'choice', value: at % 40, label: `Industry ${at % 40}` }],
    ['ownerid', { kind: 'lookup', table: 'systemuser', id: (0, exports.idOf)(at % 999), name: 'Amara Okonkwo-Lindqvist' }],
    ['creditlimit', { kind: 'money', text: `${at % 100_000}.5000` }],
    ['numberofemployees', { kind: 'integer', value: at % 5000 }],
    ['lastonholdtime', { kind: 'instant', epochMs: at * 1000 }],
    ['modifiedon', { kind: 'instant', epochMs: at * 1000 }],
];
const updatedColumns = (n, at) => new Map(updated(n, at));
exports.updatedColumns = updatedColumns;
/** All columns of a row: those of an Update and 24 more. */
const allColumns = (n, at) => new Map([
    ...updated(n, at),
    ...Array.from({ length: 8 }, (_, column) => [
        [`address1_line${column}`, { kind: 'string', value: `Berth ${n}, gate ${column}, Südkai` }],
        [`new_units${column}`, { kind: 'integer', value: n + column }],
        [`new_checkedon${column}`, { kind: 'instant', epochMs: (exports.EPOCH + n) * 1000 }],
    ]).flat(),
]);
exports.allColumns = allColumns;
/** A key as long as those of deliveries. */
const keyOf = (n, at) => `${n.toString(36)}-${at.toString(36)}-`.padEnd(22, 'k');
exports.keyOf = keyOf;
/** A pushed Update that is provably newer than any before. */
function updateOf(n, at) {
    const evidence = { kind: 'event', key: (0, exports.keyOf)(n, at), at, sure: true };
    return { kind: 'patch', row: (0, exports.rowOf)(n), columns: (0, exports.updatedColumns)(n, at), evidence, origin: ORIGIN };
}
/** A row as a pull reads it. */
function pulledOf(n, at) {
    const evidence = {
        kind: 'pull',
        version: BigInt(at),
        modifiedOn: at,
        runBegin: at,
        end: at + 1,
        holdsLease: () => true,
    };
    return { kind: 'snapshot', row: (0, exports.rowOf)(n), columns: (0, exports.allColumns)(n, at), evidence, origin: ORIGIN };
}
/** The stamp of a row that has seen many events: as long as it gets. */
const seasoned = (n) => ({
    version: BigInt(exports.EPOCH - 1000),
    base: exports.EPOCH - 1000,
    seen: exports.EPOCH - 900,
    ahead: true,
    gone: false,
    ring: Array.from({ length: 16 }, (_, at) => (0, exports.keyOf)(n, exports.EPOCH - 900 + at)),
});
exports.seasoned = seasoned;
//# sourceMappingURL=rows.js.map