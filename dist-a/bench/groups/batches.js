"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
const HUB_BATCH = 1000;
const BURST_ROWS = 50;
/** Rows of a pulled page; Azurite is given fewer in a quick run. */
const pageRows = ({ quick }, { name }) => {
    if (name === 'Azurite')
        return quick ? 1000 : 5000;
    return quick ? 2000 : 5000;
};
const PULLED = ['applied'];
exports.group = {
    about: 'the writer, many changes at once, against transactions of upserts through the bare SDK, on the same layout',
    async run(effort, tell) {
        await (0, stores_1.onBoth)(async (place) => {
            const isNull = place.name === 'null service';
            const { writer } = (0, stores_1.servicesOn)(place, 'app');
            let at = rows_1.EPOCH;
            const later = () => (at += 1);
            /** The SDK's client of a table of so many rows that have a history. */
            const table = async (name, rows) => {
                const client = (0, stores_1.bareClient)(place, name);
                await client.createTable();
                const entities = Array.from({ length: rows }, (_, n) => (0, stores_1.entityOf)(n, (0, rows_1.allColumns)(n, rows_1.EPOCH), pulledStamp(n)));
                await (0, stores_1.transact)(client, entities, 'Replace');
                return client;
            };
            const changes = (make, verdicts, before) => {
                let made = make();
                return {
                    prepare: () => {
                        before?.();
                        made = make();
                    },
                    run: async () => (0, stores_1.expectVerdicts)(await writer.settle(made), verdicts),
                };
            };
            const count = (length) => Array.from({ length }, (_, n) => n);
            const rate = (least, why) => (isNull ? {} : { aim: { least }, why });
            const CPU = (why) => (isNull ? { aim: { most: 1.25 }, why } : {});
            const wanted = (work, least, trips) => {
                const of = { work: `${work}, ${place.name}`, subject: 'app', against: 'transactions' };
                return [
                    { ...of, of: 'rate', ...rate(least, WHY.rate) },
                    { ...of, of: 'CPU', ...CPU(WHY.CPU) },
                    { ...of, of: 'requests', ...(trips === undefined ? {} : { aim: { most: trips } }) },
                ];
            };
            const rows = pageRows(effort, place);
            await table(`app${rows_1.TABLE}`, rows);
            const floor = await table(`bare${rows_1.TABLE}`, rows);
            const transactions = (length, mode) => {
                const make = () => {
                    const now = later();
                    return count(length).map((n) => mode === 'Merge'
                        ? (0, stores_1.entityOf)(n, (0, rows_1.updatedColumns)(n, now), (0, rows_1.seasoned)(n))
                        : (0, stores_1.entityOf)(n, (0, rows_1.allColumns)(n, now), pulledStamp(n)));
                };
                let entities = make();
                return {
                    prepare: () => void (entities = make()),
                    run: () => (0, stores_1.transact)(floor, entities, mode),
                };
            };
            // Warm: what a hub brings. Each turn makes the rows known to the next one, the first to all.
            (0, stores_1.expectVerdicts)(await writer.settle(count(HUB_BATCH).map((n) => (0, rows_1.updateOf)(n, later()))), ['merged']);
            const batch = { rounds: effort.rounds, operations: HUB_BATCH };
            const distinct = changes(() => {
                const now = later();
                return count(HUB_BATCH).map((n) => (0, rows_1.updateOf)(n, now));
            }, ['merged']);
            const burst = changes(() => count(HUB_BATCH).map((n) => (0, rows_1.updateOf)(n % BURST_ROWS, later())), ['merged']);
            const hub = await (0, rounds_1.inRounds)({ app: distinct, burst, transactions: transactions(HUB_BATCH, 'Merge') }, batch);
            tell((0, compare_1.figuresOf)(hub, wanted(`hub batch of ${HUB_BATCH} rows, warm`, 1, 0.02)));
            tell((0, compare_1.figuresOf)({ app: hub.burst, transactions: hub.transactions }, wanted(`hub batch of ${HUB_BATCH} on ${BURST_ROWS} rows, warm`, 1, 0.02)));
            // Cold: pulled pages. Of each row something older is stored that this process doesn't know.
            const page = { rounds: effort.rounds, operations: rows };
            const addresses = count(rows).map(rows_1.rowOf);
            const pulled = () => {
                const now = later();
                return count(rows).map((n) => (0, rows_1.pulledOf)(n, now));
            };
            const delta = changes(pulled, PULLED, () => writer.forget(addresses));
            const deltas = await (0, rounds_1.inRounds)({ app: delta, transactions: transactions(rows, 'Replace') }, page);
            tell((0, compare_1.figuresOf)(deltas, wanted(`page of ${rows} stored rows, cold`, 0.6)));
            // Nothing is stored of any row: in a first load, where that is expected, and otherwise.
            const emptied = (name) => async () => {
                const client = (0, stores_1.bareClient)(place, name);
                await client.deleteTable();
                await client.createTable();
            };
            const into = (expectNothing) => {
                let made = pulled();
                return {
                    prepare: async () => {
                        made = pulled();
                        writer.forget(addresses);
                        await emptied(`app${rows_1.TABLE}`)();
                    },
                    run: async () => (0, stores_1.expectVerdicts)(await writer.settle(made, expectNothing), PULLED),
                };
            };
            const bare = transactions(rows, 'Replace');
            const transactionsIntoNothing = {
                ...bare,
                prepare: async () => {
                    await bare.prepare?.();
                    await emptied(`bare${rows_1.TABLE}`)();
                },
            };
            const loads = await (0, rounds_1.inRounds)({ load: into(true), reload: into(false), transactions: transactionsIntoNothing }, page);
            const { transactions: against } = loads;
            tell((0, compare_1.figuresOf)({ app: loads.load, transactions: against }, wanted(`page of ${rows} new rows, first load`, 0.6)));
            tell((0, compare_1.figuresOf)({ app: loads.reload, transactions: against }, wanted(`page of ${rows} new rows, cold`, 0.6)));
        });
    },
};
/** The stamp of a row that was pulled, and has seen events before. */
const pulledStamp = (n) => ({ ...(0, rows_1.seasoned)(n), ahead: false });
const WHY = {
    rate: 'Warm and in a first load, the CPU below (the store answers quickly); cold, one point read for each row before the transactions: ' +
        'each costs as much as an upsert.',
    CPU: 'Warm, three quarters of what it takes over the SDK turn columns into properties, fingerprints and entities, the rest is the writer; ' +
        "a pulled row's columns are turned once more to tell whether it changed; cold, point reads and their answers are most of it.",
};
//# sourceMappingURL=batches.js.map