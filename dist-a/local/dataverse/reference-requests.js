"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ReferenceRequests = void 0;
const dataverse_error_1 = require("./dataverse-error");
const entity_link_1 = require("./entity-link");
const request_options_1 = require("./request-options");
const request_body_1 = require("./request-body");
/**
 * References between rows by their collection-valued navigation properties: POST and DELETE of
 * `accounts(…)/accountleads_association/$ref`.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/associate-disassociate-entities-using-web-api
 */
class ReferenceRequests {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Answers a request whose path after the row is `<navigation property>[(key)]/$ref`. */
    async answer(request, table, key, rest) {
        const [, navigation = '', relatedKey] = /^(\w+)(?:\(([^)]*)\))?\/\$ref$/.exec(rest) ?? [];
        const collection = this.#collection(table, navigation);
        const target = { table: table.logicalName, id: (0, entity_link_1.readKey)(key, table.primaryId) };
        const { role, schemaName } = collection;
        const options = { ...(0, request_options_1.requestOptions)(request, this.#d.applicationUserId), role };
        const { associations } = this.#d;
        if (request.method === 'POST' && relatedKey === undefined) {
            const related = this.#linked(collection, (0, request_body_1.readBody)(request.body)['@odata.id']);
            await associations.associate(target, schemaName, [related], options);
            return { status: 204 };
        }
        if (request.method === 'DELETE') {
            const related = relatedKey === undefined
                ? this.#linked(collection, new URLSearchParams(request.search).get('$id') ?? '')
                : { table: collection.related, id: (0, entity_link_1.readKey)(relatedKey, this.#d.catalog.table(collection.related).primaryId) };
            await associations.disassociate(target, schemaName, [related], options);
            return { status: 204 };
        }
        throw new dataverse_error_1.DataverseError(405, '0x80060888', 'The HTTP method is not supported here.');
    }
    #linked(collection, link) {
        const related = (0, entity_link_1.readEntityLink)(this.#d.catalog, link);
        if (related.table === collection.related)
            return related;
        throw (0, dataverse_error_1.badRequest)(`A row of ${related.table} cannot be in this collection of ${collection.related}.`);
    }
    #collection(table, navigation) {
        const name = table.logicalName;
        for (const relationship of this.#d.relationships.all()) {
            const { schemaName } = relationship;
            if (relationship.kind === 'oneToMany') {
                const { referenced, referencing } = relationship;
                if (referenced.table === name && referenced.navigation === navigation)
                    return { schemaName, role: 'referenced', related: referencing.table };
                continue;
            }
            const { one, two } = relationship;
            if (one.table === name && one.navigation === navigation)
                return { schemaName, role: 'referencing', related: two.table };
            if (two.table === name && two.navigation === navigation)
                return { schemaName, role: 'referenced', related: one.table };
        }
        throw (0, dataverse_error_1.noProperty)(navigation, name);
    }
}
exports.ReferenceRequests = ReferenceRequests;
//# sourceMappingURL=reference-requests.js.map