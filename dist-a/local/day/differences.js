"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Differences = void 0;
/** How many differences are kept; all of them count. */
const KEPT = 100;
/** Collects what differs. */
class Differences {
    first = [];
    #count = 0;
    get count() {
        return this.#count;
    }
    note(table, id, what) {
        this.#count += 1;
        if (this.first.length < KEPT)
            this.first.push({ table, id, what });
    }
}
exports.Differences = Differences;
//# sourceMappingURL=differences.js.map