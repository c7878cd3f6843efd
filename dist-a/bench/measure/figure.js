"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.summary = exports.median = void 0;
exports.meets = meets;
exports.quantile = quantile;
/** Whether a figure meets its aim; undefined where it has none. */
function meets({ value, aim }) {
    if (aim === undefined)
        return undefined;
    return 'least' in aim ? value >= aim.least : value <= aim.most;
}
/** The value that so large a part of the values lies below, between its neighbours. */
function quantile(values, part) {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (sorted.length - 1) * part;
    const low = sorted[Math.floor(at)] ?? Number.NaN;
    const high = sorted[Math.ceil(at)] ?? Number.NaN;
    return low + (high - low) * (at - Math.floor(at));
}
const median = (values) => quantile(values, 0.5);
exports.median = median;
/** Median and quartiles, as a figure has them. */
const summary = (values) => ({
    value: (0, exports.median)(values),
    spread: [quantile(values, 0.25), quantile(values, 0.75)],
});
exports.summary = summary;
//# sourceMappingURL=figure.js.map