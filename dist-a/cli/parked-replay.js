"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.replayParked = replayParked;
const try_again_1 = require("../shared/parking/try-again");
const pace_1 = require("./pace");
const tally_1 = require("./tally");
const text_table_1 = require("./text-table");
/** Items tried together: those of one row are settled by one read. Bounds the bodies that are in memory. */
const BATCH = 50;
/**
 * Tries items again now, in this process. Of those that a filter selects, events of synchronous steps that aren't due
 * yet are left to be settled at their time: read too early, the row may not show what became of them.
 *
 * @throws Error telling how many could not be settled
 */
async function replayParked(terminal, parts, selection, rate) {
    const { parking, now = Date.now } = parts;
    const pace = (0, pace_1.paceOf)(rate);
    const progress = await terminal.progress();
    const failed = new tally_1.Tally();
    const examples = new Map();
    let [settled, gone, early] = [0, 0, 0];
    const replay = async (id) => {
        await pace();
        const item = await parking.find(id);
        if (item === undefined) {
            gone += 1;
            return;
        }
        const tried = await (0, try_again_1.tryAgain)(item, parts);
        if (tried.kind === 'settled')
            settled += 1;
        else {
            const { code, message } = tried.cause;
            failed.add(code);
            if (!examples.has(code))
                examples.set(code, `${id}: ${message}`);
        }
        progress.show(`${settled} settled, ${failed.total} not`);
    };
    let batch = [];
    const flush = async () => {
        await Promise.all(batch.map(replay));
        batch = [];
    };
    try {
        for await (const id of idsIn(parking, selection, now(), () => (early += 1))) {
            batch.push(id);
            if (batch.length === (0, pace_1.batchAt)(rate, BATCH))
                await flush();
        }
        await flush();
    }
    finally {
        progress.done();
        terminal.out(`${summaryOf({ settled, gone, early }, failed)}\n`);
    }
    if (failed.total === 0)
        return;
    for (const [code, example] of examples)
        terminal.err(`${code}, for one ${(0, text_table_1.oneLine)(example)}\n`);
    throw new Error(`${failed.total} could not be settled and stay parked with their cause (dvo parked list; docs/operations.md).`);
}
/** Ids one by one. What is parked after the start isn't among them, so the list ends. */
async function* idsIn(parking, selection, nowMs, tooEarly) {
    if (selection.kind === 'ids') {
        yield* selection.ids;
        return;
    }
    for await (const item of parking.summaries({ ...selection.filter, parkedUntilMs: nowMs })) {
        if (isTooEarly(item, nowMs))
            tooEarly();
        else
            yield item.id;
    }
}
/** Whether the transaction behind an event of a synchronous step may still be open. */
const isTooEarly = ({ cause, dueAtMs }, nowMs) => cause.code === 'unconfirmed' && dueAtMs !== undefined && dueAtMs > nowMs;
function summaryOf({ settled, gone, early }, failed) {
    return [
        `settled ${settled}`,
        ...(failed.total === 0 ? [] : [`not settled ${failed.total} (${failed.text})`]),
        ...(gone === 0 ? [] : [`settled by someone else ${gone}`]),
        ...(early === 0 ? [] : [`left until due ${early} (unconfirmed)`]),
    ].join(', ');
}
//# sourceMappingURL=parked-replay.js.map