"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Heap = void 0;
/** A binary min-heap: `push` and `pop` in O(log n), the smallest item first. */
class Heap {
    #items = [];
    #before;
    constructor(before) {
        this.#before = before;
    }
    get size() {
        return this.#items.length;
    }
    peek() {
        return this.#items[0];
    }
    push(item) {
        let hole = this.#items.push(item) - 1;
        while (hole > 0) {
            const up = (hole - 1) >> 1;
            const parent = this.#items[up];
            if (parent === undefined || !this.#before(item, parent))
                break;
            this.#items[hole] = parent;
            hole = up;
        }
        this.#items[hole] = item;
    }
    pop() {
        const smallest = this.#items[0];
        const last = this.#items.pop();
        if (last !== undefined && this.#items.length > 0)
            this.#sink(last);
        return smallest;
    }
    /** Removes an item wherever it stands, in O(n). */
    remove(item) {
        const rest = this.#items.filter((other) => other !== item);
        this.#items.length = 0;
        for (const other of rest)
            this.push(other);
    }
    /** Lets an item sink from the top to its place. */
    #sink(item) {
        let hole = 0;
        for (;;) {
            const child = this.#smallerChild(hole);
            const below = child === undefined ? undefined : this.#items[child];
            if (child === undefined || below === undefined || !this.#before(below, item))
                break;
            this.#items[hole] = below;
            hole = child;
        }
        this.#items[hole] = item;
    }
    #smallerChild(parent) {
        const left = 2 * parent + 1;
        const [a, b] = [this.#items[left], this.#items[left + 1]];
        if (a === undefined)
            return undefined;
        return b !== undefined && this.#before(b, a) ? left + 1 : left;
    }
}
exports.Heap = Heap;
//# sourceMappingURL=heap.js.map