"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Tally = void 0;
/** Counts by name, such as by code. */
class Tally {
    #counts = new Map();
    add(name, count = 1) {
        this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    }
    get total() {
        return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    }
    /** Most frequent first: `account 3, contact 1`. */
    get text() {
        return this.#sorted()
            .map(([name, count]) => `${name} ${count}`)
            .join(', ');
    }
    /** A line for each, most frequent first. */
    get lines() {
        const sorted = this.#sorted();
        const width = Math.max(0, ...sorted.map(([, count]) => String(count).length));
        return sorted.map(([name, count]) => `${String(count).padStart(width)}  ${name}`);
    }
    #sorted() {
        return [...this.#counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
    }
}
exports.Tally = Tally;
//# sourceMappingURL=tally.js.map