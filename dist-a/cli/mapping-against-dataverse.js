"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.findingsOf = findingsOf;
const metadata_1 = require("../shared/dataverse/metadata");
const web_api_1 = require("../shared/dataverse/web-api");
const compile_mapping_1 = require("../shared/mapping/compile-mapping");
const did_you_mean_1 = require("../shared/mapping/did-you-mean");
const filter_1 = require("../shared/mapping/filter");
const mapping_1 = require("../shared/mapping/mapping");
const mapping_rules_1 = require("../shared/mapping/mapping-rules");
/** A finding about a name, which is a key of the file. */
const ofName = (path, text) => ({ path, ofKey: true, text });
/** Asks the environment about everything that the file names. Rejects where it doesn't answer. */
async function findingsOf(file, api, catalog) {
    const conditions = (0, compile_mapping_1.compileMapping)(file, mapping_1.NO_HASH);
    const tables = Object.entries(file.tables ?? {}).map(async ([name, table]) => {
        const path = ['tables', name];
        const definition = await definitionOf(catalog, name);
        if (definition === undefined)
            return [ofName(path, 'is no table that the application user can see')];
        return [
            ...(definition.changeTracking ? [] : [ofName(path, "can't be pulled: change tracking is off for it")]),
            ...(0, mapping_rules_1.namedColumns)(table?.columns ?? {}).flatMap(([column, rule]) => columnFindings([...path, 'columns', column], rule, column, definition)),
            ...conditions
                .tableOf(name)
                .conditions.flatMap((condition) => conditionFindings([...path, 'filter', condition.column], condition, definition)),
        ];
    });
    const links = Object.keys(file.links ?? {}).map(async (name) => {
        const text = await relationshipFault(api, name);
        return text === undefined ? [] : [ofName(['links', name], text)];
    });
    const events = Object.keys(file.events ?? {}).map(async (name) => {
        const { body } = await api.get(`sdkmessages?$select=name&$filter=name eq '${encodeURIComponent(name)}'`);
        const { value } = JSON.parse(body);
        return value.length > 0 ? [] : [ofName(['events', name], 'is no message of this environment')];
    });
    return (await Promise.all([...tables, ...links, ...events])).flat();
}
async function definitionOf(catalog, table) {
    try {
        return await catalog.get(table);
    }
    catch (error) {
        if (error instanceof metadata_1.TableUnknown)
            return undefined;
        throw error;
    }
}
/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api */
async function relationshipFault(api, name) {
    try {
        const path = `RelationshipDefinitions(SchemaName='${encodeURIComponent(name)}')`;
        const { body } = await api.get(`${path}?$select=SchemaName,RelationshipType`);
        const { RelationshipType: type } = JSON.parse(body);
        return type === 'ManyToManyRelationship'
            ? undefined
            : 'is no N:N relationship: the lookup column holds such a link';
    }
    catch (error) {
        if (error instanceof web_api_1.WebApiError && error.status === 404)
            return 'is no relationship of this environment';
        throw error;
    }
}
function unknownColumn(path, column, { table, columns }) {
    const meant = (0, did_you_mean_1.nearest)(column, [...columns.keys()]);
    return {
        path,
        ofKey: true,
        text: `is no column of ${table}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    };
}
function columnFindings(path, rule, column, table) {
    const definition = table.columns.get(column);
    if (definition === undefined)
        return [unknownColumn(path, column, table)];
    if (typeof rule === 'string')
        return [];
    const { type } = definition;
    const isChoice = type === 'choice' || type === 'choices';
    return [
        ...(rule.label !== undefined && !isChoice ? [{ path: [...path, 'label'], text: 'is for choices only' }] : []),
        ...(rule.lookup !== undefined && type !== 'lookup'
            ? [{ path: [...path, 'lookup'], text: 'is for lookups only' }]
            : []),
        ...(rule.as === undefined ? [] : typeFindings([...path, 'as'], type, rule.as)),
    ];
}
const NUMBERS = ['integer', 'bigint', 'decimal', 'double'];
const TIMES = ['date', 'time'];
/** What a column can become besides text. */
const BECOMES = {
    string: [...NUMBERS, ...TIMES, 'boolean'],
    boolean: ['boolean'],
    integer: [...NUMBERS, 'boolean'],
    bigint: NUMBERS,
    decimal: NUMBERS,
    double: NUMBERS,
    money: NUMBERS,
    choice: [...NUMBERS, 'boolean'],
    instant: TIMES,
    date: TIMES,
    wallTime: TIMES,
    guid: [],
    choices: [],
    lookup: [],
    bytes: [],
    other: ['boolean'],
};
function typeFindings(path, from, to) {
    const warning = (text) => [{ path, text, warning: true }];
    if (to === 'text')
        return [];
    if (!BECOMES[from].includes(to))
        return [{ path, text: `can't be ${to}: the column is of type ${from}` }];
    if (to === 'double' && ['decimal', 'money', 'bigint'].includes(from))
        return warning(`loses digits: the column is of type ${from}, which a double can't hold exactly`);
    if ((to === 'integer' || to === 'bigint') && from !== 'integer' && from !== 'choice' && from !== to)
        return warning(`parks each row whose value is no ${to}: the column is of type ${from}`);
    if (from === 'string')
        return warning(`parks each row whose text is no ${to}`);
    return [];
}
/** A value of each type, to see whether a condition can be asked of it. */
const SAMPLES = {
    string: { kind: 'string', value: '' },
    boolean: { kind: 'boolean', value: true },
    integer: { kind: 'integer', value: 0 },
    bigint: { kind: 'bigint', value: 0n },
    decimal: { kind: 'decimal', text: '0' },
    double: { kind: 'double', value: 0 },
    money: { kind: 'money', text: '0' },
    instant: { kind: 'instant', epochMs: 0 },
    date: { kind: 'date', text: '2000-01-01' },
    wallTime: { kind: 'wallTime', text: '2000-01-01T00:00:00.000' },
    guid: { kind: 'guid', value: '' },
    choice: { kind: 'choice', value: 0 },
    choices: { kind: 'choices', values: [0] },
    lookup: { kind: 'lookup', table: '', id: '', name: null },
    bytes: { kind: 'bytes', base64: '' },
};
function conditionFindings(path, condition, table) {
    const column = table.columns.get(condition.column);
    if (column === undefined)
        return [unknownColumn(path, condition.column, table)];
    const sample = SAMPLES[column.type];
    if (sample !== undefined && (0, filter_1.meets)(new Map([[column.name, sample]]), condition) === undefined)
        return [{ path, text: `can't be compared by ${condition.op} with that: the column is of type ${column.type}` }];
    return valuesOf(condition).flatMap((value) => choiceFinding(path, column, value));
}
function valuesOf(condition) {
    if (condition.op === 'isNull')
        return [];
    const operands = 'operands' in condition ? condition.operands : [condition.operand];
    return operands.flatMap((operand) => (operand.kind === 'number' ? [operand.text] : []));
}
function choiceFinding(path, { labels }, value) {
    if (labels === undefined || labels.has(Number(value)))
        return [];
    const known = [...labels].map(([of, label]) => `${of} ${label}`).join(', ');
    return [{ path, text: `asks for ${value}, which is none of its choices: ${known}`, warning: true }];
}
//# sourceMappingURL=mapping-against-dataverse.js.map