"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.Writer = exports.RowContended = exports.ReadTooSlow = exports.OrderUnprovable = exports.ReadLagged = void 0;
const lru_cache_1 = require("lru-cache");
const p_limit_1 = __importDefault(require("p-limit"));
const errors_1 = require("../errors");
const decide_1 = require("./decide");
/** Thrown when a read-back shows a state older than what is known: it was served by a lagging replica. */
class ReadLagged extends errors_1.OutboundError {
    code = 'read-lagged';
    disposition = 'retry';
    constructor(row) {
        super(`Reading ${row.table}(${row.id}) back showed an older state than is already known. It will be read again.`);
    }
}
exports.ReadLagged = ReadLagged;
/** Thrown when a change can't be ordered and no Web API is configured. */
class OrderUnprovable extends errors_1.OutboundError {
    code = 'order-unprovable';
    disposition = 'park';
    constructor(row) {
        super(`The order of a change of ${row.table}(${row.id}) can't be proven and no Web API is configured to read the row. ` +
            `Set DATAVERSE_URL, or UNPROVABLE_ORDER=apply to apply such changes as they come.`);
    }
}
exports.OrderUnprovable = OrderUnprovable;
/** Thrown when every read-back took so long that it may no longer be written where no live row is stored. */
class ReadTooSlow extends errors_1.OutboundError {
    code = 'read-too-slow';
    disposition = 'retry';
    constructor(row, maxReadAgeMs) {
        super(`Reading ${row.table}(${row.id}) back took more than ${maxReadAgeMs / 2} ms, ${MAX_SLOW_READS} times in a row. ` +
            `If that is usual, raise READ_BACK_MAX_AGE_SECONDS.`);
    }
}
exports.ReadTooSlow = ReadTooSlow;
/** Thrown when others keep winning the race for a row. */
class RowContended extends errors_1.OutboundError {
    code = 'row-contended';
    disposition = 'retry';
    constructor(row, rounds) {
        super(`${row.table}(${row.id}) was changed by others ${rounds} times in a row while it was being written.`);
    }
}
exports.RowContended = RowContended;
/** Rounds of deciding again after a lost race. */
const MAX_ROUNDS = 25;
/** Read-backs of one row that may be too old to be written before the row is given up for now. */
const MAX_SLOW_READS = 3;
/**
 * The idempotent writer: settles changes in the LOB store, one compare-and-swap per row, deciding again whenever a race
 * is lost. It knows no source, no wire format and no store's layout.
 *
 * Changes of one row that wait together are settled together: pushes fold into one write, and one read-back settles all
 * of them (each one's stamp was read before the request was sent; none joins a request already under way).
 */
class Writer {
    store;
    reader;
    options;
    #cache;
    /** Rows being settled, with the changes that came meanwhile. */
    #lanes = new Map();
    #readLimit;
    #maxReadAgeMs;
    #now;
    #decide;
    constructor(store, reader, options) {
        this.store = store;
        this.reader = reader;
        this.options = options;
        this.#cache = new lru_cache_1.LRUCache({
            maxSize: options.cacheBytes ?? 32 * 1024 * 1024,
            sizeCalculation: (stored) => Math.max(1, stored.size),
        });
        this.#readLimit = (0, p_limit_1.default)(options.readConcurrency ?? 16);
        this.#maxReadAgeMs = options.maxReadAgeMs ?? 30_000;
        this.#now = options.now ?? Date.now;
        this.#decide = options.decide ?? decide_1.decide;
    }
    /**
     * Settles each change on its own merits; never rejects. `expectNothing`: the rows are most likely not stored yet (an
     * initial load), so writing without reading first saves a round trip; where one is stored, the race is lost and the
     * row is read.
     */
    async settle(changes, expectNothing = false) {
        const groups = new Map();
        const settlements = changes.map((change) => new Promise((resolve) => {
            const key = keyOf(change.row);
            const group = groups.get(key) ?? this.#lanes.get(key);
            if (group !== undefined)
                return void group.push({ change, resolve });
            groups.set(key, [{ change, resolve }]);
            this.#lanes.set(key, []);
        }));
        this.#start([...groups].map(([key, waiting]) => groupOf(key, waiting, expectNothing)));
        return Promise.all(settlements);
    }
    /**
     * Forgets what is known of rows, so that they are read from the store: what is known proves that a change is contained,
     * but not that the row still lies as it was written. An instance with another mapping may have written it since.
     */
    forget(rows) {
        for (const row of rows)
            this.#cache.delete(keyOf(row));
    }
    /** Nothing is known to make a run reject; if something did, its changes would fail rather than wait for ever. */
    #start(groups) {
        this.#run(groups).catch((error) => {
            const next = [];
            for (const group of groups)
                this.#fail(group, error, next);
            if (next.length > 0)
                this.#start(next);
        });
    }
    /** Looks, decides, then writes or reads back. */
    async #run(groups) {
        const planned = await this.#continuing((next) => this.#plan(groups, next));
        const writes = [];
        const reads = [];
        const done = [];
        for (const { group, stored, plan } of planned) {
            if (plan.kind === 'write')
                writes.push({ group, stored, plan });
            else if (plan.kind === 'readBack')
                reads.push({ group, stored, plan });
            else
                done.push({ group, stored, plan });
        }
        await Promise.all([
            this.#continuing((next) => {
                for (const { group, stored, plan } of done)
                    this.#finish(group, stored, plan.verdicts, undefined, next);
            }),
            this.#continuing((next) => this.#write(writes, next)),
            ...reads.map((read) => this.#readLimit(() => this.#continuing((next) => this.#settleByRead(read, next)))),
        ]);
    }
    /**
     * One step. The groups that come out of it (to be decided again, or queued up behind it) go on at once: a row never
     * waits for another row's read.
     */
    async #continuing(step) {
        const next = [];
        const result = await step(next);
        if (next.length > 0)
            this.#start(next);
        return result;
    }
    async #plan(groups, next) {
        const unknown = groups.filter((group) => !this.#cache.has(group.key) && !(group.expectNothing && group.rounds === 0));
        const found = new Map();
        const failures = new Map();
        if (unknown.length > 0)
            await this.#look(unknown, found, failures);
        const floors = await this.#floors(unknown.filter(({ key }) => !found.has(key)));
        return groups.flatMap((group) => {
            try {
                if (failures.has(group))
                    throw failures.get(group);
                const stored = this.#cache.get(group.key) ?? found.get(group.key);
                return [{ group, stored, plan: this.#decideGroup(group, stored, floors.get(group.row.table)) }];
            }
            catch (error) {
                this.#fail(group, error, next);
                return [];
            }
        });
    }
    /** The floors of the tables of which an image meets an unknown row. Without its floor a row is read: always right. */
    async #floors(unknown) {
        const { floorOf } = this.options;
        if (floorOf === undefined)
            return new Map();
        const tables = new Set(unknown.filter(({ waiting }) => waiting.some(isPushedImage)).map(({ row }) => row.table));
        const asked = [...tables].map(async (table) => {
            try {
                return [[table, await floorOf(table)]];
            }
            catch {
                return [];
            }
        });
        return new Map((await Promise.all(asked)).flat());
    }
    /** Reads rows from the store. One that can't be read for good fails alone: the others are read without it. */
    async #look(groups, found, failures) {
        try {
            const rows = await this.store.read(groups.map(({ row }) => row));
            groups.forEach(({ key }, index) => {
                const stored = rows[index];
                if (stored !== undefined)
                    found.set(key, stored);
            });
        }
        catch (error) {
            if (groups.length === 1 || (0, errors_1.dispositionOf)(error) === 'retry') {
                for (const group of groups)
                    failures.set(group, error);
                return;
            }
            const half = Math.floor(groups.length / 2);
            await this.#look(groups.slice(0, half), found, failures);
            await this.#look(groups.slice(half), found, failures);
        }
    }
    /** Folds the group's changes, in the order they came, into at most one write. */
    #decideGroup({ row, waiting }, stored, floor) {
        const verdicts = waiting.map(() => undefined);
        let state = stored && { ...stored, sameData: () => undefined };
        let pending;
        for (const [index, { change }] of waiting.entries()) {
            const now = state && pending === undefined && stored ? { ...state, sameData: () => this.#same(stored, change) } : state;
            const decision = this.#decideOne(now, change, floor);
            if (decision.kind === 'readBack' && this.reader === undefined) {
                verdicts[index] = 'unproven';
                continue;
            }
            if (decision.kind === 'readBack') {
                // The read settles everything that waits, except what is provably known already.
                const skipped = verdicts.map((verdict) => (isSkip(verdict) ? verdict : undefined));
                return { kind: 'readBack', verdicts: skipped };
            }
            verdicts[index] = decision.verdict;
            if (decision.kind === 'skip')
                continue;
            pending = fold(pending, {
                row,
                expected: stored,
                stamp: decision.stamp,
                effect: decision.data,
                columns: columnsOf(change),
            });
            state = {
                stamp: decision.stamp,
                // A write that brings columns says anew whether the row is hidden, and what it brings is at hand until then.
                hidden: decision.data === 'keep' && state?.hidden === true,
                writtenAt: Number.POSITIVE_INFINITY,
                sameData: () => undefined,
            };
        }
        const settled = verdicts.map((verdict) => verdict ?? 'readBack');
        return pending === undefined
            ? { kind: 'done', verdicts: settled }
            : { kind: 'write', verdicts: settled, write: pending };
    }
    #decideOne(state, change, floor) {
        const decision = this.#decide(state, change, this.options.rule, floor);
        if (decision.kind !== 'readBack' || this.reader !== undefined)
            return decision;
        return this.options.unprovable === 'apply' ? ((0, decide_1.applyUnproven)(state?.stamp, change) ?? decision) : decision;
    }
    #same(stored, change) {
        return change.kind === 'snapshot' && !stored.stamp.gone && this.store.sameData(stored, change);
    }
    async #write(planned, next) {
        if (planned.length === 0)
            return;
        let outcomes;
        try {
            outcomes = await this.store.write(planned.map(({ plan }) => plan.write));
        }
        catch (error) {
            for (const { group } of planned)
                this.#fail(group, error, next);
            return;
        }
        planned.forEach(({ group, stored, plan }, index) => {
            const outcome = outcomes[index];
            if (outcome?.kind === 'written') {
                this.#cache.set(group.key, outcome.stored);
                this.#finish(group, stored, plan.verdicts, { ...plan.write, after: outcome.stored }, next);
            }
            else if (outcome?.kind === 'conflict')
                this.#again(group, next);
            else
                this.#fail(group, outcome?.error, next);
        });
    }
    /** The fenced read-back: what it brings is written only if the entity tag known before it was sent still stands. */
    async #settleByRead({ group, stored, plan }, next) {
        try {
            if (this.reader === undefined)
                throw new OrderUnprovable(group.row);
            const unsettled = group.waiting
                .filter((_, index) => plan.verdicts[index] === undefined)
                .map(({ change }) => change);
            const read = await this.#readFresh(this.reader, group.row, stored);
            if ((0, decide_1.readLags)(stored?.stamp, read, unsettled))
                throw new ReadLagged(group.row);
            const decision = (0, decide_1.settleByReadBack)(stored?.stamp, read, unsettled.flatMap(eventKey), this.options.rule);
            const columns = read.kind === 'found' ? read.columns : NO_COLUMNS;
            const write = {
                row: group.row,
                expected: stored,
                stamp: decision.stamp,
                effect: decision.data,
                columns,
            };
            const verdicts = plan.verdicts.map((verdict) => verdict ?? decision.verdict);
            await this.#write([{ group, stored, plan: { kind: 'write', verdicts, write } }], next);
        }
        catch (error) {
            this.#fail(group, error, next);
        }
    }
    /**
     * Where no live row is stored, an old read must not be written: a sweep may already have passed. Half of the allowed
     * age is left for the write to land.
     */
    async #readFresh(reader, row, stored) {
        for (let attempt = 0; attempt < MAX_SLOW_READS; attempt += 1) {
            const sent = this.#now();
            const read = await reader.read(row);
            if (this.#now() - sent <= this.#maxReadAgeMs / 2 || (stored !== undefined && !stored.stamp.gone))
                return read;
        }
        throw new ReadTooSlow(row, this.#maxReadAgeMs);
    }
    #finish(group, before, verdicts, write, next) {
        this.#release(group, next);
        group.waiting.forEach(({ change, resolve }, index) => {
            const verdict = verdicts[index] ?? 'readBack';
            if (verdict === 'unproven') {
                resolve({ kind: 'failed', change, error: new OrderUnprovable(group.row) });
                return;
            }
            const changed = change.evidence.kind === 'pull' && write !== undefined && this.#changes(before, write);
            resolve({ kind: 'settled', change, verdict, changed });
        });
    }
    /** Whether readers see another row than before. */
    #changes(before, { after, ...write }) {
        if (!isShown(before) || !isShown(after))
            return isShown(before) !== isShown(after);
        return write.effect === 'snapshot' ? !this.store.sameData(before, write, 'values') : write.effect === 'patch';
    }
    #fail(group, error, next) {
        this.#cache.delete(group.key);
        this.#release(group, next);
        for (const { change, resolve } of group.waiting)
            resolve({ kind: 'failed', change, error });
    }
    /** A lost race: what was known of the row is forgotten and the original changes are decided again. */
    #again(group, next) {
        this.#cache.delete(group.key);
        group.rounds += 1;
        if (group.rounds >= MAX_ROUNDS)
            this.#fail(group, new RowContended(group.row, group.rounds), next);
        else
            next.push(group);
    }
    #release(group, next) {
        const queued = this.#lanes.get(group.key);
        if (queued === undefined || queued.length === 0)
            return void this.#lanes.delete(group.key);
        this.#lanes.set(group.key, []);
        next.push(groupOf(group.key, queued, false));
    }
}
exports.Writer = Writer;
const NO_COLUMNS = new Map();
const isShown = (stored) => stored !== undefined && !stored.stamp.gone && !stored.hidden;
const isPushedImage = ({ change }) => change.kind === 'snapshot' && change.evidence.kind === 'event';
const keyOf = ({ table, id }) => `${table}/${id}`;
function groupOf(key, waiting, expectNothing) {
    const [table = '', id = ''] = key.split('/');
    return { key, row: { table, id }, waiting, expectNothing, rounds: 0 };
}
const columnsOf = (change) => (change.kind === 'delete' ? NO_COLUMNS : change.columns);
const eventKey = ({ evidence }) => (evidence.kind === 'event' ? [evidence.key] : []);
const isSkip = (verdict) => verdict === 'duplicate' || verdict === 'stale' || verdict === 'contained';
/** Two writes of one row as one. */
function fold(first, then) {
    if (first === undefined || then.effect === 'snapshot' || then.effect === 'clear')
        return then;
    if (then.effect === 'keep')
        return { ...first, stamp: then.stamp };
    if (first.effect === 'keep')
        return then;
    return { ...first, stamp: then.stamp, columns: new Map([...first.columns, ...then.columns]) };
}
//# sourceMappingURL=writer.js.map