"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.countsOf = countsOf;
exports.purgeTombstones = purgeTombstones;
const pace_1 = require("./pace");
const tally_1 = require("./tally");
const terminal_1 = require("./terminal");
/** Removed between two looks at the rate. */
const BATCH = 1000;
/** Counts tombstones and prints how many there are of each table; returns the total. */
async function countsOf(terminal, tombstones, tables, untilMs) {
    const tally = new tally_1.Tally();
    const progress = await terminal.progress();
    try {
        for (const table of tables) {
            progress.show(`counting ${table}`);
            tally.add(table, await tombstones.count(table, untilMs));
        }
    }
    finally {
        progress.done();
    }
    terminal.out(`${[...tally.lines, `${tally.total} tombstones`].join('\n')}\n`);
    return tally.total;
}
/** Counts, asks, and removes; what was removed when it is stopped or fails stays so, and is said. */
async function purgeTombstones(terminal, tombstones, { tables, untilMs, dryRun, rate, yes }) {
    const total = await countsOf(terminal, tombstones, tables, untilMs);
    if (dryRun === true || total === 0)
        return;
    await (0, terminal_1.agreed)(terminal, `Remove these ${total} tombstones for good?`, yes);
    const pace = (0, pace_1.paceOf)(rate);
    const removed = new tally_1.Tally();
    const progress = await terminal.progress();
    progress.show('waiting until every instance knows');
    try {
        for await (const { table, removed: count } of tombstones.purge(tables, untilMs, (0, pace_1.batchAt)(rate, BATCH), pace)) {
            removed.add(table, count);
            progress.show(`${removed.total} of ${total} removed`);
        }
    }
    finally {
        progress.done();
        terminal.out(`removed ${removed.total}${removed.total === 0 ? '' : ` (${removed.text})`}\n`);
    }
}
//# sourceMappingURL=tombstones-purge.js.map