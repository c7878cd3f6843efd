"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ElementReader = exports.textIn = exports.integerIn = void 0;
exports.flagIn = flagIn;
exports.idIn = idIn;
exports.pairsIn = pairsIn;
const element_1 = require("./element");
const errors_1 = require("./errors");
const guid_1 = require("./guid");
const namespaces_1 = require("./namespaces");
const wire_date_1 = require("./wire-date");
const wire_value_1 = require("./wire-value");
const NO_COLUMNS = new Map();
const NO_TEXTS = new Map();
/** Relationship.PrimaryEntityRole: https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.entityrole */
const ROLES = new Set(['Referencing', 'Referenced']);
const WHOLE = /^[+-]?\d{1,20}$/;
const DECIMAL = /^[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})$/;
const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Numbers that XML Schema writes in letters. */
const LETTERED = new Map([
    ['INF', Number.POSITIVE_INFINITY],
    ['-INF', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
]);
const INT32 = 2 ** 31;
/** Simple types that come as text: one `string`, and what .NET has no type for. */
const TEXT_TYPES = new Set(['string', 'normalizedString', 'token', 'anyURI', 'QName', 'duration']);
const SMALL_TYPES = new Set(['int', 'short', 'byte', 'unsignedShort', 'unsignedByte']);
const LARGE_TYPES = new Set(['long', 'unsignedInt', 'unsignedLong', 'integer']);
/** Simple types whose namespace is not XML Schema's. */
const ADDED_TYPES = new Set(['guid', 'char', 'duration']);
/** Names of collections begin so, and go on with that of their items. */
const ARRAY_OF = 'ArrayOf';
const labelled = (label) => typeof label === 'string' ? { label } : {};
/** A value that was not sent: the same as null, as in JSON. */
const NOTHING = { uri: '', name: '', type: null, nil: true, text: '', bytes: [], children: [] };
/** Null, or not sent. */
const isNothing = (element) => element === undefined || element.nil;
/** The text of an element that holds no others. */
function contentOf(element, place, member, what) {
    if (isNothing(element) || element.children.length > 0)
        throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place, member), what);
    return (0, element_1.textOfElement)(element);
}
/** A whole number of at most `limit`. */
function wholeOf(element, place, member, limit = INT32) {
    const text = contentOf(element, place, member, 'a whole number').trim();
    const value = WHOLE.test(text) ? Number(text) : Number.NaN;
    if (!(value >= -limit && value < limit))
        throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place, member), 'a whole number');
    // Not minus zero.
    return value + 0;
}
/** A whole number of a context's own. */
const integerIn = (element, place, member) => wholeOf(element, place, member);
exports.integerIn = integerIn;
/** True or false. */
function flagIn(element, place, member) {
    const text = contentOf(element, place, member, 'true or false').trim();
    if (text === 'true' || text === '1')
        return true;
    if (text === 'false' || text === '0')
        return false;
    throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place, member), 'true or false');
}
/** A text that may be null; a member that is absent is null too. */
const textIn = (element, place, member) => isNothing(element) ? null : contentOf(element, place, member, 'a text or null');
exports.textIn = textIn;
/** An id, in lower case and without braces; one that is no GUID stays as it is. */
function idIn(element, place, member) {
    const text = contentOf(element, place, member, 'an id').trim();
    return (0, guid_1.guidOf)(text) ?? text;
}
/** Goes through a list of pairs. What an item is called is of no matter: its name ends in a hash of its type. */
function eachPair(list, place, visit) {
    for (const pair of list.children) {
        const key = (0, element_1.memberOf)(pair, 'key', namespaces_1.GENERIC);
        const value = (0, element_1.memberOf)(pair, 'value', namespaces_1.GENERIC);
        if (isNothing(key) || key.children.length > 0) {
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a list of pairs, each with its key');
        }
        visit((0, element_1.textOfElement)(key), value ?? NOTHING);
    }
}
/** A list of pairs by key; null where the list is not there. */
function pairsIn(list, place) {
    if (isNothing(list))
        return null;
    const pairs = new Map();
    eachPair(list, place, (key, value) => pairs.set(key, value));
    return pairs;
}
function textsIn(list, place) {
    if (isNothing(list) || list.children.length === 0)
        return NO_TEXTS;
    const texts = new Map();
    eachPair(list, place, (name, value) => texts.set(name, (0, exports.textIn)(value, place, name)));
    return texts;
}
/** The type of an array's items, by the array's name; null where each item says its own. */
function itemTypeOf(array) {
    const name = array.name.slice(ARRAY_OF.length);
    if (name === 'anyType')
        return null;
    if (array.uri !== namespaces_1.ARRAYS || name.startsWith(ARRAY_OF))
        return { uri: array.uri, name };
    return { uri: ADDED_TYPES.has(name) ? namespaces_1.SERIALIZATION : namespaces_1.SCHEMA, name };
}
/**
 * Turns elements into values of the change model: those of text XML, and those of the binary form, where the record that
 * a value came in says nothing of its type (the text `0` comes as the number zero).
 *
 * The forms are what .NET's DataContractSerializer writes:
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/data-contract-schema-reference
 */
class ElementReader {
    maxDepth;
    /** @param maxDepth values nested deeper are refused */
    constructor(maxDepth) {
        this.maxDepth = maxDepth;
    }
    /** The value of a parameter or shared variable. */
    parameter(element, place) {
        return this.value(element, undefined, place, 0);
    }
    /** A row in a place that is declared as a row, where no type is written: an image. */
    image(element, place) {
        return this.row(element, place, 0);
    }
    value(element, label, place, depth, declared = null) {
        if (element.nil)
            return null;
        const type = element.type ?? declared;
        if (type === null)
            return this.other(element, null, place, depth);
        if (type.uri === namespaces_1.SCHEMA || type.uri === namespaces_1.SERIALIZATION)
            return this.simple(element, type, place, depth);
        if (depth > this.maxDepth)
            throw this.tooDeep(place);
        if (type.name.startsWith(ARRAY_OF))
            return this.array(element, type, label, place, depth);
        return (0, namespaces_1.isContracts)(type.uri)
            ? this.contract(element, type, label, place, depth)
            : this.other(element, type, place, depth);
    }
    /** https://learn.microsoft.com/dotnet/framework/wcf/feature-details/types-supported-by-the-data-contract-serializer */
    simple(element, type, place, depth) {
        const { name } = type;
        if (TEXT_TYPES.has(name))
            return { kind: 'string', value: contentOf(element, place, undefined, 'a text') };
        if (SMALL_TYPES.has(name))
            return { kind: 'integer', value: wholeOf(element, place) };
        if (LARGE_TYPES.has(name))
            return { kind: 'bigint', value: this.largeOf(element, name, place) };
        switch (name) {
            case 'boolean':
                return { kind: 'boolean', value: flagIn(element, place) };
            case 'guid': {
                const value = (0, guid_1.guidOf)(contentOf(element, place, undefined, 'a GUID').trim());
                if (value === undefined)
                    throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a GUID');
                return { kind: 'guid', value };
            }
            case 'decimal':
                return { kind: 'decimal', text: this.decimalOf(element, place) };
            case 'double':
                return { kind: 'double', value: this.doubleOf(element, place) };
            case 'float':
                return { kind: 'double', value: Math.fround(this.doubleOf(element, place)) };
            case 'dateTime': {
                const value = (0, wire_date_1.isoValueOf)(contentOf(element, place, undefined, 'a date').trim());
                if (value === undefined)
                    throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a date');
                return value;
            }
            case 'base64Binary':
                return { kind: 'bytes', base64: this.base64Of(element, place) };
            case 'char':
                return { kind: 'string', value: String.fromCharCode(wholeOf(element, place, undefined, 0x10000)) };
            case 'anyType':
                return this.other(element, null, place, depth);
            default:
                return this.other(element, type, place, depth);
        }
    }
    contract(element, type, label, place, depth) {
        switch (type.name) {
            case 'OptionSetValue':
                return { kind: 'choice', value: wholeOf((0, element_1.memberOf)(element, 'Value'), place), ...labelled(label) };
            case 'OptionSetValueCollection':
                return this.choices(element, label, place);
            case 'EntityReference':
                return {
                    kind: 'lookup',
                    table: (0, exports.textIn)((0, element_1.memberOf)(element, 'LogicalName'), place, 'LogicalName') ?? '',
                    id: idIn((0, element_1.memberOf)(element, 'Id'), place, 'Id'),
                    name: (0, exports.textIn)((0, element_1.memberOf)(element, 'Name'), place, 'Name') ?? label ?? null,
                };
            case 'EntityReferenceCollection':
                return this.items(element, { uri: namespaces_1.CONTRACTS, name: 'EntityReference' }, place, depth);
            case 'Money':
                return { kind: 'money', text: this.decimalOf((0, element_1.memberOf)(element, 'Value'), place, 'Value') };
            case 'Entity':
                return { kind: 'row', row: this.row(element, place, depth) };
            case 'EntityCollection': {
                const list = (0, element_1.memberOf)(element, 'Entities');
                const rows = isNothing(list) ? [] : this.rows(list, place, depth);
                const table = (0, exports.textIn)((0, element_1.memberOf)(element, 'EntityName'), place, 'EntityName') ?? rows[0]?.table ?? '';
                return { kind: 'rows', table, rows };
            }
            case 'AliasedValue': {
                const inner = (0, element_1.memberOf)(element, 'Value');
                return {
                    kind: 'aliased',
                    table: (0, exports.textIn)((0, element_1.memberOf)(element, 'EntityLogicalName'), place, 'EntityLogicalName') ?? '',
                    column: (0, exports.textIn)((0, element_1.memberOf)(element, 'AttributeLogicalName'), place, 'AttributeLogicalName') ?? '',
                    value: inner === undefined ? null : this.value(inner, label, place, depth + 1),
                };
            }
            case 'BooleanManagedProperty': {
                const property = (0, element_1.memberOf)(element, 'ManagedPropertyLogicalName');
                return {
                    kind: 'managed',
                    value: flagIn((0, element_1.memberOf)(element, 'Value'), place, 'Value'),
                    canBeChanged: flagIn((0, element_1.memberOf)(element, 'CanBeChanged'), place, 'CanBeChanged'),
                    property: (0, exports.textIn)(property, place, 'ManagedPropertyLogicalName') ?? '',
                };
            }
            case 'Relationship': {
                const role = (0, exports.textIn)((0, element_1.memberOf)(element, 'PrimaryEntityRole'), place, 'PrimaryEntityRole');
                return {
                    kind: 'relationship',
                    schemaName: (0, exports.textIn)((0, element_1.memberOf)(element, 'SchemaName'), place, 'SchemaName') ?? '',
                    role: role !== null && ROLES.has(role) ? role : null,
                };
            }
            default:
                return this.other(element, type, place, depth);
        }
    }
    array(element, type, label, place, depth) {
        // A dictionary and a list of pairs differ in their names and namespaces, and in nothing that matters.
        if (type.name === 'ArrayOfKeyValueOfstringstring')
            return this.pairs(element, namespaces_1.ARRAYS, 'Key', 'Value', place);
        if (type.name === 'ArrayOfKeyValuePairOfstringstring')
            return this.pairs(element, namespaces_1.GENERIC, 'key', 'value', place);
        const itemType = itemTypeOf(type);
        if (itemType !== null && (0, namespaces_1.isContracts)(itemType.uri)) {
            if (itemType.name === 'OptionSetValue')
                return this.choices(element, label, place);
            if (itemType.name === 'Entity') {
                const rows = this.rows(element, place, depth);
                return { kind: 'rows', table: rows[0]?.table ?? '', rows };
            }
        }
        return this.items(element, itemType, place, depth);
    }
    items(element, type, place, depth) {
        const items = element.children.map((item) => this.value(item, undefined, place, depth + 1, type));
        return { kind: 'list', items };
    }
    pairs(element, uri, key, value, place) {
        const entries = element.children.map((item) => [
            (0, exports.textIn)((0, element_1.memberOf)(item, key, uri), place, key) ?? '',
            (0, exports.textIn)((0, element_1.memberOf)(item, value, uri), place, value) ?? '',
        ]);
        return { kind: 'pairs', entries };
    }
    choices(element, label, place) {
        const values = element.children.map((item) => wholeOf((0, element_1.memberOf)(item, 'Value'), place));
        return { kind: 'choices', values, ...labelled(label) };
    }
    rows(list, place, depth) {
        return list.children.map((item, index) => this.row(item, { parent: place, name: String(index) }, depth + 1));
    }
    row(element, place, depth) {
        if (depth > this.maxDepth)
            throw this.tooDeep(place);
        if (element.nil)
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a row');
        const formatted = textsIn((0, element_1.memberOf)(element, 'FormattedValues'), { parent: place, name: 'FormattedValues' });
        const keys = (0, element_1.memberOf)(element, 'KeyAttributes');
        return {
            table: (0, exports.textIn)((0, element_1.memberOf)(element, 'LogicalName'), place, 'LogicalName') ?? '',
            id: idIn((0, element_1.memberOf)(element, 'Id'), place, 'Id'),
            columns: this.columns((0, element_1.memberOf)(element, 'Attributes'), formatted, { parent: place, name: 'Attributes' }, depth),
            formatted,
            rowVersion: (0, exports.textIn)((0, element_1.memberOf)(element, 'RowVersion'), place, 'RowVersion'),
            keyAttributes: this.columns(keys, NO_TEXTS, { parent: place, name: 'KeyAttributes' }, depth),
        };
    }
    columns(list, labels, place, depth) {
        if (isNothing(list) || list.children.length === 0)
            return NO_COLUMNS;
        const columns = new Map();
        eachPair(list, place, (name, value) => {
            columns.set(name, this.value(value, labels.get(name), { parent: place, name }, depth + 1));
        });
        return columns;
    }
    /**
     * A type that is not known. One that holds text alone is an enumeration, for only those are written so: its name is
     * kept. https://learn.microsoft.com/dotnet/framework/wcf/feature-details/enumeration-types-in-data-contracts
     */
    other(element, type, place, depth) {
        const text = (0, element_1.textOfElement)(element);
        if (element.children.length === 0 && text !== '')
            return { kind: 'string', value: text };
        return {
            kind: 'unknown',
            type: type === null ? '' : (0, namespaces_1.typeText)(type.name, type.uri),
            json: this.objectText(element, place, depth),
        };
    }
    /** An object as JSON text: its members by name, or a list where one name comes twice. */
    objectText(element, place, depth) {
        if (depth > this.maxDepth)
            throw this.tooDeep(place);
        const { children } = element;
        const names = new Set(children.map((child) => child.name));
        const values = children.map((child) => {
            if (child.nil)
                return 'null';
            return child.children.length === 0 && (child.type === null || (0, element_1.textOfElement)(child) !== '')
                ? JSON.stringify((0, element_1.textOfElement)(child))
                : this.objectText(child, place, depth + 1);
        });
        if (names.size < children.length)
            return `[${values.join(',')}]`;
        return `{${children.map(({ name }, index) => `${JSON.stringify(name)}:${values[index] ?? 'null'}`).join(',')}}`;
    }
    largeOf(element, type, place) {
        const text = contentOf(element, place, undefined, 'a whole number').trim();
        if (!WHOLE.test(text))
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a whole number');
        const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
        const held = type === 'unsignedLong' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
        if (held !== value)
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a whole number of 64 bits');
        return value;
    }
    decimalOf(element, place, member) {
        const text = contentOf(element, place, member, 'an amount').trim();
        if (!DECIMAL.test(text))
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place, member), 'an amount');
        return text.startsWith('+') ? text.slice(1) : text;
    }
    doubleOf(element, place) {
        const text = contentOf(element, place, undefined, 'a number').trim();
        const value = DOUBLE.test(text) ? Number(text) : LETTERED.get(text);
        if (value === undefined)
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'a number');
        return value;
    }
    base64Of(element, place) {
        if (element.bytes.length > 0)
            return Buffer.concat(element.bytes).toString('base64');
        const text = contentOf(element, place, undefined, 'bytes').replace(/[ \t\r\n]+/g, '');
        if (text.length % 4 !== 0 || !BASE64.test(text))
            throw new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), 'bytes in base64');
        return Buffer.from(text, 'base64').toString('base64');
    }
    tooDeep(place) {
        return new errors_1.ContextInvalid((0, wire_value_1.pathOf)(place), `nested at most ${this.maxDepth} deep`);
    }
}
exports.ElementReader = ElementReader;
//# sourceMappingURL=element-value.js.map