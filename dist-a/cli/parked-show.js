"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.showParked = showParked;
const explain_body_1 = require("./explain-body");
const parked_list_1 = require("./parked-list");
const text_table_1 = require("./text-table");
const terminal_1 = require("./terminal");
/** Shows one item. The body, when asked for, is all that goes to standard output, byte for byte. */
async function showParked(terminal, item, { body, explain }, fullImageAlias) {
    const { subject } = item;
    if (body === true && subject.kind === 'row')
        throw new terminal_1.UsageError(`${item.id} is a row that was pulled: it has no body, and is read again when it is replayed`);
    const say = body === true ? terminal.err : terminal.out;
    say(`${factsOf(item, Date.now()).join('\n')}\n`);
    if (explain === true && subject.kind === 'delivery')
        say(`\n${(0, explain_body_1.explainBody)(subject.delivery, fullImageAlias)}\n`);
    if (body === true && subject.kind === 'delivery')
        await terminal.write(subject.delivery.body);
}
function factsOf(item, nowMs) {
    const { subject, cause, dueAtMs } = item;
    const due = dueAtMs === undefined ? 'waits for an operator' : `${(0, text_table_1.timeText)(dueAtMs)} (${(0, parked_list_1.dueText)(item, nowMs)})`;
    const facts = [
        ['id', item.id],
        ...subjectFacts(subject),
        ['code', cause.code],
        ['cause', cause.message],
        ['attempts', `${item.attempts} in vain since it was parked`],
        ['parked at', (0, text_table_1.timeText)(item.parkedAtMs)],
        ['due', due],
    ];
    return facts.map(([name, value]) => `${name.padEnd(14)}${(0, text_table_1.oneLine)(value)}`);
}
function subjectFacts(subject) {
    if (subject.kind === 'row')
        return [
            ['kind', 'row, pulled: it is read again when it is tried again'],
            ['table', subject.row.table],
            ['row', subject.row.id],
        ];
    const { source, body, contentType, truncated } = subject.delivery;
    return [
        ['kind', 'delivery'],
        ['source', source],
        ['body', `${body.byteLength} bytes${contentType === undefined ? '' : `, ${contentType}`}`],
        ...(truncated === true ? [['truncated', 'members were removed for size']] : []),
    ];
}
//# sourceMappingURL=parked-show.js.map