"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.noResource = exports.noProperty = exports.badRequest = exports.versionMismatch = exports.alreadyExists = exports.notFound = exports.DataverseError = void 0;
/** A refused request, as the Web API answers it: `{"error":{"code":"0x…","message":"…"}}`. */
class DataverseError extends Error {
    status;
    code;
    headers;
    constructor(status, code, message, headers = {}) {
        super(message);
        this.status = status;
        this.code = code;
        this.headers = headers;
    }
}
exports.DataverseError = DataverseError;
/** The row does not exist (any more). */
const notFound = (form, table, id) => form === 'documented'
    ? new DataverseError(404, '', `${table} With Id = ${id} Does Not Exist`)
    : new DataverseError(404, '0x80040217', `Entity '${table}' With Id = ${id} Does Not Exist`);
exports.notFound = notFound;
/** A row with this id exists already. */
const alreadyExists = (form) => new DataverseError(412, form === 'documented' ? '' : '0x80040237', 'A record with matching key values already exists.');
exports.alreadyExists = alreadyExists;
/** The row has another version than the caller's If-Match. */
const versionMismatch = (form) => new DataverseError(412, form === 'documented' ? '' : '0x80060882', "The version of the existing record doesn't match the RowVersion property provided.");
exports.versionMismatch = versionMismatch;
/** A request that makes no sense. */
const badRequest = (message, code = '0x80060888') => new DataverseError(400, code, message);
exports.badRequest = badRequest;
/** A column that the table does not have. */
const noProperty = (name, type) => (0, exports.badRequest)(`Could not find a property named '${name}' on type 'Microsoft.Dynamics.CRM.${type}'.`);
exports.noProperty = noProperty;
/** A path that leads to nothing. */
const noResource = (segment) => new DataverseError(404, '0x8006088a', `Resource not found for the segment '${segment}'.`);
exports.noResource = noResource;
//# sourceMappingURL=dataverse-error.js.map