"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PullSync = exports.LeaseLost = void 0;
const node_crypto_1 = require("node:crypto");
const instant_1 = require("../change/instant");
const row_version_1 = require("../change/row-version");
const read_back_1 = require("../dataverse/read-back");
const web_api_1 = require("../dataverse/web-api");
const errors_1 = require("../errors");
const schema_drift_1 = require("./schema-drift");
const row_id_set_1 = require("./row-id-set");
/** Thrown at the end of a run that another one may have overtaken: its state must not replace the other's. */
class LeaseLost extends errors_1.OutboundError {
    code = 'lease-lost';
    disposition = 'retry';
    constructor(table) {
        super(`The pull of ${table} lost its lease. All it settled stands; the next run begins where this one did.`);
    }
}
exports.LeaseLost = LeaseLost;
const ORIGIN = { source: 'pull-sync', message: 'Pull' };
const newCounters = () => ({ rows: 0, deletes: 0, pages: 0, healed: 0, swept: 0, parked: 0, verdicts: {} });
/** Thrown within a run when a delta doesn't say what was deleted: everything has to be compared. */
class DeltaUnclear extends Error {
}
/** Thrown within a run when a load's journal lacks rows that it has shown: nobody knows what to sweep. */
class JournalIncomplete extends Error {
}
/**
 * Pulls a table's changes through the writer: everything at first, then deltas. A run's token is kept only after every
 * row of every page is settled or parked. A run that dies, or takes too long, goes on after its last settled page, with the
 * begin that it had at first.
 */
class PullSync {
    parts;
    #now;
    #sleep;
    constructor(parts) {
        this.parts = parts;
        this.#now = parts.now ?? Date.now;
        this.#sleep = parts.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
    }
    /** One run of one table or relationship. Errors reject; what is settled stays so. */
    async run(name) {
        const begunMs = this.#now();
        const counters = newCounters();
        const report = (done) => ({
            table: name,
            ...counters,
            ...done,
            milliseconds: this.#now() - begunMs,
        });
        const lease = await this.parts.leases.acquire(`pull-${name}`);
        if (lease === undefined)
            return report({ mode: 'busy' });
        try {
            const subject = await this.parts.subjectOf(name);
            const state = await this.parts.states.read(name);
            const untilMs = begunMs + this.parts.maxRunMs;
            return report(await this.#changes({ subject, state, lease, begunMs, untilMs, counters }));
        }
        finally {
            await lease.release();
        }
    }
    async #changes(run) {
        const { deltaLink, unfinished } = run.state;
        try {
            if (unfinished !== undefined && unfinished.fingerprint === run.subject.fingerprint) {
                return await this.#goOn({ ...run, begunMs: unfinished.begunMs }, unfinished);
            }
            if (run.state.loadAgain === true)
                return await this.#load({ ...run, subject: await run.subject.renewed() });
            if (deltaLink === undefined || !(0, schema_drift_1.continues)(run.state, run.subject))
                return await this.#load(run);
            return await this.#delta(run, deltaLink);
        }
        catch (error) {
            if (!needsLoad(error) && !(unfinished !== undefined && linkIsRefused(error)))
                throw error;
            // Rows by version cost only what changed meanwhile; deletes are found by the sweep. The token also expires when the
            // table's definition changes.
            return this.#load({ ...run, subject: await run.subject.renewed() });
        }
    }
    async #delta(run, link, unfinished) {
        const pages = await this.#pages(run, { mode: 'delta', link }, undefined, unfinished);
        if (!pages.unfinished)
            await this.#keep(run, run.state, pages.deltaLink);
        return this.#done(run, 'delta', pages, unfinished);
    }
    async #load(run) {
        const { subject, state, begunMs } = run;
        const first = state.loadBegunMs === undefined;
        // Without the old token, should this load not come to its end; never again "the first" for expectNothing; without a
        // floor until it has ended; and once more after it, if that was due after one that didn't come to its end.
        const begun = {
            loadBegunMs: begunMs,
            ...(state.lastRun === undefined ? {} : { lastRun: state.lastRun }),
            ...(state.columns === undefined ? {} : { columns: state.columns }),
            ...(isRemapped(run) || isBegunAgain(run) ? { loadAgain: true } : {}),
        };
        await this.#write(run, begun);
        await this.parts.journal.clear(subject.name);
        const journal = { table: subject.name, load: (0, node_crypto_1.randomUUID)() };
        return this.#loadFrom({ ...run, state: begun }, { mode: 'load' }, { first, journal, shown: 0 });
    }
    /** Goes on after the last page that was settled; where that can't be, begins again. */
    async #goOn(run, unfinished) {
        if (unfinished.mode === 'delta')
            return this.#delta(run, unfinished.nextLink, unfinished);
        const { journal, first, nextLink } = unfinished;
        const shown = journal && (await this.parts.journal.count(journal));
        if (journal === undefined || shown === undefined)
            return this.#load({ ...run, begunMs: this.#now() });
        return this.#loadFrom(run, { mode: 'load', link: nextLink }, { first, journal, shown }, unfinished);
    }
    async #loadFrom(run, from, load, unfinished) {
        const pages = await this.#pages(run, from, load, unfinished);
        if (!pages.unfinished) {
            await this.#sweep(run, load, pages.tokenFixedMs);
            await this.#keep(run, { ...run.state, tokenFixedMs: pages.tokenFixedMs }, pages.deltaLink);
            await this.parts.journal.clear(run.subject.name);
        }
        if (load.first)
            run.counters.healed = 0;
        return this.#done(run, load.first ? 'load' : 'reload', pages, unfinished);
    }
    #done({ state, subject }, mode, { unfinished }, resumed) {
        const drift = unfinished ? undefined : (0, schema_drift_1.driftBetween)(state.columns, subject.columns);
        return {
            mode,
            ...(unfinished ? { unfinished } : {}),
            ...(resumed === undefined ? {} : { resumed: true }),
            ...(drift === undefined ? {} : { drift }),
        };
    }
    /** Settles page after page. After each it is remembered which rows a load has shown, and where to go on. */
    async #pages(run, from, load, resumed) {
        const { subject, lease, begunMs, counters, state } = run;
        let deltaLink;
        let tokenFixedMs = resumed?.tokenFixedMs;
        let shown = [];
        for await (const read of this.parts.feed.pages(subject, from)) {
            tokenFixedMs ??= this.#now();
            const items = read.items.flatMap((item) => subject.storedAs(item) ?? []);
            if (load === undefined && items.length < read.items.length)
                throw new DeltaUnclear();
            const page = { ...read, items };
            if (load !== undefined)
                shown.push((0, row_id_set_1.packIds)(items.map(({ id }) => id)));
            await this.#parkUnreadable(page, subject.name, counters);
            const changes = changesOf(page, subject.name, (0, instant_1.floorInstant)(begunMs), lease);
            counters.rows += changes.filter(({ kind }) => kind !== 'delete').length;
            counters.deletes += changes.filter(({ kind }) => kind === 'delete').length;
            // A link has the same columns under every mapping.
            const forget = () => {
                if (load !== undefined && subject.by !== 'compare')
                    this.parts.writer.forget(changes.map(({ row }) => row));
            };
            forget();
            await this.#settle(changes, counters, load?.first === true);
            // A load is larger than what can be remembered, and would have the writer forget the rows that are pushed.
            forget();
            if (page.more === true)
                continue;
            counters.pages += 1;
            deltaLink = page.deltaLink ?? deltaLink;
            if (load !== undefined)
                await this.#remember(load, Buffer.concat(shown));
            shown = [];
            const { nextLink } = page;
            if (nextLink === undefined)
                continue;
            const { mode } = from;
            const { fingerprint } = subject;
            await this.#write(run, {
                ...state,
                unfinished: {
                    mode,
                    begunMs,
                    tokenFixedMs,
                    nextLink,
                    first: load?.first === true,
                    ...(fingerprint === undefined ? {} : { fingerprint }),
                    ...(load === undefined ? {} : { journal: load.journal }),
                },
            });
            if (this.#now() >= run.untilMs)
                return { deltaLink: undefined, tokenFixedMs, unfinished: true };
        }
        return { deltaLink, tokenFixedMs: tokenFixedMs ?? this.#now(), unfinished: false };
    }
    async #remember(load, ids) {
        await this.parts.journal.append(load.journal, ids);
        load.shown += ids.byteLength / row_id_set_1.PACKED_ID_BYTES;
    }
    async #parkUnreadable({ items }, table, counters) {
        for (const item of items) {
            if (item.kind !== 'unreadable')
                continue;
            await this.parts.parking.parkRow({ table, id: item.id }, { code: item.error.code, message: item.error.message });
            counters.parked += 1;
        }
    }
    /** Settles pulled changes; a row that can't be settled as it stands is parked, any other failure ends the run. */
    async #settle(changes, counters, expectNothing) {
        for (const settlement of await this.parts.writer.settle(changes, expectNothing)) {
            if (settlement.kind === 'settled') {
                counters.verdicts[settlement.verdict] = (counters.verdicts[settlement.verdict] ?? 0) + 1;
                if (settlement.changed && settlement.verdict !== 'refreshed')
                    counters.healed += 1;
                continue;
            }
            const { change, error } = settlement;
            if ((0, errors_1.dispositionOf)(error) === 'retry')
                throw error;
            await this.parts.parking.parkRow(change.row, { code: (0, errors_1.codeOf)(error), message: (0, errors_1.messageOf)(error) });
            counters.parked += 1;
        }
    }
    /**
     * Every full load ends with a sweep: a stored row that the load didn't show is gone, or was made meanwhile. It starts
     * late enough that no read-back from before the load's token can still land on a row that the sweep didn't see: the
     * token was fixed by the time the first page was there, which may be long after the run began.
     */
    async #sweep({ subject, lease, begunMs, counters }, load, tokenFixedMs) {
        const wait = tokenFixedMs + this.parts.maxReadAgeMs - this.#now();
        if (wait > 0)
            await this.#sleep(wait);
        const seen = await this.#shown(load);
        for await (const page of this.parts.store.liveRows(subject.name)) {
            const candidates = page.filter(({ row }) => !seen.has(row.id));
            counters.swept += candidates.length;
            const deletes = candidates.map(({ row }) => pulledDelete(row, (0, instant_1.floorInstant)(begunMs), (0, read_back_1.endOf)(this.#now()), lease));
            await this.#settle(deletes, counters, false);
        }
    }
    /** Every row that a load has shown. */
    async #shown({ journal, shown }) {
        const count = (await this.parts.journal.count(journal)) ?? 0;
        if (count < shown)
            throw new JournalIncomplete();
        const ids = new row_id_set_1.RowIdSet(count);
        for await (const packed of this.parts.journal.read(journal))
            ids.addPacked(packed);
        return ids;
    }
    /** The state of a run that has come to its end. */
    async #keep(run, before, deltaLink) {
        const state = { ...before };
        delete state.unfinished;
        const { subject, begunMs, counters } = run;
        const { columns, fingerprint } = subject;
        await this.#write(run, {
            ...state,
            ...(deltaLink === undefined ? {} : { deltaLink }),
            ...(columns === undefined ? {} : { columns }),
            ...(fingerprint === undefined ? {} : { fingerprint }),
            lastRun: { begunMs, endedMs: this.#now(), rows: counters.rows + counters.deletes },
        });
    }
    /** Only the run that surely holds the lease says where the next one begins. */
    async #write({ subject, lease }, state) {
        if (!lease.held())
            throw new LeaseLost(subject.name);
        await this.parts.states.write(subject.name, state);
    }
}
exports.PullSync = PullSync;
/** The mapping is another one than at the last complete run. */
const isRemapped = ({ state, subject }) => state.fingerprint !== undefined && state.fingerprint !== subject.fingerprint;
/** The load that a change of the mapping caused hasn't come to its end yet: it keeps no fingerprint until then. */
const isBegunAgain = ({ state }) => state.loadAgain === true && state.fingerprint === undefined;
/** What is to be settled can't be had from the token, or not be understood. */
const needsLoad = (error) => (0, web_api_1.tokenExpired)(error) || (0, web_api_1.columnUnknown)(error) || error instanceof DeltaUnclear || error instanceof JournalIncomplete;
/** A link in the middle of a run isn't taken any more. */
const linkIsRefused = (error) => error instanceof web_api_1.WebApiError && (error.status === 400 || error.status === 404 || error.status === 410);
function changesOf(page, table, runBegin, lease) {
    return page.items.flatMap((item) => {
        const row = { table, id: item.id };
        if (item.kind === 'unreadable')
            return [];
        if (item.kind === 'deleted')
            return [pulledDelete(row, runBegin, page.end, lease)];
        const { version, modifiedOn, columns } = item;
        const evidence = {
            kind: 'pull',
            version,
            modifiedOn,
            runBegin,
            end: page.end,
            holdsLease: () => lease.held(),
        };
        return [{ kind: 'snapshot', row, columns, evidence, origin: ORIGIN }];
    });
}
function pulledDelete(row, runBegin, end, lease) {
    const evidence = {
        kind: 'pull',
        version: row_version_1.NO_VERSION,
        modifiedOn: runBegin,
        runBegin,
        end,
        holdsLease: () => lease.held(),
    };
    return { kind: 'delete', row, evidence, origin: ORIGIN };
}
//# sourceMappingURL=pull-sync.js.map