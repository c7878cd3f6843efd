"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TrackingUnconfirmed = exports.TrackingImpossible = void 0;
exports.readTracking = readTracking;
exports.enableTracking = enableTracking;
const errors_1 = require("../errors");
const metadata_1 = require("./metadata");
const web_api_1 = require("./web-api");
/** Thrown when change tracking can't be enabled for a table. */
class TrackingImpossible extends errors_1.OutboundError {
    code = 'tracking-impossible';
    disposition = 'park';
    constructor(table) {
        super(`Dataverse doesn't allow change tracking for table ${table} (CanChangeTrackingBeEnabled is false), so it can't be ` +
            `pulled. Take it out of SYNC_TABLES.`);
    }
}
exports.TrackingImpossible = TrackingImpossible;
/** Thrown when a table that was changed and published doesn't show it. */
class TrackingUnconfirmed extends errors_1.OutboundError {
    code = 'tracking-unconfirmed';
    disposition = 'retry';
    constructor(table) {
        super(`Table ${table} was changed and published, but doesn't show change tracking yet. Look again: dvo tracking show ${table}.`);
    }
}
exports.TrackingUnconfirmed = TrackingUnconfirmed;
const pathOf = (table) => `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')`;
const trackingOf = ({ ChangeTrackingEnabled: on, CanChangeTrackingBeEnabled: can }) => on ? 'on' : can?.Value === false ? 'impossible' : 'off';
/** Whether a table's changes are tracked, as it is published. @throws TableUnknown */
async function readTracking(api, table) {
    const { body } = await definitionOf(api, table, '?$select=ChangeTrackingEnabled,CanChangeTrackingBeEnabled');
    return trackingOf(JSON.parse(body));
}
/**
 * Enables change tracking for a table, for good: the whole definition is read, sent back with that one property changed
 * (a definition can only be replaced), published, and read again.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-update-entity-definitions-using-web-api#update-table-definitions
 *
 * @returns what it was before: nothing is changed where it is on
 * @throws TableUnknown, TrackingImpossible, TrackingUnconfirmed, WebApiError
 */
async function enableTracking(api, table) {
    const definition = JSON.parse((await definitionOf(api, table)).body);
    const before = trackingOf(definition);
    if (before === 'on')
        return before;
    if (before === 'impossible')
        throw new TrackingImpossible(table);
    // Without the header, labels in other languages than the user's would be lost.
    const headers = { 'MSCRM.MergeLabels': 'true' };
    await api.change('PUT', pathOf(table), { ...definition, ChangeTrackingEnabled: true }, headers);
    await api.change('POST', 'PublishXml', {
        ParameterXml: `<importexportxml><entities><entity>${table}</entity></entities></importexportxml>`,
    });
    if ((await readTracking(api, table)) !== 'on')
        throw new TrackingUnconfirmed(table);
    return before;
}
async function definitionOf(api, table, select = '') {
    try {
        return await api.getCurrent(pathOf(table) + select);
    }
    catch (error) {
        if (error instanceof web_api_1.WebApiError && error.status === 404)
            throw new metadata_1.TableUnknown(table);
        throw error;
    }
}
//# sourceMappingURL=table-tracking.js.map