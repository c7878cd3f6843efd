"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.meets = meets;
const convert_1 = require("./convert");
const exact_number_1 = require("../change/exact-number");
const value_json_1 = require("../change/value-json");
/**
 * Whether a row's columns meet a condition; an absent column is empty. An empty one is not equal to anything, and neither
 * less nor greater. Undefined where the condition doesn't fit the value's type, so that nobody can say.
 */
function meets(columns, condition) {
    const value = columns.get(condition.column) ?? null;
    if (condition.op === 'isNull')
        return (value === null) === condition.isNull;
    if (value === null)
        return condition.op === 'ne' || condition.op === 'notIn';
    switch (condition.op) {
        case 'eq':
            return isAmong(value, [condition.operand]);
        case 'ne':
            return not(isAmong(value, [condition.operand]));
        case 'in':
            return isAmong(value, condition.operands);
        case 'notIn':
            return not(isAmong(value, condition.operands));
        case 'startsWith':
            return onText(value, condition.operand, (text, part) => text.startsWith(part));
        case 'contains':
            return value.kind === 'choices'
                ? anyOf(value.values.map((one) => isAmong({ kind: 'integer', value: one }, [condition.operand])))
                : onText(value, condition.operand, (text, part) => text.includes(part));
        case 'gt':
            return ordered(value, condition.operand, (order) => order > 0);
        case 'gte':
            return ordered(value, condition.operand, (order) => order >= 0);
        case 'lt':
            return ordered(value, condition.operand, (order) => order < 0);
        case 'lte':
            return ordered(value, condition.operand, (order) => order <= 0);
        default:
            return condition;
    }
}
/** True as soon as one is true, whatever the others; undefined if one of them is and none is true. */
const anyOf = (answers) => answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
const not = (answer) => (answer === undefined ? undefined : !answer);
const isAmong = (value, operands) => anyOf(operands.map((operand) => {
    const order = compare(value, operand);
    return order === undefined ? undefined : order === 0;
}));
function ordered(value, operand, holds) {
    // An id is equal or not; that it sorts somewhere means nothing.
    const order = isId(value) || value.kind === 'boolean' ? undefined : compare(value, operand);
    return order === undefined ? undefined : holds(order);
}
function onText(value, operand, holds) {
    return value.kind === 'string' && operand.kind === 'text' ? holds(value.value, operand.text) : undefined;
}
const isId = ({ kind }) => kind === 'guid' || kind === 'lookup';
/** Negative, zero or positive as the value is less than, equal to or greater than the operand; undefined: can't be said. */
function compare(value, operand) {
    switch (value.kind) {
        case 'number':
        case 'integer':
        case 'bigint':
        case 'decimal':
        case 'double':
        case 'money':
        case 'choice':
            return operand.kind === 'boolean' ? undefined : (0, exact_number_1.compareNumbers)((0, value_json_1.textOf)(value), operand.text);
        case 'boolean':
        case 'managed':
            return operand.kind === 'boolean' ? Number(value.value) - Number(operand.value) : undefined;
        case 'string':
            return operand.kind === 'text' ? compareTexts(value.value, operand.text) : undefined;
        case 'guid':
        case 'lookup':
            return operand.kind === 'text' ? compareTexts((0, value_json_1.textOf)(value), operand.text.toLowerCase()) : undefined;
        case 'instant':
        case 'offsetTime':
            return compareTimes(value.epochMs, operand);
        case 'date':
        case 'wallTime':
            return compareTimes((0, convert_1.isoMs)(value.text), operand);
        default:
            return undefined;
    }
}
/** By UTF-16 units, case and all. */
const compareTexts = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
function compareTimes(epochMs, operand) {
    const other = operand.kind === 'text' ? (0, convert_1.isoMs)(operand.text) : undefined;
    return epochMs === undefined || other === undefined ? undefined : epochMs - other;
}
//# sourceMappingURL=filter.js.map