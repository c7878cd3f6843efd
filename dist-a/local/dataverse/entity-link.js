"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readEntityLink = readEntityLink;
exports.readKey = readKey;
const dataverse_error_1 = require("./dataverse-error");
const value_1 = require("./value");
/** The row that a URL, absolute or relative, leads to: `accounts(…)`. */
function readEntityLink(catalog, link) {
    const text = typeof link === 'string' ? link : '';
    const [, set = '', id = ''] = /([a-z_]\w*)\(([^)]*)\)$/i.exec(text) ?? [];
    const table = catalog.bySet(set);
    if (table === undefined)
        throw (0, dataverse_error_1.badRequest)(`The reference '${JSON.stringify(link ?? null)}' leads to no table.`);
    return { table: table.logicalName, id };
}
/** The id in a row's key: `00000000-…`, or with the name of the primary id. */
function readKey(key, primaryId) {
    const [, name, text = ''] = /^(?:(\w+)=)?'?([^']*)'?$/.exec(key) ?? [];
    const id = text.toLowerCase();
    if ((name !== undefined && name !== primaryId) || !(0, value_1.isGuid)(id)) {
        throw (0, dataverse_error_1.badRequest)(`The key '${key}' is not supported: only the primary id is.`, '0x80060888');
    }
    return id;
}
//# sourceMappingURL=entity-link.js.map