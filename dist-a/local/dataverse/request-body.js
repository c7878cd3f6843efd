"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readBody = readBody;
const dataverse_error_1 = require("./dataverse-error");
const json_text_1 = require("./json-text");
/** A request's body as a JSON object. */
function readBody(text) {
    let body;
    try {
        body = (0, json_text_1.readJson)(text);
    }
    catch {
        throw (0, dataverse_error_1.badRequest)('The request body is not valid JSON.', '0x80048d19');
    }
    if (!(0, json_text_1.isObject)(body))
        throw (0, dataverse_error_1.badRequest)('The request body is not a JSON object.', '0x80048d19');
    return body;
}
//# sourceMappingURL=request-body.js.map