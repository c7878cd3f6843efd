"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.explainChanges = exports.toldBy = void 0;
exports.explainContext = explainContext;
const oddities_1 = require("../shared/context/oddities");
const to_changes_1 = require("../shared/context/to-changes");
const to_message_event_1 = require("../shared/context/to-message-event");
const errors_1 = require("../shared/errors");
const isoOf = (epochMs) => new Date(epochMs).toISOString();
/** What people call the formats: the choices of a service endpoint's message format. */
const FORMAT_NAMES = {
    json: 'JSON',
    xml: 'text XML',
    binary: '.NET binary XML',
};
const formText = ({ format, envelope }) => envelope === null ? FORMAT_NAMES[format] : `${FORMAT_NAMES[format]}, as text inside ${FORMAT_NAMES[envelope]}`;
const names = (list) => {
    const all = [...list];
    return all.length === 0 ? 'none' : all.join(', ');
};
const countOf = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const rowText = (row) => `row of ${row.table || 'no table'}, ${countOf(row.columns.size, 'column')}: ${names(row.columns.keys())}`;
function valueText(value) {
    if (value === null)
        return 'empty';
    switch (value.kind) {
        case 'row':
            return rowText(value.row);
        case 'rows':
            return `${countOf(value.rows.length, 'row')} of ${value.table || 'no table'}`;
        case 'list':
            return `list of ${value.items.length}`;
        case 'lookup':
            return `${value.table} ${value.id}`;
        default:
            return value.kind;
    }
}
/** A part of the context, or why it can't be read: one bad part shouldn't hide the others. */
function attempt(read) {
    try {
        return read();
    }
    catch (error) {
        return [`can't be read: ${(0, errors_1.messageOf)(error)}`];
    }
}
const parametersText = (parameters) => {
    if (parameters === null)
        return ['removed'];
    return parameters.size === 0 ? ['none'] : [...parameters].map(([name, value]) => `${name} (${valueText(value)})`);
};
const imagesText = (images) => {
    if (images === null)
        return ['removed'];
    return images.size === 0 ? ['none'] : [...images].map(([alias, row]) => `${alias} (${rowText(row)})`);
};
function parentsText(context) {
    const lines = [];
    for (let at = context.parent; at !== null; at = at.parent) {
        lines.push(`${at.message} of ${at.table} at stage ${at.stage}, depth ${at.depth}`);
    }
    return lines.length === 0 ? ['none'] : [`${lines.length} deep`, ...lines];
}
/** A heading with its lines below each other. */
const section = (title, lines) => lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(14)}${line}`);
function happened(context) {
    const how = context.mode === 'async'
        ? 'asynchronous: sent after its transaction was committed'
        : 'synchronous: sent inside its transaction, which may yet be rolled back';
    const by = context.userId === context.initiatingUserId
        ? context.userId
        : `${context.userId}, started by ${context.initiatingUserId}`;
    const agent = context.initiatingUserAgent ?? '';
    const step = context.owningExtension;
    return [
        `${context.message} of ${context.table} ${context.rowId}`,
        ...section('format', [formText(context.form)]),
        ...section('when', [`${isoOf(context.operationCreatedOn)} (when the operation was created)`]),
        ...section('how', [`stage ${context.stage}, depth ${context.depth}, ${how}`]),
        ...section('by', [by, ...(agent === '' ? [] : [`with ${agent}`])]),
        ...section('organisation', [`${context.organizationName ?? 'no name'} (${context.organizationId})`]),
        ...section('step', [step === null ? 'none' : `${step.stepId}${step.name === null ? '' : ` "${step.name}"`}`]),
        ...section('correlation', [context.correlationId]),
        ...section('operation', [context.operationId]),
        ...section('request', [context.requestId ?? 'none']),
        ...section('parameters', attempt(() => parametersText(context.inputParameters))),
        ...section('results', attempt(() => parametersText(context.outputParameters))),
        ...section('variables', attempt(() => parametersText(context.sharedVariables))),
        ...section('row before', attempt(() => imagesText(context.preImages))),
        ...section('row after', attempt(() => imagesText(context.postImages))),
        ...section('parents', attempt(() => parentsText(context))),
    ];
}
function evidenceText(evidence) {
    switch (evidence.kind) {
        case 'event': {
            const at = isoOf(evidence.at * 1000);
            return evidence.sure
                ? `dated ${at} by modifiedon: applied without a read where that is provably newer`
                : `not after ${at}, which may prove it old but never new: otherwise the row is read`;
        }
        case 'hint':
            return 'none (a hint): the row is read, and nothing of this message is stored';
        case 'pull':
            return `row version ${evidence.version}`;
    }
}
function changeText(change) {
    switch (change.kind) {
        case 'snapshot':
            return [`all ${countOf(change.columns.size, 'column')} of the row, ones that are absent are empty`];
        case 'patch':
            return change.columns.size === 0
                ? ['a patch without columns: all that is known is that the row changed']
                : [`a patch of ${countOf(change.columns.size, 'column')}: ${names(change.columns.keys())}`];
        case 'delete':
            return ['the row is gone'];
        case 'associate':
        case 'disassociate':
            return [
                `${change.kind === 'associate' ? 'connected with' : 'no longer connected with'} ${addressText(change.related)}`,
                'many-to-many: a link appears or goes; one-to-many: the lookup of the row on the "many" side changed',
            ];
    }
}
const addressText = ({ table, id }) => `${table} ${id}`;
const titleOf = (change) => 'relationship' in change
    ? `Will be handled as a change of relationship ${change.relationship} at ${addressText(change.target)}`
    : `Will be handled as a change of ${addressText(change.row)}`;
function willBeDone(change) {
    const { evidence } = change;
    return [
        titleOf(change),
        ...section('change', changeText(change)),
        ...section('order', [evidenceText(evidence)]),
        ...(evidence.kind === 'pull' ? [] : section('delivery key', [evidence.key])),
    ];
}
function willBeKept({ message, columns, key, committed, truncated }) {
    return [
        `Is no change of rows, but an event of ${message}`,
        ...section('kept', [
            'in the event table that the mapping file names for the message (events)',
            'without one: as unmapped.messages says, by default parked',
        ]),
        ...section('columns', [names(columns.keys()), ...(truncated ? ['input parameters were removed for size'] : [])]),
        ...section('committed', [committed ? 'yes' : 'not known: the step is synchronous']),
        ...section('key', [key]),
    ];
}
/** A context in words, for operators: what happened, and what is worth knowing about it. Names columns, not values. */
function explainContext(context) {
    const oddities = attempt(() => (0, oddities_1.odditiesOf)(context).map((oddity) => `${oddity.kind}: ${oddity.text}`));
    return [...happened(context), ...section('noticed', oddities.length === 0 ? ['nothing odd'] : oddities)].join('\n');
}
/** What a context tells, whether or not this deployment takes it. @throws OutboundError where it can't become changes */
const toldBy = (context, delivery) => to_changes_1.ROW_MESSAGES.has(context.message)
    ? (0, to_changes_1.changesOf)(context, delivery)
    : [{ kind: 'event', ...(0, to_message_event_1.messageEventOf)(context, delivery) }];
exports.toldBy = toldBy;
/** Changes in words: what the writer will make of them. */
const explainChanges = (changes) => changes
    .flatMap((change) => [
    ...(change.kind === 'event' ? willBeKept(change) : willBeDone(change)),
    ...(change.stored === undefined ? [] : section('in the store', storedText(change.stored))),
])
    .join('\n');
exports.explainChanges = explainChanges;
function storedText(stored) {
    if ('notMapped' in stored)
        return [stored.notMapped];
    const place = 'rowKey' in stored ? `${stored.table} (${stored.partitionKey}, ${stored.rowKey})` : stored.table;
    if ('hidden' in stored)
        return [place, "hidden: the filter doesn't hold"];
    return [place, ...(stored.columns === null ? [] : [names(stored.columns.keys())])];
}
//# sourceMappingURL=explain-context.js.map