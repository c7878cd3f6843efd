"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.applyRule = applyRule;
const convert_1 = require("./convert");
const redact_1 = require("./redact");
/** Applies a rule to a value; undefined where the value has no form of the type asked for. */
function applyRule(value, rule, hash) {
    if (rule.redact !== undefined)
        return (0, redact_1.redact)(value, rule.redact, hash);
    if (rule.as !== undefined)
        return (0, convert_1.convertValue)(value, rule.as);
    if (value === null)
        return null;
    switch (value.kind) {
        case 'choice': {
            const { kind, value: number } = value;
            return { kind, value: number, ...labelsOf(value, rule.label) };
        }
        case 'choices': {
            const { kind, values } = value;
            return { kind, values, ...labelsOf(value, rule.label) };
        }
        case 'lookup':
            return rule.lookup === undefined ? value : partsOf(value, rule.lookup);
        default:
            return value;
    }
}
function labelsOf({ label, labels }, which = 'first') {
    if (which === 'none')
        return {};
    return {
        ...(label === undefined ? {} : { label }),
        ...(which === 'all' && labels !== undefined ? { labels } : {}),
    };
}
function partsOf({ kind, table, id, name }, parts) {
    return { kind, id, table: parts.includes('table') ? table : '', name: parts.includes('name') ? name : null };
}
//# sourceMappingURL=column-rule.js.map