"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.reportOf = reportOf;
const figures_1 = require("./figures");
/** The day in figures, for `--report`. */
function reportOf({ seed, duplicate, reorder, drop }, dataverse, figures, { changes, messages }, seconds, check) {
    const paths = Object.fromEntries([...figures.paths].map(([path, { lagMs, ...counts }]) => [
        path,
        { ...counts, lagMs: { p50: (0, figures_1.percentile)(lagMs, 0.5), p99: (0, figures_1.percentile)(lagMs, 0.99) } },
    ]));
    return {
        seed,
        disturbances: { duplicate, reorder, drop },
        changes,
        messages: Object.fromEntries(messages),
        seconds,
        paths,
        healed: figures.paths.get('pull-sync')?.healed ?? 0,
        healedOf: Object.fromEntries(figures.healedOf),
        events: figures.total('events'),
        ignored: figures.total('ignored'),
        dataverse,
        differences: check.differenceCount,
        check,
        problems: figures.problems,
    };
}
//# sourceMappingURL=report.js.map