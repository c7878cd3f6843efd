"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isTrackingPosition = exports.ChangeTracking = void 0;
const dataverse_error_1 = require("./dataverse-error");
const delta_token_1 = require("./delta-token");
const REFUSED = ['filter', 'orderby', 'expand', 'top'];
/** Change tracking over rows (use-change-tracking-synchronize-data-external-systems). */
class ChangeTracking {
    #store;
    #now;
    #expiryMs;
    constructor(store, now, expiryDays) {
        this.#store = store;
        this.#now = now;
        this.#expiryMs = expiryDays * 86_400_000;
    }
    /** Makes the tokens issued so far for a table worthless, as age or a change of the table's definition does. */
    expire(table) {
        this.#store.table(table.logicalName).oldestToken = this.#store.nextVersion();
    }
    /** The page that a request asks for. */
    page(table, query, size) {
        this.#check(table, query);
        const rows = this.#store.table(table.logicalName);
        const run = this.#position(query);
        if (run.at.kind === 'all') {
            const page = rows.page(run.at.place, size);
            const items = page.rows.map((row) => ({ kind: 'row', row }));
            const next = page.next === undefined ? undefined : { ...run, at: { kind: 'all', place: page.next } };
            return { isDelta: false, items, link: link(run, next) };
        }
        const { since } = run.at;
        this.#checkAge(rows, since);
        const page = rows.changes(since, run.at.position, size);
        const next = page.next === undefined ? undefined : { ...run, at: { kind: 'delta', since, position: page.next } };
        return { isDelta: true, items: page.items, link: link(run, next) };
    }
    /** How many changes a delta would return (`/accounts/$count?$deltatoken=…`). */
    count(table, query) {
        this.#check(table, query);
        const rows = this.#store.table(table.logicalName);
        const token = this.#known((0, delta_token_1.readDeltaToken)(query.deltaToken ?? ''));
        this.#checkAge(rows, token.version);
        return rows.changes(token.version, undefined, Infinity).items.length;
    }
    #check(table, query) {
        for (const option of REFUSED) {
            if (!query.given.has(option))
                continue;
            throw (0, dataverse_error_1.badRequest)(`The "$${option}" query parameter isn't supported when Change Tracking is enabled.`);
        }
        if (!table.changeTracking) {
            throw new dataverse_error_1.DataverseError(400, '0x80072491', `Entity ${table.logicalName} isn't enabled for change tracking.`);
        }
    }
    #position(query) {
        if (query.skipToken !== undefined)
            return readPosition(query.skipToken);
        const token = { version: this.#store.version, issuedAt: this.#now() };
        if (query.deltaToken === undefined)
            return { token, at: { kind: 'all', place: 0 } };
        const since = this.#known((0, delta_token_1.readDeltaToken)(query.deltaToken)).version;
        return { token, at: { kind: 'delta', since, position: { phase: 'rows', after: since } } };
    }
    #known(token) {
        if (this.#now() - token.issuedAt > this.#expiryMs)
            throw (0, delta_token_1.expiredToken)();
        return token;
    }
    #checkAge(rows, since) {
        if (since < rows.oldestToken)
            throw (0, delta_token_1.expiredToken)();
    }
}
exports.ChangeTracking = ChangeTracking;
function link(run, next) {
    return next === undefined
        ? { kind: 'delta', parameter: `$deltatoken=${(0, delta_token_1.encodeDeltaToken)((0, delta_token_1.writeDeltaToken)(run.token))}` }
        : { kind: 'next', parameter: `$skiptoken=${encodeURIComponent(writePosition(next))}` };
}
function writePosition({ token, at }) {
    const where = at.kind === 'all'
        ? `place="${at.place}"`
        : `since="${at.since}" phase="${at.position.phase}" after="${at.position.after}"`;
    return `<cookie tracking="True" token="${(0, delta_token_1.writeDeltaToken)(token)}" ${where} />`;
}
function readPosition(text) {
    const value = (name) => new RegExp(` ${name}="([^"]*)"`).exec(text)?.[1];
    const token = (0, delta_token_1.readDeltaToken)(value('token') ?? '');
    const place = value('place');
    if (place !== undefined)
        return { token, at: { kind: 'all', place: Number(place) } };
    const phase = value('phase') === 'deleted' ? 'deleted' : 'rows';
    const after = BigInt(value('after') ?? 0);
    return { token, at: { kind: 'delta', since: BigInt(value('since') ?? 0), position: { phase, after } } };
}
/** Is it a page of change tracking that this `$skiptoken` leads to? */
const isTrackingPosition = (skipToken) => skipToken.startsWith('<cookie tracking="True"');
exports.isTrackingPosition = isTrackingPosition;
//# sourceMappingURL=change-tracking.js.map