"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MAX_READ_AGE_MS = void 0;
exports.startInstance = startInstance;
const odata_row_1 = require("../../shared/dataverse/odata-row");
const associations_1 = require("../../shared/mapping/associations");
const mapped_store_1 = require("../../shared/mapping/mapped-store");
const mapping_1 = require("../../shared/mapping/mapping");
const replay_1 = require("../../shared/parking/replay");
const delayed_copies_1 = require("../../shared/receive/delayed-copies");
const receiver_1 = require("../../shared/receive/receiver");
const load_floors_1 = require("../../shared/sync/load-floors");
const pull_subject_1 = require("../../shared/sync/pull-subject");
const pull_sync_1 = require("../../shared/sync/pull-sync");
const tombstone_purge_1 = require("../../shared/sync/tombstone-purge");
const writer_1 = require("../../shared/writer/writer");
const faults_1 = require("./faults");
const simulated_dataverse_1 = require("./simulated-dataverse");
const wire_1 = require("./wire");
/** A in docs/deciding.md, in milliseconds. */
exports.MAX_READ_AGE_MS = 30_000;
/** Least age of a tombstone that is purged, in milliseconds: A, a write's time to land, and clocks that differ. */
const PURGE_AGE_MS = 60_000;
/** A write has landed after so many seconds, or never will (see shared/azure/table-clients.ts). */
const WRITE_LIMIT = 13;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Not of any instance: a request that its sender no longer waits for. */
const ON_ITS_WAY = { alive: true };
function startInstance(world, skew) {
    const { dataverse, variant, rule } = world;
    const stepper = { alive: true, skew };
    const now = () => (dataverse.clock + stepper.skew) * 1000;
    const pause = () => world.turns.pause(stepper);
    const plainStore = slowStore(world, pause);
    const store = new mapped_store_1.MappedStore(variant.store?.(plainStore) ?? plainStore, world.mapping);
    const plainReader = slowReader(world, pause, now);
    const reader = variant.reader?.(plainReader) ?? plainReader;
    const states = slowStates(world, pause);
    const plainParking = slowParking(world, pause);
    const parking = variant.parking?.(plainParking) ?? plainParking;
    const floors = new load_floors_1.LoadFloors(states, { margin: rule.margin, lifetimeMs: 2000, now });
    const options = {
        rule,
        maxReadAgeMs: exports.MAX_READ_AGE_MS,
        now,
        floorOf: (table) => floors.of(table),
    };
    const writer = new writer_1.Writer(store, reader, variant.writer?.(options) ?? options);
    const leases = {
        acquire: async (name) => {
            await pause();
            world.faults.stateRefuses();
            return world.leases.acquire(name);
        },
    };
    const sleep = async (milliseconds) => {
        const until = dataverse.clock + Math.ceil(milliseconds / 1000);
        await pause();
        dataverse.clock = Math.max(dataverse.clock, until);
    };
    const parts = {
        subjectOf,
        feed: slowFeed(world, pause),
        writer,
        store,
        states,
        leases,
        parking,
        maxReadAgeMs: exports.MAX_READ_AGE_MS,
        journal: slowJournal(world),
        // Every run ends for now after a few pages, if it took a while.
        maxRunMs: 9000,
        now,
        sleep,
    };
    const purgeParts = { store: slowTombstones(world, pause), states, leases, sleep };
    const tombstones = new tombstone_purge_1.TombstonePurge(variant.purge?.(purgeParts) ?? purgeParts);
    const receiver = new receiver_1.Receiver({
        writer,
        events: { append: () => Promise.resolve([]) },
        parking,
        catalog: {
            get: (table) => Promise.resolve((0, simulated_dataverse_1.definitionOf)(table)),
            refresh: (table) => Promise.resolve((0, simulated_dataverse_1.definitionOf)(table)),
        },
        associations: new associations_1.Associations({ tables: simulated_dataverse_1.TABLES, relationships: simulated_dataverse_1.LINKS }, { relationship: (name) => Promise.resolve((0, simulated_dataverse_1.relationshipOf)(name)) }),
        mapping: mapping_1.DEFAULT_MAPPING,
        organization: { check: () => Promise.resolve() },
    }, { tables: simulated_dataverse_1.TABLES, fullImageAlias: wire_1.FULL_IMAGE, hintDelayMs: 3000, now });
    const plainSender = slowSender(world, pause);
    const sender = variant.copies?.(plainSender) ?? plainSender;
    const copies = new delayed_copies_1.DelayedCopies(() => Promise.resolve(sender), {
        ...{ attempts: 3, firstDelayMs: 2000, longestDelayMs: 8000, queue: 'queue', sessions: false, now },
        log: () => undefined,
        random: world.random,
    });
    const replay = (0, replay_1.replayHandler)(() => ({ parking, receiver, writer, now }));
    return Object.assign(stepper, {
        receiver,
        copying: ({ number, delivery: { body }, properties = {} }) => ({
            kind: 'copy',
            copy: (cause, whatever) => copies.send({ body, named: {}, messageId: String(number), properties }, cause, whatever),
        }),
        pull: new pull_sync_1.PullSync(variant.pull?.(parts) ?? parts),
        replay: async () => {
            await replay({}, QUIET);
        },
        purge: async (table) => {
            for await (const { removed } of tombstones.purge([table], now() - PURGE_AGE_MS))
                if (removed > 0)
                    world.faults.note('F44');
        },
    });
}
function subjectOf(name) {
    const definition = (0, simulated_dataverse_1.definitionOf)(name);
    const renewed = () => Promise.resolve(definition);
    const isLink = simulated_dataverse_1.LINKS.some((link) => link === name);
    return Promise.resolve(isLink ? (0, pull_subject_1.linkSubject)(name, (0, simulated_dataverse_1.relationshipOf)(name), definition) : (0, pull_subject_1.tableSubject)(definition, () => ({}), renewed));
}
/** Store: throttled, away, slow; a write may be done although its answer is lost, or land when nobody waits any more. */
function slowStore({ store, dataverse, turns, faults, onWritten }, pause) {
    const land = async (writes) => {
        const outcomes = await store.write(writes);
        writes.forEach(({ row }, index) => {
            if (outcomes[index]?.kind === 'written')
                onWritten(row);
            else
                faults.note('F31');
        });
        return outcomes;
    };
    const landLate = async (writes, sent) => {
        await turns.pause(ON_ITS_WAY);
        if (dataverse.clock - sent <= WRITE_LIMIT)
            await land(writes);
    };
    return {
        read: async (rows) => {
            await pause();
            faults.storeRefuses();
            return store.read(rows);
        },
        write: async (writes) => {
            if (writes.length === 0)
                return [];
            const sent = dataverse.clock;
            await pause();
            if (dataverse.clock - sent > WRITE_LIMIT)
                throw new faults_1.StoreFault('time-out');
            if (!faults.happens()) {
                const outcomes = await land(writes);
                await pause();
                return outcomes;
            }
            const fault = faults.oneOf(['F27', 'F28', 'F29', 'F30']);
            faults.note(fault);
            if (fault === 'F29')
                void landLate(writes, sent);
            if (fault === 'F30') {
                const [, ...others] = writes;
                return [{ kind: 'failed', error: new faults_1.StoreFault('503') }, ...(await land(others))];
            }
            if (fault === 'F28') {
                await land(writes);
                await pause();
            }
            throw new faults_1.StoreFault('time-out');
        },
        sameData: (stored, snapshot, of) => store.sameData(stored, snapshot, of),
        liveRows: (table) => store.liveRows(table),
    };
}
function slowTombstones({ store, faults }, pause) {
    return {
        async *tombstones(table, writtenBefore) {
            for await (const page of store.tombstones(table, writtenBefore)) {
                await pause();
                faults.storeRefuses();
                yield page;
            }
        },
        removeTombstones: async (tombstones) => {
            await pause();
            faults.storeRefuses();
            return store.removeTombstones(tombstones);
        },
    };
}
function slowReader({ dataverse, faults }, pause, now) {
    return {
        read: async (row) => {
            const begin = Math.floor(now() / 1000);
            await pause();
            faults.webApiRefuses(`GET ${row.table}`);
            const read = dataverse.get(row, begin);
            if (read.kind === 'missing')
                faults.note('F21');
            await pause();
            return read;
        },
    };
}
/** The queue: a copy may not be accepted, or be accepted although nobody hears of it. */
function slowSender({ faults, onCopied }, pause) {
    return {
        sendMessages: async (message) => {
            await pause();
            faults.queueRefuses('F40');
            onCopied(message);
            await pause();
            faults.queueRefuses('F41');
        },
    };
}
function slowFeed({ dataverse, faults }, pause) {
    const feed = {
        async *pages(request, from) {
            faults.webApiRefuses('GET page', from.link?.includes('/') === true);
            for await (const page of dataverse.pages(request.definition.table, request, from, pause)) {
                const items = page.items.map((item) => {
                    if (item.kind !== 'row' || !faults.happens(0.5))
                        return item;
                    faults.note('F25');
                    return unreadable(item);
                });
                yield { ...page, items };
                faults.webApiRefuses('GET page');
            }
        },
    };
    return feed;
}
const unreadable = ({ id }) => ({
    kind: 'unreadable',
    id,
    error: new odata_row_1.AnswerUnreadable('a table', 'simulated'),
});
function slowStates({ states, faults }, pause) {
    return {
        read: async (table) => {
            await pause();
            faults.stateRefuses();
            return states.read(table);
        },
        write: async (table, state) => {
            faults.stateRefuses();
            await states.write(table, state);
            faults.stateRefuses();
        },
    };
}
function slowJournal({ journal, faults }) {
    return {
        append: (name, ids) => {
            faults.stateRefuses();
            return journal.append(name, ids);
        },
        count: (name) => {
            faults.stateRefuses();
            return journal.count(name);
        },
        read: (name) => journal.read(name),
        clear: (table) => journal.clear(table),
    };
}
function slowParking({ parking, faults }, pause) {
    const step = async () => {
        await pause();
        faults.stateRefuses();
    };
    return {
        parkDelivery: async (delivery, cause, dueAtMs) => {
            await step();
            await parking.parkDelivery(delivery, cause, dueAtMs);
        },
        parkRow: async (row, cause, dueAtMs) => {
            await step();
            await parking.parkRow(row, cause, dueAtMs);
        },
        due: async (nowMs, limit) => {
            await step();
            return parking.due(nowMs, limit);
        },
        list: () => parking.list(),
        settle: async (item) => {
            await step();
            await parking.settle(item);
        },
        postpone: async (item, cause, dueAtMs) => {
            await step();
            await parking.postpone(item, cause, dueAtMs);
        },
    };
}
//# sourceMappingURL=instance.js.map