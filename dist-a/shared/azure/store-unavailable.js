"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StoreUnavailable = void 0;
const errors_1 = require("../errors");
/** Thrown when a storage account has not answered lately, and is therefore not asked now. */
class StoreUnavailable extends errors_1.OutboundError {
    code = 'store-unavailable';
    disposition = 'retry';
    /**
     * @param host of the account's tables
     * @param nextAtMs when it is asked next, in epoch milliseconds
     */
    constructor(host, nextAtMs, options) {
        super(`The tables of ${host} don't answer. They are asked again from ${new Date(nextAtMs).toISOString()} on; what ` +
            `waits for them is settled by itself when they answer. See the state of the storage account and of its network.`, options);
    }
}
exports.StoreUnavailable = StoreUnavailable;
//# sourceMappingURL=store-unavailable.js.map