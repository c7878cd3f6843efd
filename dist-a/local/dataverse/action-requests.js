"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ActionRequests = exports.ACTION = void 0;
const custom_apis_1 = require("./custom-apis");
const dataverse_error_1 = require("./dataverse-error");
const entity_link_1 = require("./entity-link");
const json_text_1 = require("./json-text");
const request_body_1 = require("./request-body");
const request_options_1 = require("./request-options");
/** Bound actions come under the namespace. */
exports.ACTION = /^Microsoft\.Dynamics\.CRM\.(\w+)$/;
/**
 * Actions by POST: Merge, the bulk messages of a table, and custom APIs.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/use-web-api-actions
 */
class ActionRequests {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Is there an unbound action of this name? */
    has(name) {
        return name === 'Merge' || this.#d.customApis.find(name) !== undefined;
    }
    /** Answers `POST /Merge` or `POST /new_ShipOrder`. */
    unbound(request, name) {
        const body = posted(request);
        return name === 'Merge' ? this.#merge(request, body) : this.#custom(request, name, body, undefined);
    }
    /** Answers `POST /accounts/Microsoft.Dynamics.CRM.CreateMultiple` or an action on one row. */
    bound(request, table, key, name) {
        const body = posted(request);
        if (key === undefined)
            return this.#multiple(request, table, name, body);
        return this.#custom(request, name, body, { table: table.logicalName, id: (0, entity_link_1.readKey)(key, table.primaryId) });
    }
    async #merge(request, body) {
        const part = (name) => this.#d.parameters.entity(objectOf(name, body[name]));
        const [target, subordinate] = [part('Target'), part('Subordinate')];
        if (target.table !== subordinate.table)
            throw (0, dataverse_error_1.badRequest)('Target and Subordinate are rows of different tables.');
        const content = body.UpdateContent === undefined || body.UpdateContent === null ? {} : part('UpdateContent').columns;
        await this.#d.messages.merge(target.table, target.id, subordinate.id, content, {
            ...(0, request_options_1.requestOptions)(request, this.#d.applicationUserId),
            performParentingChecks: body.PerformParentingChecks === true,
        });
        return { status: 204 };
    }
    async #multiple(request, table, name, body) {
        const targets = (0, json_text_1.isList)(body.Targets ?? null) ? body.Targets : [];
        const rows = targets.map((item) => this.#d.parameters.entity(objectOf('Targets', item)));
        const foreign = rows.find((row) => row.table !== table.logicalName);
        if (foreign !== undefined)
            throw (0, dataverse_error_1.badRequest)(`A row of Targets is one of ${foreign.table}.`);
        const columns = rows.map((row) => row.columns);
        const options = (0, request_options_1.requestOptions)(request, this.#d.applicationUserId);
        switch (name) {
            case 'CreateMultiple': {
                const ids = await this.#d.bulk.createMultiple(table.logicalName, columns, options);
                return { status: 200, body: { '@odata.context': responseContext(request, name), Ids: ids } };
            }
            case 'UpdateMultiple':
                await this.#d.bulk.updateMultiple(table.logicalName, columns, options);
                return { status: 204 };
            case 'UpsertMultiple':
                await this.#d.bulk.upsertMultiple(table.logicalName, columns, options);
                return { status: 204 };
            case 'DeleteMultiple': {
                const ids = rows.map(({ id }) => id);
                await this.#d.bulk.deleteMultiple(table.logicalName, ids, options);
                return { status: 204 };
            }
            default:
                throw (0, dataverse_error_1.noResource)(`Microsoft.Dynamics.CRM.${name}`);
        }
    }
    async #custom(request, name, body, target) {
        const api = this.#d.customApis.find(name);
        if (api === undefined)
            throw (0, dataverse_error_1.noResource)(target === undefined ? name : `Microsoft.Dynamics.CRM.${name}`);
        const values = Object.entries(body).map(([parameter, json]) => {
            const type = api.requestParameters?.[parameter];
            if (type === undefined)
                throw (0, custom_apis_1.unknownParameter)(name, parameter);
            return [parameter, this.#d.parameters.read(parameter, type, json)];
        });
        const options = (0, request_options_1.requestOptions)(request, this.#d.applicationUserId);
        const output = await this.#d.customApis.call(name, Object.fromEntries(values), target, options);
        if (output.length === 0)
            return { status: 204 };
        const properties = output.map(({ name: property, value }) => [property, this.#d.parameters.write(value)]);
        return {
            status: 200,
            body: { '@odata.context': responseContext(request, name), ...Object.fromEntries(properties) },
        };
    }
}
exports.ActionRequests = ActionRequests;
function posted(request) {
    if (request.method !== 'POST')
        throw new dataverse_error_1.DataverseError(405, '0x80060888', 'Actions are called by POST.');
    return request.body.trim() === '' ? {} : (0, request_body_1.readBody)(request.body);
}
function objectOf(name, json) {
    if (json !== undefined && (0, json_text_1.isObject)(json))
        return json;
    throw (0, dataverse_error_1.badRequest)(`'${name}' has to be a row.`, '0x80048d19');
}
const responseContext = (request, name) => `${request.serviceRoot}/$metadata#Microsoft.Dynamics.CRM.${name}Response`;
//# sourceMappingURL=action-requests.js.map