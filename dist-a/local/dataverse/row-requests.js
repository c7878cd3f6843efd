"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.asDataverseError = exports.RowRequests = void 0;
const change_tracking_1 = require("./change-tracking");
const dataverse_error_1 = require("./dataverse-error");
const json_text_1 = require("./json-text");
const entity_link_1 = require("./entity-link");
const odata_filter_1 = require("./odata-filter");
const request_body_1 = require("./request-body");
const request_options_1 = require("./request-options");
const row_inputs_1 = require("./row-inputs");
const row_json_1 = require("./row-json");
const value_1 = require("./value");
/** CRUD, queries and change tracking of tables by the Web API. */
class RowRequests {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Answers a request for an entity set, its count, or one row; `key` is the text between the parentheses. */
    async answer(request, table, key, rest) {
        if (rest === '$count' && key === undefined && request.method === 'GET')
            return this.#count(request, table);
        if (rest !== '')
            throw (0, dataverse_error_1.badRequest)(`The path after '${table.entitySetName}' is not supported here: '${rest}'.`);
        if (key === undefined) {
            if (request.method === 'GET')
                return this.#query(request, table);
            if (request.method === 'POST')
                return this.#create(request, table);
            throw notAllowed();
        }
        const id = (0, entity_link_1.readKey)(key, table.primaryId);
        switch (request.method) {
            case 'GET':
                return this.#one(request, table, id);
            case 'PATCH':
                return this.#upsert(request, table, id);
            case 'DELETE':
                await this.#d.operations.delete(this.#writable(table).logicalName, id, this.#options(request, table, id));
                return { status: 204 };
            default:
                throw notAllowed();
        }
    }
    #writable(table) {
        if (this.#d.computed.has(table.logicalName))
            throw (0, dataverse_error_1.badRequest)(`The table ${table.logicalName} is read only here.`);
        return table;
    }
    #options(request, table, id) {
        return {
            ...(0, request_options_1.requestOptions)(request, this.#d.applicationUserId),
            precondition: (row) => this.#checkConditions(request, table, id, row),
        };
    }
    #checkConditions(request, table, id, row) {
        const match = request.headers['if-match'];
        // Clients are told to send the word null to keep caches out of it.
        const noneMatch = request.headers['if-none-match'];
        if (match !== undefined && row === undefined)
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, table.logicalName, id);
        if (noneMatch === '*' && row !== undefined)
            throw (0, dataverse_error_1.alreadyExists)(this.#d.errorForm);
        if (match !== undefined && match !== '*' && row !== undefined && match !== etag(row)) {
            throw (0, dataverse_error_1.versionMismatch)(this.#d.errorForm);
        }
    }
    #one(request, table, id) {
        const projection = (0, row_json_1.project)(table, request.query.select);
        const computed = this.#d.computed.get(table.logicalName)?.();
        const row = computed === undefined ? this.#d.store.table(table.logicalName).get(id) : computed.find((item) => item.id === id);
        if (row === undefined)
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, table.logicalName, id);
        if (request.headers['if-none-match'] === etag(row))
            return { status: 304, headers: { ETag: etag(row) } };
        const body = {
            '@odata.context': `${contextUrl(request, table)}/$entity`,
            ...this.#json(request, projection, row),
        };
        return { status: 200, headers: { ETag: etag(row) }, body };
    }
    async #create(request, table) {
        const inputs = this.#inputs(this.#writable(table), request.body);
        const options = this.#options(request, table, '');
        const id = await this.#d.operations.create(table.logicalName, inputs, options);
        return this.#written(request, table, id, 201);
    }
    async #upsert(request, table, id) {
        const inputs = this.#inputs(this.#writable(table), request.body);
        const options = this.#options(request, table, id);
        // With If-Match the row has to exist: that is an Update.
        if (request.headers['if-match'] !== undefined) {
            await this.#d.operations.update(table.logicalName, id, inputs, options);
            return this.#written(request, table, id, 200);
        }
        const { created } = await this.#d.operations.upsert(table.logicalName, id, inputs, options);
        return this.#written(request, table, id, created ? 201 : 200);
    }
    /** 204, or the row when the caller prefers it. */
    #written(request, table, id, status) {
        const headers = { 'OData-EntityId': `${request.serviceRoot}/${table.entitySetName}(${id})` };
        if (!request.prefer.returnRepresentation)
            return { status: 204, headers };
        const shown = this.#one({ ...request, headers: {} }, table, id);
        return { ...shown, status, headers: { ...shown.headers, ...headers } };
    }
    #inputs(table, text) {
        return (0, row_inputs_1.readRowInputs)(this.#d.catalog, table, (0, request_body_1.readBody)(text));
    }
    #json(request, projection, row) {
        return (0, row_json_1.rowToJson)(row, projection, request.prefer.annotations, this.#d.nameOf);
    }
    #pageSize(request) {
        return Math.min(request.prefer.maxPageSize ?? this.#d.maxPageSize, this.#d.maxPageSize);
    }
    #query(request, table) {
        const { query } = request;
        const tracked = request.prefer.trackChanges ||
            query.deltaToken !== undefined ||
            (query.skipToken !== undefined && (0, change_tracking_1.isTrackingPosition)(query.skipToken));
        const projection = (0, row_json_1.project)(table, query.select);
        if (tracked)
            return this.#changes(request, table, projection);
        const page = this.#page(request, table);
        const counted = query.count ? { '@odata.count': this.#matching(request, table).length } : {};
        const next = page.next === undefined ? {} : { '@odata.nextLink': link(request, table, `$skiptoken=${page.next}`) };
        const value = page.rows.map((row) => this.#json(request, projection, row));
        return { status: 200, body: { '@odata.context': contextUrl(request, table), ...counted, value, ...next } };
    }
    #page(request, table) {
        const { query } = request;
        const from = Number(query.skipToken ?? 0);
        const size = Math.min(this.#pageSize(request), query.top ?? Infinity);
        const inOrder = query.orderBy === undefined && !this.#d.computed.has(table.logicalName);
        if (inOrder) {
            const page = this.#d.store.table(table.logicalName).page(from, size, this.#predicate(request, table));
            return query.top === undefined ? page : { ...page, next: undefined };
        }
        const rows = this.#matching(request, table);
        const more = query.top === undefined && from + size < rows.length;
        return { rows: rows.slice(from, from + size), next: more ? from + size : undefined };
    }
    /** All rows of the query, sorted. */
    #matching(request, table) {
        const accept = this.#predicate(request, table);
        const all = this.#d.computed.get(table.logicalName)?.() ?? [...this.#d.store.table(table.logicalName).values()];
        const rows = all.filter(accept);
        const order = request.query.orderBy?.split(',').map((item) => item.trim().split(/\s+/)) ?? [];
        for (const [name = '', direction] of order.toReversed()) {
            const sign = direction === 'desc' ? -1 : 1;
            const value = (row) => comparable(table, row, name);
            rows.sort((a, b) => sign * compareValues(value(a), value(b)));
        }
        return rows;
    }
    #predicate(request, table) {
        if (request.query.filter === undefined)
            return () => true;
        const predicate = (0, odata_filter_1.compileFilter)(request.query.filter);
        return (row) => predicate((name) => comparable(table, row, name));
    }
    #changes(request, table, projection) {
        const page = this.#d.tracking.page(table, request.query, this.#pageSize(request));
        const deletedContext = `${request.serviceRoot}/$metadata#${table.entitySetName}/$deletedEntity`;
        const value = page.items.map((item) => item.kind === 'row'
            ? this.#json(request, projection, item.row)
            : { '@odata.context': deletedContext, id: item.id, reason: 'deleted' });
        const url = link(request, table, page.link.parameter);
        const context = `${contextUrl(request, table)}${page.isDelta ? '/$delta' : ''}`;
        // A page has one link, never both: the delta link says that the run is complete.
        return page.link.kind === 'next'
            ? { status: 200, body: { '@odata.context': context, value, '@odata.nextLink': url } }
            : { status: 200, body: { '@odata.context': context, '@odata.deltaLink': url, value } };
    }
    #count(request, table) {
        const count = request.query.deltaToken === undefined
            ? this.#matching(request, table).length
            : this.#d.tracking.count(table, request.query);
        return { status: 200, text: String(count) };
    }
}
exports.RowRequests = RowRequests;
const etag = (row) => `W/"${row.version}"`;
const notAllowed = () => new dataverse_error_1.DataverseError(405, '0x80060888', 'The HTTP method is not supported here.');
function contextUrl(request, table) {
    const columns = request.query.select === undefined ? '' : `(${request.query.select.join(',')})`;
    return `${request.serviceRoot}/$metadata#${table.entitySetName}${columns}`;
}
/** The request's own URL with another page or delta parameter; the rest of its query is kept as it came. */
function link(request, table, parameter) {
    const kept = request.search
        .split('&')
        .filter((part) => part !== '' && !/^(\$|%24)(skiptoken|deltatoken)=/i.test(part));
    return `${request.serviceRoot}/${table.entitySetName}?${[...kept, parameter].join('&')}`;
}
function comparable(table, row, property) {
    const column = table.byName.get(/^_(.+)_value$/.exec(property)?.[1] ?? property);
    if (column === undefined || (0, value_1.propertyName)(column) !== property)
        throw (0, dataverse_error_1.noProperty)(property, table.logicalName);
    const value = row.columns[column.logicalName] ?? null;
    if (typeof value === 'bigint')
        return value;
    const reference = (0, value_1.asReference)(value);
    if (reference !== undefined)
        return reference.id;
    const json = (0, value_1.valueToJson)(column, value);
    if (json instanceof json_text_1.Digits)
        return Number(json.text);
    return typeof json === 'object' ? null : json;
}
function compareValues(a, b) {
    if (a === b)
        return 0;
    if (a === null || a === undefined)
        return -1;
    if (b === null || b === undefined)
        return 1;
    return a < b ? -1 : 1;
}
/** An error of any kind as the Web API's own. */
const asDataverseError = (error) => {
    if (error instanceof dataverse_error_1.DataverseError)
        return error;
    if (error instanceof value_1.ValueError)
        return (0, dataverse_error_1.badRequest)(error.message, '0x80048d19');
    return new dataverse_error_1.DataverseError(500, '0x80040216', error instanceof Error ? error.message : 'An unexpected error occurred.');
};
exports.asDataverseError = asDataverseError;
//# sourceMappingURL=row-requests.js.map