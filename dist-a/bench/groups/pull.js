"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const storage_blob_1 = require("@azure/storage-blob");
const node_child_process_1 = require("node:child_process");
const azurite_1 = require("../../local/azurite");
const table_clients_1 = require("../../shared/azure/table-clients");
const change_feed_1 = require("../../shared/dataverse/change-feed");
const web_api_1 = require("../../shared/dataverse/web-api");
const layout_1 = require("../../shared/lob/tables/layout");
const table_store_1 = require("../../shared/lob/tables/table-store");
const mapping_1 = require("../../shared/mapping/mapping");
const mapped_store_1 = require("../../shared/mapping/mapped-store");
const naming_1 = require("../../shared/mapping/naming");
const table_parking_1 = require("../../shared/parking/table-parking");
const blob_journal_1 = require("../../shared/sync/blob-journal");
const blob_leases_1 = require("../../shared/sync/blob-leases");
const pull_subject_1 = require("../../shared/sync/pull-subject");
const pull_sync_1 = require("../../shared/sync/pull-sync");
const table_pull_state_1 = require("../../shared/sync/table-pull-state");
const writer_1 = require("../../shared/writer/writer");
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
const start_1 = require("../null-tables/start");
const rows_2 = require("../paged-source/rows");
const start_2 = require("../paged-source/start");
/** Runs of the pull in this process, which wants no token of a real authority. */
const CREDENTIAL = { getToken: () => Promise.resolve({ token: 'bench', expiresOnTimestamp: Date.now() + 3_600_000 }) };
const FAR_MS = 24 * 3_600_000;
/** The pull as the app composes it, over a source without metadata of its own. */
function pullOf({ lob, state, source }, run) {
    const clients = (0, table_clients_1.tableClients)({ kind: 'connectionString', connectionString: lob });
    const states = (0, table_clients_1.tableClients)({ kind: 'connectionString', connectionString: state });
    const blobs = storage_blob_1.BlobServiceClient.fromConnectionString(state);
    const store = new mapped_store_1.MappedStore(new table_store_1.TableStore(clients, (0, naming_1.namingOf)(mapping_1.DEFAULT_MAPPING, run)), mapping_1.DEFAULT_MAPPING);
    const api = new web_api_1.WebApi({ url: source, credential: () => CREDENTIAL });
    const refresh = () => Promise.resolve(rows_2.DEFINITION);
    return new pull_sync_1.PullSync({
        subjectOf: () => Promise.resolve((0, pull_subject_1.tableSubject)(rows_2.DEFINITION, () => ({ fingerprint: run }), refresh)),
        feed: new change_feed_1.ChangeFeed(api, { refresh }, rows_2.PAGE_ROWS),
        writer: new writer_1.Writer(store, undefined, { rule: { margin: 5, mode: 'default' }, unprovable: 'park' }),
        store,
        states: new table_pull_state_1.TablePullStates(states(`${run}pull`)),
        leases: new blob_leases_1.BlobLeases(blobs.getContainerClient(`${run}leases`)),
        parking: new table_parking_1.TableParking(states(`${run}parked`)),
        // The wait before the sweep is no work.
        maxReadAgeMs: 0,
        journal: new blob_journal_1.BlobJournal(blobs.getContainerClient(`${run}loads`)),
        maxRunMs: FAR_MS,
    });
}
async function load(places, run, rows) {
    const report = await pullOf(places, run).run(rows_2.DEFINITION.table);
    const { applied } = report.verdicts;
    if (report.rows !== rows || applied !== rows)
        throw new Error(`A load of ${rows} rows did: ${JSON.stringify(report)}`);
}
/** The same pages with fetch and JSON.parse, each row's properties as they are, in transactions; the next page is fetched meanwhile. */
async function bareLoad({ lob, source }, run, rows) {
    const client = (0, stores_1.bareClient)({ connectionString: lob }, `${run}account`);
    const stamp = (0, layout_1.encodeStamp)({ ...(0, rows_1.seasoned)(0), ring: [], ahead: false });
    const page = async (link) => {
        const response = await fetch(link, { headers: { prefer: `odata.maxpagesize=${rows_2.PAGE_ROWS}` } });
        return JSON.parse(await response.text());
    };
    let next = page(`${source}/api/data/v9.2/accounts`);
    let done = 0;
    while (next !== undefined) {
        const read = await next;
        const { value, '@odata.nextLink': link } = read;
        next = link === undefined ? undefined : page(link);
        const entities = value.map((row) => {
            const id = String(row.accountid);
            const entity = { partitionKey: id.slice(0, 1), rowKey: id, Stamp: stamp, Deleted: false };
            for (const [name, column] of Object.entries(row))
                if (!name.includes('@'))
                    entity[name] = column;
            return entity;
        });
        await (0, stores_1.transact)(client, entities, 'Replace');
        done += entities.length;
    }
    if (done !== rows)
        throw new Error(`The bare load read ${done} of ${rows} rows.`);
}
const CHILD = '--pull';
/** The most memory that a process takes which does nothing but one load, in MiB. */
async function peakMemory(places, run, rows) {
    const child = (0, node_child_process_1.fork)(__filename, [CHILD, JSON.stringify(places), run, String(rows)], { execArgv: [] });
    return new Promise((resolve, reject) => {
        child.once('message', (peak) => resolve(Number(peak)));
        child.once('exit', (code) => reject(new Error(`The load of ${rows} rows ended with code ${String(code)}.`)));
    });
}
exports.group = {
    about: 'the first load of a table from a source that costs nothing, against fetch, JSON.parse and transactions',
    async run({ quick, rounds }, tell) {
        const rows = quick ? 5000 : 100_000;
        const [tables, azurite] = [await (0, start_1.startNullTables)(), await (0, azurite_1.startAzurite)()];
        const source = await (0, start_2.startPagedSource)(rows);
        const places = { lob: tables.connectionString, state: azurite.connectionString };
        let runs = 0;
        const emptied = async () => {
            for (const run of [`run${runs}`, `bare${runs}`])
                await (0, stores_1.bareClient)({ connectionString: places.lob }, `${run}account`).deleteTable();
            runs += 1;
        };
        try {
            const turns = await (0, rounds_1.inRounds)({
                pull: { prepare: emptied, run: () => load({ ...places, source: source.url }, `run${runs}`, rows) },
                bare: { prepare: emptied, run: () => bareLoad({ ...places, source: source.url }, `bare${runs}`, rows) },
            }, { rounds: Math.min(rounds, 5), operations: rows });
            const of = { work: `first load of ${rows} rows, null service`, subject: 'pull', against: 'bare' };
            tell((0, compare_1.figuresOf)(turns, [
                { ...of, of: 'rate', aim: { least: 0.7 }, why: WHY },
                { ...of, of: 'CPU', aim: { most: 1.25 }, why: WHY },
                { ...of, of: 'requests' },
            ]));
            const sizes = quick ? [5000, 20_000] : [100_000, 1_000_000];
            const peaks = [];
            for (const size of sizes) {
                const peak = await peakMemory(places, `peak${size}`, size);
                peaks.push(peak);
                tell([
                    {
                        work: `first load of ${size} rows, null service`,
                        measure: 'peak RSS',
                        value: peak,
                        spread: [peak, peak],
                        unit: 'MiB',
                        own: `${(0, compare_1.digits)(peak)} MiB`,
                        aim: { most: 200 },
                        why: WHY_MEMORY,
                    },
                ]);
                await (0, stores_1.bareClient)({ connectionString: places.lob }, `peak${size}account`).deleteTable();
            }
            const [small = Number.NaN, large = Number.NaN] = peaks;
            tell([
                {
                    work: `first load of ${sizes.join(' and ')} rows`,
                    measure: 'peak RSS',
                    value: large / small,
                    spread: [large / small, large / small],
                    unit: 'x',
                    own: `${(0, compare_1.digits)(large)} MiB`,
                    against: `${(0, compare_1.digits)(small)} MiB`,
                    aim: { most: 1.1 },
                    why: WHY_MEMORY,
                },
            ]);
        }
        finally {
            await source.stop();
            await azurite.stop();
            await tables.stop();
        }
    },
};
const WHY = "The writer's CPU (see batches); reading a page takes eight times JSON.parse (numbers kept exact by parsing twice, then a Map a " +
    'row); the sweep at the end reads whole rows back; and no page is read while another is written.';
const WHY_MEMORY = 'A page is 11 MB of text, held as text, as marked text, as parsed objects, as columns and as entities at once, and V8 lets the heap grow before it collects.';
const [, main, mode, given, run, count] = process.argv;
if (main === __filename && mode === CHILD) {
    const alone = async () => {
        const source = await (0, start_2.startPagedSource)(Number(count));
        await load({ ...JSON.parse(given ?? '{}'), source: source.url }, run ?? '', Number(count));
        const peak = process.resourceUsage().maxRSS / 1024;
        await source.stop();
        process.send?.(peak, undefined, undefined, () => process.exit(0));
    };
    alone().catch((error) => {
        console.error(error);
        process.exit(1);
    });
}
//# sourceMappingURL=pull.js.map