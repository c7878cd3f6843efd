"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TableMapping = void 0;
const node_crypto_1 = require("node:crypto");
const column_names_1 = require("./column-names");
const column_rule_1 = require("./column-rule");
const errors_1 = require("./errors");
const filter_1 = require("./filter");
const row_key_1 = require("./row-key");
/** Not stored as a column: the row version is in the stamp. */
const NOT_DATA = new Set(['versionnumber']);
/** Not so party lists, and the columns that name a choice's label or a lookup's row. */
const comesWithARead = ({ type, readable }) => type !== 'other' && readable !== false;
/** How the rows of one table become the store's: pure, the same for whatever brought the row. */
class TableMapping {
    table;
    rules;
    context;
    /** Name of its table in the store, before the prefix. */
    target;
    key;
    #columns;
    #keepOthers;
    #filter;
    #targetOf;
    constructor(
    /** Logical name. */
    table, rules, context) {
        this.table = table;
        this.rules = rules;
        this.context = context;
        this.target = rules.target ?? table;
        this.key = rules.key ?? row_key_1.PLAIN_KEY;
        this.#columns = rules.columns ?? new Map();
        this.#keepOthers = rules.dropOthers !== true;
        this.#filter = rules.filter ?? [];
        this.#targetOf = (0, column_names_1.defaultTargets)(this.#columns);
    }
    /**
     * A row's columns under their names in the store; what is dropped is left out.
     * @throws ValueNotConvertible
     */
    map(row, columns) {
        const mapped = new Map();
        for (const [column, value] of columns) {
            if (!this.#keeps(column))
                continue;
            const rule = this.#columns.get(column);
            const result = rule === undefined ? this.#plain(value) : (0, column_rule_1.applyRule)(value, rule, this.context.hash);
            if (result === undefined)
                throw new errors_1.ValueNotConvertible((0, errors_1.placeOf)(row), column, rule?.as ?? 'text');
            mapped.set(rule?.to ?? this.#targetOf(column), result);
        }
        return mapped;
    }
    #plain(value) {
        return (0, column_rule_1.applyRule)(value, {}, this.context.hash);
    }
    /** The filter: all of them must hold for a row to be shown. */
    get conditions() {
        return this.#filter;
    }
    /** The columns that the filter looks at, mapped or not. */
    get filterColumns() {
        return [...new Set(this.#filter.map(({ column }) => column))];
    }
    /**
     * Whether a row is to be shown downstream. `brought`: the columns are those of a patch, and only the conditions on them
     * are asked; as all conditions must hold, that is enough for a row which met them before.
     * @throws FilterUnfit
     */
    shows(row, columns, of) {
        return this.#filter.every((condition) => {
            if (of === 'brought' && !columns.has(condition.column))
                return true;
            const answer = (0, filter_1.meets)(columns, condition);
            if (answer === undefined)
                throw new errors_1.FilterUnfit((0, errors_1.placeOf)(row), condition.column, condition.op);
            return answer;
        });
    }
    /**
     * The properties to ask the Web API for: the kept columns, those of the filter, the id and modifiedon. Undefined where
     * every column is to be read, so that new ones come by themselves.
     */
    select(definition) {
        if (this.#keepOthers)
            return undefined;
        const wanted = [
            definition.primaryId,
            'modifiedon',
            ...[...this.#columns.keys()].filter((column) => this.#keeps(column)),
            ...this.filterColumns,
        ];
        return [...new Set(wanted)].flatMap((name) => {
            const column = definition.columns.get(name);
            if (column === undefined || !comesWithARead(column))
                return [];
            return [column.type === 'lookup' ? `_${name}_value` : name];
        });
    }
    /** The kept columns that come with a read, as `name:type`, sorted: what tells that the table has changed. */
    keptColumns(definition) {
        return [...definition.columns.values()]
            .filter((column) => comesWithARead(column) && this.#keeps(column.name))
            .map(({ name, type }) => `${name}:${type}`)
            .sort();
    }
    /**
     * Changes when rows stored earlier would be stored otherwise now: with the table's rules, the languages, the key of
     * hashed columns, what the pull asks for, the types of the filter's columns, and (unless new columns are only to be added)
     * the kept columns and their types.
     */
    fingerprint(definition) {
        const { hash, languages, newColumns } = this.context;
        const hashes = [...this.#columns.values()].some((rule) => rule.redact === 'hash');
        const text = JSON.stringify([
            [this.target, this.key.prefix, this.key.format, this.#keepOthers, languages],
            [...this.#columns].sort(([a], [b]) => (a < b ? -1 : 1)),
            this.#filter,
            hashes ? hash('fingerprint') : '',
            newColumns === 'backfill' ? this.keptColumns(definition) : [],
            // A delta brings only the properties that its load asked for, and shows or hides rows by the filter's columns.
            [...(this.select(definition) ?? [])].sort(),
            this.filterColumns.map((column) => definition.columns.get(column)?.type ?? ''),
        ]);
        return (0, node_crypto_1.createHash)('sha256').update(text).digest('base64url').slice(0, 16);
    }
    #keeps(column) {
        if (NOT_DATA.has(column))
            return false;
        const rule = this.#columns.get(column);
        return rule === undefined ? this.#keepOthers : rule.drop !== true;
    }
}
exports.TableMapping = TableMapping;
//# sourceMappingURL=table-mapping.js.map