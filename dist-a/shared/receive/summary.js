"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.logOutcomes = logOutcomes;
/** Logs what became of deliveries: one record for all that were settled, ignored or held, one for each of the others. */
function logOutcomes(log, source, outcomes) {
    const verdicts = {};
    const ignored = {};
    const held = [];
    const lagMs = [];
    let settled = 0;
    for (const outcome of outcomes) {
        if (outcome.kind === 'settled') {
            settled += 1;
            for (const { verdict } of outcome.changes)
                verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
            if (outcome.lagMs !== undefined)
                lagMs.push(outcome.lagMs);
        }
        else if (outcome.kind === 'ignored') {
            ignored[outcome.cause.code] = (ignored[outcome.cause.code] ?? 0) + 1;
        }
        else if (outcome.kind === 'delayed') {
            const { attempt, dueAtMs, cause } = outcome;
            const dueAt = new Date(dueAtMs).toISOString();
            log('delayed', { source, code: cause.code, reason: cause.message, attempt, dueAt });
        }
        else if (outcome.kind === 'held') {
            held.push(outcome.cause);
        }
        else {
            log(outcome.kind, { source, code: outcome.cause.code, reason: outcome.cause.message });
        }
    }
    if (Object.keys(ignored).length > 0)
        log('ignored', { source, codes: ignored });
    const [first] = held;
    if (first !== undefined)
        log('held', { source, events: held.length, code: first.code, reason: first.message });
    if (settled > 0)
        log('settled', { source, received: settled, verdicts, lagMs });
}
//# sourceMappingURL=summary.js.map