"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tryAgain = tryAgain;
const store_unavailable_1 = require("../azure/store-unavailable");
const instant_1 = require("../change/instant");
const errors_1 = require("../errors");
const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;
/** Tries a parked item again: settled, it goes; else it stays with its new cause. */
async function tryAgain(item, parts) {
    const { parking, now = Date.now } = parts;
    const failure = await failureOf(item, parts);
    if (failure === undefined) {
        await parking.settle(item);
        return { kind: 'settled' };
    }
    const cause = { code: (0, errors_1.codeOf)(failure), message: (0, errors_1.messageOf)(failure) };
    if ((0, errors_1.dispositionOf)(failure) === 'retry') {
        // An outage of the store says nothing of the item: it is tried again soon after.
        const doublings = failure instanceof store_unavailable_1.StoreUnavailable ? 0 : Math.min(item.attempts, 20);
        const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** doublings);
        await parking.postpone(item, cause, now() + delay);
        return { kind: 'postponed', cause, storeIsAway: failure instanceof store_unavailable_1.StoreUnavailable };
    }
    await parking.postpone(item, cause);
    return { kind: 'givenUp', cause };
}
async function failureOf({ subject }, { receiver, writer }) {
    try {
        if (subject.kind === 'delivery')
            return await receiver.replay(subject.delivery);
        const settlements = await writer.settle([reread(subject.row)]);
        return settlements.find((settlement) => settlement.kind === 'failed')?.error;
    }
    catch (error) {
        return error;
    }
}
/** Only a reason to read the row: its old page proves nothing any more. */
const reread = (row) => ({
    kind: 'patch',
    row,
    columns: new Map(),
    evidence: { kind: 'hint', key: `reread-${row.id}-${instant_1.BEGINNING}` },
    origin: { source: 'replay-parked', message: 'Read' },
});
//# sourceMappingURL=try-again.js.map