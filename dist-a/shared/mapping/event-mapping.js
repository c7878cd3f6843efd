"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EventMapping = void 0;
const column_names_1 = require("./column-names");
const column_rule_1 = require("./column-rule");
const errors_1 = require("./errors");
/** How events of a custom action, a custom API or a business event become rows of an event table. */
class EventMapping {
    message;
    hash;
    /** Name of its table in the store, before the prefix. */
    target;
    /** What becomes of an event of a synchronous step, whose transaction may have been rolled back. */
    synchronous;
    #columns;
    #keepOthers;
    constructor(
    /** The message's name. */
    message, rules, hash) {
        this.message = message;
        this.hash = hash;
        this.target = rules.target ?? message;
        this.synchronous = rules.synchronous ?? 'park';
        this.#columns = rules.columns ?? new Map();
        this.#keepOthers = rules.dropOthers !== true;
    }
    /**
     * An event's values (`input.X`, `output.X`, `variable.X`) under their names in the store.
     * @throws ValueNotConvertible
     */
    mapColumns(columns) {
        const kept = [...columns].filter(([name]) => this.#keeps(name));
        const names = new Set(kept.map(([name]) => this.#targetOf(name)));
        const mapped = new Map();
        for (const [name, value] of kept) {
            const rule = this.#columns.get(name) ?? {};
            const result = (0, column_rule_1.applyRule)(value, rule, this.hash);
            if (result === undefined)
                throw new errors_1.ValueNotConvertible(`Event ${this.message}`, name, rule.as ?? 'text');
            const target = this.#targetOf(name);
            // Parameters `Customer` and `CustomerName`: the name of the first one's row would take the place of the second.
            const meetsDerived = rule.to === undefined && names.has((0, column_names_1.stemOf)(target) ?? '');
            mapped.set(meetsDerived ? `${target}Column` : target, result);
        }
        return mapped;
    }
    #keeps(name) {
        const rule = this.#columns.get(name);
        if (rule !== undefined)
            return rule.drop !== true;
        return this.#keepOthers && !name.startsWith('variable.');
    }
    #targetOf(name) {
        return this.#columns.get(name)?.to ?? propertyName(name);
    }
}
exports.EventMapping = EventMapping;
/** `input.OrderId` as `input_OrderId`; what no property's name can hold as its code (`_x2D_` for a hyphen). */
const propertyName = (name) => name
    .replace('.', '_')
    .replace(/[^A-Za-z0-9_]/gu, (character) => `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}_`);
//# sourceMappingURL=event-mapping.js.map