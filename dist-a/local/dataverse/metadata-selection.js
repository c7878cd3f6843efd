"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.selected = selected;
exports.matches = matches;
const dataverse_error_1 = require("./dataverse-error");
const json_text_1 = require("./json-text");
const odata_filter_1 = require("./odata-filter");
/** Members named by `$select` (all without one); MetadataId always comes along. */
function selected(members, select, type) {
    if (select === undefined)
        return { ...members };
    const result = {};
    for (const name of select) {
        const value = members[name];
        if (value === undefined)
            throw (0, dataverse_error_1.noProperty)(name, type);
        result[name] = value;
    }
    return { ...result, MetadataId: members.MetadataId ?? null };
}
/** Do the members satisfy a `$filter`? */
function matches(members, filter) {
    if (filter === undefined)
        return true;
    return (0, odata_filter_1.compileFilter)(filter)((path) => {
        let value = members;
        for (const name of path.split('/'))
            value = value !== undefined && (0, json_text_1.isObject)(value) ? value[name] : undefined;
        return typeof value === 'object' && value !== null ? undefined : value;
    });
}
//# sourceMappingURL=metadata-selection.js.map