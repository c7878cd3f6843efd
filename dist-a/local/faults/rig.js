"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.FaultRig = exports.ROUTES = exports.MANY_DELIVERIES = void 0;
/**
 * The stack with everything between it and the app that can fail: TCP proxies on all routes, kill points, and an observer
 * that judges what the store goes through. The app gets nothing but other addresses.
 */
const eventhubs_checkpointstore_blob_1 = require("@azure/eventhubs-checkpointstore-blob");
const storage_blob_1 = require("@azure/storage-blob");
const entities_1 = require("../day/entities");
const random_1 = require("../dataverse/random");
const stack_1 = require("../stack");
const history_1 = require("./history");
const kill_points_1 = require("./kill-points");
const observer_1 = require("./observer");
const overtaking_1 = require("./overtaking");
const store_proxy_1 = require("./store-proxy");
const store_step_1 = require("./store-step");
const store_writes_1 = require("./store-writes");
const tcp_proxy_1 = require("./tcp-proxy");
/** Every kill is a delivery without success, and so is every lock that is lost: docs/operations.md says to set it so. */
exports.MANY_DELIVERIES = { maxDeliveryCount: 2000 };
/** The ways between the app and what it needs. */
exports.ROUTES = ['tables', 'blobs', 'broker', 'webApi'];
/** Where the Functions host keeps the checkpoints of hubs. */
const CHECKPOINTS = 'azure-webjobs-eventhub';
const LEASES = 'dvo-leases';
/** The proxies of a stack, running. */
class FaultRig {
    stack;
    killer = new kill_points_1.Killer();
    observer;
    overtaking;
    #history;
    #eventTables;
    #routes;
    #open = [];
    constructor(stack, { tables, relationships, view, seed = 1 }) {
        this.stack = stack;
        this.#history = new history_1.History(stack.dataverse, tables, relationships, view);
        this.observer = new observer_1.Observer(this.#history);
        this.overtaking = new overtaking_1.Overtaking((0, random_1.seededRandom)(seed));
        this.#eventTables = new Set([...view.events.values()].map(({ target }) => target.replaceAll('_', '')));
    }
    /** Puts the proxies before a stack, which has to be new: the observer must see the first row. */
    static async open(stack, options) {
        const rig = new FaultRig(stack, options);
        try {
            await rig.#listen(options.seed ?? 1);
            return rig;
        }
        catch (error) {
            await rig.close();
            throw error;
        }
    }
    async #listen(seed) {
        const { azurite, broker, dataverse } = this.stack;
        const random = (0, random_1.seededRandom)(seed);
        const kept = async (opening) => {
            const opened = await opening;
            this.#open.push(opened);
            return opened;
        };
        const tables = await kept(store_proxy_1.StoreProxy.open('table', azurite.tablePort, this));
        const blobs = await kept(store_proxy_1.StoreProxy.open('blob', azurite.blobPort, this));
        const route = (port) => kept(tcp_proxy_1.TcpProxy.open(port, () => random.next()));
        this.#routes = {
            tables: await route(tables.port),
            blobs: await route(blobs.port),
            broker: await route(broker.port),
            webApi: await route(Number(new URL(dataverse.url).port)),
        };
        dataverse.intercept(({ method, target, moment }) => {
            if (method !== 'GET')
                return false;
            const at = moment === 'asked' ? 'before' : 'done-unanswered';
            if (/\/\w+\([0-9a-f-]{36}\)/.test(target))
                return this.killer.meets('read-back', at);
            return /\$(?:skip|delta)token=|\/\w+\?/.test(target) && !target.includes('Definitions')
                ? this.killer.meets('page', at)
                : false;
        });
        broker.intercept(({ kind, moment }) => kind === 'complete' ? this.killer.meets('complete', moment === 'asked' ? 'before' : 'done-unanswered') : false);
    }
    /** The TCP proxy of a route. */
    route(route) {
        if (this.#routes === undefined)
            throw new Error('The rig is not open.');
        return this.#routes[route];
    }
    /** Over the settings of the stack: those with which the app goes through the proxies. */
    get settings() {
        const { azurite, broker, dataverse, settings } = this.stack;
        const ports = new Map([
            [azurite.tablePort, this.route('tables').port],
            [azurite.blobPort, this.route('blobs').port],
            [broker.port, this.route('broker').port],
            [Number(new URL(dataverse.url).port), this.route('webApi').port],
        ]);
        const through = (value) => value.replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port) => `127.0.0.1:${ports.get(Number(port)) ?? Number(port)}`);
        return Object.fromEntries(Object.entries(settings).flatMap(([name, value]) => (through(value) === value ? [] : [[name, through(value)]])));
    }
    /** Lets everything pass again. */
    async lift() {
        this.killer.disarm();
        this.overtaking.share = 0;
        for (const route of exports.ROUTES)
            await this.route(route).lift();
    }
    /** Looks at the store's requests for the kill points and the observer. */
    async asked(request) {
        await this.overtaking.turnOf(request);
        return !this.#meets(request, 'before');
    }
    /** The observer sees what was carried out, whether or not the app ever hears of it. */
    answered(request, answer) {
        if (answer === undefined)
            return true;
        const writes = (0, store_writes_1.writesOf)(request, answer);
        for (const write of writes)
            if (!this.#eventTables.has(write.table))
                this.observer.saw(write);
        this.overtaking.done(writes);
        return answer.status >= 300 || !this.#meets(request, 'done-unanswered');
    }
    #meets(request, moment) {
        const step = (0, store_step_1.storeStepOf)(request, this.#eventTables);
        return step !== undefined && this.killer.meets(step, moment);
    }
    /** How many events of the hub no checkpoint of the app has passed. */
    async behindInHub() {
        const { azurite, broker } = this.stack;
        const container = storage_blob_1.BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(CHECKPOINTS);
        const checkpoints = (await container.exists())
            ? await new eventhubs_checkpointstore_blob_1.BlobCheckpointStore(container).listCheckpoints('127.0.0.1', stack_1.BUS.hub, stack_1.BUS.group)
            : [];
        const passed = checkpoints.reduce((sum, { sequenceNumber }) => sum + sequenceNumber + 1, 0);
        return (broker.counts().hubs[stack_1.BUS.hub]?.events ?? 0) - passed;
    }
    /** How many messages of the queue and the subscription are not settled; dead ones count. */
    unsettledMessages() {
        const { queues, subscriptions } = this.stack.broker.counts();
        return [...Object.values(queues), ...Object.values(subscriptions)].reduce((sum, { active, locked, scheduled, deferred, deadLettered }) => sum + active + locked + scheduled + deferred + deadLettered, 0);
    }
    /** How many items are parked. */
    async parked() {
        return (await (0, entities_1.entitiesOf)(this.stack.azurite.connectionString, 'dvoparked')).length;
    }
    /**
     * Takes the lease of every table's pull away from whoever has it, and gives it to nobody.
     *
     * @returns how many were taken
     */
    async stealLeases() {
        const service = storage_blob_1.BlobServiceClient.fromConnectionString(this.stack.azurite.connectionString);
        const container = service.getContainerClient(LEASES);
        let taken = 0;
        if (!(await container.exists()))
            return taken;
        for await (const { name, properties } of container.listBlobsFlat()) {
            if (properties.leaseState !== 'leased')
                continue;
            await container.getBlobClient(name).getBlobLeaseClient().breakLease(0);
            taken += 1;
        }
        return taken;
    }
    /** Has the observer hold the app to the deletions that it was told of. To be asked when none of their deliveries is under way. */
    deletionsSettled() {
        this.observer.deletionsSettled(this.stack.dataverse.jobs());
    }
    /** What acknowledged deliveries told and is neither stored nor superseded. To be asked when nothing is under way. */
    lost() {
        return this.observer.lost(this.stack.dataverse.jobs(), (table) => (0, entities_1.entitiesOf)(this.stack.azurite.connectionString, table));
    }
    async close() {
        this.#history.end();
        this.stack.dataverse.intercept(undefined);
        this.stack.broker.intercept(undefined);
        for (const part of this.#open.splice(0).reverse())
            await part.close();
    }
}
exports.FaultRig = FaultRig;
//# sourceMappingURL=rig.js.map