"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.hashesColumns = void 0;
exports.compileMapping = compileMapping;
const event_mapping_1 = require("./event-mapping");
const mapping_1 = require("./mapping");
const mapping_rules_1 = require("./mapping-rules");
const row_key_1 = require("./row-key");
const table_mapping_1 = require("./table-mapping");
/** The mapping that a faultless file means. `hash` is asked only where the file hashes columns (see `hashesColumns`). */
function compileMapping(file, hash) {
    const languages = file.languages ?? [];
    const newColumns = file.newColumns ?? 'backfill';
    const context = { hash, languages, newColumns };
    const tables = new Map(Object.entries(file.tables ?? {}).map(([name, table]) => [
        name,
        new table_mapping_1.TableMapping(name, tableRules(table), context),
    ]));
    const { tables: ofTables = 'park', relationships = 'park', messages = 'park' } = file.unmapped ?? {};
    return {
        languages,
        newColumns,
        unmapped: { tables: ofTables, relationships, messages },
        tables: [...tables.keys()],
        tableOf: (0, mapping_1.tableLookup)(tables, context),
        links: new Map(Object.entries(file.links ?? {}).map(([name, link]) => [name, { target: link?.target ?? name }])),
        events: new Map(Object.entries(file.events ?? {}).map(([name, event]) => [name, new event_mapping_1.EventMapping(name, eventRules(event), hash)])),
    };
}
/** Whether any column of the file is hashed, so that there has to be a key. */
const hashesColumns = (file) => [...Object.values(file.tables ?? {}), ...Object.values(file.events ?? {})].some((of) => (0, mapping_rules_1.namedColumns)(of?.columns ?? {}).some(([, column]) => typeof column !== 'string' && column.redact === 'hash'));
exports.hashesColumns = hashesColumns;
function tableRules(table) {
    if (table === null)
        return {};
    const { target, key, columns, filter } = table;
    return {
        ...(target === undefined ? {} : { target }),
        ...(key === undefined
            ? {}
            : { key: { prefix: key.prefix ?? row_key_1.PLAIN_KEY.prefix, format: key.format ?? row_key_1.PLAIN_KEY.format } }),
        ...(columns === undefined ? {} : columnsOf(columns)),
        filter: Object.entries(filter ?? {}).flatMap(([column, condition]) => conditionsOf(column, condition)),
    };
}
const eventRules = (event) => ({
    ...(event?.target === undefined ? {} : { target: event.target }),
    ...(event?.synchronous === undefined ? {} : { synchronous: event.synchronous }),
    ...(event?.columns === undefined ? {} : columnsOf(event.columns)),
});
const columnsOf = (columns) => ({
    columns: new Map((0, mapping_rules_1.namedColumns)(columns).map(([name, column]) => [name, ruleOf(column)])),
    ...(columns['*'] === 'drop' ? { dropOthers: true } : {}),
});
function ruleOf(column) {
    if (column === 'keep')
        return {};
    if (column === 'drop')
        return { drop: true };
    if (typeof column === 'string')
        return { to: column };
    const { to, drop, as, label, lookup, redact } = column;
    if (drop === true || redact === 'drop')
        return { drop: true };
    return {
        ...(to === undefined ? {} : { to }),
        ...(as === undefined ? {} : { as }),
        ...(label === undefined ? {} : { label }),
        ...(lookup === undefined ? {} : { lookup }),
        ...(redact === undefined ? {} : { redact: redactionOf(redact) }),
    };
}
function redactionOf(redact) {
    if (redact === 'hash')
        return redact;
    const { keepFirst = 0, keepLast = 0 } = redact === 'mask' ? {} : redact.mask;
    return { keepFirst, keepLast };
}
function conditionsOf(column, condition) {
    if (typeof condition !== 'object')
        return [{ column, op: 'eq', operand: operandOf(condition) }];
    const { in: oneOf, notIn, isNull, ...single } = condition;
    const entries = Object.entries(single);
    return [
        ...entries.map(([op, operand]) => ({ column, op, operand: operandOf(operand) })),
        ...(oneOf === undefined ? [] : [{ column, op: 'in', operands: oneOf.map(operandOf) }]),
        ...(notIn === undefined ? [] : [{ column, op: 'notIn', operands: notIn.map(operandOf) }]),
        ...(isNull === undefined ? [] : [{ column, op: 'isNull', isNull }]),
    ];
}
/** A number of the file is exact as the digits that JavaScript shows: reading it has made sure of that. */
function operandOf(value) {
    switch (typeof value) {
        case 'boolean':
            return { kind: 'boolean', value };
        case 'number':
            return { kind: 'number', text: String(value) };
        default:
            return { kind: 'text', text: value };
    }
}
//# sourceMappingURL=compile-mapping.js.map