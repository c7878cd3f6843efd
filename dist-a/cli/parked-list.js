"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.filterOf = filterOf;
exports.dueText = dueText;
exports.listParked = listParked;
const tally_1 = require("./tally");
const text_table_1 = require("./text-table");
const terminal_1 = require("./terminal");
const TABLE = (0, text_table_1.textTable)([
    { heading: 'id', width: 41 },
    { heading: 'kind', width: 8 },
    { heading: 'source or table', width: 17 },
    { heading: 'code', width: 20 },
    { heading: 'attempts', width: 8 },
    { heading: 'parked at', width: 20 },
    { heading: 'due', width: 0 },
]);
/** What the options ask for. @throws UsageError where they contradict each other */
function filterOf({ code, source, olderThan, due, waiting }, nowMs) {
    if (due === true && waiting === true)
        throw new terminal_1.UsageError('--due and --waiting exclude each other: without both, all are listed');
    return {
        ...(code === undefined ? {} : { code }),
        ...(source === undefined ? {} : { source }),
        ...(olderThan === undefined ? {} : { parkedUntilMs: nowMs - olderThan }),
        ...(due === true ? { next: 'due' } : {}),
        ...(waiting === true ? { next: 'waiting' } : {}),
    };
}
/** When an item is tried again by itself, in few words. */
function dueText({ dueAtMs }, nowMs) {
    if (dueAtMs === undefined)
        return 'waits';
    const seconds = Math.ceil((dueAtMs - nowMs) / 1000);
    if (seconds <= 0)
        return 'now';
    return seconds < 120 ? `in ${seconds} s` : `in ${Math.round(seconds / 60)} min`;
}
/** Lists parked items as they are read, by id; then how many there are of each code. */
async function listParked(terminal, parking, options, nowMs = Date.now()) {
    const { json, limit = Infinity } = options;
    const tally = new tally_1.Tally();
    for await (const item of parking.summaries(filterOf(options, nowMs))) {
        if (tally.total === limit) {
            terminal.err(`The first ${limit}; --limit shows more.\n`);
            break;
        }
        if (json === true)
            await terminal.write(jsonLine(item));
        else {
            if (tally.total === 0)
                await terminal.write(TABLE.heading);
            await terminal.write(TABLE.line(cellsOf(item, nowMs)));
        }
        tally.add(item.cause.code);
    }
    if (json === true)
        return;
    if (tally.total === 0) {
        terminal.err('Nothing is parked that this asks for.\n');
        return;
    }
    terminal.out(`\n${tally.lines.map(text_table_1.oneLine).join('\n')}\n`);
}
const cellsOf = (item, nowMs) => [
    item.id,
    item.kind,
    item.of,
    item.cause.code,
    String(item.attempts),
    (0, text_table_1.timeText)(item.parkedAtMs),
    dueText(item, nowMs),
];
const isoOf = (epochMs) => new Date(epochMs).toISOString();
function jsonLine({ id, kind, of, bytes, cause, attempts, parkedAtMs, dueAtMs }) {
    const due = dueAtMs === undefined ? null : isoOf(dueAtMs);
    const from = kind === 'row' ? { table: of } : { source: of, bytes };
    return `${JSON.stringify({ id, kind, ...from, ...cause, attempts, parkedAt: isoOf(parkedAtMs), dueAt: due })}\n`;
}
//# sourceMappingURL=parked-list.js.map