"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const autocannon_1 = __importDefault(require("autocannon"));
const node_crypto_1 = require("node:crypto");
const node_path_1 = __importDefault(require("node:path"));
const azurite_1 = require("../../local/azurite");
const spawn_host_1 = require("../../local/host/spawn-host");
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const updates_1 = require("../inputs/updates");
const start_1 = require("../listener/start");
const compare_1 = require("../measure/compare");
const figure_1 = require("../measure/figure");
const rounds_1 = require("../measure/rounds");
const CONNECTIONS = [1, 10, 100];
/** Posts so many new Updates. autocannon itself ends up to a second after the last answer, so the answers are timed here. */
function post(url, updates, connections, amount) {
    return new Promise((resolve, reject) => {
        const begun = performance.now();
        let last = begun;
        const times = [];
        const others = new Set();
        const ended = (error) => {
            if (error instanceof Error)
                reject(error);
            else if (others.size > 0 || times.length !== amount)
                reject(new Error(`${times.length} of ${amount} answered 200; others: ${[...others].join(', ') || 'none'}.`));
            else
                resolve({ all: last - begun, p99: (0, figure_1.quantile)(times, 0.99) });
        };
        (0, autocannon_1.default)({
            url,
            connections,
            amount,
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            requests: [{ setupRequest: (request) => ({ ...request, body: updates.next() }) }],
        }, ended).on('response', (_client, status, _bytes, milliseconds) => {
            last = performance.now();
            if (status === 200)
                times.push(milliseconds);
            else
                others.add(status);
        });
    });
}
exports.group = {
    about: 'the webhook under the local host, posted to by autocannon, against node:http with JSON.parse and an upsert',
    async run({ quick, rounds }, tell) {
        const state = await (0, azurite_1.startAzurite)();
        try {
            await (0, stores_1.onBoth)(async (place) => {
                const isNull = place.name === 'null service';
                const updates = new updates_1.Updates(400);
                const key = (0, node_crypto_1.randomBytes)(24).toString('base64url');
                for (const table of ['plain', 'app'])
                    await updates.seed((0, stores_1.bareClient)(place, `${table}${rows_1.TABLE}`));
                const host = await (0, spawn_host_1.spawnHost)({
                    appDir: node_path_1.default.resolve('.'),
                    settings: {
                        FUNCTIONS_WORKER_RUNTIME: 'node',
                        SYNC_TABLES: rows_1.TABLE,
                        LOB_STORAGE: place.connectionString,
                        LOB_TABLE_PREFIX: 'app',
                        AzureWebJobsStorage: state.connectionString,
                        WEBHOOK_KEYS: key,
                        // Of a hundred connections one may fall behind by a whole turn; there is no Web API to ask then.
                        UNPROVABLE_ORDER: 'apply',
                    },
                });
                const listener = await (0, start_1.startListener)(place, `plain${rows_1.TABLE}`);
                try {
                    for (const connections of quick ? [10] : CONNECTIONS) {
                        const amount = (connections === 1 ? 200 : 500) * (quick ? 1 : 4);
                        const tails = { app: [], plain: [] };
                        const posting = (name, url) => ({
                            run: async () => {
                                const { all, p99 } = await post(url, updates, connections, amount);
                                tails[name].push(p99);
                                return { overriddenDuration: all };
                            },
                        });
                        const turns = await (0, rounds_1.inRounds)({ app: posting('app', `${host.url}/api/webhook?code=${key}`), plain: posting('plain', listener.said) }, { rounds, operations: amount });
                        const work = `webhook, ${connections} connections, ${place.name}`;
                        const aim = isNull ? {} : { aim: { least: 0.8 }, why: WHY };
                        tell((0, compare_1.figuresOf)(turns, [{ work, subject: 'app', against: 'plain', of: 'rate', ...aim }]));
                        // The first is of the round that warms up.
                        const [own, floor] = [tails.app.slice(1), tails.plain.slice(1)];
                        tell([
                            {
                                work,
                                measure: 'P99',
                                ...(0, figure_1.summary)(own.map((tail, round) => tail / (floor[round] ?? Number.NaN))),
                                unit: 'x',
                                own: `${(0, compare_1.digits)((0, figure_1.median)(own))} ms`,
                                against: `${(0, compare_1.digits)((0, figure_1.median)(floor))} ms plain`,
                                ...(isNull ? {} : { aim: { most: 1.5 }, why: WHY }),
                            },
                        ]);
                    }
                }
                finally {
                    await listener.stop();
                    await host.stop();
                }
            });
        }
        finally {
            await state.stop();
        }
    },
};
const WHY = "The local host's HTTP trigger, which turns each request and answer into the library's forms, is part of it, and the app's CPU for each change.";
//# sourceMappingURL=webhook.js.map