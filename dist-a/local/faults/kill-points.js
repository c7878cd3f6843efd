"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Killer = exports.KILL_POINTS = exports.MOMENTS = exports.STEPS = void 0;
const store_step_1 = require("./store-step");
/** What the app does at which it can be killed: to its storage, to the Web API, to the broker. */
exports.STEPS = {
    ...store_step_1.STORE_STEPS,
    'read-back': 'a row is read from the Web API',
    page: 'a page of changes is read from the Web API',
    complete: 'a message of a queue or subscription is completed',
};
/** When at a step: the other side has not carried it out, or has and the app doesn't know. */
exports.MOMENTS = ['before', 'done-unanswered'];
/** All points. */
exports.KILL_POINTS = Object.keys(exports.STEPS).flatMap((step) => exports.MOMENTS.map((moment) => `${step}:${moment}`));
/** Waits for the app to come to a point, and kills it there. One point at a time. */
class Killer {
    #armed;
    /** Kills the app when it comes to the point next. Resolves when that has happened. */
    at(point, kill) {
        return new Promise((resolve) => {
            this.#armed = {
                point,
                kill: () => {
                    kill();
                    resolve();
                },
            };
        });
    }
    disarm() {
        this.#armed = undefined;
    }
    /** The app has come to a point; true if it is dead now, so that nothing is passed on. */
    meets(step, moment) {
        if (this.#armed?.point !== `${step}:${moment}`)
            return false;
        const { kill } = this.#armed;
        this.#armed = undefined;
        kill();
        return true;
    }
}
exports.Killer = Killer;
//# sourceMappingURL=kill-points.js.map