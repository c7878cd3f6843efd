"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Office = void 0;
/** What those at work share: what there is to work on, and how much is left to do. */
class Office {
    dataverse;
    changes;
    onProgress;
    /** Ids of the rows that there are, by table. */
    rows;
    deleted = [];
    pairs = [];
    calls = [];
    /** Changes made, by message. */
    messages = new Map();
    #claimed = 0;
    #done = 0;
    constructor(dataverse, tables, changes, onProgress) {
        this.dataverse = dataverse;
        this.changes = changes;
        this.onProgress = onProgress;
        this.rows = new Map(tables.map((table) => [table, Array.from(dataverse.rows(table), ({ id }) => id)]));
    }
    get done() {
        return this.#done;
    }
    /** No change is left that nobody has taken. */
    get allTaken() {
        return this.#claimed >= this.changes;
    }
    /** Ids of the rows of a table. */
    ids(table) {
        return this.rows.get(table) ?? [];
    }
    /**
     * Takes some of the changes that are left, as many as wanted or fewer, and makes them; what fails is given back.
     *
     * @returns whether there were any
     */
    async change(message, wanted, make) {
        const count = Math.min(wanted, this.changes - this.#claimed);
        if (count <= 0)
            return false;
        this.#claimed += count;
        try {
            await make(count);
        }
        catch (error) {
            this.#claimed -= count;
            throw error;
        }
        this.#done += count;
        this.messages.set(message, (this.messages.get(message) ?? 0) + count);
        this.onProgress(this.#done, this.messages);
        return true;
    }
}
exports.Office = Office;
//# sourceMappingURL=office.js.map