"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sequenceOf = void 0;
exports.peekAll = peekAll;
exports.listDeadLetters = listDeadLetters;
exports.deadLetterAt = deadLetterAt;
exports.showDeadLetter = showDeadLetter;
const delayed_copies_1 = require("../shared/receive/delayed-copies");
const messages_1 = require("../shared/receive/messages");
const body_bytes_1 = require("./body-bytes");
const explain_body_1 = require("./explain-body");
const tally_1 = require("./tally");
const text_table_1 = require("./text-table");
const terminal_1 = require("./terminal");
/** Bodies come with the messages, so a page isn't large. */
const PAGE = 50;
/** Every dead letter, page by page, without locking any. */
async function* peekAll(receiver) {
    // The receiver remembers where it was.
    for (let page = await receiver.peekMessages(PAGE); page.length > 0; page = await receiver.peekMessages(PAGE))
        yield* page;
}
/** A message's sequence number, exact. */
const sequenceOf = ({ sequenceNumber }) => String(sequenceNumber ?? '');
exports.sequenceOf = sequenceOf;
const enqueuedText = ({ enqueuedTimeUtc }) => enqueuedTimeUtc === undefined ? '' : (0, text_table_1.timeText)(enqueuedTimeUtc.getTime());
const TABLE = (0, text_table_1.textTable)([
    { heading: 'sequence', width: 10 },
    { heading: 'enqueued at', width: 20 },
    { heading: 'deliveries', width: 10 },
    { heading: 'about', width: 24 },
    { heading: 'reason', width: 24 },
    { heading: 'description', width: 0 },
]);
/** Lists dead letters as they are peeked, then how many there are of each reason. */
async function listDeadLetters(terminal, receiver, { limit = Infinity, json }) {
    const tally = new tally_1.Tally();
    for await (const message of peekAll(receiver)) {
        if (tally.total === limit) {
            terminal.err(`The first ${limit}; --limit shows more.\n`);
            break;
        }
        if (json === true)
            await terminal.write(jsonLine(message));
        else {
            if (tally.total === 0)
                await terminal.write(TABLE.heading);
            await terminal.write(TABLE.line(cellsOf(message)));
        }
        tally.add(causeOf(message).reason ?? 'no reason');
    }
    if (json === true)
        return;
    if (tally.total === 0)
        terminal.err('There are no dead letters.\n');
    else
        terminal.out(`\n${tally.lines.map(text_table_1.oneLine).join('\n')}\n`);
}
const aboutOf = ({ body, contentType }) => (0, explain_body_1.aboutBody)((0, body_bytes_1.bodyBytes)(body), contentType);
/** What Service Bus itself says: no more than that the message came too often. */
const NO_CAUSE = 'MaxDeliveryCountExceeded';
/** Why the message is here. Where Service Bus can't say, a delayed copy does: why the app could not settle it the last time. */
function causeOf(message) {
    const { deadLetterReason, deadLetterErrorDescription, applicationProperties = {} } = message;
    const { [delayed_copies_1.COPY_PROPERTIES.code]: code, [delayed_copies_1.COPY_PROPERTIES.reason]: reason } = applicationProperties;
    if (deadLetterReason !== NO_CAUSE || typeof code !== 'string')
        return { reason: deadLetterReason, description: deadLetterErrorDescription };
    return { reason: code, description: typeof reason === 'string' ? reason : deadLetterErrorDescription };
}
function cellsOf(message) {
    const { reason = '', description = '' } = causeOf(message);
    const [sequence, enqueuedAt] = [(0, exports.sequenceOf)(message), enqueuedText(message)];
    return [sequence, enqueuedAt, String(message.deliveryCount ?? 0), aboutOf(message), reason, description];
}
function jsonLine(message) {
    const { reason = null, description = null } = causeOf(message);
    return `${JSON.stringify({
        sequence: (0, exports.sequenceOf)(message),
        enqueuedAt: message.enqueuedTimeUtc?.toISOString() ?? null,
        deliveries: message.deliveryCount ?? 0,
        about: aboutOf(message),
        reason,
        description,
        messageId: message.messageId ?? null,
        sessionId: message.sessionId ?? null,
    })}\n`;
}
/** A dead letter by its sequence number. @throws UsageError where there is none */
async function deadLetterAt(receiver, sequence) {
    const [first] = await receiver.peekMessages(1);
    // From a number of the SDK's own kind: a sequence number may not fit a number of JavaScript.
    const from = first?.sequenceNumber?.add(String(BigInt(sequence) - BigInt((0, exports.sequenceOf)(first))));
    const [found] = from === undefined ? [] : await receiver.peekMessages(1, { fromSequenceNumber: from });
    if (found === undefined || (0, exports.sequenceOf)(found) !== sequence)
        throw new terminal_1.UsageError(`there is no dead letter of sequence number ${sequence}`);
    return found;
}
/** Shows one dead letter. The body, when asked for, is all that goes to standard output, byte for byte. */
async function showDeadLetter(terminal, message, { body: wantsBody, explain }, fullImageAlias) {
    const body = (0, body_bytes_1.bodyBytes)(message.body);
    const { contentType, applicationProperties = {} } = message;
    const { reason, description } = causeOf(message);
    const attempts = applicationProperties[delayed_copies_1.COPY_PROPERTIES.attempt];
    const say = wantsBody === true ? terminal.err : terminal.out;
    const facts = [
        ['sequence', (0, exports.sequenceOf)(message)],
        ['about', aboutOf(message)],
        ['reason', reason],
        ['description', description],
        ['dead letter of', message.deadLetterSource],
        ['deliveries', String(message.deliveryCount ?? 0)],
        ['tried before', typeof attempts === 'number' ? `${attempts} times, each time as a new copy` : undefined],
        ['enqueued at', enqueuedText(message)],
        ['message id', message.messageId === undefined ? undefined : String(message.messageId)],
        ['session', message.sessionId],
        ['body', `${body.byteLength} bytes${contentType === undefined ? '' : `, ${contentType}`}`],
        ['properties', Object.keys(applicationProperties).join(', ')],
    ];
    const lines = facts.flatMap(([name, value]) => value === undefined || value === '' ? [] : [`${name.padEnd(16)}${(0, text_table_1.oneLine)(value)}`]);
    say(`${lines.join('\n')}\n`);
    if (explain === true) {
        const delivery = {
            source: 'dead-letter',
            body,
            ...(contentType === undefined ? {} : { contentType }),
            truncated: (0, messages_1.hasTruncationMark)(applicationProperties),
        };
        say(`\n${(0, explain_body_1.explainBody)(delivery, fullImageAlias)}\n`);
    }
    if (wantsBody === true)
        await terminal.write(body);
}
//# sourceMappingURL=dead-letters-list.js.map