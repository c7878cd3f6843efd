"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CALLED_REASON = exports.MESSAGE_REASON = void 0;
/** The reason the real host logs for a run that a message or event has caused. */
exports.MESSAGE_REASON = '(null)';
/** The reason the real host logs for HTTP and for runs by hand. */
exports.CALLED_REASON = 'This function was programmatically called via the host APIs.';
//# sourceMappingURL=trigger.js.map