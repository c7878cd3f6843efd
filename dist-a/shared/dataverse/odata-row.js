"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readPage = exports.AnswerUnreadable = exports.ROW_ANNOTATIONS = void 0;
exports.readRow = readRow;
exports.readRows = readRows;
exports.parseAnswer = parseAnswer;
exports.rowsOf = rowsOf;
/**
 * Rows as the Web API sends them, turned into columns: `_x_value` and its annotations become a lookup, numbers keep
 * their digits, and the table's definition gives the types that JSON loses.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/select-columns
 */
const instant_1 = require("../change/instant");
const row_version_1 = require("../change/row-version");
const exact_json_1 = require("../json/exact-json");
const errors_1 = require("../errors");
const conform_1 = require("../mapping/conform");
/** Asks for what a row can't do without: the tables and names of its lookups, the labels of its choices. */
exports.ROW_ANNOTATIONS = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname,OData.Community.Display.V1.FormattedValue"';
const FORMATTED = '@OData.Community.Display.V1.FormattedValue';
const LOOKUP_TABLE = '@Microsoft.Dynamics.CRM.lookuplogicalname';
/** Thrown when an answer of the Web API isn't what its documentation says. */
class AnswerUnreadable extends errors_1.OutboundError {
    code = 'web-api-answer';
    disposition = 'retry';
    constructor(table, what, options) {
        super(`The Web API's answer for ${table} can't be read: ${what}.`, options);
    }
}
exports.AnswerUnreadable = AnswerUnreadable;
/** Reads one row out of the answer to a GET by id. */
function readRow(body, definition) {
    const row = (0, exact_json_1.objectOf)(parseAnswer(body, definition.table)) ?? {};
    const reader = new RowReader(definition);
    return { ...reader.row(row), definitionIsOld: reader.definitionIsOld };
}
/** Reads all rows of a short answer; see `slicedPage` for a long one. */
const readPage = (body, definition) => readRows(rowsOf((0, exact_json_1.objectOf)(parseAnswer(body, definition.table))?.value, definition.table), definition);
exports.readPage = readPage;
/** Reads rows of a table or of its delta. */
function readRows(rows, definition) {
    const reader = new RowReader(definition);
    const items = rows.map((row) => reader.item(row));
    return { items, definitionIsOld: reader.definitionIsOld };
}
/** Parses an answer about a table. @throws AnswerUnreadable */
function parseAnswer(body, table) {
    try {
        return (0, exact_json_1.parseAllExact)(body);
    }
    catch (error) {
        throw new AnswerUnreadable(table, 'it is no JSON', { cause: error });
    }
}
/** The rows that an answer has as its `value`. @throws AnswerUnreadable */
function rowsOf(value, table) {
    if (!(0, exact_json_1.isList)(value))
        throw new AnswerUnreadable(table, 'it has no array "value"');
    return value.map((row) => (0, exact_json_1.objectOf)(row) ?? {});
}
/** Reads rows of one table. */
class RowReader {
    definition;
    /** A row had a column that the definition doesn't know. */
    definitionIsOld = false;
    #properties = new Map();
    constructor(definition) {
        this.definition = definition;
    }
    item(row) {
        const { definition } = this;
        // https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
        const context = row['@odata.context'];
        if (typeof context === 'string' && context.endsWith('/$deletedEntity'))
            return { kind: 'deleted', id: idFrom(row.id, definition) };
        const id = idFrom(row[definition.primaryId], definition);
        try {
            return this.row(row);
        }
        catch (error) {
            if (error instanceof AnswerUnreadable)
                return { kind: 'unreadable', id, error };
            throw error;
        }
    }
    row(row) {
        const columns = new Map();
        for (const key of Object.keys(row)) {
            const property = this.#properties.get(key) ?? this.#propertyOf(key);
            if (property.kind === 'column')
                columns.set(key, valueFrom(row, key, property));
            else if (property.kind === 'lookup')
                columns.set(property.column, lookupFrom(row, key, property));
        }
        const modified = columns.get('modifiedon');
        return {
            kind: 'row',
            id: idFrom(row[this.definition.primaryId], this.definition),
            version: versionFrom(row, this.definition),
            modifiedOn: modified?.kind === 'instant' ? (0, instant_1.floorInstant)(modified.epochMs) : instant_1.BEGINNING,
            columns,
        };
    }
    #propertyOf(key) {
        const { columns } = this.definition;
        const lookup = /^_(.+)_value$/.exec(key)?.[1];
        if (!key.includes('@') && !columns.has(key) && !columns.has(lookup ?? key))
            this.definitionIsOld = true;
        const property = propertyOf(key, lookup, columns);
        this.#properties.set(key, property);
        return property;
    }
}
function propertyOf(key, lookup, columns) {
    if (key.includes('@'))
        return { kind: 'other' };
    const definition = columns.get(key);
    if (lookup !== undefined && definition === undefined)
        return { kind: 'lookup', column: lookup, table: key + LOOKUP_TABLE, name: key + FORMATTED };
    return key === 'versionnumber' ? { kind: 'other' } : { kind: 'column', definition, label: key + FORMATTED };
}
function versionFrom(row, { table }) {
    const etag = row['@odata.etag'];
    const version = typeof etag === 'string' ? (0, row_version_1.versionFromETag)(etag) : undefined;
    if (version === undefined || version === row_version_1.NO_VERSION)
        throw new AnswerUnreadable(table, 'a row has no @odata.etag with its version');
    return version;
}
function idFrom(value, { table, primaryId }) {
    if (typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
        return value.toLowerCase();
    throw new AnswerUnreadable(table, `a row has no id in ${primaryId}`);
}
function lookupFrom(row, key, of) {
    const id = row[key];
    if (typeof id !== 'string')
        return null;
    const table = row[of.table];
    const name = row[of.name];
    return {
        kind: 'lookup',
        table: typeof table === 'string' ? table : '',
        id: id.toLowerCase(),
        name: typeof name === 'string' ? name : null,
    };
}
function valueFrom(row, key, { definition, label }) {
    const wire = plainValue(row[key]);
    const value = definition === undefined ? wire : (0, conform_1.conformValue)(wire, definition);
    if (value === null || (value.kind !== 'choice' && value.kind !== 'choices') || value.label !== undefined)
        return value;
    const formatted = row[label];
    return typeof formatted === 'string' ? { ...value, label: formatted } : value;
}
function plainValue(value) {
    if (value === null || value === undefined)
        return null;
    const digits = (0, exact_json_1.numberTextOf)(value);
    if (digits !== undefined)
        return { kind: 'number', text: digits };
    if (typeof value === 'string')
        return { kind: 'string', value };
    if (typeof value === 'boolean')
        return { kind: 'boolean', value };
    return { kind: 'unknown', type: 'object', json: JSON.stringify(value) };
}
//# sourceMappingURL=odata-row.js.map