"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.discardParked = discardParked;
const log_1 = require("../shared/telemetry/log");
const parked_ids_1 = require("./parked-ids");
/**
 * Moves items to the table of what was discarded, one after the other; each that is moved leaves one log record on
 * standard output.
 *
 * @throws Error naming the items that were settled or parked again meanwhile: these are not discarded
 */
async function discardParked(terminal, parking, ids, reason, discarded) {
    const line = (text) => terminal.out(`${text}\n`);
    const log = (0, log_1.logTo)({ info: line, warn: line, error: line });
    const changed = [];
    for (const id of ids) {
        const item = await (0, parked_ids_1.itemOf)(parking, id);
        const { subject, cause } = item;
        if (!(await parking.discard(item, reason, discarded))) {
            changed.push(id);
            continue;
        }
        const from = subject.kind === 'row' ? { table: subject.row.table } : { source: subject.delivery.source };
        log('discarded', { id, code: cause.code, ...from, reason });
    }
    if (changed.length > 0)
        throw new Error(`Settled or parked again meanwhile, and so not discarded: ${changed.join(', ')}`);
}
//# sourceMappingURL=parked-discard.js.map