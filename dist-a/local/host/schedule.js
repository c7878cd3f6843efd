"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parseSchedule = parseSchedule;
exports.isSubMinute = isSubMinute;
/** A timer's schedule: an NCRONTAB expression (https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions). */
const croner_1 = require("croner");
const settings_1 = require("./settings");
/**
 * Parses `{second} {minute} {hour} {day} {month} {day of week}`; with five fields the second is 0.
 *
 * @throws FunctionInError if it isn't such an expression.
 */
function parseSchedule(expression) {
    let cron;
    try {
        // croner also knows L, W, #, ? and @names, which NCRONTAB hasn't: what works here must work in Azure.
        if (!/^[\d*,/\-\sA-Z]+$/i.test(expression) || /(^|[\s,\d])[LW]([\s,]|$)/i.test(expression))
            throw new Error('unknown sign');
        cron = new croner_1.Cron(expression, { mode: '5-or-6-parts', domAndDow: true });
    }
    catch (error) {
        throw new settings_1.FunctionInError(`The schedule expression '${expression}' was not recognized as a valid cron expression.`, { cause: error });
    }
    return {
        next(after) {
            const occurrence = cron.nextRun(after);
            if (occurrence === null)
                throw new settings_1.FunctionInError(`The schedule expression '${expression}' has no next occurrence.`);
            return occurrence;
        },
    };
}
/** Whether a schedule fires more than once in the next minute: the real host then keeps no record of it. */
function isSubMinute(schedule, now) {
    return schedule.next(schedule.next(now)).getTime() - now.getTime() <= 60_000;
}
//# sourceMappingURL=schedule.js.map