"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.computedRows = void 0;
exports.seedOrganization = seedOrganization;
const computed_rows_1 = require("./computed-rows");
const messages_1 = require("./messages");
const value_1 = require("./value");
const PEOPLE = ['Ingrid Solheim', 'Tomasz Wilk', 'Priya Raman'];
/** Creates the business unit, users, team, messages and message filters; raises no events. */
function seedOrganization(given) {
    const { store, catalog, random } = given;
    const at = (0, value_1.secondsText)(given.now());
    const add = (tableName, columns) => {
        const table = catalog.table(tableName);
        const id = random.guid();
        const empty = Object.fromEntries(table.columns.map((column) => [column.logicalName, null]));
        const platform = { createdon: at, modifiedon: at, statecode: 0, statuscode: 1, [table.primaryId]: id };
        store.commit(tableName, id, { ...empty, ...platform, ...columns });
        return id;
    };
    const businessUnitId = add('businessunit', { name: 'Northwind Freight' });
    const businessunitid = { table: 'businessunit', id: businessUnitId };
    const user = (fullname, extra) => add('systemuser', {
        fullname,
        businessunitid,
        isdisabled: false,
        azureactivedirectoryobjectid: random.guid(),
        ...extra,
    });
    const users = PEOPLE.map((name) => {
        const address = `${name.toLowerCase().replaceAll(' ', '.')}@northwind.example`;
        return { id: user(name, { domainname: address, internalemailaddress: address }), name };
    });
    const applicationUserId = user('# Outbound synchronisation', { applicationid: given.clientId });
    const teamId = add('team', { name: 'Harbour desk', businessunitid });
    for (const { name, tables } of messages_1.PLATFORM_MESSAGES) {
        const sdkmessageid = { table: 'sdkmessage', id: add('sdkmessage', { name }) };
        const names = tables === 'none' ? ['none'] : [...catalog.tables].filter(tables).map(({ logicalName }) => logicalName);
        for (const primaryobjecttypecode of names)
            add('sdkmessagefilter', { primaryobjecttypecode, sdkmessageid });
    }
    return { businessUnitId, users, teamId, applicationUserId };
}
/** Tables whose rows are made when asked for. */
const computedRows = (catalog, jobs) => new Map([
    ['stringmap', () => (0, computed_rows_1.stringMapRows)(catalog)],
    ['asyncoperation', () => (0, computed_rows_1.jobRows)(jobs())],
]);
exports.computedRows = computedRows;
//# sourceMappingURL=organization.js.map