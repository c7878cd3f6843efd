"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Associations = exports.RelationshipNotSynced = void 0;
const errors_1 = require("../errors");
const link_1 = require("./link");
/** Thrown when rows were connected through a relationship that this deployment doesn't keep. */
class RelationshipNotSynced extends errors_1.OutboundError {
    code = 'relationship-not-synced';
    disposition = 'park';
    constructor(relationship) {
        super(`Relationship ${relationship} isn't kept. Name it in SYNC_RELATIONSHIPS and replay the parked event, or have the ` +
            `mapping file ignore such events (unmapped.relationships).`);
    }
}
exports.RelationshipNotSynced = RelationshipNotSynced;
/**
 * What associations mean for stored rows: through a many-to-many relationship a link appears or goes; through a
 * one-to-many one the lookup of the row on the "many" side changed.
 */
class Associations {
    catalog;
    /** Names as they were configured, by lower case: whoever writes them by hand may err in the case. */
    #relationships;
    #tables;
    constructor(kept, 
    /** Undefined without a Web API: then only the names that are kept are known to be many-to-many. */
    catalog) {
        this.catalog = catalog;
        this.#relationships = new Map(kept.relationships.map((name) => [name.toLowerCase(), name]));
        this.#tables = new Set(kept.tables);
    }
    /** @throws RelationshipNotSynced */
    async changesOf(association) {
        const kept = this.#relationships.get(association.relationship.toLowerCase());
        const relationship = await this.catalog?.relationship(association.relationship);
        if (relationship?.kind === 'one-to-many')
            return this.#ofLookup(association, relationship);
        if (kept === undefined)
            throw new RelationshipNotSynced(association.relationship);
        return [linkChange(kept, association)];
    }
    #ofLookup(association, { schemaName, referenced, referencing, column }) {
        if (!this.#tables.has(referencing))
            throw new RelationshipNotSynced(schemaName);
        const { target, related, role } = association;
        const isChild = (row) => row.table === referencing;
        // In a relationship of a table with itself either row may be the one with the lookup, unless the role says it.
        const both = referenced === referencing && role === null;
        const child = referenced === referencing ? (role === 'Referencing' ? target : related) : [target, related].find(isChild);
        if (both)
            return [target, related].map((row) => patch(row, association, new Map()));
        if (child === undefined)
            throw new RelationshipNotSynced(schemaName);
        const parent = child === target ? related : target;
        const value = association.kind === 'associate' ? { kind: 'lookup', table: parent.table, id: parent.id, name: null } : null;
        return [patch(child, association, new Map([[column, value]]))];
    }
}
exports.Associations = Associations;
function linkChange(relationship, association) {
    const { evidence, origin } = association;
    const rows = (0, link_1.linkedRows)(association);
    const row = (0, link_1.linkAddress)(relationship, rows);
    return association.kind === 'associate'
        ? { kind: 'snapshot', row, evidence, origin, columns: (0, link_1.linkColumns)(rows) }
        : { kind: 'delete', row, evidence, origin };
}
/** An association is never sure, so where rows can be read, the row is. */
const patch = (row, { evidence, origin }, columns) => ({
    kind: 'patch',
    row,
    evidence,
    origin,
    columns,
});
//# sourceMappingURL=associations.js.map