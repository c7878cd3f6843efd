"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.UsageError = exports.EXIT = void 0;
exports.settingsOf = settingsOf;
exports.agreed = agreed;
/** Exit codes of every command. */
exports.EXIT = { ok: 0, failed: 1, usage: 2 };
/** Thrown when a command was called wrongly, a file that can't be read included. */
class UsageError extends Error {
    name = 'UsageError';
}
exports.UsageError = UsageError;
/** The value of settings. @throws UsageError with every fault of every section */
function settingsOf(...sections) {
    const faults = sections.flatMap((section) => (section.ok ? [] : section.faults));
    if (faults.length > 0)
        throw new UsageError(faults.join('; '));
    return sections.flatMap((section) => (section.ok ? [section.value] : []));
}
/** Has the operator agree, unless `--yes` said so beforehand. @throws UsageError where nobody is there to answer */
async function agreed(terminal, question, yes) {
    if (yes === true)
        return;
    const answer = await terminal.ask(`${question} [y/N] `);
    if (answer === undefined)
        throw new UsageError(`${question} Nobody is there to answer: say --yes.`);
    if (!/^y(?:es)?$/i.test(answer.trim()))
        throw new Error('Nothing was done.');
}
//# sourceMappingURL=terminal.js.map