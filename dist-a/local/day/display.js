"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.messagesLine = void 0;
exports.figuresTable = figuresTable;
exports.checkTable = checkTable;
exports.openDisplay = openDisplay;
const node_tty_1 = require("node:tty");
const picocolors_1 = __importDefault(require("picocolors"));
const figures_1 = require("./figures");
/** Plain lines when piped, whatever the environment says of colours. */
const pc = picocolors_1.default.createColors((0, node_tty_1.isatty)(1) && picocolors_1.default.isColorSupported);
const COLUMNS = [
    'received',
    'applied',
    'events',
    'duplicate',
    'stale',
    'contained',
    'readBack',
    'parked',
    'healed',
];
const HEADINGS = COLUMNS.map((name) => (name === 'readBack' ? 'read back' : name));
/** Columns of the figures' table: the name's, and the numbers'. */
const NAME_WIDTH = 18;
const WIDTH = 10;
const cell = (text, width) => String(text).padStart(width);
/** The table of all ways as it stands. */
function figuresTable(figures) {
    const heading = row('way', [...HEADINGS, 'lag P50', 'lag P99']);
    const lines = [...figures.paths].map(([path, of]) => row(path, [...COLUMNS.map((name) => shown(path, name, of)), ...lags(of)]));
    return [pc.bold(heading), ...lines, pc.dim(LAG_NOTE)].join('\n');
}
const row = (name, cells, nameWidth = NAME_WIDTH) => `${name.padEnd(nameWidth)}${cells.map((each) => cell(each, WIDTH)).join('')}`;
/** How many changes were made by each message, the most frequent first. */
const messagesLine = (messages) => [...messages]
    .sort(([, a], [, b]) => b - a)
    .map(([message, count]) => `${count} ${message}`)
    .join(', ');
exports.messagesLine = messagesLine;
/** Asynchronous events carry the time of their operation in whole seconds. */
const LAG_NOTE = 'read back: the day is so dense that most events, dated in whole seconds, can’t be ordered, so the row is read\nlag: from OperationCreatedOn, which Dataverse gives in whole seconds, so it reads up to a second too long';
/** Only the pull heals. */
const shown = (path, name, of) => name === 'healed' && path !== 'pull-sync' ? '' : of[name];
const lags = ({ lagMs }) => [0.5, 0.99].map((share) => {
    const value = (0, figures_1.percentile)(lagMs, share);
    return value === undefined ? '' : `${value} ms`;
});
/** The result of the check as tables, with the first differences. */
function checkTable({ tables, events, differences, differenceCount, columnsCompared }) {
    const names = new Map([...tables, ...events].map((of) => [of, placed('table' in of ? of.table : of.message, of.target)]));
    const width = 2 + Math.max(...[...names.values()].map(({ length }) => length));
    const lines = (title, of, columns) => {
        const headings = columns.map(([heading]) => heading);
        const cells = (each) => columns.map(([, key]) => Number(each[key]));
        return [
            pc.bold(row(title, headings, width)),
            ...of.map((each) => row(names.get(each) ?? '', cells(each), width)),
            '',
        ];
    };
    const verdict = differenceCount === 0
        ? pc.green(`0 differences in ${columnsCompared} properties: the LOB store equals Dataverse.`)
        : pc.red(`${differenceCount} differences in ${columnsCompared} properties:`);
    return [
        ...lines('rows and links', tables, TABLE_COLUMNS),
        ...(events.length === 0 ? [] : lines('events', events, EVENT_COLUMNS)),
        verdict,
        ...differences.map(({ table, id, what }) => `  ${table}(${id}): ${what}`),
    ].join('\n');
}
/** What it is in Dataverse, and where it lies in the store. */
const placed = (name, target) => (name === target ? name : `${name} → ${target}`);
const TABLE_COLUMNS = [
    ['Dataverse', 'rows'],
    ['filtered', 'hidden'],
    ['LOB store', 'stored'],
    ['deleted', 'tombstones'],
    ['missing', 'missing'],
    ['surplus', 'surplus'],
    ['different', 'different'],
];
const EVENT_COLUMNS = [
    ['calls', 'calls'],
    ['not sent', 'unsent'],
    ['LOB store', 'stored'],
    ['doubled', 'doubled'],
    ['missing', 'missing'],
    ['surplus', 'surplus'],
    ['different', 'different'],
];
/** Milliseconds between drawings on a terminal, and between lines elsewhere. */
const DRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 3000;
/** The display for standard output. */
async function openDisplay() {
    let last = 0;
    const due = (every) => {
        if (performance.now() - last < every)
            return false;
        last = performance.now();
        return true;
    };
    if (!(0, node_tty_1.isatty)(1)) {
        return {
            say: (line) => console.log(line),
            progress: (line) => {
                if (due(LINE_EVERY_MS))
                    console.log(line);
            },
            done: () => undefined,
        };
    }
    const { default: draw } = await import('log-update');
    return {
        say: (line) => {
            draw.clear();
            console.log(line);
            last = 0;
        },
        progress: (line, table) => {
            if (due(DRAW_EVERY_MS))
                draw(`${line}\n\n${table()}`);
        },
        done: () => draw.clear(),
    };
}
//# sourceMappingURL=display.js.map