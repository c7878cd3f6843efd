"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.project = project;
exports.rowToJson = rowToJson;
const dataverse_error_1 = require("./dataverse-error");
const formatted_value_1 = require("./formatted-value");
const odata_query_1 = require("./odata-query");
const table_1 = require("./table");
const value_1 = require("./value");
const FORMATTED = 'OData.Community.Display.V1.FormattedValue';
const LOOKUP_TABLE = 'Microsoft.Dynamics.CRM.lookuplogicalname';
const NAVIGATION = 'Microsoft.Dynamics.CRM.associatednavigationproperty';
/** The columns of a `$select` (all without one); the primary id is always among them. */
function project(table, select) {
    const readable = table.columns.filter((column) => column.writeOnly !== true);
    if (select === undefined)
        return readable;
    const wanted = new Set(select);
    const found = readable.filter((column) => wanted.delete((0, value_1.propertyName)(column)) || column.logicalName === table.primaryId);
    for (const unknown of wanted)
        throw (0, dataverse_error_1.noProperty)(unknown, table.logicalName);
    return found;
}
/** A row as the Web API shows it. Columns without a value are there, as null. */
function rowToJson(row, projection, annotations, nameOf) {
    const shown = { '@odata.etag': `W/"${row.version}"` };
    const annotate = annotations.length > 0;
    for (const column of projection) {
        const name = (0, value_1.propertyName)(column);
        const value = row.columns[column.logicalName] ?? null;
        if (annotate && value !== null) {
            const reference = (0, table_1.isLookup)(column) ? (0, value_1.asReference)(value) : undefined;
            if (reference !== undefined && (0, odata_query_1.wantsAnnotation)(annotations, NAVIGATION)) {
                shown[`${name}@${NAVIGATION}`] = (0, table_1.navigationProperty)(column, reference.table);
            }
            if (reference !== undefined && (0, odata_query_1.wantsAnnotation)(annotations, LOOKUP_TABLE)) {
                shown[`${name}@${LOOKUP_TABLE}`] = reference.table;
            }
            const text = (0, odata_query_1.wantsAnnotation)(annotations, FORMATTED)
                ? (0, formatted_value_1.formattedValue)(column, value, { kind: 'webApi' }, nameOf)
                : undefined;
            if (text !== undefined)
                shown[`${name}@${FORMATTED}`] = text;
        }
        shown[name] = (0, value_1.valueToJson)(column, value);
    }
    return shown;
}
//# sourceMappingURL=row-json.js.map