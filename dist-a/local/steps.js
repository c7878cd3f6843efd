"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.registerSteps = registerSteps;
exports.registerAllSteps = registerAllSteps;
const stack_1 = require("./stack");
async function registerEndpoints(dataverse, { webhookUrl, webhookKey, busConnectionString }) {
    const bus = { connectionString: busConnectionString };
    return {
        webhook: await dataverse.registerEndpoint({
            name: 'webhook',
            contract: 'webhook',
            url: webhookUrl,
            authvalue: webhookKey,
        }),
        queue: await dataverse.registerEndpoint({ name: 'queue', contract: 'queue', path: stack_1.BUS.queue, ...bus }),
        topic: await dataverse.registerEndpoint({ name: 'topic', contract: 'topic', path: stack_1.BUS.topic, ...bus }),
        hub: await dataverse.registerEndpoint({ name: 'hub', contract: 'eventHub', path: stack_1.BUS.hub, ...bus }),
    };
}
/** The messages that change one row. */
const WRITES = ['Create', 'Update', 'Delete'];
/** Steps of rows, beside those of `WRITES`: each table's go the way that the table goes. */
const ROW_MESSAGES = {
    webhook: [
        ['account', 'Assign'],
        ['account', 'Merge'],
        ['incident', 'SetState'],
    ],
    queue: [
        ['contact', 'Assign'],
        ['contact', 'Merge'],
        ['contact', 'SetState'],
        ['incident', 'SetStateDynamicEntity'],
    ],
    topic: [
        ['lead', 'SetState'],
        ['lead', 'SetStateDynamicEntity'],
        ['lead', 'Upsert'],
        // Shipments have no steps of single rows.
        ['new_shipment', 'CreateMultiple'],
        ['new_shipment', 'UpdateMultiple'],
        ['new_shipment', 'UpsertMultiple'],
        ['new_shipment', 'DeleteMultiple'],
    ],
    hub: [
        ['opportunity', 'Assign'],
        ['opportunity', 'SetState'],
        ['opportunity', 'Upsert'],
    ],
};
/**
 * Registers the steps of the local stack that are of rows: one table for each way, so that each can be watched by
 * itself. Shipments have steps for messages on many rows only, and cases only one for some columns: the other changes
 * are the pull's to find.
 */
async function registerSteps(dataverse, targets) {
    await registerRowSteps(dataverse, await registerEndpoints(dataverse, targets));
}
/** The same and the steps of links and events, for an app with the day's mapping. The custom APIs have to be there. */
async function registerAllSteps(dataverse, targets) {
    const endpoints = await registerEndpoints(dataverse, targets);
    await registerRowSteps(dataverse, endpoints);
    // Two steps, so that each association arrives by both ways.
    for (const message of ['Associate', 'Disassociate']) {
        for (const endpoint of [endpoints.webhook, endpoints.hub])
            await dataverse.registerStep({ message, endpoint, mode: 'async' });
    }
    // One step for each message: of two steps each would be an event of its own.
    const { queue, hub } = endpoints;
    await dataverse.registerStep({
        message: 'new_ConfirmDelivery',
        table: 'new_shipment',
        endpoint: queue,
        mode: 'async',
    });
    await dataverse.registerStep({ message: 'new_BookBerth', endpoint: hub, mode: 'async' });
}
async function registerRowSteps(dataverse, endpoints) {
    const { webhook, queue, topic, hub } = endpoints;
    for (const message of WRITES) {
        await dataverse.registerStep({ table: 'account', message, endpoint: webhook, mode: 'async' });
        await dataverse.registerStep({ table: 'lead', message, endpoint: topic, mode: 'async' });
        await dataverse.registerStep({ table: 'opportunity', message, endpoint: hub, mode: 'async' });
        // A post image with all columns: the whole row comes along and no read is needed where the order is clear.
        const images = message === 'Delete' ? [] : [{ kind: 'post', alias: 'full' }];
        await dataverse.registerStep({ table: 'contact', message, endpoint: queue, mode: 'async', images });
    }
    // Synchronous: sent inside the transaction, so it is only a reason to read.
    await dataverse.registerStep({ table: 'incident', message: 'Create', endpoint: webhook, mode: 'sync' });
    const filteringColumns = ['title', 'prioritycode', 'statecode', 'statuscode'];
    await dataverse.registerStep({
        table: 'incident',
        message: 'Update',
        endpoint: queue,
        mode: 'async',
        filteringColumns,
    });
    await dataverse.registerStep({ table: 'incident', message: 'Delete', endpoint: hub, mode: 'async' });
    for (const way of ['webhook', 'queue', 'topic', 'hub']) {
        for (const [table, message] of ROW_MESSAGES[way])
            await dataverse.registerStep({ table, message, endpoint: endpoints[way], mode: 'async' });
    }
}
//# sourceMappingURL=steps.js.map