"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.timeText = exports.oneLine = void 0;
exports.textTable = textTable;
/**
 * Lines of a table that is written while its rows come in: widths can't wait for the longest cell, so a longer one pushes
 * its line. Control characters are taken out: a cell is one line and can't move the cursor.
 */
function textTable(columns) {
    const line = (cells) => `${columns
        .map(({ width }, index) => (0, exports.oneLine)(cells[index] ?? '').padEnd(width))
        .join('  ')
        .trimEnd()}\n`;
    return { heading: line(columns.map(({ heading }) => heading)), line };
}
/** Text on one line, without characters that a terminal would act on. */
const oneLine = (text) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
exports.oneLine = oneLine;
/** A time as lists show it: `2026-03-14 09:26:53Z`. */
const timeText = (epochMs) => `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
exports.timeText = timeText;
//# sourceMappingURL=text-table.js.map