"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Turns = exports.SLOW_SHARE = void 0;
exports.randomFrom = randomFrom;
/** A seeded stream of numbers in [0, 1): mulberry32. */
function randomFrom(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}
/** Longest time that a step waits for its turn, in turns; and that of a few, by which much else has come to its end. */
const LONG = 60;
const LONGEST = 1200;
/** Share of the steps that may take the longest. */
exports.SLOW_SHARE = 0.02;
const allElse = () => new Promise((resolve) => setImmediate(resolve));
/** Everything that waits for its turn; one step at a time goes on, in an order that a seed decides. */
class Turns {
    random;
    note;
    slowShare;
    #waiting = [];
    #turn = 0;
    constructor(random, note, slowShare) {
        this.random = random;
        this.note = note;
        this.slowShare = slowShare;
    }
    /** Waits for a turn: mostly a near one, sometimes one long after everything else has moved on. Of the dead, for ever. */
    pause(of) {
        return new Promise((go) => {
            if (!of.alive)
                return;
            const longest = this.random() < this.slowShare ? LONGEST : LONG;
            const turns = Math.floor(this.random() ** 4 * longest);
            if (turns > LONG)
                this.note('F36');
            this.#waiting.push({ of, due: this.#turn + turns, go });
        });
    }
    /** Lets `count` turns pass. Returns whether any step still waits. */
    async pass(count) {
        await allElse();
        for (let done = 0; done < count; done += 1) {
            if (this.#waiting.length === 0)
                return false;
            this.#turn += 1;
            await this.#goOn();
        }
        return this.#waiting.length > 0;
    }
    /** Until nothing waits; turns in which nothing is due are passed over. */
    async untilQuiet() {
        await allElse();
        while (this.#waiting.length > 0) {
            this.#turn = Math.max(this.#turn + 1, Math.min(...this.#waiting.map(({ due }) => due)));
            await this.#goOn();
        }
    }
    async #goOn() {
        const due = this.#waiting.filter((step) => step.due <= this.#turn);
        const next = due[Math.floor(this.random() * due.length)];
        if (next === undefined)
            return;
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        next.go();
        await allElse();
    }
    /** What the dead waited for never comes. */
    bury() {
        this.#waiting = this.#waiting.filter(({ of }) => of.alive);
    }
}
exports.Turns = Turns;
//# sourceMappingURL=turns.js.map