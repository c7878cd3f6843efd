"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WireReader = void 0;
exports.pathOf = pathOf;
exports.flag = flag;
exports.textOrNull = textOrNull;
exports.idText = idText;
exports.pairsOf = pairsOf;
const errors_1 = require("./errors");
const exact_json_1 = require("../json/exact-json");
const guid_1 = require("./guid");
const wire_date_1 = require("./wire-date");
/** The path of a place, or of a member at it. */
function pathOf(place, member) {
    const names = member === undefined ? [] : [member];
    for (let at = place; at !== null; at = at.parent)
        names.unshift(at.name);
    return names.join('.');
}
const XRM = ':http://schemas.microsoft.com/xrm/2011/Contracts';
/** What DataContractJsonSerializer writes as `__type` where the declared type is object. */
const TYPES = {
    choice: `OptionSetValue${XRM}`,
    lookup: `EntityReference${XRM}`,
    money: `Money${XRM}`,
    row: `Entity${XRM}`,
    rows: `EntityCollection${XRM}`,
    aliased: `AliasedValue${XRM}`,
    managed: `BooleanManagedProperty${XRM}`,
    relationship: `Relationship${XRM}`,
    pair: 'KeyValuePairOfstringstring:#System.Collections.Generic',
};
/** Relationship.PrimaryEntityRole is an enum, and JSON has enums as numbers. */
const ROLES = ['Referencing', 'Referenced'];
const NO_COLUMNS = new Map();
const NO_TEXTS = new Map();
const SLASH = 0x2f;
const typeOf = (json) => (0, exact_json_1.stringOf)((0, exact_json_1.objectOf)(json)?.__type);
const labelled = (label) => typeof label === 'string' ? { label } : {};
function wholeNumber(json, place) {
    if (typeof json === 'number' && Number.isSafeInteger(json))
        return json;
    throw new errors_1.ContextInvalid(pathOf(place), 'a whole number');
}
/** True or false. */
function flag(json, place, member) {
    if (typeof json === 'boolean')
        return json;
    throw new errors_1.ContextInvalid(pathOf(place, member), 'true or false');
}
/** A text that may be null; a member that is absent is null too. */
function textOrNull(json, place, member) {
    if (json === undefined || json === null)
        return null;
    const text = (0, exact_json_1.stringOf)(json);
    if (text === undefined)
        throw new errors_1.ContextInvalid(pathOf(place, member), 'a text or null');
    return text;
}
/** An id, in lower case and without braces; one that is no GUID stays as it is. */
function idText(json, place, member) {
    const text = (0, exact_json_1.stringOf)(json);
    if (text === undefined)
        throw new errors_1.ContextInvalid(pathOf(place, member), 'an id');
    return (0, guid_1.guidOf)(text) ?? text;
}
const isEmpty = (json) => json === undefined || json === null || ((0, exact_json_1.isList)(json) && json.length === 0);
/** Goes through a list of `{key, value}`, as .NET writes dictionaries. */
function eachPair(json, place, visit) {
    if (!(0, exact_json_1.isList)(json))
        throw new errors_1.ContextInvalid(pathOf(place), 'a list of pairs');
    for (const item of json) {
        const pair = (0, exact_json_1.objectOf)(item);
        const key = (0, exact_json_1.stringOf)(pair?.key);
        if (key === undefined)
            throw new errors_1.ContextInvalid(pathOf(place), 'a list of pairs, each with its key');
        visit(key, pair?.value ?? null);
    }
}
/** A list of `{key, value}` by key; null where the list is not there. */
function pairsOf(json, place) {
    if (json === undefined || json === null)
        return null;
    const pairs = new Map();
    eachPair(json, place, (key, value) => pairs.set(key, value));
    return pairs;
}
function textsOf(json, place) {
    if (isEmpty(json))
        return NO_TEXTS;
    const texts = new Map();
    eachPair(json, place, (name, value) => texts.set(name, textOrNull(value, place, name)));
    return texts;
}
/**
 * Turns the values of the JSON form into values of the change model.
 *
 * The JSON form is what .NET's DataContractJsonSerializer writes:
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization
 */
class WireReader {
    maxDepth;
    makeAllExact;
    /**
     * @param maxDepth values nested deeper are refused
     * @param makeAllExact gives all numbers of the message their digits, in place; asked for before a value is read in
     *   which numbers stand where the contracts have none
     */
    constructor(maxDepth, makeAllExact) {
        this.maxDepth = maxDepth;
        this.makeAllExact = makeAllExact;
    }
    /** The value of a parameter or shared variable. */
    parameter(json, place) {
        return this.value(json, undefined, place, 0);
    }
    /** A row in a place that is declared as a row, where no type is written: an image. */
    image(json, place) {
        return this.row(json, place, 0);
    }
    value(json, label, place, depth) {
        if (json === null)
            return null;
        if (typeof json === 'boolean')
            return { kind: 'boolean', value: json };
        const digits = (0, exact_json_1.numberTextOf)(json);
        if (digits !== undefined)
            return { kind: 'number', text: digits };
        if (typeof json === 'string') {
            return (json.charCodeAt(0) === SLASH ? (0, wire_date_1.dateValueOf)(json) : undefined) ?? { kind: 'string', value: json };
        }
        if (depth > this.maxDepth)
            throw this.tooDeep(place);
        if ((0, exact_json_1.isList)(json))
            return this.list(json, label, place, depth);
        const item = (0, exact_json_1.objectOf)(json);
        return item === undefined ? null : this.object(item, label, place, depth);
    }
    object(json, label, place, depth) {
        const type = (0, exact_json_1.stringOf)(json.__type);
        switch (type) {
            case TYPES.choice:
                return { kind: 'choice', value: wholeNumber(json.Value, place), ...labelled(label) };
            case TYPES.lookup:
                return {
                    kind: 'lookup',
                    table: textOrNull(json.LogicalName, place, 'LogicalName') ?? '',
                    id: idText(json.Id, place, 'Id'),
                    name: textOrNull(json.Name, place, 'Name') ?? label ?? null,
                };
            case TYPES.money: {
                const text = (0, exact_json_1.numberTextOf)(json.Value);
                if (text === undefined)
                    throw new errors_1.ContextInvalid(pathOf(place, 'Value'), 'an amount');
                return { kind: 'money', text };
            }
            case TYPES.row:
                return { kind: 'row', row: this.row(json, place, depth) };
            case TYPES.rows: {
                const rows = this.rows(json.Entities ?? [], place, depth);
                return { kind: 'rows', table: textOrNull(json.EntityName, place, 'EntityName') ?? rows[0]?.table ?? '', rows };
            }
            case TYPES.aliased:
                return {
                    kind: 'aliased',
                    table: textOrNull(json.EntityLogicalName, place, 'EntityLogicalName') ?? '',
                    column: textOrNull(json.AttributeLogicalName, place, 'AttributeLogicalName') ?? '',
                    value: this.value(json.Value ?? null, label, place, depth + 1),
                };
            case TYPES.managed:
                return {
                    kind: 'managed',
                    value: flag(json.Value, place, 'Value'),
                    canBeChanged: flag(json.CanBeChanged, place, 'CanBeChanged'),
                    property: textOrNull(json.ManagedPropertyLogicalName, place, 'ManagedPropertyLogicalName') ?? '',
                };
            case TYPES.relationship: {
                const role = json.PrimaryEntityRole ?? null;
                return {
                    kind: 'relationship',
                    schemaName: textOrNull(json.SchemaName, place, 'SchemaName') ?? '',
                    role: role === null ? null : (ROLES[wholeNumber(role, place)] ?? null),
                };
            }
            default:
                this.makeAllExact();
                try {
                    return { kind: 'unknown', type: type ?? '', json: (0, exact_json_1.writeExact)(json, this.maxDepth - depth) };
                }
                catch (error) {
                    throw error instanceof RangeError ? this.tooDeep(place) : error;
                }
        }
    }
    /** Collections name no type of their own: their items do. */
    list(json, label, place, depth) {
        const type = typeOf(json[0]);
        const oneType = type !== undefined && json.every((item) => typeOf(item) === type);
        if (oneType && type === TYPES.choice) {
            const values = json.map((item) => wholeNumber((0, exact_json_1.objectOf)(item)?.Value, place));
            return { kind: 'choices', values, ...labelled(label) };
        }
        if (oneType && type === TYPES.row) {
            // A party list as some versions send it: a list of rows without the collection around them.
            const rows = this.rows(json, place, depth);
            return { kind: 'rows', table: rows[0]?.table ?? '', rows };
        }
        if (oneType && type === TYPES.pair) {
            const entries = json.map((item) => {
                const pair = (0, exact_json_1.objectOf)(item);
                return [textOrNull(pair?.key, place, 'key') ?? '', textOrNull(pair?.value, place, 'value') ?? ''];
            });
            return { kind: 'pairs', entries };
        }
        // Behind an object in a list numbers may have lost digits: `parseExact` reads lists up to their first object.
        if (!oneType && json.some((item) => typeof item === 'object' && item !== null))
            this.makeAllExact();
        return { kind: 'list', items: json.map((item) => this.value(item, undefined, place, depth + 1)) };
    }
    rows(json, place, depth) {
        if (!(0, exact_json_1.isList)(json))
            throw new errors_1.ContextInvalid(pathOf(place), 'a list of rows');
        return json.map((item, index) => this.row(item, { parent: place, name: String(index) }, depth + 1));
    }
    row(json, place, depth) {
        if (depth > this.maxDepth)
            throw this.tooDeep(place);
        const row = (0, exact_json_1.objectOf)(json);
        if (row === undefined)
            throw new errors_1.ContextInvalid(pathOf(place), 'a row');
        const formatted = textsOf(row.FormattedValues, { parent: place, name: 'FormattedValues' });
        return {
            table: textOrNull(row.LogicalName, place, 'LogicalName') ?? '',
            id: idText(row.Id, place, 'Id'),
            columns: this.columns(row.Attributes, formatted, { parent: place, name: 'Attributes' }, depth),
            formatted,
            rowVersion: textOrNull(row.RowVersion, place, 'RowVersion'),
            keyAttributes: this.columns(row.KeyAttributes, NO_TEXTS, { parent: place, name: 'KeyAttributes' }, depth),
        };
    }
    columns(json, labels, place, depth) {
        if (isEmpty(json))
            return NO_COLUMNS;
        const columns = new Map();
        eachPair(json, place, (name, value) => {
            columns.set(name, this.value(value, labels.get(name), { parent: place, name }, depth + 1));
        });
        return columns;
    }
    tooDeep(place) {
        return new errors_1.ContextInvalid(pathOf(place), `nested at most ${this.maxDepth} deep`);
    }
}
exports.WireReader = WireReader;
//# sourceMappingURL=wire-value.js.map