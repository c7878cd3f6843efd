"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MemoryParking = void 0;
/** A parking in memory with the semantics of the real one: one item a subject, settled only as it was read. */
class MemoryParking {
    now;
    items = new Map();
    #tags = 0;
    constructor(now) {
        this.now = now;
    }
    parkDelivery(delivery, cause, dueAtMs) {
        return this.#park(Buffer.from(delivery.body).toString('latin1'), { kind: 'delivery', delivery }, cause, dueAtMs);
    }
    parkRow(row, cause, dueAtMs) {
        return this.#park(`row ${row.table}/${row.id}`, { kind: 'row', row }, cause, dueAtMs);
    }
    #park(id, subject, cause, dueAtMs) {
        this.#set({ id, subject, cause, attempts: 0, parkedAtMs: this.now() }, dueAtMs);
        return Promise.resolve();
    }
    #set(item, dueAtMs) {
        const tag = String((this.#tags += 1));
        this.items.set(item.id, { ...item, tag, ...(dueAtMs === undefined ? {} : { dueAtMs }) });
    }
    due(nowMs, limit) {
        const due = [...this.items.values()].filter(({ dueAtMs }) => dueAtMs !== undefined && dueAtMs <= nowMs);
        return Promise.resolve(due.sort((a, b) => a.parkedAtMs - b.parkedAtMs).slice(0, limit));
    }
    async *list() {
        await Promise.resolve();
        yield* [...this.items.values()];
    }
    settle({ id, tag }) {
        if (this.items.get(id)?.tag === tag)
            this.items.delete(id);
        return Promise.resolve();
    }
    postpone({ id }, cause, dueAtMs) {
        const item = this.items.get(id);
        if (item !== undefined) {
            const { id: same, subject, attempts, parkedAtMs } = item;
            this.#set({ id: same, subject, cause, attempts: attempts + 1, parkedAtMs }, dueAtMs);
        }
        return Promise.resolve();
    }
}
exports.MemoryParking = MemoryParking;
//# sourceMappingURL=memory-parking.js.map