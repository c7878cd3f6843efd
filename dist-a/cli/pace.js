"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.batchAt = void 0;
exports.paceOf = paceOf;
const promises_1 = require("node:timers/promises");
/** Makes a pace. @param rate a second; absent: as fast as it goes */
function paceOf(rate, now = () => performance.now(), sleep = promises_1.setTimeout) {
    let next = 0;
    return async (count = 1) => {
        if (rate === undefined)
            return;
        const at = Math.max(now(), next);
        next = at + (count * 1000) / rate;
        if (at > now())
            await sleep(at - now());
    };
}
/** How many to take at once at a rate: a second's worth, so that none of them waits long; `most` without a rate. */
const batchAt = (rate, most) => rate === undefined ? most : Math.max(1, Math.min(most, Math.floor(rate)));
exports.batchAt = batchAt;
//# sourceMappingURL=pace.js.map