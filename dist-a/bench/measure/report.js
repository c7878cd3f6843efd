"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.markdownOf = markdownOf;
exports.tableOf = tableOf;
const compare_1 = require("./compare");
const figure_1 = require("./figure");
const verdictOf = (figure) => ({ true: 'PASS', false: 'SHORT', undefined: '' })[String((0, figure_1.meets)(figure))] ?? '';
const aimOf = ({ aim }) => {
    if (aim === undefined)
        return '';
    return 'least' in aim ? `>= ${(0, compare_1.digits)(aim.least)}` : `<= ${(0, compare_1.digits)(aim.most)}`;
};
const valueOf = ({ value, unit }) => unit === 'x' ? `${value.toFixed(2)} x` : `${(0, compare_1.digits)(value)} ${unit}`;
const spreadOf = ({ spread: [low, high], unit }) => unit === 'x' ? `${low.toFixed(2)}-${high.toFixed(2)}` : `${(0, compare_1.digits)(low)}-${(0, compare_1.digits)(high)}`;
const HEAD = ['work', 'of', 'app', 'floor or rival', 'result', 'spread', 'aim', ''];
const cellsOf = (figure) => [
    figure.work,
    figure.measure,
    figure.own,
    figure.against ?? '',
    valueOf(figure),
    spreadOf(figure),
    aimOf(figure),
    verdictOf(figure),
];
const whyOf = (figure) => figure !== undefined && (0, figure_1.meets)(figure) === false ? figure.why : undefined;
/** A table in Markdown; below it, once each, why rows are short. */
function markdownOf(figures) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    const whys = new Set(figures.flatMap((figure) => whyOf(figure) ?? []));
    return [
        line(HEAD),
        line(HEAD.map(() => '---')),
        ...figures.map((figure) => line(cellsOf(figure).map((cell) => cell.replaceAll('|', '\\|')))),
        '',
        ...[...whys].map((why) => `- ${why}`),
    ].join('\n');
}
/** The lines of a table, columns aligned; below a row that is short, why. */
function tableOf(figures) {
    const rows = figures.map(cellsOf);
    const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)));
    const line = (cells) => cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd();
    return [
        line(HEAD),
        line(widths.map((width) => '-'.repeat(width))),
        ...rows.flatMap((row, index) => {
            const why = whyOf(figures[index]);
            return why === undefined ? [line(row)] : [line(row), `    ${why}`];
        }),
    ].join('\n');
}
//# sourceMappingURL=report.js.map