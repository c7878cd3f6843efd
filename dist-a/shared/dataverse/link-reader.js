"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WebApiLinkReader = exports.RelationshipUnknown = void 0;
exports.manyToMany = manyToMany;
const instant_1 = require("../change/instant");
const row_version_1 = require("../change/row-version");
const errors_1 = require("../errors");
const link_1 = require("../mapping/link");
const odata_row_1 = require("./odata-row");
const read_back_1 = require("./read-back");
/** Thrown when a relationship that is to be kept isn't a many-to-many one that the application user can see. */
class RelationshipUnknown extends errors_1.OutboundError {
    code = 'relationship-unknown';
    disposition = 'park';
    constructor(relationship) {
        super(`Dataverse has no many-to-many relationship ${relationship}, or the application user may not see it. Check ` +
            `SYNC_RELATIONSHIPS (schema names, with their capital letters) and the user's role.`);
    }
}
exports.RelationshipUnknown = RelationshipUnknown;
/** A many-to-many relationship that must be there. @throws RelationshipUnknown */
async function manyToMany(relationships, name) {
    const relationship = await relationships.relationship(name);
    if (relationship?.kind !== 'many-to-many')
        throw new RelationshipUnknown(name);
    return relationship;
}
/** Reads links back: one query of the intersect table each. The row there has a version but no `modifiedon`. */
class WebApiLinkReader {
    api;
    tables;
    relationships;
    now;
    constructor(api, tables, relationships, now = Date.now) {
        this.api = api;
        this.tables = tables;
        this.relationships = relationships;
        this.now = now;
    }
    async read(link) {
        const ids = (0, link_1.linkedIds)(link);
        const relationship = await manyToMany(this.relationships, link.table);
        const [first, second] = (0, link_1.orderedEnds)(relationship);
        if (ids === undefined)
            throw new RelationshipUnknown(link.table);
        const definition = await this.tables.get(relationship.intersect);
        const begin = (0, instant_1.floorInstant)(this.now());
        const response = await this.api.get(`${definition.entitySet}?$filter=${first.column} eq ${ids[0]} and ${second.column} eq ${ids[1]}`);
        const end = (0, read_back_1.endOf)(response.dateMs);
        const [row] = (0, odata_row_1.readPage)(response.body, definition).items;
        if (row === undefined)
            return { kind: 'missing', begin, end };
        if (row.kind !== 'row' || row.version === row_version_1.NO_VERSION)
            throw new odata_row_1.AnswerUnreadable(relationship.intersect, 'a row has no version');
        const columns = (0, link_1.linkColumns)([
            { table: first.table, id: ids[0] },
            { table: second.table, id: ids[1] },
        ]);
        return { kind: 'found', columns, version: row.version, modifiedOn: instant_1.BEGINNING, begin, end };
    }
}
exports.WebApiLinkReader = WebApiLinkReader;
//# sourceMappingURL=link-reader.js.map