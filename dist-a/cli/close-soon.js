"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.closeSoon = closeSoon;
const promises_1 = require("node:timers/promises");
const LIMIT_MS = 5_000;
/** Closes links, but waits no longer than 5 s: a connection that broke meanwhile may never answer. */
async function closeSoon(closing) {
    const given = new AbortController();
    const limit = (0, promises_1.setTimeout)(LIMIT_MS, undefined, { signal: given.signal }).catch(() => undefined);
    await Promise.race([closing, limit]).finally(() => given.abort());
}
//# sourceMappingURL=close-soon.js.map