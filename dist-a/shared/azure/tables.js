"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.tableIsMissing = exports.statusOf = void 0;
exports.placeOf = placeOf;
exports.serviceCodeOf = serviceCodeOf;
exports.withTable = withTable;
exports.findEntity = findEntity;
const data_tables_1 = require("@azure/data-tables");
/** Names a table over all accounts; holds no key and no signature, which an address may carry in its query. */
function placeOf({ url, tableName }) {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}/${tableName}`.replaceAll('//', '/').toLowerCase();
}
/** The HTTP status of an error of the table service, if it is one. */
const statusOf = (error) => error instanceof data_tables_1.RestError ? error.statusCode : undefined;
exports.statusOf = statusOf;
/** The service's own error code: in the error, or in the OData body that the SDK leaves unread. */
function serviceCodeOf(error) {
    if (!(error instanceof data_tables_1.RestError))
        return undefined;
    const details = error.details;
    return details?.odataError?.code ?? error.code;
}
/** Whether the table itself isn't there (as opposed to an entity of it). */
const tableIsMissing = (error) => serviceCodeOf(error) === 'TableNotFound';
exports.tableIsMissing = tableIsMissing;
/** Runs an action; makes the table and runs it again if the table isn't there. Costs nothing where it is. */
async function withTable(client, action) {
    try {
        return await action();
    }
    catch (error) {
        if (!(0, exports.tableIsMissing)(error))
            throw error;
        await client.createTable();
        return action();
    }
}
/** An entity, or undefined where it (or its table) isn't there. */
async function findEntity(client, partitionKey, rowKey, abortSignal) {
    try {
        return await client.getEntity(partitionKey, rowKey, abortSignal && { abortSignal });
    }
    catch (error) {
        if ((0, exports.statusOf)(error) === 404)
            return undefined;
        throw error;
    }
}
//# sourceMappingURL=tables.js.map