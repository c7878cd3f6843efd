"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const WIDTHS = [1, 8, 32];
/** The width of the cold row. */
const COLD_WIDTH = 8;
/** One change of each of so many rows a turn. */
const rowsOf = ({ quick }, { name }) => {
    if (name === 'Azurite')
        return quick ? 100 : 400;
    return quick ? 400 : 1000;
};
exports.group = {
    about: 'the writer, one change at a time, against the bare SDK with the same entities and as many in flight',
    async run(effort, tell) {
        await (0, stores_1.onBoth)(async (place) => {
            const rows = rowsOf(effort, place);
            const { writer } = (0, stores_1.servicesOn)(place, 'app');
            const [seeded, floor] = [(0, stores_1.bareClient)(place, `app${rows_1.TABLE}`), (0, stores_1.bareClient)(place, `bare${rows_1.TABLE}`)];
            const begin = Array.from({ length: rows }, (_, n) => (0, stores_1.entityOf)(n, (0, rows_1.updatedColumns)(n, rows_1.EPOCH), (0, rows_1.seasoned)(n)));
            for (const client of [seeded, floor]) {
                await client.createTable();
                await (0, stores_1.transact)(client, begin, 'Replace');
            }
            let at = rows_1.EPOCH;
            const addresses = begin.map((_, n) => (0, rows_1.rowOf)(n));
            const app = (width, cold) => {
                let changes = begin.map((_, n) => (0, rows_1.updateOf)(n, at));
                return {
                    prepare: () => {
                        at += 1;
                        changes = changes.map((_, n) => (0, rows_1.updateOf)(n, at));
                        if (cold)
                            writer.forget(addresses);
                    },
                    run: () => (0, stores_1.inFlight)(width, rows, async (n) => {
                        const change = changes[n];
                        if (change !== undefined)
                            (0, stores_1.expectVerdicts)(await writer.settle([change]), ['merged']);
                    }),
                };
            };
            const bare = (width, one) => {
                let entities = begin;
                return {
                    prepare: () => {
                        at += 1;
                        entities = begin.map((_, n) => (0, stores_1.entityOf)(n, (0, rows_1.updatedColumns)(n, at), (0, rows_1.seasoned)(n)));
                    },
                    run: () => (0, stores_1.inFlight)(width, rows, async (n) => {
                        const entity = entities[n];
                        if (entity !== undefined)
                            await one(entity);
                    }),
                };
            };
            const upsert = (width) => bare(width, (entity) => floor.upsertEntity(entity, 'Merge'));
            const getAndUpdate = (width) => bare(width, async (entity) => {
                const { partitionKey, rowKey } = entity;
                const { etag } = await floor.getEntity(partitionKey, rowKey, { disableTypeConversion: true });
                await floor.updateEntity(entity, 'Merge', { etag });
            });
            // The first round is a warm-up: from then on every row is known.
            const options = { rounds: effort.rounds, warmup: 2, operations: rows };
            const isNull = place.name === 'null service';
            for (const width of effort.quick ? [8] : WIDTHS) {
                const turns = await (0, rounds_1.inRounds)({ app: app(width, false), upsertEntity: upsert(width) }, options);
                const of = {
                    work: `update, warm, ${width} in flight, ${place.name}`,
                    subject: 'app',
                    against: 'upsertEntity',
                };
                tell((0, compare_1.figuresOf)(turns, [
                    { ...of, of: 'rate', ...(isNull ? {} : { aim: { least: 0.95 }, why: WHY.rate }) },
                    { ...of, of: 'CPU', ...(isNull ? { aim: { most: 1.25 }, why: WHY.CPU } : {}) },
                ]));
            }
            const turns = await (0, rounds_1.inRounds)({
                app: app(COLD_WIDTH, true),
                upsertEntity: upsert(COLD_WIDTH),
                'getEntity, updateEntity': getAndUpdate(COLD_WIDTH),
            }, options);
            const of = { work: `update, cold, ${COLD_WIDTH} in flight, ${place.name}`, subject: 'app' };
            const same = 'getEntity, updateEntity';
            tell((0, compare_1.figuresOf)(turns, [
                { ...of, against: 'upsertEntity', of: 'rate', ...(isNull ? {} : { aim: { least: 0.55 }, why: WHY.cold }) },
                { ...of, against: same, of: 'CPU', ...(isNull ? { aim: { most: 1.25 }, why: WHY.CPU } : {}) },
                { ...of, against: 'upsertEntity', of: 'requests', aim: { most: 2 } },
            ]));
        });
    },
};
const WHY = {
    rate: "The store's own time is as long for both; the difference is the app's CPU for each change, most of it outside the deciding.",
    CPU: 'Of what it takes over the SDK, half is the store (columns to properties, fingerprints and entity, its queue for one write), ' +
        "four tenths the writer's lane, plan and promises for one change, a tenth the time limit's policy in the SDK's pipeline.",
    cold: 'One read and one write in a row: half of the rate is the most that two round trips allow, less the CPU of both.',
};
//# sourceMappingURL=writer.js.map