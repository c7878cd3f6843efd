"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.entityJson = exports.referenceJson = exports.pair = void 0;
exports.attributeJson = attributeJson;
exports.parameterJson = parameterJson;
const json_text_1 = require("./json-text");
const value_1 = require("./value");
const typeName = (name) => `${name}:http://schemas.microsoft.com/xrm/2011/Contracts`;
// Where a value is declared as object, DataContractJsonSerializer names its type, always first; elsewhere never.
const typed = (name, members) => ({ __type: typeName(name), ...members });
/** A pair of a collection. */
const pair = (key, value) => ({ key, value });
exports.pair = pair;
/** An EntityReference where it is declared as such. */
const referenceJson = ({ table, id }, name) => ({
    Id: id,
    KeyAttributes: [],
    LogicalName: table,
    Name: name,
    RowVersion: null,
});
exports.referenceJson = referenceJson;
const typedReference = (reference, name) => typed('EntityReference', (0, exports.referenceJson)(reference, name));
const withoutName = () => null;
/** A column's value as DataContractJsonSerializer writes it. */
function attributeJson(column, value, nameOf) {
    if (value === null)
        return null;
    switch (column.type) {
        case 'string':
        case 'memo':
        case 'uniqueidentifier':
        case 'boolean':
        case 'integer':
        case 'double':
            return value;
        case 'bigint':
        case 'decimal':
            return new json_text_1.Digits((0, value_1.valueText)(value));
        case 'money':
            return typed('Money', { Value: new json_text_1.Digits((0, value_1.valueText)(value)) });
        case 'dateTime':
            // UTC kind has no offset; dates without a zone (Unspecified) come with the server's.
            return `/Date(${Date.parse((0, value_1.valueText)(value))}${column.behavior === 'UserLocal' ? '' : '+0000'})/`;
        case 'choice':
        case 'state':
        case 'status':
            return typed('OptionSetValue', { Value: Number(value) });
        case 'choices':
            return value.map((item) => typed('OptionSetValue', { Value: item }));
        case 'lookup':
        case 'customer':
        case 'owner': {
            const target = (0, value_1.asReference)(value);
            return target === undefined ? null : typedReference(target, nameOf(target));
        }
        default:
            return column;
    }
}
/** An Entity where it is declared as such. */
const entityJson = (table, id, attributes, formatted = []) => ({
    Attributes: attributes,
    EntityState: null,
    FormattedValues: formatted,
    Id: id,
    KeyAttributes: [],
    LogicalName: table,
    RelatedEntities: [],
    RowVersion: null,
});
exports.entityJson = entityJson;
/** A row of a parameter: its lookups come without names. */
function rowJson({ table, id, columns }) {
    const attributes = Object.entries(columns).flatMap(([name, value]) => {
        const column = table.byName.get(name);
        return column === undefined ? [] : [(0, exports.pair)(name, attributeJson(column, value, withoutName))];
    });
    return (0, exports.entityJson)(table.logicalName, id, attributes);
}
const ROLE = { referencing: 0, referenced: 1 };
/**
 * A parameter's value as DataContractJsonSerializer writes it: scalars and lists lose their type, the rest names it.
 */
function parameterJson(value) {
    switch (value.kind) {
        case 'null':
            return null;
        case 'string':
        case 'guid':
            return value.text;
        case 'decimal':
            return new json_text_1.Digits(value.text);
        case 'money':
            return typed('Money', { Value: new json_text_1.Digits(value.text) });
        case 'dateTime':
            return `/Date(${Date.parse(value.text)})/`;
        case 'boolean':
            return value.flag;
        case 'integer':
        case 'double':
            return value.number;
        case 'choice':
            return typed('OptionSetValue', { Value: value.number });
        case 'strings':
        case 'guids':
            return value.items;
        case 'reference':
            return typedReference(value.reference, null);
        case 'references':
            return value.references.map((reference) => typedReference(reference, null));
        case 'relationship': {
            const { role, schemaName } = value;
            const primaryEntityRole = role === undefined ? null : ROLE[role];
            return typed('Relationship', { PrimaryEntityRole: primaryEntityRole, SchemaName: schemaName });
        }
        case 'entity':
            return typed('Entity', rowJson(value.row));
        case 'entities':
            return typed('EntityCollection', {
                Entities: value.rows.map(rowJson),
                EntityName: value.table,
                MinActiveRowVersion: null,
                MoreRecords: false,
                PagingCookie: null,
                TotalRecordCount: -1,
                TotalRecordCountLimitExceeded: false,
            });
        default:
            return value;
    }
}
//# sourceMappingURL=contract-json.js.map