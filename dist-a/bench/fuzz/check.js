"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CheckFailed = void 0;
exports.checkBody = checkBody;
const node_perf_hooks_1 = require("node:perf_hooks");
const oddities_1 = require("../../shared/context/oddities");
const read_context_1 = require("../../shared/context/read-context");
const to_changes_1 = require("../../shared/context/to-changes");
const to_message_event_1 = require("../../shared/context/to-message-event");
const errors_1 = require("../../shared/errors");
/** What must never happen to a body. */
class CheckFailed extends Error {
    name = 'CheckFailed';
}
exports.CheckFailed = CheckFailed;
const MS_PER_256_KB = 50;
const BYTES = 262_144;
/** Another process may take the machine at any moment, so what looks slow is measured again. */
const MEASUREMENTS = 4;
/** Everything that a body's objects inherit from. */
const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Map.prototype];
const namesOf = () => PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join('|');
const NAMES = namesOf();
/** Reads every part of a context and its parents. */
function readParts(context, attempt) {
    let at = context;
    while (at !== null) {
        const one = at;
        attempt(() => [...(one.inputParameters ?? [])]);
        attempt(() => [...(one.outputParameters ?? [])]);
        attempt(() => [...(one.sharedVariables ?? [])]);
        attempt(() => [...(one.preImages ?? [])]);
        attempt(() => [...(one.postImages ?? [])]);
        at = null;
        attempt(() => {
            at = one.parent;
        });
    }
}
/** Does with a body what the app does, and more: every part is read. */
function readAll(body, options) {
    let ending;
    const attempt = (step) => {
        try {
            step();
        }
        catch (error) {
            if (!(error instanceof errors_1.OutboundError))
                throw error;
            ending ??= (0, errors_1.codeOf)(error);
        }
    };
    const begun = node_perf_hooks_1.performance.now();
    let context;
    attempt(() => {
        context = (0, read_context_1.readContext)(body, options);
    });
    const found = context;
    if (found !== undefined) {
        readParts(found, attempt);
        const delivery = { source: 'fuzz', body, fullImageAlias: 'After' };
        attempt(() => (to_changes_1.ROW_MESSAGES.has(found.message) ? (0, to_changes_1.changesOf)(found, delivery) : (0, to_message_event_1.messageEventOf)(found, delivery)));
    }
    const ms = node_perf_hooks_1.performance.now() - begun;
    if (found !== undefined)
        attempt(() => (0, oddities_1.odditiesOf)(found));
    return { ending: ending ?? 'read', ms };
}
/**
 * Reads a body in every way and checks what must hold for any: only typed errors, no more than 50 ms per 256 KB (of
 * several tries the fastest, for another process may be in the way), and prototypes as they were.
 *
 * @param format the form that the body is taken for @default as detected
 * @throws CheckFailed
 */
function checkBody(body, format) {
    const options = format === undefined ? {} : { format };
    const allowed = MS_PER_256_KB * Math.max(1, body.length / BYTES);
    let best;
    try {
        for (let tries = 0; tries < MEASUREMENTS && (best === undefined || best.ms > allowed); tries++) {
            const result = readAll(body, options);
            if (best === undefined || result.ms < best.ms)
                best = result;
        }
    }
    catch (error) {
        throw new CheckFailed(`not a typed error: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
    }
    if (best === undefined)
        throw new CheckFailed('not measured');
    if (best.ms > allowed)
        throw new CheckFailed(`${best.ms.toFixed(0)} ms for ${body.length} bytes (${best.ending})`);
    if (namesOf() !== NAMES)
        throw new CheckFailed('a prototype was changed');
    return best;
}
//# sourceMappingURL=check.js.map