"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * Which client for the delta path: this project's ChangeFeed, or `dynamics-web-api`? Both read the same pages of the same
 * table from the simulator, in turn, and the floor is the same requests with `fetch` and JSON.parse. Prints medians as
 * ratios to the floor, and whether every number came through exact. Run: npm run build && node dist/bench/delta-path.js
 */
const identity_1 = require("@azure/identity");
const dynamics_web_api_1 = require("dynamics-web-api");
const node_child_process_1 = require("node:child_process");
const simulator_1 = require("../local/dataverse/simulator");
const change_feed_1 = require("../shared/dataverse/change-feed");
const metadata_1 = require("../shared/dataverse/metadata");
const web_api_1 = require("../shared/dataverse/web-api");
const ROWS = 20_000;
const RUNS = 7;
const WEIGHT = '1234567.0123456789';
const NUMBER = 9007199254740993n;
async function serve() {
    const dataverse = await (0, simulator_1.startDataverse)({ limits: 'off' });
    for (let row = 0; row < ROWS; row += 1) {
        await dataverse.create('new_shipment', {
            new_name: `SHP-${row}`,
            new_instructions: 'Keep dry. '.repeat(10),
            new_weight: WEIGHT,
            new_trackingnumber: NUMBER,
            new_pieces: row,
            new_mode: 100_000_000,
            new_dispatchedon: '2026-03-14T09:26:53Z',
        });
    }
    const { url, tenantId, clientId, clientSecret, authorityHost } = dataverse;
    // Node reads the certificate's place before it starts, hence a process of its own.
    const client = (0, node_child_process_1.spawn)(process.execPath, [__filename, 'client', JSON.stringify({ url, tenantId, clientId, clientSecret, authorityHost })], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: dataverse.certificatePath },
        stdio: 'inherit',
    });
    await new Promise((resolve) => client.once('exit', resolve));
    await dataverse.close();
}
async function measure(given) {
    const { url, tenantId, clientId, clientSecret, authorityHost } = JSON.parse(given);
    const credential = new identity_1.ClientSecretCredential(tenantId ?? '', clientId ?? '', clientSecret ?? '', {
        authorityHost: authorityHost ?? '',
        disableInstanceDiscovery: true,
    });
    const api = new web_api_1.WebApi({ url: url ?? '', credential: () => credential });
    const catalog = new metadata_1.MetadataCatalog(api);
    const definition = await catalog.get('new_shipment');
    const token = (await credential.getToken(`${url}/.default`)).token;
    const floor = async () => {
        let rows = 0;
        for (let link = `${url}/api/data/v9.2/${definition.entitySet}`; link !== undefined;) {
            const response = await fetch(link, {
                headers: {
                    authorization: `Bearer ${token}`,
                    prefer: `odata.track-changes,odata.maxpagesize=5000,odata.include-annotations="*"`,
                },
            });
            const page = JSON.parse(await response.text());
            rows += page.value.length;
            link = page['@odata.nextLink'];
        }
        return { rows, exact: 0 };
    };
    const own = async () => {
        let rows = 0;
        let exact = 0;
        for await (const page of new change_feed_1.ChangeFeed(api, catalog).pages({ definition, by: 'changeTracking' }, { mode: 'load' })) {
            for (const item of page.items) {
                rows += 1;
                if (item.kind !== 'row')
                    continue;
                const weight = item.columns.get('new_weight');
                const number = item.columns.get('new_trackingnumber');
                if (weight?.kind === 'decimal' &&
                    weight.text === WEIGHT &&
                    number?.kind === 'bigint' &&
                    number.value === NUMBER)
                    exact += 1;
            }
        }
        return { rows, exact };
    };
    const library = new dynamics_web_api_1.DynamicsWebApi({
        serverUrl: url ?? '',
        dataApi: { version: '9.2' },
        onTokenRefresh: () => Promise.resolve(token),
        includeAnnotations: '*',
    });
    const rival = async () => {
        let rows = 0;
        let exact = 0;
        let page = await library.retrieveMultiple({
            collection: definition.entitySet,
            trackChanges: true,
            maxPageSize: 5000,
        });
        for (;;) {
            for (const row of page.value) {
                rows += 1;
                if (String(row.new_weight) === WEIGHT && String(row.new_trackingnumber) === String(NUMBER))
                    exact += 1;
            }
            if (page.oDataNextLink === undefined)
                return { rows, exact };
            page = await library.retrieveMultiple({ collection: definition.entitySet, maxPageSize: 5000 }, page.oDataNextLink);
        }
    };
    const candidates = { floor, ChangeFeed: own, 'dynamics-web-api': rival };
    const times = new Map();
    const results = new Map();
    for (let run = 0; run <= RUNS; run += 1) {
        for (const [name, candidate] of Object.entries(candidates)) {
            const begun = performance.now();
            results.set(name, await candidate());
            // The first round warms up.
            if (run > 0)
                times.set(name, [...(times.get(name) ?? []), performance.now() - begun]);
        }
    }
    const median = (name) => (times.get(name) ?? []).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
    for (const [name, { rows, exact }] of results) {
        const share = name === 'floor' ? 'not checked' : `${exact} of ${rows} rows exact`;
        console.log(`${name.padEnd(18)}${rows} rows  median ${median(name).toFixed(0)} ms  ${(median(name) / median('floor')).toFixed(2)} x floor  ${share}`);
    }
}
const [, , mode, given] = process.argv;
void (mode === 'client' ? measure(given ?? '{}') : serve());
//# sourceMappingURL=delta-path.js.map