"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.startDataverse = startDataverse;
/**
 * Microsoft Dataverse on one machine: rows, the Web API over HTTPS with its authority, change tracking, and the Event
 * Framework that posts execution contexts to webhooks, queues, topics and event hubs. For development, demos and tests;
 * never deployed, and the app does not know that it talks to it.
 *
 * Supported
 * - Tables with all common column types, exact decimals and 64-bit integers; platform columns; one row version counter.
 * - Authority: v2 token endpoint for client credentials by secret or signed assertion.
 * - Web API v9.x: WhoAmI; GET of sets (`$select`, `$filter` as in `odata-filter.ts`, `$orderby`, `$top`, `$count`, paging
 *   by `odata.maxpagesize`), of `/$count` and of one row; POST, PATCH (upsert), DELETE; `@odata.bind`; ETags with If-Match
 *   and If-None-Match; annotations; `return=representation`; `?tag=`; MSCRMCallerID; errors as the platform words them.
 * - Change tracking: initial load, delta and next links, `$deletedEntity`, `$count` of a delta, expiry by age, on
 *   demand, and when the table's columns change.
 * - Columns added, removed and changed while it runs.
 * - Relationships: many-to-many ones with intersect tables (read and filtered like any table; tracked where their
 *   definition says so), those of lookups; Associate and Disassociate, also by `$ref` on collection-valued navigation
 *   properties.
 * - Metadata: `EntityDefinitions` with attributes, casts and option sets; `RelationshipDefinitions` with casts;
 *   PUT of a table's whole definition with another ChangeTrackingEnabled, which shows after PublishXml;
 *   `stringmaps`; `asyncoperations`. Labels of account's industries and of the usual states and status reasons in
 *   English (1033, the users' language) and German (1031), others in English only.
 * - Actions: Merge, the bulk messages, and custom APIs, bound to a row or unbound, with all types of parameters.
 * - Service protection limits with 429, Retry-After and codes; faults on demand.
 * - Registration of endpoints, steps and images, in process or through the Web API's own tables, with or without a
 *   table. Create, Update, Delete, Upsert, Assign, SetState, SetStateDynamicEntity, Merge, CreateMultiple,
 *   UpdateMultiple, UpsertMultiple, DeleteMultiple, Associate, Disassociate and custom APIs at stages 10, 20 and 40,
 *   synchronous (webhooks, in the transaction) and asynchronous (system jobs); filtering columns; images; oversize
 *   contexts; retries; disturbances of asynchronous deliveries. What is assumed of them: docs/local-stack.md.
 *
 * Lacking
 * - Any other change of a definition; unpublished definitions; PublishAllXml; MSCRM.MergeLabels other than true.
 * - `$batch`, `$apply`, `$expand` of rows, FetchXML, alternate keys, functions except WhoAmI, actions other than those
 *   named, `$metadata`, security roles, several users of the API, party lists, images (files), currencies of a row.
 * - Reading related rows by a navigation property; `$ref` on single-valued ones; cascades of lookups (deleting a row
 *   leaves the lookups that refer to it).
 * - Merge moves no rows from the subordinate to the target. A PATCH of the owner or state is an Update only.
 *   UpsertMultiple has no output parameters.
 * - Nested operations of plug-ins; undoing what a custom API's handler did; bodies as XML or .NET binary; relay, Event
 *   Grid and REST endpoints.
 * - The platform's own pauses: a commit takes no time and the counters of limits are those of one web server.
 */
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const action_requests_1 = require("./action-requests");
const api_parameter_1 = require("./api-parameter");
const associations_1 = require("./associations");
const bulk_operations_1 = require("./bulk-operations");
const catalog_1 = require("./catalog");
const certificate_1 = require("./certificate");
const change_tracking_1 = require("./change-tracking");
const custom_apis_1 = require("./custom-apis");
const dataverse_error_1 = require("./dataverse-error");
const intersect_rows_1 = require("./intersect-rows");
const metadata_requests_1 = require("./metadata-requests");
const operations_1 = require("./operations");
const poster_1 = require("./poster");
const random_1 = require("./random");
const reference_requests_1 = require("./reference-requests");
const registration_1 = require("./registration");
const registration_tables_1 = require("./registration-tables");
const relationship_1 = require("./relationship");
const relationship_requests_1 = require("./relationship-requests");
const row_changes_1 = require("./row-changes");
const row_messages_1 = require("./row-messages");
const row_requests_1 = require("./row-requests");
const row_store_1 = require("./row-store");
const schema_changes_1 = require("./schema-changes");
const service_protection_1 = require("./service-protection");
const standard_relationships_1 = require("./standard-relationships");
const standard_tables_1 = require("./standard-tables");
const step_registry_1 = require("./step-registry");
const system_jobs_1 = require("./system-jobs");
const token_endpoint_1 = require("./token-endpoint");
const transactions_1 = require("./transactions");
const organization_1 = require("./organization");
const web_server_1 = require("./web-server");
/** Starts a simulator. */
async function startDataverse(options = {}) {
    const seed = options.seed ?? 1;
    const random = (0, random_1.seededRandom)(seed);
    const now = options.now ?? Date.now;
    const host = options.host ?? '127.0.0.1';
    const catalog = new catalog_1.Catalog([
        ...standard_tables_1.OWNER_TABLES,
        ...(options.tables ?? standard_tables_1.STANDARD_TABLES),
        ...registration_tables_1.REGISTRATION_TABLES,
        registration_tables_1.ASYNC_OPERATION,
        registration_tables_1.STRING_MAP,
    ]);
    const store = new row_store_1.RowStore();
    const relationships = new relationship_1.Relationships(catalog);
    const intersects = new intersect_rows_1.IntersectRows(catalog, store, relationships);
    const defineRelationship = (definition) => {
        for (const { table } of [definition.one, definition.two])
            catalog.table(table);
        catalog.add((0, relationship_1.intersectTable)(definition));
        intersects.index(relationships.define(definition));
    };
    const possible = standard_relationships_1.STANDARD_RELATIONSHIPS.filter(({ one, two }) => [one, two].every(({ table }) => catalog.find(table) !== undefined));
    (options.relationships ?? possible).forEach(defineRelationship);
    const clientId = options.clientId ?? random.guid();
    const organization = (0, organization_1.seedOrganization)({ store, catalog, random, now, clientId });
    const organizationId = options.organization?.id ?? random.guid();
    const organizationName = options.organization?.name ?? `org${organizationId.slice(0, 8)}`;
    const organizationHost = options.organization?.host ?? `${organizationName}.crm4.dynamics.com`;
    const errorForm = options.errorForm ?? 'documented';
    const nameOf = ({ table, id }) => {
        const primaryName = catalog.find(table)?.primaryName ?? null;
        const name = primaryName === null ? null : store.table(table).get(id)?.columns[primaryName];
        return typeof name === 'string' ? name : null;
    };
    const steps = new step_registry_1.StepRegistry(store);
    const poster = new poster_1.Poster({
        organizationId,
        organizationName,
        identityMembers: options.identityMembers ?? true,
        utcOffsetMinutes: options.utcOffsetMinutes ?? 0,
        oversizeForm: options.oversizeForm ?? 'absent',
        nameOf,
    }, organizationHost, options.webhookTimeoutMs ?? 60_000);
    const counters = {
        raised: 0,
        posts: 0,
        delivered: 0,
        failed: 0,
        dropped: 0,
        duplicated: 0,
        reordered: 0,
        truncated: 0,
        rolledBack: 0,
    };
    const jobs = new system_jobs_1.SystemJobs({
        counters,
        now,
        random: (0, random_1.seededRandom)(seed + 1),
        reseed: random_1.seededRandom,
        settings: {
            concurrency: 8,
            jitterMs: 5,
            retryDelaysMs: [500, 1000, 2000, 4000, 8000],
            remembered: 100_000,
            ...options.jobs,
        },
        post: (event, step, job, reduce) => poster.post(steps.endpoint(step.endpointId), event, step, { kind: 'async', jobId: job.id, createdAt: job.createdAt }, reduce),
    });
    const transactions = new transactions_1.Transactions({
        store,
        steps,
        counters,
        random,
        now,
        defaultUser: organization.users[0]?.id ?? organization.applicationUserId,
        postSync: (event, step, at) => poster.post(steps.endpoint(step.endpointId), event, step, { kind: 'sync', at }),
        createJob: (event, step, version) => jobs.create(event, step, version),
    });
    const changes = new row_changes_1.RowChanges({ catalog, store, intersects, random, errorForm });
    const operations = new operations_1.Operations(transactions, changes);
    const bulk = new bulk_operations_1.BulkOperations(transactions, changes);
    const messages = new row_messages_1.RowMessages({ store, transactions, changes, errorForm });
    const parameters = new api_parameter_1.ApiParameters(catalog, changes);
    const customApis = new custom_apis_1.CustomApis({ catalog, operations, transactions, changes, parameters, random });
    const associations = new associations_1.Associations({ catalog, relationships, intersects, transactions, changes, random });
    const tracking = new change_tracking_1.ChangeTracking(store, now, options.changeTrackingExpiryDays ?? 7);
    const schema = new schema_changes_1.SchemaChanges(catalog, store, tracking);
    const rowRequests = new row_requests_1.RowRequests({
        catalog,
        store,
        operations,
        tracking,
        nameOf,
        errorForm,
        maxPageSize: options.maxPageSize ?? 5000,
        applicationUserId: organization.applicationUserId,
        computed: (0, organization_1.computedRows)(catalog, () => jobs.list()),
    });
    const { applicationUserId } = organization;
    const referenceRequests = new reference_requests_1.ReferenceRequests({ catalog, relationships, associations, applicationUserId });
    const actionRequests = new action_requests_1.ActionRequests({ bulk, messages, customApis, parameters, applicationUserId });
    const metadataRequests = new metadata_requests_1.MetadataRequests(catalog);
    const relationshipRequests = new relationship_requests_1.RelationshipRequests(relationships);
    const whoAmI = (request) => ({
        status: 200,
        body: {
            '@odata.context': `${request.serviceRoot}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
            BusinessUnitId: organization.businessUnitId,
            UserId: organization.applicationUserId,
            OrganizationId: organizationId,
        },
    });
    const answer = async (request) => {
        if (/^WhoAmI(\(\))?$/.test(request.path))
            return whoAmI(request);
        if (request.path.startsWith('EntityDefinitions'))
            return metadataRequests.answer(request);
        if (/^PublishXml(\(\))?$/.test(request.path))
            return metadataRequests.publish(request);
        if (request.path.startsWith('RelationshipDefinitions'))
            return relationshipRequests.answer(request);
        const [, set = '', key, rest = ''] = /^(\w+)(?:\(([^)]*)\))?(?:\/(.*))?$/.exec(request.path) ?? [];
        const table = catalog.bySet(set);
        if (table === undefined && actionRequests.has(request.path))
            return actionRequests.unbound(request, request.path);
        if (table === undefined)
            throw (0, dataverse_error_1.noResource)(set === '' ? request.path : set);
        if (key !== undefined && rest.endsWith('/$ref'))
            return referenceRequests.answer(request, table, key, rest);
        const action = action_requests_1.ACTION.exec(rest)?.[1];
        if (action !== undefined)
            return actionRequests.bound(request, table, key, action);
        return rowRequests.answer(request, table, key, rest);
    };
    const certificate = await (0, certificate_1.makeCertificate)(host, options.certificateDirectory);
    const server = new web_server_1.WebServer(certificate);
    const url = await server.listen(host, options.port ?? 0);
    const tenantId = options.tenantId ?? random.guid();
    const clientSecret = options.clientSecret ?? `secret-${random.guid()}`;
    const tokens = new token_endpoint_1.TokenEndpoint({ tenantId, clientId, clientSecret, certificate: options.clientCertificate }, now, options.tokenLifetimeSeconds ?? 3599);
    const protection = new service_protection_1.ServiceProtection(options.limits ?? {}, now);
    server.serve({ certificate, tokens, protection, now, latencyMs: options.latencyMs ?? 0, answer });
    const register = (row) => operations.create(row.table, row.columns);
    return {
        url,
        authorityHost: `${url}/`,
        certificatePath: certificate.path,
        tenantId,
        clientId,
        clientSecret,
        organizationId,
        organizationName,
        organizationHost,
        users: organization.users,
        teamId: organization.teamId,
        applicationUserId: organization.applicationUserId,
        get tables() {
            return [...catalog.tables];
        },
        create: (table, columns, given) => operations.create(table, columns, given),
        update: (table, id, columns, given) => operations.update(table, id, columns, given),
        delete: (table, id, given) => operations.delete(table, id, given),
        upsert: (table, id, columns, given) => operations.upsert(table, id, columns, given),
        createMultiple: (table, rows, given) => bulk.createMultiple(table, rows, given),
        updateMultiple: (table, rows, given) => bulk.updateMultiple(table, rows, given),
        upsertMultiple: (table, rows, given) => bulk.upsertMultiple(table, rows, given),
        deleteMultiple: (table, ids, given) => bulk.deleteMultiple(table, ids, given),
        assign: (table, id, owner, given) => messages.assign(table, id, owner, given),
        setState: (table, id, state, status, given) => messages.setState(table, id, state, status, given),
        merge: (table, target, subordinate, content, given) => messages.merge(table, target, subordinate, content, given),
        defineCustomApi: (name, definition) => customApis.define(name, definition),
        callCustomApi: (name, values, target, given) => customApis.call(name, values, target, given),
        restore: (table, id, given) => operations.restore(table, id, given),
        associate: (table, id, relationship, related, given) => associations.associate({ table, id }, relationship, related, given),
        disassociate: (table, id, relationship, related, given) => associations.disassociate({ table, id }, relationship, related, given),
        defineRelationship,
        get: (table, id) => store.table(catalog.table(table).logicalName).get(id.toLowerCase()),
        rows: (table) => store.table(catalog.table(table).logicalName).values(),
        registerEndpoint: (endpoint) => register((0, registration_1.endpointRow)(endpoint)),
        async registerStep(step) {
            const id = await register((0, registration_1.stepRow)(store, step));
            for (const row of (0, registration_1.imageRows)(step, id))
                await register(row);
            return id;
        },
        async unregister(id) {
            const table = ['sdkmessageprocessingstep', 'serviceendpoint'].find((name) => store.table(name).get(id) !== undefined);
            if (table === undefined)
                throw new Error(`Nothing is registered under ${id}.`);
            await operations.delete(table, id);
        },
        addColumn: (table, column) => schema.addColumn(table, column),
        removeColumn: (table, name) => schema.removeColumn(table, name),
        changeColumnType: (table, column) => schema.changeColumnType(table, column),
        disturb: (disturbances) => jobs.disturb(disturbances),
        watch: (listener) => store.watch(listener),
        intercept: (interceptor) => server.intercept(interceptor),
        failNext: (count, status, given) => server.failNext(count, { status, ...given }),
        expireToken(table) {
            for (const each of table === undefined ? catalog.tables : [catalog.table(table)])
                tracking.expire(each);
        },
        revokeAccessTokens: () => tokens.revokeAll(),
        drain: (timeoutMs) => jobs.drain(timeoutMs),
        stats: () => ({ ...counters, webApi: { ...server.counters }, openJobs: jobs.open }),
        jobs: () => jobs.list(),
        async close() {
            jobs.close();
            await Promise.all([server.close(), poster.close()]);
            if (options.certificateDirectory === undefined)
                (0, node_fs_1.rmSync)((0, node_path_1.dirname)(certificate.path), { recursive: true, force: true });
        },
    };
}
//# sourceMappingURL=simulator.js.map