"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.remappedSchedules = exports.schedules = exports.aroundPurges = exports.aroundLoads = exports.withLinks = void 0;
const fast_check_1 = __importDefault(require("fast-check"));
const simulated_dataverse_1 = require("./simulated-dataverse");
const [FIRST = ''] = simulated_dataverse_1.IDS;
const which = fast_check_1.default.constantFrom(0, 1);
const table = fast_check_1.default.constantFrom(simulated_dataverse_1.TABLES[0], simulated_dataverse_1.TABLES[0], simulated_dataverse_1.TABLES[1]);
/** Most of what happens, happens to one row. */
const row = fast_check_1.default.oneof({ weight: 3, arbitrary: fast_check_1.default.constant({ table: simulated_dataverse_1.TABLES[0], id: FIRST }) }, { weight: 1, arbitrary: fast_check_1.default.record({ table, id: fast_check_1.default.constantFrom(...simulated_dataverse_1.IDS) }) });
const push = fast_check_1.default.constantFrom('patch', 'patch', 'patch', 'image', 'image', 'hint', 'hint', 'truncated', 'none', 'none');
const kind = (of) => fast_check_1.default.constant(of);
/** A few, or enough for nearly everything that was begun to end. */
const steps = fast_check_1.default.oneof({ weight: 5, arbitrary: fast_check_1.default.integer({ min: 1, max: 30 }) }, { weight: 1, arbitrary: fast_check_1.default.constant(300) });
const changes = [
    {
        weight: 6,
        arbitrary: fast_check_1.default.record({
            kind: kind('write'),
            row,
            names: fast_check_1.default.constantFrom(['a'], ['b'], ['a', 'b']),
            back: fast_check_1.default.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 8, -4000),
            push,
        }),
    },
    { weight: 2, arbitrary: fast_check_1.default.record({ kind: kind('delete'), row, late: fast_check_1.default.nat({ max: 1 }), push }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('rollBack'), row }) },
];
const deliveries = [
    {
        weight: 8,
        arbitrary: fast_check_1.default.record({
            kind: kind('deliver'),
            which: fast_check_1.default.nat({ max: 20 }),
            count: fast_check_1.default.constantFrom(1, 1, 2, 3, 8),
            to: which,
            keep: fast_check_1.default.boolean(),
        }),
    },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('repeat'), which: fast_check_1.default.nat({ max: 20 }), to: which }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('drop'), which: fast_check_1.default.nat({ max: 20 }), count: fast_check_1.default.constant(1) }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('replay'), by: which, operator: fast_check_1.default.boolean() }) },
];
const passing = [
    { weight: 4, arbitrary: fast_check_1.default.record({ kind: kind('tick'), seconds: fast_check_1.default.constantFrom(1, 1, 1, 2, 3, 9, 20) }) },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('step'), count: steps }) },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('pull'), table, by: which }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('loseLease'), table }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('expireTokens') }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('crash'), which }) },
];
const mishaps = [
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('weather'), faults: fast_check_1.default.constantFrom(0, 0, 0.05, 0.3) }) },
    {
        weight: 1,
        arbitrary: fast_check_1.default.record({
            kind: kind('setClock'),
            of: fast_check_1.default.constantFrom(0, 1, 2),
            seconds: fast_check_1.default.integer({ min: -2, max: 2 }),
        }),
    },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('merge'), row, into: fast_check_1.default.constantFrom(...simulated_dataverse_1.IDS), push }) },
];
const relationship = fast_check_1.default.constantFrom(...simulated_dataverse_1.LINKS);
const link = fast_check_1.default.record({ table: relationship, id: fast_check_1.default.constantFrom(...simulated_dataverse_1.LINK_IDS) });
const links = [
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('associate'), link, push }) },
    { weight: 2, arbitrary: fast_check_1.default.record({ kind: kind('disassociate'), link, push }) },
    { weight: 2, arbitrary: fast_check_1.default.record({ kind: kind('pull'), table: relationship, by: which }) },
];
const schedulesOf = (commands, first = []) => fast_check_1.default.record({
    seed: fast_check_1.default.nat(),
    commands: fast_check_1.default
        .array(fast_check_1.default.oneof(...commands), { minLength: 3, maxLength: 40, size: 'max' })
        .map((more) => [...first, ...more]),
    lastPullBy: which,
    restFirst: fast_check_1.default.boolean(),
});
const plain = schedulesOf([...changes, ...deliveries, ...passing]);
const withMishaps = schedulesOf([...changes, ...deliveries, ...passing, ...mishaps]);
/** Rows to be linked. */
const LINKED = simulated_dataverse_1.LINK_IDS.flatMap((id) => (0, simulated_dataverse_1.linkedBy)(id).map((of) => ({ kind: 'write', row: of, names: ['a'], back: 0, push: 'none' })));
/** Rows that are linked and no longer are. */
exports.withLinks = schedulesOf([...changes, ...deliveries, ...passing, ...mishaps, ...links], LINKED);
/**
 * Loads and what they may miss: one row that comes and goes, mostly unnoticed, while runs overtake each other and reads take
 * long. Few other schedules get that far.
 */
const first = fast_check_1.default.constant({ table: simulated_dataverse_1.TABLES[0], id: FIRST });
const rarePush = fast_check_1.default.constantFrom('image', 'image', 'patch', 'none', 'none', 'none');
exports.aroundLoads = schedulesOf([
    {
        weight: 3,
        arbitrary: fast_check_1.default.record({
            kind: kind('write'),
            row: first,
            names: fast_check_1.default.constant(['a']),
            back: fast_check_1.default.constant(0),
            push: rarePush,
        }),
    },
    {
        weight: 2,
        arbitrary: fast_check_1.default.record({ kind: kind('delete'), row: first, late: fast_check_1.default.constant(0), push: fast_check_1.default.constant('none') }),
    },
    {
        weight: 2,
        arbitrary: fast_check_1.default.record({
            kind: kind('deliver'),
            which: fast_check_1.default.nat({ max: 3 }),
            count: fast_check_1.default.constant(1),
            to: which,
            keep: fast_check_1.default.boolean(),
        }),
    },
    { weight: 4, arbitrary: fast_check_1.default.record({ kind: kind('pull'), table: fast_check_1.default.constant(simulated_dataverse_1.TABLES[0]), by: which }) },
    { weight: 4, arbitrary: fast_check_1.default.record({ kind: kind('step'), count: fast_check_1.default.constantFrom(10, 30, 100, 300) }) },
    { weight: 2, arbitrary: fast_check_1.default.record({ kind: kind('tick'), seconds: fast_check_1.default.constantFrom(1, 9, 20) }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('loseLease'), table: fast_check_1.default.constant(simulated_dataverse_1.TABLES[0]) }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('expireTokens') }) },
]);
/** Tombstones that are purged while images of their rows are still about, runs are under way and rows come back. */
const purges = [
    {
        weight: 4,
        arbitrary: fast_check_1.default.record({
            kind: kind('write'),
            row: first,
            names: fast_check_1.default.constant(['a']),
            back: fast_check_1.default.constantFrom(0, 0, 1, -4000),
            push: fast_check_1.default.constantFrom('image', 'image', 'image', 'patch', 'none'),
        }),
    },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('delete'), row: first, late: fast_check_1.default.nat({ max: 1 }), push }) },
    {
        weight: 3,
        arbitrary: fast_check_1.default.record({
            kind: kind('deliver'),
            which: fast_check_1.default.nat({ max: 5 }),
            count: fast_check_1.default.constantFrom(1, 1, 2),
            to: which,
            keep: fast_check_1.default.boolean(),
        }),
    },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('pull'), table: fast_check_1.default.constant(simulated_dataverse_1.TABLES[0]), by: which }) },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('purge'), table: fast_check_1.default.constant(simulated_dataverse_1.TABLES[0]), by: which }) },
    { weight: 4, arbitrary: fast_check_1.default.record({ kind: kind('step'), count: fast_check_1.default.constantFrom(10, 30, 100, 300) }) },
    { weight: 3, arbitrary: fast_check_1.default.record({ kind: kind('tick'), seconds: fast_check_1.default.constantFrom(1, 9, 20, 90) }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('loseLease'), table: fast_check_1.default.constant(simulated_dataverse_1.TABLES[0]) }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('expireTokens') }) },
];
exports.aroundPurges = schedulesOf(purges);
const purgesWithMishaps = schedulesOf([
    ...purges,
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('repeat'), which: fast_check_1.default.nat({ max: 20 }), to: which }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('replay'), by: which, operator: fast_check_1.default.boolean() }) },
    { weight: 1, arbitrary: fast_check_1.default.record({ kind: kind('crash'), which }) },
    ...mishaps,
]);
/** Schedules of all that can happen; some without links, and some without mishaps, since these get further. */
exports.schedules = fast_check_1.default.oneof({ weight: 3, arbitrary: withMishaps }, { weight: 2, arbitrary: plain }, { weight: 2, arbitrary: exports.aroundLoads }, { weight: 1, arbitrary: exports.withLinks }, { weight: 1, arbitrary: purgesWithMishaps });
/** The same, with another mapping at some moment. */
exports.remappedSchedules = fast_check_1.default
    .tuple(fast_check_1.default.oneof(plain, withMishaps), fast_check_1.default.nat({ max: 40 }))
    .map(([schedule, at]) => ({ ...schedule, commands: schedule.commands.toSpliced(at, 0, { kind: 'remap' }) }));
//# sourceMappingURL=schedules.js.map