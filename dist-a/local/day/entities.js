"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.propertiesOf = void 0;
exports.entitiesOf = entitiesOf;
exports.differingProperties = differingProperties;
/** The store as any reader sees it, with the plain SDK. */
const data_tables_1 = require("@azure/data-tables");
/** All entities of the Azure table for a name; none where the table was never written. */
async function entitiesOf(connectionString, name) {
    const client = data_tables_1.TableClient.fromConnectionString(connectionString, name.replaceAll('_', ''), {
        allowInsecureConnection: true,
    });
    const entities = [];
    try {
        for await (const entity of client.listEntities())
            entities.push(entity);
    }
    catch (error) {
        if (error.statusCode !== 404)
            throw error;
    }
    return entities;
}
const KEYS = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp']);
/** The names of an entity's own properties: neither its keys nor what the service and the SDK add. */
const propertiesOf = (entity) => Object.keys(entity).filter((name) => !KEYS.has(name) && !name.startsWith('odata'));
exports.propertiesOf = propertiesOf;
/** The names of the properties that aren't as expected, or aren't expected at all. `own`: those of every entity. */
function differingProperties(expected, entity, own) {
    const wrong = [];
    for (const [name, want] of expected) {
        const have = entity[name];
        const plain = have instanceof Date ? have.getTime() : have;
        if (want !== undefined && plain !== want)
            wrong.push(name);
    }
    return [...wrong, ...(0, exports.propertiesOf)(entity).filter((name) => !own.has(name) && !expected.has(name))];
}
//# sourceMappingURL=entities.js.map