"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ApiParameters = void 0;
const dataverse_error_1 = require("./dataverse-error");
const entity_link_1 = require("./entity-link");
const json_text_1 = require("./json-text");
const row_inputs_1 = require("./row-inputs");
const value_1 = require("./value");
const NO_ID = '00000000-0000-0000-0000-000000000000';
const isEntity = (value) => typeof value === 'object' && value !== null && 'columns' in value;
const isReference = (value) => typeof value === 'object' && value !== null && 'table' in value && 'id' in value && !('columns' in value);
const isApiList = (value) => Array.isArray(value);
/** Gives values their declared types, and reads and writes them as the Web API does. */
class ApiParameters {
    #catalog;
    #changes;
    constructor(catalog, changes) {
        this.#catalog = catalog;
        this.#changes = changes;
    }
    /** A value as its declared type. */
    typed(name, type, value) {
        if (value === null)
            return { kind: 'null' };
        const accepted = this.#accept(type, value);
        if (accepted === undefined)
            throw (0, dataverse_error_1.badRequest)(`The value of '${name}' is no ${type}.`, '0x80048d19');
        return accepted;
    }
    #accept(type, value) {
        const number = typeof value === 'number' ? value : undefined;
        const text = typeof value === 'string' ? value : undefined;
        switch (type) {
            case 'Boolean':
                return typeof value === 'boolean' ? { kind: 'boolean', flag: value } : undefined;
            case 'Integer':
                return number !== undefined && Number.isInteger(number) ? { kind: 'integer', number } : undefined;
            case 'Float':
                return number === undefined ? undefined : { kind: 'double', number };
            case 'Picklist':
                return number === undefined ? undefined : { kind: 'choice', number };
            case 'Decimal':
            case 'Money': {
                const digits = number === undefined ? text : String(number);
                if (digits === undefined || !/^-?\d+(\.\d+)?$/.test(digits))
                    return undefined;
                return { kind: type === 'Money' ? 'money' : 'decimal', text: digits };
            }
            case 'String':
                return text === undefined ? undefined : { kind: 'string', text };
            case 'Guid':
                return text === undefined ? undefined : { kind: 'guid', text: text.toLowerCase() };
            case 'DateTime': {
                const ms = value instanceof Date ? value.getTime() : Date.parse(text ?? '');
                return Number.isNaN(ms) ? undefined : { kind: 'dateTime', text: new Date(ms).toISOString() };
            }
            case 'StringArray': {
                const items = isApiList(value) ? value.filter((item) => typeof item === 'string') : undefined;
                return items === undefined ? undefined : { kind: 'strings', items };
            }
            case 'EntityReference':
                return isReference(value) ? { kind: 'reference', reference: { table: value.table, id: value.id } } : undefined;
            case 'Entity':
                return isEntity(value) ? { kind: 'entity', row: this.#row(value) } : undefined;
            case 'EntityCollection': {
                if (!isApiList(value))
                    return undefined;
                const rows = value.filter((item) => typeof item !== 'string').map((item) => this.#row(item));
                return { kind: 'entities', table: rows[0]?.table.logicalName ?? null, rows };
            }
            default:
                return type;
        }
    }
    #row({ table: tableName, id = NO_ID, columns }) {
        const table = this.#catalog.table(tableName);
        return { table, id, columns: this.#changes.accept(table, columns) };
    }
    /** A value of a request's body. */
    read(name, type, json) {
        switch (type) {
            case 'Decimal':
            case 'Money':
                return json instanceof json_text_1.Digits ? json.text : scalar(name, json);
            case 'StringArray':
                return (0, json_text_1.isList)(json) ? json.filter((item) => typeof item === 'string') : scalar(name, json);
            case 'EntityReference':
                return (0, json_text_1.isObject)(json) ? this.#reference(json) : scalar(name, json);
            case 'Entity':
                return (0, json_text_1.isObject)(json) ? this.entity(json) : scalar(name, json);
            case 'EntityCollection':
                return (0, json_text_1.isList)(json) ? json.filter(json_text_1.isObject).map((item) => this.entity(item)) : scalar(name, json);
            default:
                return scalar(name, json);
        }
    }
    #reference(json) {
        if (json['@odata.id'] !== undefined)
            return (0, entity_link_1.readEntityLink)(this.#catalog, json['@odata.id']);
        const { table, id } = this.entity(json);
        return { table, id };
    }
    /** A row in a request's body, which names its table: `{"@odata.type":"Microsoft.Dynamics.CRM.account",…}`. */
    entity(json) {
        const type = json['@odata.type'];
        const name = typeof type === 'string' ? type.replace(/^#?Microsoft\.Dynamics\.CRM\./, '') : '';
        const table = this.#catalog.find(name);
        if (table === undefined)
            throw (0, dataverse_error_1.badRequest)(`A row needs '@odata.type' with its table; '${name}' is none.`);
        const id = json[table.primaryId];
        return {
            table: table.logicalName,
            id: typeof id === 'string' ? id.toLowerCase() : NO_ID,
            columns: (0, row_inputs_1.readRowInputs)(this.#catalog, table, json),
        };
    }
    /** A value in a response's body. */
    write(value) {
        switch (value.kind) {
            case 'null':
                return null;
            case 'boolean':
                return value.flag;
            case 'integer':
            case 'double':
            case 'choice':
                return value.number;
            case 'decimal':
            case 'money':
                return new json_text_1.Digits(value.text);
            case 'string':
            case 'guid':
            case 'dateTime':
                return value.text;
            case 'strings':
            case 'guids':
                return value.items;
            case 'reference':
                return this.#referenceJson(value.reference);
            case 'references':
                return value.references.map((reference) => this.#referenceJson(reference));
            case 'relationship':
                return value.schemaName;
            case 'entity':
                return rowJson(value.row);
            case 'entities':
                return value.rows.map(rowJson);
            default:
                return value;
        }
    }
    #referenceJson({ table, id }) {
        return { '@odata.type': `#Microsoft.Dynamics.CRM.${table}`, [this.#catalog.table(table).primaryId]: id };
    }
}
exports.ApiParameters = ApiParameters;
function rowJson({ table, columns }) {
    const members = Object.entries(columns).flatMap(([name, value]) => {
        const column = table.byName.get(name);
        return column === undefined ? [] : [[(0, value_1.propertyName)(column), (0, value_1.valueToJson)(column, value)]];
    });
    return { '@odata.type': `#Microsoft.Dynamics.CRM.${table.logicalName}`, ...Object.fromEntries(members) };
}
function scalar(name, json) {
    if (json instanceof json_text_1.Digits)
        return Number(json.text);
    if ((0, json_text_1.isList)(json) || (0, json_text_1.isObject)(json))
        throw (0, dataverse_error_1.badRequest)(`The value of '${name}' has the wrong type.`, '0x80048d19');
    return json;
}
//# sourceMappingURL=api-parameter.js.map