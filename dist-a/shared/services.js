"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.webApi = exports.STATE_NAMES = void 0;
exports.appConfig = appConfig;
exports.delayedCopies = delayedCopies;
exports.appServices = appServices;
exports.requiredServices = requiredServices;
exports.servable = servable;
exports.coreFaults = coreFaults;
exports.compose = compose;
/**
 * The one place that composes: settings in, services out. All functions of a process share one writer, so that changes
 * of a row that arrive by different ways meet in one lane and one cache.
 */
const identity_1 = require("@azure/identity");
const storage_blob_1 = require("@azure/storage-blob");
const node_util_1 = require("node:util");
const service_bus_client_1 = require("./azure/service-bus-client");
const table_clients_1 = require("./azure/table-clients");
const tables_1 = require("./azure/tables");
const config_1 = require("./config/config");
const change_feed_1 = require("./dataverse/change-feed");
const metadata_1 = require("./dataverse/metadata");
const link_reader_1 = require("./dataverse/link-reader");
const organization_pin_1 = require("./dataverse/organization-pin");
const rate_budget_1 = require("./dataverse/rate-budget");
const read_back_1 = require("./dataverse/read-back");
const relationships_1 = require("./dataverse/relationships");
const table_rate_window_1 = require("./dataverse/table-rate-window");
const web_api_1 = require("./dataverse/web-api");
const table_event_store_1 = require("./lob/tables/table-event-store");
const table_store_1 = require("./lob/tables/table-store");
const associations_1 = require("./mapping/associations");
const link_1 = require("./mapping/link");
const mapped_store_1 = require("./mapping/mapped-store");
const naming_1 = require("./mapping/naming");
const table_parking_1 = require("./parking/table-parking");
const delayed_copies_1 = require("./receive/delayed-copies");
const receiver_1 = require("./receive/receiver");
const blob_journal_1 = require("./sync/blob-journal");
const blob_leases_1 = require("./sync/blob-leases");
const load_floors_1 = require("./sync/load-floors");
const pull_subjects_1 = require("./sync/pull-subjects");
const pull_sync_1 = require("./sync/pull-sync");
const table_pull_state_1 = require("./sync/table-pull-state");
const log_1 = require("./telemetry/log");
const tombstone_purge_1 = require("./sync/tombstone-purge");
const writer_1 = require("./writer/writer");
/** Azure tables and the blob container of the app's own state. */
exports.STATE_NAMES = {
    parked: 'dvoparked',
    discarded: 'dvodiscarded',
    pull: 'dvopull',
    leases: 'dvo-leases',
    loads: 'dvo-loads',
};
/** Of a copy's sending: the message that it is made of is locked, and can be parked instead. */
const COPY_LIMITS = { maxRetries: 1, timeoutInMs: 10_000 };
let config;
let services;
/** The settings of this process. */
function appConfig() {
    return (config ??= (0, config_1.readConfig)((0, config_1.environment)()));
}
let copies;
/** Sends delayed copies to the queue; undefined where there is no queue for them, or none are wanted. */
function delayedCopies() {
    const { messages } = appConfig();
    if (!messages.ok || messages.value.retryQueue === undefined || messages.value.retry.attempts === 0)
        return undefined;
    const { queueSessions, retry, retryQueue } = messages.value;
    const { namespace, queue } = retryQueue;
    return (copies ??= new delayed_copies_1.DelayedCopies(async () => (await (0, service_bus_client_1.openServiceBus)(namespace, COPY_LIMITS)).createSender(queue), {
        ...retry,
        queue,
        sessions: queueSessions,
        log: (0, log_1.logTo)(console),
    }));
}
/** Makes the services at first use; undefined where the settings don't allow it. */
function appServices() {
    const { core } = appConfig();
    return core.ok ? (services ??= compose(core.value, (0, log_1.logTo)(console))) : undefined;
}
/** Like `appServices`, for functions that aren't registered without them. */
function requiredServices() {
    const made = appServices();
    if (made === undefined)
        throw new Error('The settings have faults; see the log of the start.');
    return made;
}
/** Says once, at the start, what is wrong with the settings that a function needs. Returns whether it can be served. */
function servable(functionName, ...faults) {
    const all = faults.flat();
    if (all.length === 0)
        return true;
    console.error(`misconfigured ${JSON.stringify({ event: log_1.LOG_EVENTS.misconfigured.id, function: functionName, faults: all })}`);
    return false;
}
/** The faults of the core settings. */
function coreFaults() {
    const { core } = appConfig();
    return core.ok ? [] : core.faults;
}
/** Composes the services from settings. */
function compose(core, log) {
    const lobTables = (0, table_clients_1.tableClients)(core.lob, log);
    // One account has one circuit.
    const stateTables = (0, node_util_1.isDeepStrictEqual)(core.lob, core.state) ? lobTables : (0, table_clients_1.tableClients)(core.state, log);
    const maxReadAgeMs = core.maxReadAgeSeconds * 1000;
    const naming = (0, naming_1.namingOf)(core.mapping, core.lobTablePrefix);
    const tables = new table_store_1.TableStore(lobTables, naming);
    const store = new mapped_store_1.MappedStore(tables, core.mapping);
    const parking = new table_parking_1.TableParking(stateTables(exports.STATE_NAMES.parked));
    const budget = new rate_budget_1.RateBudget({
        requests: core.webApiRequests,
        concurrency: core.webApiConcurrency,
        shared: new table_rate_window_1.TableRateWindow(stateTables(exports.STATE_NAMES.pull)),
    });
    const api = core.dataverse === undefined ? undefined : (0, exports.webApi)(core.dataverse, budget);
    const catalog = api && new metadata_1.MetadataCatalog(api, core.mapping.languages);
    const relationships = api && new relationships_1.WebApiRelationships(api);
    const organization = new organization_pin_1.OrganizationPin(stateTables(exports.STATE_NAMES.pull), api && (() => (0, organization_pin_1.whoAmI)(api)), core.organizationId);
    const reader = api && catalog && relationships && rowReader(api, catalog, relationships, organization, core);
    const states = new table_pull_state_1.TablePullStates(stateTables(exports.STATE_NAMES.pull));
    const floors = new load_floors_1.LoadFloors(states, { margin: core.marginSeconds, lifetimeMs: Math.min(2000, maxReadAgeMs / 2) });
    const writer = new writer_1.Writer(store, reader, {
        rule: { margin: core.marginSeconds, mode: core.orderMode },
        unprovable: core.unprovable,
        cacheBytes: core.cacheMegabytes * 1024 * 1024,
        maxReadAgeMs,
        ...(api === undefined ? {} : { floorOf: (table) => floors.of(table) }),
    });
    const receiver = new receiver_1.Receiver({
        writer,
        events: new table_event_store_1.TableEventStore(lobTables, core.lobTablePrefix),
        parking,
        catalog,
        associations: new associations_1.Associations(core, relationships),
        mapping: core.mapping,
        organization,
    }, {
        tables: core.tables,
        hintDelayMs: core.hintDelaySeconds * 1000,
        ...(core.fullImageAlias === undefined ? {} : { fullImageAlias: core.fullImageAlias }),
    });
    const blobs = blobService(core.state);
    const leases = new blob_leases_1.BlobLeases(blobs.getContainerClient(exports.STATE_NAMES.leases));
    const subjects = catalog &&
        relationships &&
        (0, pull_subjects_1.pullSubjects)(catalog, relationships, core.relationships, core.mapping, (name) => (0, tables_1.placeOf)(lobTables(naming.tableOf(name))));
    const pullSync = api &&
        catalog &&
        subjects &&
        new pull_sync_1.PullSync({
            subjectOf: async (name) => {
                await organization.verify();
                return subjects(name);
            },
            feed: new change_feed_1.ChangeFeed(api, catalog, core.pullPageRows),
            writer,
            store,
            states,
            leases,
            parking,
            maxReadAgeMs,
            journal: new blob_journal_1.BlobJournal(blobs.getContainerClient(exports.STATE_NAMES.loads)),
            maxRunMs: core.pullMaxSeconds * 1000,
        });
    const tombstonePurge = new tombstone_purge_1.TombstonePurge({ store: tables, states, leases });
    return { config: core, receiver, writer, parking, pullSync, tombstonePurge };
}
/** Reads back rows of tables, and links; of no other organisation than the store's. */
function rowReader(api, catalog, relationships, organization, { mapping }) {
    const rows = new read_back_1.WebApiRowReader(api, catalog, (definition) => mapping.tableOf(definition.table).select(definition));
    const links = new link_reader_1.WebApiLinkReader(api, catalog, relationships);
    return {
        read: async (row) => {
            await organization.verify();
            return (0, link_1.linkedIds)(row) === undefined ? rows.read(row) : links.read(row);
        },
    };
}
const blobService = (account) => account.kind === 'identity'
    ? new storage_blob_1.BlobServiceClient(account.blobEndpoint, new identity_1.DefaultAzureCredential())
    : storage_blob_1.BlobServiceClient.fromConnectionString(account.connectionString);
/** The Web API as the settings say, for the operator's CLI too. */
const webApi = (dataverse, budget = new rate_budget_1.RateBudget()) => new web_api_1.WebApi({ url: dataverse.url, credential: () => credentialOf(dataverse), budget });
exports.webApi = webApi;
function credentialOf({ auth, disableInstanceDiscovery }) {
    switch (auth.kind) {
        case 'client-secret':
            return new identity_1.ClientSecretCredential(auth.tenantId, auth.clientId, auth.secret, { disableInstanceDiscovery });
        case 'client-certificate':
            return new identity_1.ClientCertificateCredential(auth.tenantId, auth.clientId, auth.certificatePath, {
                disableInstanceDiscovery,
            });
        case 'managed-identity':
            return auth.clientId === undefined
                ? new identity_1.ManagedIdentityCredential()
                : new identity_1.ManagedIdentityCredential({ clientId: auth.clientId });
        default:
            return auth;
    }
}
//# sourceMappingURL=services.js.map