"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.pullHandler = pullHandler;
const p_limit_1 = __importDefault(require("p-limit"));
const errors_1 = require("../errors");
const log_1 = require("../telemetry/log");
/** Tables pulled at the same time, within the one budget of Web API requests. */
const TABLES_AT_ONCE = 4;
/** Pulls every table; one table's failure doesn't keep the others from running, and is tried again at the next tick. */
function pullHandler(tables, sync) {
    return async (_timer, context) => {
        const log = (0, log_1.logTo)(context);
        const limit = (0, p_limit_1.default)(TABLES_AT_ONCE);
        const pull = async (table) => {
            try {
                const { drift, ...report } = await sync().run(table);
                if (drift !== undefined)
                    log('schemaDrift', { table, ...drift });
                log('pulled', report);
            }
            catch (error) {
                log('pullFailed', { table, code: (0, errors_1.codeOf)(error), reason: (0, errors_1.messageOf)(error) });
            }
        };
        await Promise.all(tables.map((table) => limit(() => pull(table))));
    };
}
//# sourceMappingURL=pull-handler.js.map