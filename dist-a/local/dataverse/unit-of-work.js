"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rowKey = exports.UnitOfWork = void 0;
/** What one transaction is about to do: rows in their new state, and the events that tell of them. */
class UnitOfWork {
    /** When the operation began, milliseconds since 1970. */
    startedAt;
    /** Under whom the operation runs. */
    user;
    writes = [];
    events = [];
    #store;
    #pending = new Map();
    constructor(store, startedAt, user) {
        this.#store = store;
        this.startedAt = startedAt;
        this.user = user;
    }
    /** The row as this transaction sees it; its version is that of the committed one. */
    row(table, id) {
        const committed = this.#store.table(table.logicalName).get(id);
        const key = (0, exports.rowKey)(table, id);
        if (!this.#pending.has(key))
            return committed;
        const columns = this.#pending.get(key);
        if (columns === undefined)
            return undefined;
        return { table: table.logicalName, id, version: committed?.version ?? 0n, columns };
    }
    /** Gives a row its new state. */
    put(table, id, columns) {
        this.#pending.set((0, exports.rowKey)(table, id), columns);
        this.writes.push({ table, id, columns });
    }
    /** Removes a row. */
    remove(table, id) {
        this.#pending.set((0, exports.rowKey)(table, id), undefined);
        this.writes.push({ table, id, columns: undefined });
    }
    /** Tells of something: an operation inside another one before that one. */
    raise(event) {
        this.events.push(event);
    }
}
exports.UnitOfWork = UnitOfWork;
/** What identifies a row in the organisation. */
const rowKey = (table, id) => `${table.logicalName} ${id}`;
exports.rowKey = rowKey;
//# sourceMappingURL=unit-of-work.js.map