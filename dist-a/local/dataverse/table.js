"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isLookup = exports.GERMAN = void 0;
exports.completeTable = completeTable;
exports.navigationProperty = navigationProperty;
/** The number of German among languages. */
exports.GERMAN = 1031;
const ACTIVE = [
    { value: 0, label: 'Active', labels: { [exports.GERMAN]: 'Aktiv' } },
    { value: 1, label: 'Inactive', labels: { [exports.GERMAN]: 'Inaktiv' } },
];
const ACTIVE_REASONS = [
    { value: 1, label: 'Active', labels: { [exports.GERMAN]: 'Aktiv' }, state: 0 },
    { value: 2, label: 'Inactive', labels: { [exports.GERMAN]: 'Inaktiv' }, state: 1 },
];
function platformColumns(definition) {
    const platform = true;
    const version = { logicalName: 'versionnumber', type: 'bigint', platform };
    if (definition.intersect === true)
        return [version];
    const user = { type: 'lookup', targets: ['systemuser'], platform };
    const columns = [
        { logicalName: 'createdon', type: 'dateTime', behavior: 'UserLocal', platform },
        { logicalName: 'createdby', ...user },
        { logicalName: 'modifiedon', type: 'dateTime', behavior: 'UserLocal', platform },
        { logicalName: 'modifiedby', ...user },
        { logicalName: 'modifiedonbehalfby', ...user },
    ];
    if (definition.ownership !== 'organization') {
        columns.push({ logicalName: 'ownerid', type: 'owner', targets: ['systemuser', 'team'] }, { logicalName: 'owningbusinessunit', type: 'lookup', targets: ['businessunit'], platform }, { logicalName: 'owninguser', ...user }, { logicalName: 'owningteam', type: 'lookup', targets: ['team'], platform });
    }
    columns.push({ logicalName: 'statecode', type: 'state', options: definition.states ?? ACTIVE }, { logicalName: 'statuscode', type: 'status', options: definition.statuses ?? ACTIVE_REASONS }, version);
    return columns;
}
/** Adds what the platform adds to every table. */
function completeTable(definition, objectTypeCode) {
    const byName = new Map();
    const add = (column) => {
        if (!byName.has(column.logicalName))
            byName.set(column.logicalName, column);
    };
    add({ logicalName: definition.primaryId, type: 'uniqueidentifier' });
    definition.columns.forEach(add);
    platformColumns(definition).forEach(add);
    return {
        ...definition,
        ownership: definition.ownership ?? 'user',
        objectTypeCode,
        columns: [...byName.values()],
        byName,
    };
}
/** Is the column a reference to a row? */
const isLookup = (column) => column.type === 'lookup' || column.type === 'customer' || column.type === 'owner';
exports.isLookup = isLookup;
/**
 * The OData navigation property of a reference: a lookup of one table is named after the column, a customer lookup also
 * after the table (`parentcustomerid_account`), an owner never.
 */
function navigationProperty(column, target) {
    return column.type === 'customer' ? `${column.logicalName}_${target}` : column.logicalName;
}
//# sourceMappingURL=table.js.map