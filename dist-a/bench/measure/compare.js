"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.duration = exports.digits = exports.figuresOf = void 0;
const figure_1 = require("./figure");
/** The figures of one comparison: medians of the ratios, round by round. */
const figuresOf = (turns, wanted) => wanted.map((one) => figureOf(turns[one.subject], turns[one.against], one));
exports.figuresOf = figuresOf;
function figureOf(own, other, wanted) {
    const { work, of, against, aim, why } = wanted;
    const rest = { ...(aim === undefined ? {} : { aim }), ...(why === undefined ? {} : { why }) };
    const text = TEXT[of];
    if (of === 'requests') {
        const counts = own.map(({ requests }) => requests);
        const shown = { own: text(own), against: `${text(other)} ${against}`, unit: 'round trips' };
        return { work, measure: 'round trips', ...(0, figure_1.summary)(counts), ...shown, ...rest };
    }
    const ratios = own.map((turn, round) => RATIO[of](turn, other[round] ?? turn));
    return {
        work,
        measure: of,
        ...(0, figure_1.summary)(ratios),
        unit: 'x',
        own: text(own),
        against: `${text(other)} ${against}`,
        ...rest,
    };
}
const RATIO = {
    time: (own, other) => own.milliseconds / other.milliseconds,
    rate: (own, other) => other.milliseconds / own.milliseconds,
    CPU: (own, other) => own.cpuMilliseconds / other.cpuMilliseconds,
};
const TEXT = {
    time: (turns) => (0, exports.duration)((0, figure_1.median)(turns.map(({ milliseconds }) => milliseconds))),
    rate: (turns) => `${(0, exports.digits)(1000 / (0, figure_1.median)(turns.map(({ milliseconds }) => milliseconds)))}/s`,
    CPU: (turns) => (0, exports.duration)((0, figure_1.median)(turns.map(({ cpuMilliseconds }) => cpuMilliseconds))),
    requests: (turns) => (0, exports.digits)((0, figure_1.median)(turns.map(({ requests }) => requests))),
};
/** Three digits that count. */
const digits = (value) => value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
exports.digits = digits;
/** Milliseconds in the unit that reads best. */
const duration = (milliseconds) => {
    if (milliseconds >= 1000)
        return `${(0, exports.digits)(milliseconds / 1000)} s`;
    return milliseconds >= 1 ? `${(0, exports.digits)(milliseconds)} ms` : `${(0, exports.digits)(milliseconds * 1000)} us`;
};
exports.duration = duration;
//# sourceMappingURL=compare.js.map