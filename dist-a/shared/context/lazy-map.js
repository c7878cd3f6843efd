"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.LazyMap = void 0;
/**
 * A read-only map whose values are made when they are first asked for: a context has parts that most readers never
 * look at. Asking for one value makes that one only; going through the map makes all.
 */
class LazyMap {
    sources;
    make;
    made = new Map();
    /** @param sources what each value is made of, by its name, in order */
    constructor(sources, make) {
        this.sources = sources;
        this.make = make;
    }
    get size() {
        return this.sources.size;
    }
    has(name) {
        return this.sources.has(name);
    }
    get(name) {
        const source = this.sources.get(name);
        return source === undefined ? undefined : this.once(source, name);
    }
    keys() {
        return this.sources.keys();
    }
    values() {
        return this.all().values();
    }
    entries() {
        return this.all().entries();
    }
    [Symbol.iterator]() {
        return this.entries();
    }
    forEach(callback) {
        for (const [name, value] of this.all())
            callback(value, name, this);
    }
    once(source, name) {
        const known = this.made.get(name);
        // A value may be null, never undefined, so undefined means that it is not made yet.
        if (known !== undefined)
            return known;
        const value = this.make(source, name);
        this.made.set(name, value);
        return value;
    }
    /** All values, in the order of the sources. */
    all() {
        return new Map([...this.sources].map(([name, source]) => [name, this.once(source, name)]));
    }
}
exports.LazyMap = LazyMap;
//# sourceMappingURL=lazy-map.js.map