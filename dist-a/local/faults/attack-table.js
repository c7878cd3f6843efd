"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.attackTable = attackTable;
const node_tty_1 = require("node:tty");
const picocolors_1 = __importDefault(require("picocolors"));
const pc = picocolors_1.default.createColors((0, node_tty_1.isatty)(1) && picocolors_1.default.isColorSupported);
/** What was done to the app and what came of it, as a table, with the first findings. */
function attackTable({ done, changes, seconds, judged, findings, counts }) {
    const of = (kind) => done.filter((each) => each.kind === kind).length;
    const rows = [
        ['network faults', of('network')],
        ['kill -9', of('kill')],
        ['store stopped', of('storeStopped')],
        ['locks, partitions, leases stolen', of('locksLost') + of('partitionsStolen') + of('leasesStolen')],
        ['changes', changes],
        ['writes judged', judged],
        ['seconds', seconds],
    ];
    const bad = [
        ['lost', counts.lost],
        ['applied twice', counts.appliedTwice],
        ['resurrected', counts.resurrected],
        ['gone back', counts.goneBack],
        ['differences', counts.differences],
    ];
    const line = (name, value) => `${name.padEnd(36)}${String(value).padStart(8)}`;
    return [
        ...rows.map(([name, value]) => line(name, value)),
        ...bad.map(([name, value]) => (value === 0 ? pc.green : pc.red)(line(name, value))),
        ...findings.slice(0, SHOWN).map(({ kind, table, rowKey, what }) => `  ${kind} ${table}(${rowKey}): ${what}`),
    ].join('\n');
}
const SHOWN = 20;
//# sourceMappingURL=attack-table.js.map