"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const event_hubs_1 = require("@azure/event-hubs");
const service_bus_1 = require("@azure/service-bus");
const node_path_1 = __importDefault(require("node:path"));
const azurite_1 = require("../../local/azurite");
const spawn_host_1 = require("../../local/host/spawn-host");
const stack_1 = require("../../local/stack");
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const updates_1 = require("../inputs/updates");
const upsert_target_1 = require("../listener/upsert-target");
const child_1 = require("../measure/child");
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
/** As many as host.json lets run at once. */
const UPSERTS_IN_FLIGHT = 32;
const LIMIT_MS = 60_000;
/** How many deliveries the app has settled, by its log. */
class Settled {
    #count = 0;
    #waiting;
    onLog = ({ message }) => {
        if (!message.startsWith('settled {'))
            return;
        this.#count += JSON.parse(message.slice('settled '.length)).received;
        if (this.#waiting !== undefined && this.#count >= this.#waiting.count)
            this.#waiting.resolve();
    };
    /** Resolves once so many more are settled. */
    more(count) {
        return new Promise((resolve) => (this.#waiting = { count: this.#count + count, resolve }));
    }
}
const within = (what, promise) => Promise.race([
    promise,
    new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`Not within ${LIMIT_MS / 1000} s: ${what}.`)), LIMIT_MS).unref();
    }),
]);
/** Sends bodies to the queue or the hub of a broker. */
function senderTo(kind, broker) {
    if (kind === 'queue') {
        const sender = new service_bus_1.ServiceBusClient(broker).createSender(stack_1.BUS.queue);
        return (bodies) => sender.sendMessages(bodies.map((body) => ({ body, contentType: 'application/json' })));
    }
    const producer = new event_hubs_1.EventHubProducerClient(broker, stack_1.BUS.hub);
    return async (bodies) => {
        const quarter = Math.ceil(bodies.length / 4);
        const batches = [0, 1, 2, 3].map((at) => bodies.slice(at * quarter, (at + 1) * quarter));
        await Promise.all(batches.map((batch, partition) => producer.sendBatch(batch.map((body) => ({ body })), { partitionId: String(partition) })));
    };
}
exports.group = {
    about: 'queue and event hub to the store under the local host, against the SDK with nothing done, and against bare upserts',
    async run({ quick, rounds }, tell) {
        await (0, stores_1.onBoth)(async (place) => {
            if (quick && place.name === 'Azurite')
                return;
            for (const kind of ['queue', 'hub']) {
                const messages = 200;
                // Of its own each time: a checkpoint of an earlier broker would lie ahead of this one's events.
                const state = await (0, azurite_1.startAzurite)();
                const updates = new updates_1.Updates(messages);
                const plain = (0, stores_1.bareClient)(place, `plain${kind}${rows_1.TABLE}`);
                for (const client of [plain, (0, stores_1.bareClient)(place, `app${kind}${rows_1.TABLE}`)])
                    await updates.seed(client);
                const consumer = (name, ...args) => (0, child_1.startChild)(node_path_1.default.join(__dirname, '../consumer', name), args);
                // The app and the floor each have a broker, so that neither waits while the other is served.
                const [broker, idleBroker] = [await consumer('broker-main.js'), await consumer('broker-main.js')];
                const idle = await consumer('main.js', kind, idleBroker.said, state.connectionString);
                const settled = new Settled();
                const host = await (0, spawn_host_1.spawnHost)({
                    appDir: node_path_1.default.resolve('.'),
                    onLog: settled.onLog,
                    settings: {
                        FUNCTIONS_WORKER_RUNTIME: 'node',
                        SYNC_TABLES: rows_1.TABLE,
                        LOB_STORAGE: place.connectionString,
                        LOB_TABLE_PREFIX: `app${kind}`,
                        AzureWebJobsStorage: state.connectionString,
                        UNPROVABLE_ORDER: 'apply',
                        ServiceBusConnection: broker.said,
                        SERVICEBUS_QUEUE: stack_1.BUS.queue,
                        EventHubConnection: broker.said,
                        EVENTHUB_NAME: stack_1.BUS.hub,
                        EVENTHUB_CONSUMER_GROUP: stack_1.BUS.group,
                    },
                });
                try {
                    const next = () => Array.from({ length: messages }, () => updates.next());
                    const sent = (to, done) => {
                        const send = senderTo(kind, to);
                        return {
                            run: async () => {
                                const all = within(`${messages} messages of the ${kind}`, done());
                                await send(next());
                                await all;
                            },
                        };
                    };
                    const turns = await (0, rounds_1.inRounds)({
                        app: sent(broker.said, () => settled.more(messages)),
                        'SDK and nothing': sent(idleBroker.said, () => {
                            idle.process.send(messages);
                            return new Promise((resolve) => idle.process.once('message', resolve));
                        }),
                        upserts: {
                            run: async () => {
                                const bodies = next();
                                await (0, stores_1.inFlight)(UPSERTS_IN_FLIGHT, messages, async (n) => {
                                    const body = bodies[n];
                                    if (body !== undefined)
                                        await (0, upsert_target_1.upsertTarget)(plain, body);
                                });
                            },
                        },
                    }, { rounds, operations: messages });
                    const meanOf = (name) => turns[name].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
                    const slower = meanOf('upserts') > meanOf('SDK and nothing') ? 'upserts' : 'SDK and nothing';
                    const of = { work: `${kind}, ${place.name}`, subject: 'app', of: 'rate' };
                    tell((0, compare_1.figuresOf)(turns, ['SDK and nothing', 'upserts'].map((against) => ({
                        ...of,
                        against,
                        ...(against === slower ? { aim: { least: 0.8 }, why: WHY } : {}),
                    }))));
                }
                finally {
                    await host.stop();
                    for (const started of [idle, idleBroker, broker, state])
                        await started.stop();
                }
            }
        });
    },
};
const WHY = 'The app does both works in one thread, receiving and upserting, where each floor does one; the local host is part of it.';
//# sourceMappingURL=messages.js.map