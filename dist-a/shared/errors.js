"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.codeOf = exports.dispositionOf = exports.OutboundError = void 0;
exports.messageOf = messageOf;
/** Base of all errors that this app raises on purpose: a stable code, what to do, and where it happened. */
class OutboundError extends Error {
}
exports.OutboundError = OutboundError;
/** The disposition of any error: what this app doesn't know may pass, so it is tried again. */
const dispositionOf = (error) => error instanceof OutboundError ? error.disposition : 'retry';
exports.dispositionOf = dispositionOf;
/** The stable code of an error, for logs and parked items. */
const codeOf = (error) => (error instanceof OutboundError ? error.code : 'unexpected');
exports.codeOf = codeOf;
/** The message of anything thrown. */
function messageOf(error) {
    if (!(error instanceof Error))
        return String(error);
    return error.message === '' ? error.name : error.message;
}
//# sourceMappingURL=errors.js.map