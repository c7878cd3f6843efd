"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SimulatedStates = exports.SimulatedLeases = void 0;
/** Leases that can be taken away from their holder without its knowing when. */
class SimulatedLeases {
    #holders = new Map();
    acquire(name) {
        if (this.#holders.has(name))
            return Promise.resolve(undefined);
        const holder = Symbol(name);
        this.#holders.set(name, holder);
        const held = () => this.#holders.get(name) === holder;
        const release = () => {
            if (held())
                this.#holders.delete(name);
            return Promise.resolve();
        };
        return Promise.resolve({ held, release });
    }
    isHeld(name) {
        return this.#holders.has(name);
    }
    lose(name) {
        this.#holders.delete(name);
    }
}
exports.SimulatedLeases = SimulatedLeases;
/** Pull states in memory. */
class SimulatedStates {
    #states = new Map();
    read(table) {
        return Promise.resolve(this.#states.get(table) ?? {});
    }
    write(table, state) {
        this.#states.set(table, state);
        return Promise.resolve();
    }
    /** The next pull of each table is a load. */
    forgetLinks() {
        for (const [table, { loadBegunMs }] of this.#states)
            this.#states.set(table, loadBegunMs === undefined ? {} : { loadBegunMs });
    }
}
exports.SimulatedStates = SimulatedStates;
//# sourceMappingURL=ports.js.map