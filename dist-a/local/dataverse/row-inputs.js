"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readRowInputs = readRowInputs;
const dataverse_error_1 = require("./dataverse-error");
const entity_link_1 = require("./entity-link");
const table_1 = require("./table");
const value_1 = require("./value");
/** The columns of a row as the Web API is sent them; annotations other than `@odata.bind` are passed over. */
function readRowInputs(catalog, table, body) {
    const inputs = {};
    for (const [member, json] of Object.entries(body)) {
        const bound = /^(.+)@odata\.bind$/.exec(member)?.[1];
        if (bound !== undefined) {
            const column = boundColumn(table, bound);
            inputs[column.logicalName] = boundValue(catalog, json);
        }
        else if (!member.includes('@')) {
            const column = table.byName.get(member);
            if (column === undefined || (0, table_1.isLookup)(column))
                throw (0, dataverse_error_1.noProperty)(member, table.logicalName);
            inputs[member] = (0, value_1.inputFromJson)(column, json);
        }
    }
    return inputs;
}
function boundColumn(table, navigation) {
    const name = navigation.toLowerCase();
    const column = table.columns.find((candidate) => (0, table_1.isLookup)(candidate) && candidate.targets.some((target) => (0, table_1.navigationProperty)(candidate, target) === name));
    if (column === undefined)
        throw (0, dataverse_error_1.noProperty)(navigation, table.logicalName);
    return column;
}
const boundValue = (catalog, json) => json === null ? null : (0, entity_link_1.readEntityLink)(catalog, json);
//# sourceMappingURL=row-inputs.js.map