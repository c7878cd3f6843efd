"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MetadataRequests = void 0;
const dataverse_error_1 = require("./dataverse-error");
const json_text_1 = require("./json-text");
const metadata_json_1 = require("./metadata-json");
const metadata_selection_1 = require("./metadata-selection");
const request_body_1 = require("./request-body");
const TRACKING = 'ChangeTrackingEnabled';
const CAST = 'Microsoft.Dynamics.CRM.';
function attributeJson(attribute, query, cast) {
    const members = cast === undefined ? attribute.common : { ...attribute.common, ...attribute.own };
    const type = cast ?? 'AttributeMetadata';
    const json = {
        ...(cast === undefined ? { '@odata.type': `#${CAST}${attribute.type}` } : {}),
        ...(cast === undefined && query.select === undefined
            ? { ...members, ...attribute.own }
            : (0, metadata_selection_1.selected)(members, query.select, type)),
    };
    for (const [name, options] of query.expand) {
        if (name !== 'OptionSet' && name !== 'GlobalOptionSet')
            throw (0, dataverse_error_1.noProperty)(name, type);
        if (attribute.optionSet === undefined)
            throw (0, dataverse_error_1.noProperty)(name, type);
        const set = name === 'OptionSet' && (0, json_text_1.isObject)(attribute.optionSet) ? attribute.optionSet : undefined;
        json[name] = set === undefined ? null : (0, metadata_selection_1.selected)(set, options.select, 'OptionSetMetadata');
    }
    return json;
}
function attributeList(table, query, cast) {
    return (0, metadata_json_1.attributesMetadata)(table)
        .filter((attribute) => cast === undefined || attribute.type === cast)
        .filter((attribute) => (0, metadata_selection_1.matches)({ ...attribute.common, ...attribute.own }, query.filter))
        .map((attribute) => attributeJson(attribute, query, cast));
}
function tableJson(table, query) {
    const json = (0, metadata_selection_1.selected)((0, metadata_json_1.tableMetadata)(table), query.select, 'EntityMetadata');
    for (const [name, options] of query.expand) {
        if (name !== 'Attributes')
            throw (0, dataverse_error_1.badRequest)(`Expanding '${name}' is not supported here.`);
        json.Attributes = attributeList(table, options, undefined);
    }
    return json;
}
/** Tables and columns by `EntityDefinitions` (query-metadata-web-api). */
class MetadataRequests {
    #catalog;
    /** Tables whose changes are tracked once they are published. */
    #unpublished = new Set();
    constructor(catalog) {
        this.#catalog = catalog;
    }
    /** Answers `EntityDefinitions`, one of them, its attributes, or one of those. */
    answer(request) {
        if (request.method === 'PUT')
            return this.#replace(request);
        if (request.method !== 'GET')
            throw new dataverse_error_1.DataverseError(405, '0x80060888', 'Definitions are read and replaced only here.');
        const context = `${request.serviceRoot}/$metadata#EntityDefinitions`;
        const path = /^EntityDefinitions(?:\(([^)]*)\))?(?:\/(.*))?$/.exec(request.path);
        const [, key, rest] = path ?? [];
        if (key === undefined) {
            if (path === null || rest !== undefined)
                throw (0, dataverse_error_1.noResource)(request.path);
            const tables = [...this.#catalog.tables].filter((table) => (0, metadata_selection_1.matches)((0, metadata_json_1.tableMetadata)(table), request.query.filter));
            const value = tables.map((table) => tableJson(table, request.query));
            return { status: 200, body: { '@odata.context': context, value } };
        }
        const table = this.#table(key);
        if (rest === undefined) {
            const json = tableJson(table, request.query);
            return { status: 200, body: { '@odata.context': `${context}/$entity`, ...json } };
        }
        return this.#attributes(request, table, rest, `${context}('${table.logicalName}')`);
    }
    /**
     * `PUT EntityDefinitions(…)`: the whole definition, of which only ChangeTrackingEnabled can differ. It shows after
     * publishing.
     */
    #replace(request) {
        const key = /^EntityDefinitions\(([^)]*)\)$/.exec(request.path)?.[1];
        if (key === undefined)
            throw (0, dataverse_error_1.noResource)(request.path);
        const table = this.#table(key);
        const before = (0, metadata_json_1.tableMetadata)(table);
        const after = (0, request_body_1.readBody)(request.body);
        const differing = Object.keys(before).filter((name) => name !== TRACKING && (0, json_text_1.writeJson)(after[name] ?? null, 'webApi') !== (0, json_text_1.writeJson)(before[name] ?? null, 'webApi'));
        if (differing.length > 0 || typeof after[TRACKING] !== 'boolean')
            throw (0, dataverse_error_1.badRequest)(`A definition is replaced as a whole, and only ${TRACKING} can be changed here: ${differing.join(', ')}.`);
        if (request.headers['mscrm.mergelabels'] !== 'true')
            throw (0, dataverse_error_1.badRequest)('Without MSCRM.MergeLabels labels would be lost, which is not supported here.');
        if (after[TRACKING] !== table.changeTracking) {
            if (table.changeTracking)
                throw (0, dataverse_error_1.badRequest)('Change tracking can not be disabled.');
            if (table.changeTrackingAllowed === false)
                throw (0, dataverse_error_1.badRequest)(`${TRACKING} can not be set for this table.`);
            this.#unpublished.add(table.logicalName);
        }
        return { status: 204 };
    }
    /** `POST PublishXml`: what was changed of the tables that are named shows from now on. */
    publish(request) {
        if (request.method !== 'POST')
            throw new dataverse_error_1.DataverseError(405, '0x80060888', 'Actions are called by POST.');
        const xml = (0, request_body_1.readBody)(request.body).ParameterXml;
        if (typeof xml !== 'string')
            throw (0, dataverse_error_1.badRequest)("The parameter 'ParameterXml' is missing.");
        for (const [, name = ''] of xml.matchAll(/<entity>([^<]*)<\/entity>/g)) {
            const table = this.#catalog.find(name);
            if (table === undefined)
                throw (0, dataverse_error_1.badRequest)(`The entity with a name = '${name}' was not found.`);
            if (this.#unpublished.delete(name))
                this.#catalog.trackChanges(table);
        }
        return { status: 204 };
    }
    #table(key) {
        const name = /^LogicalName='([^']*)'$/.exec(key)?.[1];
        const table = name === undefined
            ? [...this.#catalog.tables].find((candidate) => (0, metadata_json_1.metadataId)(candidate.logicalName) === key.toLowerCase())
            : this.#catalog.find(name);
        if (table !== undefined)
            return table;
        const which = name === undefined ? `id = '${key}'` : `logical name = '${name}'`;
        throw new dataverse_error_1.DataverseError(404, '0x80060888', `Could not find an entity with ${which}.`);
    }
    #attributes(request, table, rest, context) {
        const [, name, cast] = /^Attributes(?:\(LogicalName='([^']*)'\))?(?:\/Microsoft\.Dynamics\.CRM\.(\w+))?$/.exec(rest) ?? [];
        if (!rest.startsWith('Attributes') || (rest !== 'Attributes' && name === undefined && cast === undefined)) {
            throw (0, dataverse_error_1.noResource)(rest);
        }
        const suffix = cast === undefined ? '/Attributes' : `/Attributes/${CAST}${cast}`;
        if (name === undefined) {
            return {
                status: 200,
                body: { '@odata.context': `${context}${suffix}`, value: attributeList(table, request.query, cast) },
            };
        }
        const attribute = (0, metadata_json_1.attributesMetadata)(table).find((candidate) => candidate.common.LogicalName === name);
        if (attribute === undefined || (cast !== undefined && attribute.type !== cast)) {
            throw new dataverse_error_1.DataverseError(404, '0x80060888', `Could not find an attribute with logical name = '${name}'.`);
        }
        const json = attributeJson(attribute, request.query, cast);
        return { status: 200, body: { '@odata.context': `${context}${suffix}/$entity`, ...((0, json_text_1.isObject)(json) ? json : {}) } };
    }
}
exports.MetadataRequests = MetadataRequests;
//# sourceMappingURL=metadata-requests.js.map