"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RelationshipRequests = void 0;
const dataverse_error_1 = require("./dataverse-error");
const metadata_selection_1 = require("./metadata-selection");
const relationship_metadata_1 = require("./relationship-metadata");
const CAST = 'Microsoft.Dynamics.CRM.';
const PATH = /^RelationshipDefinitions(?:\(([^)]*)\))?(?:\/Microsoft\.Dynamics\.CRM\.(\w+))?$/;
/** Without a cast only what all relationships have can be selected; the type tells which cast gives the rest. */
function relationshipJson({ type, common, own }, { select }, cast) {
    if (cast !== undefined)
        return (0, metadata_selection_1.selected)({ ...common, ...own }, select, cast);
    const members = select === undefined ? { ...common, ...own } : (0, metadata_selection_1.selected)(common, select, 'RelationshipMetadataBase');
    return { '@odata.type': `#${CAST}${type}`, ...members };
}
/** Relationships by `RelationshipDefinitions` (query-metadata-web-api). */
class RelationshipRequests {
    #relationships;
    constructor(relationships) {
        this.#relationships = relationships;
    }
    /** Answers `RelationshipDefinitions` or one of them, with or without a cast to its kind. */
    answer(request) {
        if (request.method !== 'GET')
            throw new dataverse_error_1.DataverseError(405, '0x80060888', 'Definitions are read only here.');
        const path = PATH.exec(request.path);
        if (path === null)
            throw (0, dataverse_error_1.noResource)(request.path);
        const [, key, cast] = path;
        const all = this.#relationships.all().map(relationship_metadata_1.relationshipMetadata);
        const suffix = cast === undefined ? '' : `/${CAST}${cast}`;
        const context = `${request.serviceRoot}/$metadata#RelationshipDefinitions${suffix}`;
        if (key !== undefined) {
            const json = relationshipJson(one(all, key, cast), request.query, cast);
            return { status: 200, body: { '@odata.context': `${context}/$entity`, ...json } };
        }
        const value = all
            .filter(({ type }) => cast === undefined || type === cast)
            .filter(({ common, own }) => (0, metadata_selection_1.matches)(cast === undefined ? common : { ...common, ...own }, request.query.filter))
            .map((relationship) => relationshipJson(relationship, request.query, cast));
        return { status: 200, body: { '@odata.context': context, value } };
    }
}
exports.RelationshipRequests = RelationshipRequests;
function one(all, key, cast) {
    const name = /^SchemaName='([^']*)'$/.exec(key)?.[1];
    const found = all.find(({ common }) => name === undefined ? common.MetadataId === key.toLowerCase() : common.SchemaName === name);
    if (found !== undefined && (cast === undefined || found.type === cast))
        return found;
    const which = name === undefined ? `id = '${key}'` : `schema name = '${name}'`;
    throw new dataverse_error_1.DataverseError(404, '0x80060888', `Could not find a relationship with ${which}.`);
}
//# sourceMappingURL=relationship-requests.js.map