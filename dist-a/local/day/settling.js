"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SETTLE_LIMIT_MS = void 0;
exports.untilHandled = untilHandled;
exports.completePull = completePull;
/** Waiting for what is under way: posts, and pulls. */
const promises_1 = require("node:timers/promises");
const standard_relationships_1 = require("../dataverse/standard-relationships");
const stack_1 = require("../stack");
/** How long to wait for what was sent to be handled, and for a complete pull, in milliseconds. */
exports.SETTLE_LIMIT_MS = 180_000;
/** Waits until the broker is empty and the app has answered for every post. */
async function untilHandled({ broker, dataverse }, figures, signal) {
    const limit = performance.now() + exports.SETTLE_LIMIT_MS;
    while (!signal.aborted && performance.now() < limit) {
        const { queues, subscriptions } = broker.counts();
        const waiting = [...Object.values(queues), ...Object.values(subscriptions)].reduce((sum, { active, locked, scheduled }) => sum + active + locked + scheduled, 0);
        if (waiting === 0 && figures.pushesHandled >= dataverse.stats().delivered)
            return;
        await (0, promises_1.setTimeout)(100);
    }
}
/** Waits until something holds, at most for a time. */
async function until(holds, limitMs) {
    for (const end = performance.now() + limitMs; !holds() && performance.now() < end;)
        await (0, promises_1.setTimeout)(100);
}
/** Has every table and the links of every relationship pulled by a run that begins from now on. */
async function completePull(host, figures, signal) {
    const from = Date.now();
    const open = new Set([...stack_1.SYNCED_TABLES, ...standard_relationships_1.STANDARD_RELATIONSHIPS.map(({ schemaName }) => schemaName)]);
    const limit = performance.now() + exports.SETTLE_LIMIT_MS;
    const end = figures.onPull(({ table, mode, resumed, failed, begunAt }) => {
        if (!failed && mode !== 'busy' && !resumed && begunAt >= from)
            open.delete(table);
    });
    try {
        while (open.size > 0 && !signal.aborted) {
            if (performance.now() > limit)
                throw new Error(`These were not pulled in time: ${[...open].join(', ')}. See the app's log.`);
            await fetch(`${host.url}/admin/functions/pull-sync`, {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: '{"input":""}',
            });
            await until(() => open.size === 0 || signal.aborted, 2500);
        }
    }
    finally {
        end();
    }
}
//# sourceMappingURL=settling.js.map