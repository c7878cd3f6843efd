"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.relationshipOf = exports.definitionOf = exports.SimulatedDataverse = exports.linkedBy = exports.idsOf = exports.LINK_IDS = exports.IDS = exports.LINKS = exports.TABLES = void 0;
/**
 * A small Dataverse for simulations: rows with one global row version, modifiedon in whole seconds that may lie before or
 * after the commit, deletes, restores with the same id, links, reads that are as of one moment, and a change feed by
 * versions. It tells of its changes in contexts as Dataverse posts them.
 */
const instant_1 = require("../../shared/change/instant");
const read_back_1 = require("../../shared/dataverse/read-back");
const web_api_1 = require("../../shared/dataverse/web-api");
const link_1 = require("../../shared/mapping/link");
const changes_1 = require("../writer/changes");
const wire_1 = require("./wire");
exports.TABLES = ['account', 'contact'];
/** Many-to-many relationships between the two: with change tracking for the intersect table, and without. */
exports.LINKS = ['account_contact_tracked', 'account_contact_compared'];
const ROWS_PER_TABLE = 3;
/** Ids of a table, in the order of its pages. */
exports.IDS = Array.from({ length: ROWS_PER_TABLE }, (_, n) => (0, changes_1.rowId)(n + 1));
const [FIRST = '', SECOND = ''] = exports.IDS;
/** Ids of a relationship's links. */
exports.LINK_IDS = [`${FIRST}_${FIRST}`, `${FIRST}_${SECOND}`, `${SECOND}_${FIRST}`];
/** The ids that a table or a relationship can have. */
const idsOf = (table) => (isLink(table) ? exports.LINK_IDS : exports.IDS);
exports.idsOf = idsOf;
/** The two rows of a link. */
const linkedBy = (id) => {
    const [account = '', contact = ''] = (0, link_1.linkedIds)({ table: exports.LINKS[0], id }) ?? [];
    return [
        { table: exports.TABLES[0], id: account },
        { table: exports.TABLES[1], id: contact },
    ];
};
exports.linkedBy = linkedBy;
const isLink = (table) => exports.LINKS.some((name) => name === table);
const keyOf = ({ table, id }) => `${table}/${id}`;
const MORE = { more: true };
/** What something comes to now, an error too, told when it is asked for. */
function result(of) {
    try {
        const value = of();
        return () => value;
    }
    catch (error) {
        return () => {
            throw error;
        };
    }
}
/** Seconds by which the Date header of an answer may lag behind the moment that it tells of. */
const DATE_LAG = 2;
class SimulatedDataverse {
    random;
    note;
    /** Seconds since 1970. */
    clock = 1_700_000_000;
    #version = 100;
    #oldestToken = 0;
    #events = 0;
    #live = new Map();
    #deletedAt = new Map();
    constructor(random, note) {
        this.random = random;
        this.note = note;
    }
    /** Creates, updates or restores a row; `back` seconds lie between its modifiedon and its commit. */
    write(row, names, back, push) {
        const before = this.#live.get(keyOf(row));
        const { changed, plain, modifiedOn } = this.#commit(row, names, back);
        const input = { Target: (0, wire_1.entity)(row, changed, modifiedOn) };
        return this.#tell([row], push, {
            message: before === undefined ? 'Create' : 'Update',
            row,
            input,
            ...(push === 'image' ? { fullImage: (0, wire_1.entity)(row, plain, modifiedOn) } : {}),
        });
    }
    #commit(row, names, back) {
        const version = (this.#version += 1);
        const before = this.#live.get(keyOf(row));
        const modifiedOn = this.clock - back;
        if (before?.modifiedOn === modifiedOn)
            this.note('F9');
        if (back > 0)
            this.note('F10');
        if (back < 0)
            this.note('F11');
        if (before === undefined && this.#deletedAt.has(keyOf(row)))
            this.note('F13');
        const changed = {
            ...Object.fromEntries(names.map((name) => [name, version % 4 === 0 ? null : version])),
            rev: version,
        };
        const plain = { ...before?.plain, ...changed };
        this.#live.set(keyOf(row), { version, modifiedOn, plain });
        return { changed, plain, modifiedOn };
    }
    /** Merges a row into another one, which takes over a column: the row itself is changed, too. */
    merge(row, into, push) {
        const target = { table: row.table, id: into };
        if (into === row.id || !this.#live.has(keyOf(row)) || !this.#live.has(keyOf(target)))
            return undefined;
        this.note('F15');
        const { changed, modifiedOn } = this.#commit(target, ['a'], 0);
        this.#commit(row, ['b'], 0);
        const input = {
            Target: (0, wire_1.reference)(target),
            SubordinateId: row.id,
            UpdateContent: (0, wire_1.entity)(target, changed, modifiedOn),
            PerformParentingChecks: false,
        };
        return this.#tell([target, row], push, { message: 'Merge', row: target, input });
    }
    /** Deletes a row, and with it its links, of which nothing is told; OperationCreatedOn is `late` seconds after it. */
    delete(row, late, push) {
        if (!this.#remove(row))
            return undefined;
        for (const table of exports.LINKS) {
            for (const id of exports.LINK_IDS) {
                if ((0, exports.linkedBy)(id).some((linked) => keyOf(linked) === keyOf(row)) && this.#remove({ table, id }))
                    this.note('F14');
            }
        }
        if (late > 0)
            this.note('F12');
        const input = { Target: (0, wire_1.reference)(row) };
        return this.#tell([row], push, { message: 'Delete', row, input }, late);
    }
    #remove(row) {
        if (!this.#live.delete(keyOf(row)))
            return false;
        this.#deletedAt.set(keyOf(row), (this.#version += 1));
        return true;
    }
    /** Connects two rows, or no longer does. */
    associate(kind, link, push) {
        const [target, related] = (0, exports.linkedBy)(link.id);
        if (kind === 'associate') {
            if (![target, related].every((row) => this.#live.has(keyOf(row))) || this.#live.has(keyOf(link)))
                return undefined;
            this.#live.set(keyOf(link), { version: (this.#version += 1), modifiedOn: instant_1.BEGINNING, plain: {} });
        }
        else if (!this.#remove(link))
            return undefined;
        const input = {
            Target: (0, wire_1.reference)(target),
            Relationship: (0, wire_1.relationship)(link.table),
            RelatedEntities: [(0, wire_1.reference)(related)],
        };
        return this.#tell([link], push, {
            message: kind === 'associate' ? 'Associate' : 'Disassociate',
            row: target,
            input,
        });
    }
    /** What a synchronous step says of a transaction that is then rolled back. */
    rollBack(row) {
        this.note('F7');
        const input = { Target: (0, wire_1.entity)(row, { a: -1, rev: -1 }, this.clock) };
        return this.#tell([row], 'hint', { message: 'Update', row, input });
    }
    #tell(rows, push, event, late = 0) {
        if (push === 'none')
            return undefined;
        const number = (this.#events += 1);
        const synchronous = push === 'hint';
        const truncated = push === 'truncated';
        if (truncated)
            this.note('F5');
        const body = (0, wire_1.bodyOf)({ ...event, number, synchronous, createdOn: this.clock + late }, truncated);
        return {
            rows,
            number,
            at: this.clock,
            delivery: { source: 'simulated', body, ...(truncated ? { truncated } : {}) },
        };
    }
    /** The Date header of an answer, as the end of what it shows. */
    #end() {
        const lag = Math.floor(this.random() * (DATE_LAG + 1));
        if (lag > 0)
            this.note('F16');
        return (0, read_back_1.endOf)((this.clock - lag) * 1000);
    }
    /** A GET by id as of now. */
    get(row, begin) {
        const live = this.#live.get(keyOf(row));
        const end = this.#end();
        if (live === undefined)
            return { kind: 'missing', begin, end };
        const { version, modifiedOn } = live;
        return { kind: 'found', version: BigInt(version), modifiedOn, columns: this.#shown(row, live), begin, end };
    }
    /** The columns of a live row, for the final comparison. */
    columnsOf(row) {
        const live = this.#live.get(keyOf(row));
        return live && this.#shown(row, live);
    }
    #shown(row, { plain, modifiedOn }) {
        const [account, contact] = (0, link_1.linkedIds)(row) ?? [];
        if (account === undefined || contact === undefined)
            return new Map([
                ...(0, changes_1.columns)(plain),
                ['modifiedon', { kind: 'instant', epochMs: modifiedOn * 1000 }],
            ]);
        return (0, link_1.linkColumns)((0, exports.linkedBy)(row.id));
    }
    /** When a row was last deleted, as a version; 0 where it never was. */
    lastDeletion(row) {
        return this.#deletedAt.get(keyOf(row)) ?? 0;
    }
    /** All tokens given so far are too old from now on. */
    expireTokens() {
        this.#oldestToken = this.#version;
    }
    /**
     * Pages of one or two rows, in parts of one row. A page is as of the moment it is asked for: when its turn comes, or while
     * the one before is gone through. The token is that of the first request. A next link carries it, with what the run began
     * from and how many rows it has shown.
     */
    async *pages(name, { by }, from, pause) {
        await pause();
        const [linkSince = '', linkToken, linkShown] = (from.link ?? '').split('/');
        const since = linkSince === '' ? undefined : Number(linkSince);
        this.#expectToken(since, 'F22');
        const token = linkToken ?? String(this.#version);
        const ids = (0, exports.idsOf)(name);
        const read = (shown) => {
            this.#expectToken(since, 'F23');
            const end = this.#end();
            if (shown === ids.length)
                return [{ items: this.#deletionsOf(name, since), end, ...lastLink }];
            const to = Math.min(ids.length, shown + 1 + Math.floor(this.random() * 2));
            return ids.slice(shown, to).map((id, index) => {
                const items = this.#itemsOf({ table: name, id }, since ?? 0);
                return { items, end, ...(shown + index + 1 < to ? MORE : { nextLink: `${linkSince}/${token}/${to}` }) };
            });
        };
        const lastLink = by === 'compare' ? {} : { deltaLink: token };
        let next = result(() => read(Number(linkShown ?? 0)));
        for (;;) {
            const parts = next();
            const { nextLink } = parts.at(-1) ?? {};
            const after = () => read(Number(nextLink?.split('/')[2]));
            const ahead = nextLink !== undefined && this.random() < 0.5 ? result(after) : undefined;
            for (const part of parts) {
                await pause();
                yield part;
                await pause();
            }
            if (nextLink === undefined)
                return;
            next = ahead ?? after;
        }
    }
    #expectToken(since, fault) {
        if (since === undefined || since >= this.#oldestToken)
            return;
        this.note(fault);
        throw new web_api_1.WebApiError('GET delta', 400, '0x80044352', 'Version stamp associated with the client has expired.');
    }
    #itemsOf(row, since) {
        const live = this.#live.get(keyOf(row));
        if (live === undefined || live.version <= since)
            return [];
        const { version, modifiedOn } = live;
        const [account, contact] = (0, link_1.linkedIds)(row) ?? [];
        const shown = account === undefined || contact === undefined
            ? this.#shown(row, live)
            : new Map([
                ['accountid', { kind: 'guid', value: account }],
                ['contactid', { kind: 'guid', value: contact }],
            ]);
        return [{ kind: 'row', id: row.id, version: BigInt(version), modifiedOn, columns: shown }];
    }
    #deletionsOf(table, since) {
        if (since === undefined)
            return [];
        const deleted = (0, exports.idsOf)(table).filter((id) => this.#isDeletedSince({ table, id }, since));
        return deleted.map((id) => ({ kind: 'deleted', id }));
    }
    #isDeletedSince(row, since) {
        return !this.#live.has(keyOf(row)) && (this.#deletedAt.get(keyOf(row)) ?? 0) > since;
    }
}
exports.SimulatedDataverse = SimulatedDataverse;
/** A table's definition. */
const definitionOf = (table) => ({
    table,
    entitySet: `${table}s`,
    primaryId: `${table}id`,
    changeTracking: table !== exports.LINKS[1],
    columns: new Map([
        ...['a', 'b', 'rev'].map((name) => [name, { name, type: 'integer' }]),
        ['modifiedon', { name: 'modifiedon', type: 'instant' }],
    ]),
});
exports.definitionOf = definitionOf;
/** A relationship's definition. */
const relationshipOf = (schemaName) => ({
    kind: 'many-to-many',
    schemaName,
    intersect: schemaName,
    ends: [
        { table: exports.TABLES[0], column: 'accountid' },
        { table: exports.TABLES[1], column: 'contactid' },
    ],
});
exports.relationshipOf = relationshipOf;
//# sourceMappingURL=simulated-dataverse.js.map