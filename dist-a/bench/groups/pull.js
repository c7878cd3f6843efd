"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const storage_blob_1 = require("@azure/storage-blob");
const node_child_process_1 = require("node:child_process");
const node_diagnostics_channel_1 = __importDefault(require("node:diagnostics_channel"));
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
const DAY_MS = 24 * 3_600_000;
/** The pull as the app composes it, over a source without metadata of its own; its clock may be ahead. */
function pullOf({ lob, state, source }, run, aheadMs = 0) {
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
        maxRunMs: DAY_MS,
        now: () => Date.now() + aheadMs,
    });
}
/** One run, of which so many rows have to be written, and no others. */
async function runOf(pull, mode, written, rows) {
    const report = await pull.run(rows_2.DEFINITION.table);
    const { contained = 0, ...others } = report.verdicts;
    const writes = Object.values(others).reduce((sum, count) => sum + count, 0);
    if (report.mode !== mode || report.rows !== rows || writes !== written || contained + writes !== rows + report.swept)
        throw new Error(`A ${mode} of ${rows} rows did: ${JSON.stringify(report)}`);
}
const load = (places, run, rows) => runOf(pullOf(places, run), 'load', rows, rows);
/**
 * The same pages with fetch and JSON.parse, each row's properties as they are, in transactions; the next page is fetched
 * meanwhile. Gives the link to what changed since.
 */
async function bareRun(lob, run, from, rows) {
    const client = (0, stores_1.bareClient)({ connectionString: lob }, `${run}account`);
    const stamp = (0, layout_1.encodeStamp)({ ...(0, rows_1.seasoned)(0), ring: [], ahead: false });
    const page = async (link) => {
        const response = await fetch(link, { headers: { prefer: `odata.maxpagesize=${rows_2.PAGE_ROWS}` } });
        return JSON.parse(await response.text());
    };
    let next = page(from);
    let done = 0;
    let delta = '';
    while (next !== undefined) {
        const read = await next;
        const { value, '@odata.nextLink': link } = read;
        next = link === undefined ? undefined : page(link);
        delta = read['@odata.deltaLink'] ?? '';
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
        throw new Error(`The bare run read ${done} of ${rows} rows.`);
    return delta;
}
const firstPage = (source) => `${source}/api/data/v9.2/accounts`;
/** Requests that write, sent to a service while something runs. */
async function writeRequests(service, run) {
    const port = /127\.0\.0\.1:(\d+)/.exec(service)?.[1] ?? '';
    let count = 0;
    const onRequest = (message) => {
        const { request } = message;
        if (request.method !== 'GET' && request.getHeader('host') === `127.0.0.1:${port}`)
            count += 1;
    };
    node_diagnostics_channel_1.default.subscribe('http.client.request.start', onRequest);
    try {
        await run();
    }
    finally {
        node_diagnostics_channel_1.default.unsubscribe('http.client.request.start', onRequest);
    }
    return count;
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
const once = (value) => ({ value, spread: [value, value] });
/** Loads of all rows, in turns. */
async function loads(places, rows, rounds) {
    let runs = 0;
    const emptied = async () => {
        await dropRows(places, `run${runs}`, `bare${runs}`);
        runs += 1;
    };
    const turns = await (0, rounds_1.inRounds)({
        pull: { prepare: emptied, run: () => load(places, `run${runs}`, rows) },
        bare: {
            prepare: emptied,
            run: () => bareRun(places.lob, `bare${runs}`, firstPage(places.source), rows),
        },
    }, { rounds, operations: rows });
    await dropRows(places, `run${runs}`, `bare${runs}`);
    const of = { work: `first load of ${rows} rows, null service`, subject: 'pull', against: 'bare' };
    return (0, compare_1.figuresOf)(turns, [
        { ...of, of: 'rate', aim: { least: 0.7 }, why: WHY },
        { ...of, of: 'CPU', aim: { most: 1.25 }, why: WHY },
        { ...of, of: 'requests' },
    ]);
}
/** One load, and then deltas of a hundredth of its rows in turns, of other rows each time. */
async function deltas(places, rows, rounds) {
    const changed = rows / 100;
    const pull = pullOf(places, 'deltas');
    await runOf(pull, 'load', rows, rows);
    let link = await bareRun(places.lob, 'baredeltas', firstPage(places.source), rows);
    const turns = await (0, rounds_1.inRounds)({
        pull: { run: () => runOf(pull, 'delta', changed, changed) },
        bare: {
            run: async () => {
                link = await bareRun(places.lob, 'baredeltas', link, changed);
            },
        },
    }, { rounds, operations: changed });
    await dropRows(places, 'deltas', 'baredeltas');
    const of = { work: `1 % delta of ${rows} rows, null service`, subject: 'pull', against: 'bare' };
    return (0, compare_1.figuresOf)(turns, [
        { ...of, of: 'rate', aim: { least: 0.7 }, why: WHY_DELTA },
        { ...of, of: 'CPU', why: WHY_DELTA },
        { ...of, of: 'requests' },
    ]);
}
/**
 * A load, and a day later another one of the same table because its token has expired: 1 % of the rows changed and 0.1 %
 * gone.
 */
async function resync(places, rows) {
    const [changed, gone] = [rows / 100, rows / 1000];
    const full = await writeRequests(places.lob, () => load(places, 'resync', rows));
    const later = pullOf(places, 'resync', DAY_MS);
    const again = await writeRequests(places.lob, () => runOf(later, 'reload', changed + gone, rows - gone));
    await dropRows(places, 'resync');
    const of = { work: `resync of ${rows} rows, 1 % changed, 0.1 % deleted`, unit: 'x', aim: { most: 0.3 } };
    return [
        {
            ...of,
            ...once((changed + gone) / rows),
            measure: 'rows written',
            own: (0, compare_1.digits)(changed + gone),
            against: `${(0, compare_1.digits)(rows)} full load`,
        },
        { ...of, ...once(again / full), measure: 'writes', own: (0, compare_1.digits)(again), against: `${(0, compare_1.digits)(full)} full load` },
    ];
}
async function dropRows({ lob }, ...runs) {
    for (const run of runs)
        await (0, stores_1.bareClient)({ connectionString: lob }, `${run}account`).deleteTable();
}
async function memory(places, sizes) {
    const peaks = [];
    for (const size of sizes) {
        peaks.push(await peakMemory(places, `peak${size}`, size));
        await dropRows(places, `peak${size}`);
    }
    const [small = Number.NaN, large = Number.NaN] = peaks;
    return [
        ...peaks.map((peak, index) => ({
            ...once(peak),
            ...{ work: `first load of ${sizes[index]} rows, null service`, measure: 'peak RSS', unit: 'MiB' },
            ...{ own: `${(0, compare_1.digits)(peak)} MiB`, aim: { most: 200 }, why: WHY_MEMORY },
        })),
        {
            ...once(large / small),
            ...{ work: `first load of ${sizes.join(' and ')} rows`, measure: 'peak RSS', unit: 'x' },
            ...{ own: `${(0, compare_1.digits)(large)} MiB`, against: `${(0, compare_1.digits)(small)} MiB`, aim: { most: 1.1 }, why: WHY_MEMORY },
        },
    ];
}
exports.group = {
    about: 'a table from a source that costs nothing, against fetch, JSON.parse and transactions: first load, delta, resync, memory',
    async run({ quick, rounds }, tell) {
        const rows = quick ? 5000 : 100_000;
        const turns = Math.min(rounds, 5);
        const [tables, azurite] = [await (0, start_1.startNullTables)(), await (0, azurite_1.startAzurite)()];
        const stores = { lob: tables.connectionString, state: azurite.connectionString };
        const from = async (token, measure) => {
            const source = await (0, start_2.startPagedSource)(rows, token);
            try {
                tell(await measure({ ...stores, source: source.url }));
            }
            finally {
                await source.stop();
            }
        };
        try {
            await from('lasts', (places) => loads(places, rows, turns));
            await from('lasts', (places) => deltas(places, rows, turns));
            await from('expires', (places) => resync(places, rows));
            tell(await memory(stores, quick ? [5000, 20_000] : [100_000, 1_000_000]));
        }
        finally {
            await azurite.stop();
            await tables.stop();
        }
    },
};
const WHY = "The writer's CPU (see batches); reading a page takes eight times JSON.parse (numbers kept exact by parsing twice, then a Map a " +
    'row); the sweep at the end reads whole rows back; and no page is read while another is written.';
const WHY_DELTA = 'Fixed costs of a run, and each row is looked up in the store before it is written.';
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