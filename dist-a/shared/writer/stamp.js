"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NO_STAMP = exports.RING_SIZE = void 0;
exports.withKeys = withKeys;
const instant_1 = require("../change/instant");
const row_version_1 = require("../change/row-version");
/** How many delivery keys a stamp remembers. A duplicate that outlives them is settled by its date or by a read. */
exports.RING_SIZE = 16;
/** The stamp of a row of which nothing is stored. */
exports.NO_STAMP = {
    version: row_version_1.NO_VERSION,
    base: instant_1.BEGINNING,
    seen: instant_1.BEGINNING,
    ahead: false,
    gone: false,
    ring: [],
};
/** The ring with `keys` added, the oldest keys falling out. */
function withKeys(ring, keys) {
    const added = keys.filter((key, index) => !ring.includes(key) && keys.indexOf(key) === index);
    return added.length === 0 ? ring : [...ring, ...added].slice(-exports.RING_SIZE);
}
//# sourceMappingURL=stamp.js.map