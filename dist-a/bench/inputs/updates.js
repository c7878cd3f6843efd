"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Updates = void 0;
const contexts_1 = require("./contexts");
const rows_1 = require("./rows");
const stores_1 = require("./stores");
class Updates {
    rows;
    #bodyOf = (0, contexts_1.updateBodies)();
    #made = 0;
    constructor(rows) {
        this.rows = rows;
    }
    /** The body of the next one: of the next row, by an operation of its own. */
    next() {
        this.#made += 1;
        return this.#bodyOf((0, rows_1.idOf)(this.#made % this.rows), (0, rows_1.idOf)(this.#made).replace('5b1d', 'a3c9'), rows_1.EPOCH + this.#made);
    }
    /** Makes a table with the rows in it, which have a history. */
    async seed(client) {
        await client.createTable();
        const entities = Array.from({ length: this.rows }, (_, n) => (0, stores_1.entityOf)(n, (0, rows_1.updatedColumns)(n, rows_1.EPOCH - 1), (0, rows_1.seasoned)(n)));
        await (0, stores_1.transact)(client, entities, 'Replace');
    }
}
exports.Updates = Updates;
//# sourceMappingURL=updates.js.map