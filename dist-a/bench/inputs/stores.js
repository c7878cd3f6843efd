"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.entityOf = exports.bareClient = void 0;
exports.onBoth = onBoth;
exports.servicesOn = servicesOn;
exports.transact = transact;
exports.inFlight = inFlight;
exports.expectVerdicts = expectVerdicts;
/** Where the writer's rows go: the services as the app composes them, the SDK's bare client, and rows to begin with. */
const data_tables_1 = require("@azure/data-tables");
const azurite_1 = require("../../local/azurite");
const config_1 = require("../../shared/config/config");
const layout_1 = require("../../shared/lob/tables/layout");
const services_1 = require("../../shared/services");
const start_1 = require("../null-tables/start");
const rows_1 = require("./rows");
/** Starts both, one after the other has ended, and runs the same on each. */
async function onBoth(run) {
    for (const start of [
        async () => ({ name: 'null service', ...(await (0, start_1.startNullTables)()) }),
        async () => {
            const azurite = await (0, azurite_1.startAzurite)();
            return { name: 'Azurite', connectionString: azurite.connectionString, stop: () => azurite.stop() };
        },
    ]) {
        const place = await start();
        try {
            await run(place);
        }
        finally {
            await place.stop();
        }
    }
}
/** The app's services on a place, without a Web API; rows lie in tables of that prefix. */
function servicesOn(place, prefix) {
    const { core } = (0, config_1.readConfig)({
        SYNC_TABLES: rows_1.TABLE,
        LOB_STORAGE: place.connectionString,
        AzureWebJobsStorage: place.connectionString,
        LOB_TABLE_PREFIX: prefix,
        CACHE_MEGABYTES: '256',
    });
    if (!core.ok)
        throw new Error(core.faults.join('; '));
    return (0, services_1.compose)(core.value);
}
/** The SDK's client of a table as its documentation shows it: keep-alive is its default. */
const bareClient = (place, table) => data_tables_1.TableClient.fromConnectionString(place.connectionString, table, { allowInsecureConnection: true });
exports.bareClient = bareClient;
/** A row as the app would store it. */
const entityOf = (n, columns, stamp) => (0, layout_1.toEntity)({ partitionKey: (0, layout_1.partitionOf)((0, rows_1.idOf)(n)), rowKey: (0, rows_1.idOf)(n) }, stamp, false, (0, layout_1.encodeColumns)(columns));
exports.entityOf = entityOf;
/** Azure's limit of one transaction. */
const MAX_TRANSACTION = 100;
/** As many as the app's store has under way. */
const TRANSACTIONS_IN_FLIGHT = 32;
/** Upserts entities in transactions, as large as the layout's partitions allow; no row may come twice. */
async function transact(client, entities, mode) {
    const chunks = [...Map.groupBy(entities, ({ partitionKey }) => partitionKey).values()].flatMap((group) => Array.from({ length: Math.ceil(group.length / MAX_TRANSACTION) }, (_, at) => group.slice(at * MAX_TRANSACTION, (at + 1) * MAX_TRANSACTION)));
    await inFlight(TRANSACTIONS_IN_FLIGHT, chunks.length, async (at) => {
        const actions = (chunks[at] ?? []).map((entity) => ['upsert', entity, mode]);
        await client.submitTransaction(actions);
    });
}
/** Calls `one` for 0 to `count` - 1, so many at a time. */
async function inFlight(width, count, one) {
    let next = 0;
    const lane = async () => {
        while (next < count) {
            next += 1;
            await one(next - 1);
        }
    };
    await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}
/** A figure of what went wrong would be worthless: everything has to end as it was meant to. */
function expectVerdicts(settlements, expected) {
    for (const settlement of settlements) {
        if (settlement.kind === 'failed')
            throw settlement.error;
        if (!expected.includes(settlement.verdict))
            throw new Error(`A change was ${settlement.verdict} instead of ${expected.join(' or ')}.`);
    }
}
//# sourceMappingURL=stores.js.map