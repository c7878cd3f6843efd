"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WebApiRelationships = void 0;
const lru_cache_1 = require("lru-cache");
const web_api_1 = require("./web-api");
/** How long a definition is used before it is read again, in milliseconds. */
const LIFETIME_MS = 60 * 60 * 1000;
/**
 * Relationships' definitions from the Web API: one request each, a second one for a one-to-many relationship.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 */
class WebApiRelationships {
    #found;
    constructor(api) {
        this.#found = new lru_cache_1.LRUCache({
            max: 1000,
            ttl: LIFETIME_MS,
            fetchMethod: async (schemaName) => ({ relationship: await readRelationship(api, schemaName) }),
            allowStaleOnFetchRejection: true,
            noDeleteOnFetchRejection: true,
        });
    }
    async relationship(schemaName) {
        return (await this.#found.fetch(schemaName))?.relationship;
    }
}
exports.WebApiRelationships = WebApiRelationships;
const MANY_TO_MANY = 'SchemaName,IntersectEntityName,Entity1LogicalName,Entity1IntersectAttribute,Entity2LogicalName,Entity2IntersectAttribute';
const ONE_TO_MANY = 'SchemaName,ReferencedEntity,ReferencingEntity,ReferencingAttribute';
async function readRelationship(api, schemaName) {
    const cast = async (type, columns) => {
        const path = `RelationshipDefinitions(SchemaName='${encodeURIComponent(schemaName)}')/Microsoft.Dynamics.CRM.${type}`;
        try {
            return JSON.parse((await api.get(`${path}?$select=${columns}`)).body);
        }
        catch (error) {
            // Of the other kind, or there is none of that name.
            if (error instanceof web_api_1.WebApiError && error.status === 404)
                return undefined;
            throw error;
        }
    };
    const many = await cast('ManyToManyRelationshipMetadata', MANY_TO_MANY);
    if (many !== undefined) {
        return {
            kind: 'many-to-many',
            schemaName: many.SchemaName,
            intersect: many.IntersectEntityName,
            ends: [
                { table: many.Entity1LogicalName, column: many.Entity1IntersectAttribute },
                { table: many.Entity2LogicalName, column: many.Entity2IntersectAttribute },
            ],
        };
    }
    const one = await cast('OneToManyRelationshipMetadata', ONE_TO_MANY);
    return one === undefined
        ? undefined
        : {
            kind: 'one-to-many',
            schemaName: one.SchemaName,
            referenced: one.ReferencedEntity,
            referencing: one.ReferencingEntity,
            column: one.ReferencingAttribute,
        };
}
//# sourceMappingURL=relationships.js.map