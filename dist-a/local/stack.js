"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SYNCED_TABLES = exports.BUS = void 0;
exports.startStack = startStack;
/**
 * The local stack: Azurite, the AMQP broker and the Dataverse simulator, with the settings under which the app uses them.
 * The app itself runs in a process of its own: under `local/host`, or under `func start`.
 */
const node_crypto_1 = require("node:crypto");
const azurite_1 = require("./azurite");
const broker_1 = require("./broker/broker");
const simulator_1 = require("./dataverse/simulator");
/** That of the events in test/fixtures, so that they can be sent to the app by hand. */
const FIXTURES_ORGANIZATION = { id: 'b3539c1f-d2cc-4daa-a841-b0f0c3f9ec12', name: 'unqb3539c1f' };
/** Names of the broker's entities. */
exports.BUS = {
    queue: 'dataverse-events',
    topic: 'dataverse-changes',
    subscription: 'lob',
    hub: 'dataverse-feed',
    group: 'lob',
};
/** The tables that the app keeps in step locally. */
exports.SYNCED_TABLES = ['account', 'contact', 'lead', 'opportunity', 'incident', 'new_shipment'];
/** Starts the stand-ins; if one can't start, those that did are stopped again. */
async function startStack(options = {}) {
    const running = [];
    const stop = async () => {
        for (const part of running.splice(0).reverse())
            await part.stop();
    };
    try {
        const azurite = await (0, azurite_1.startAzurite)({
            blobPort: options.blobPort ?? 0,
            queuePort: options.queuePort ?? 0,
            tablePort: options.tablePort ?? 0,
            ...(options.disk === undefined ? {} : { dir: options.disk }),
        });
        running.push(azurite);
        const broker = await (0, broker_1.startBroker)({
            port: options.amqpPort ?? 0,
            queues: { [exports.BUS.queue]: options.queue ?? {} },
            topics: { [exports.BUS.topic]: { subscriptions: { [exports.BUS.subscription]: options.subscription ?? {} } } },
            hubs: { [exports.BUS.hub]: { partitions: 4, consumerGroups: [exports.BUS.group] } },
        });
        running.push({ stop: () => broker.close() });
        const dataverse = await (0, simulator_1.startDataverse)({
            port: options.dataversePort ?? 0,
            seed: options.seed ?? 1,
            organization: FIXTURES_ORGANIZATION,
        });
        running.push({ stop: () => dataverse.close() });
        const webhookKey = (0, node_crypto_1.randomBytes)(24).toString('base64url');
        return {
            azurite,
            broker,
            dataverse,
            webhookKey,
            settings: settingsFor(azurite, broker, dataverse, webhookKey),
            stop,
        };
    }
    catch (error) {
        await stop();
        throw error;
    }
}
function settingsFor(azurite, broker, dataverse, webhookKey) {
    return {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        AzureWebJobsStorage: azurite.connectionString,
        LOB_STORAGE: azurite.connectionString,
        SYNC_TABLES: exports.SYNCED_TABLES.join(','),
        WEBHOOK_KEYS: webhookKey,
        ServiceBusConnection: broker.connectionString,
        SERVICEBUS_QUEUE: exports.BUS.queue,
        SERVICEBUS_TOPIC: exports.BUS.topic,
        SERVICEBUS_SUBSCRIPTION: exports.BUS.subscription,
        EventHubConnection: broker.connectionString,
        EVENTHUB_NAME: exports.BUS.hub,
        EVENTHUB_CONSUMER_GROUP: exports.BUS.group,
        PULL_SCHEDULE: '*/10 * * * * *',
        REPLAY_SCHEDULE: '*/5 * * * * *',
        FULL_IMAGE_ALIAS: 'full',
        HINT_DELAY_SECONDS: '2',
        READ_BACK_MAX_AGE_SECONDS: '4',
        DATAVERSE_URL: dataverse.url,
        DATAVERSE_AUTH: 'client-secret',
        AZURE_TENANT_ID: dataverse.tenantId,
        AZURE_CLIENT_ID: dataverse.clientId,
        AZURE_CLIENT_SECRET: dataverse.clientSecret,
        AZURE_AUTHORITY_HOST: dataverse.authorityHost,
        AZURE_DISABLE_INSTANCE_DISCOVERY: 'true',
        NODE_EXTRA_CA_CERTS: dataverse.certificatePath,
    };
}
//# sourceMappingURL=stack.js.map