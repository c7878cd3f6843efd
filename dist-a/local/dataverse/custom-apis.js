"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.unknownParameter = exports.CustomApis = void 0;
const bulk_operations_1 = require("./bulk-operations");
const dataverse_error_1 = require("./dataverse-error");
const parameter_1 = require("./parameter");
/**
 * Custom APIs (actions; not functions). What the handler does is not undone when a synchronous step fails.
 * https://learn.microsoft.com/power-apps/developer/data-platform/custom-api
 */
class CustomApis {
    #d;
    #apis = new Map();
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Adds an API and the message for which steps can be registered. */
    async define(name, definition) {
        if (this.#apis.has(name))
            throw new Error(`There is a custom API '${name}' already.`);
        const primaryobjecttypecode = definition.boundTo ?? 'none';
        if (definition.boundTo !== undefined)
            this.#d.catalog.table(definition.boundTo);
        this.#apis.set(name, definition);
        const sdkmessageid = { table: 'sdkmessage', id: await this.#d.operations.create('sdkmessage', { name }) };
        await this.#d.operations.create('sdkmessagefilter', { primaryobjecttypecode, sdkmessageid });
    }
    /** The API of this name; undefined when there is none. */
    find(name) {
        return this.#apis.get(name);
    }
    /** Calls an API and returns its properties. */
    async call(name, values, given, options = {}) {
        const target = given === undefined ? undefined : { table: given.table, id: given.id.toLowerCase() };
        const api = this.#apis.get(name);
        if (api === undefined)
            throw (0, dataverse_error_1.badRequest)(`There is no custom API '${name}'.`);
        if (target?.table !== api.boundTo) {
            throw (0, dataverse_error_1.badRequest)(`'${name}' is called on ${api.boundTo === undefined ? 'no row' : `a row of ${api.boundTo}`}.`);
        }
        const input = this.#typed(name, api.requestParameters ?? {}, values);
        const shared = {
            ...options,
            requestId: options.requestId ?? this.#d.random.guid(),
            correlationId: options.correlationId ?? this.#d.random.guid(),
        };
        return this.#d.transactions.run([], shared, async (work) => {
            if (target !== undefined)
                this.#d.changes.existing(work, this.#d.catalog.table(target.table), target.id);
            const nested = { ...shared, depth: (options.depth ?? 1) + 1 };
            const result = await api.handler?.({ target, parameters: values, options: nested });
            const empty = Object.keys(api.responseProperties ?? {}).map((property) => [property, null]);
            const output = this.#typed(name, api.responseProperties ?? {}, { ...Object.fromEntries(empty), ...result });
            const parameters = target === undefined ? input : [(0, parameter_1.referenceParameter)('Target', target), ...input];
            work.raise({
                message: name,
                table: target?.table ?? 'none',
                id: target?.id ?? bulk_operations_1.NO_ROW,
                requested: parameters,
                input: parameters,
                output,
                images: {},
                columns: [],
            });
            return output;
        });
    }
    #typed(api, types, values) {
        return Object.entries(values).map(([name, value]) => {
            const type = types[name];
            if (type === undefined)
                throw (0, exports.unknownParameter)(api, name);
            return { name, value: this.#d.parameters.typed(name, type, value) };
        });
    }
}
exports.CustomApis = CustomApis;
/** A parameter that the operation does not have. */
const unknownParameter = (api, name) => (0, dataverse_error_1.badRequest)(`The parameter '${name}' in the request payload is not a valid parameter for the operation '${api}'.`, '0x80048d19');
exports.unknownParameter = unknownParameter;
//# sourceMappingURL=custom-apis.js.map