"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.TableStore = void 0;
const data_tables_1 = require("@azure/data-tables");
const p_limit_1 = __importDefault(require("p-limit"));
const tables_1 = require("../../azure/tables");
const instant_1 = require("../../change/instant");
const layout_1 = require("./layout");
/**
 * Azure's limits of one entity group transaction: 100 entities, 4 MiB. Rows are measured in UTF-16 and sent as UTF-8, where
 * a character can take half as much again.
 */
const MAX_TRANSACTION_ROWS = 100;
const MAX_TRANSACTION_BYTES = 2.5 * 1024 * 1024;
/**
 * A row of that many bytes goes as a transaction of one. To the service it is the same; Azurite (3.37) reads the body of a
 * plain request in chunks of 64 KiB, each as text of its own, and breaks the characters that lie across two.
 */
const LARGE_ROW_BYTES = 32 * 1024;
/** Lost races after which a transaction isn't tried again. */
const MAX_LOSERS = 2;
/** Requests to the store under way at once from one call. */
const CONCURRENCY = 32;
const columnsOf = (stored) => stored?.data ?? new Map();
/** Azure Tables as a LOB store: one entity per row, one entity tag per compare-and-swap, transactions per partition. */
class TableStore {
    clientOf;
    naming;
    now;
    #clients = new Map();
    constructor(clientOf, naming, now = Date.now) {
        this.clientOf = clientOf;
        this.naming = naming;
        this.now = now;
    }
    async read(rows) {
        const limit = (0, p_limit_1.default)(CONCURRENCY);
        return Promise.all(rows.map((row) => limit(() => this.#readOne(row))));
    }
    async #readOne(row) {
        try {
            const { partitionKey, rowKey } = this.#keyOf(row);
            const client = this.#client(row.table);
            return stored(await client.getEntity(partitionKey, rowKey, { disableTypeConversion: true }));
        }
        catch (error) {
            // A table that isn't there has no rows; it is made by the first write.
            if ((0, tables_1.statusOf)(error) === 404)
                return undefined;
            throw error;
        }
    }
    async write(writes) {
        const outcomes = new Array(writes.length);
        const groups = new Map();
        writes.forEach((write, index) => {
            try {
                const key = this.#keyOf(write.row);
                const group = `${write.row.table}/${key.partitionKey}`;
                const prepared = prepare(write, key, index);
                groups.set(group, [...(groups.get(group) ?? []), prepared]);
            }
            catch (error) {
                outcomes[index] = { kind: 'failed', error };
            }
        });
        const limit = (0, p_limit_1.default)(CONCURRENCY);
        const chunks = [...groups.values()].flatMap(chunked);
        await Promise.all(chunks.map((chunk) => limit(() => this.#writeChunk(chunk, outcomes))));
        return outcomes;
    }
    /**
     * One transaction; an operation that lost its race or was refused is taken out and the others are sent again. Where many
     * lose, the rest is given back for deciding again rather than sent once for each loser. What is too large for one
     * request is sent in halves; what the service fails over, one by one.
     */
    async #writeChunk(chunk, outcomes) {
        let rest = chunk;
        let created = false;
        let losers = 0;
        while (rest.length > 0) {
            const [first] = rest;
            if (first === undefined)
                return;
            try {
                const alone = rest.length === 1 && first.size < LARGE_ROW_BYTES;
                const etags = alone ? [await this.#single(first)] : await this.#transaction(rest);
                rest.forEach((prepared, at) => {
                    outcomes[prepared.index] = { kind: 'written', stored: this.#written(prepared, etags[at] ?? '') };
                });
                return;
            }
            catch (error) {
                if ((0, tables_1.tableIsMissing)(error) && !created) {
                    created = await this.#create(first.write.row.table);
                    if (created)
                        continue;
                }
                const at = rest.length === 1 ? 0 : failedOperation(error);
                const loser = at === undefined ? undefined : rest[at];
                if (isFault(error) && rest.length > 1) {
                    const limit = (0, p_limit_1.default)(CONCURRENCY);
                    await Promise.all(rest.map((prepared) => limit(() => this.#writeChunk([prepared], outcomes))));
                    return;
                }
                if (isRefusal(error)) {
                    if (loser === undefined) {
                        const half = Math.ceil(rest.length / 2);
                        await this.#writeChunk(rest.slice(0, half), outcomes);
                        rest = rest.slice(half);
                        continue;
                    }
                    const refused = new layout_1.RowRefused(loser.write.row, (0, tables_1.serviceCodeOf)(error) ?? 'no code', { cause: error });
                    outcomes[loser.index] = { kind: 'failed', error: refused };
                    rest = rest.filter((prepared) => prepared !== loser);
                    continue;
                }
                if (loser === undefined || !losesRace(error)) {
                    for (const { index } of rest)
                        outcomes[index] = { kind: 'failed', error };
                    return;
                }
                losers += 1;
                outcomes[loser.index] = { kind: 'conflict' };
                rest = rest.filter((prepared) => prepared !== loser);
                if (losers < MAX_LOSERS)
                    continue;
                for (const { index } of rest)
                    outcomes[index] = { kind: 'conflict' };
                return;
            }
        }
    }
    async #create(table) {
        try {
            await this.#client(table).createTable();
            return true;
        }
        catch {
            // The write that needed the table is reported with its own error.
            return false;
        }
    }
    async #single({ write, action }) {
        const client = this.#client(write.row.table);
        const [, entity, mode] = action;
        const response = action[0] === 'create'
            ? await client.createEntity(entity)
            : await client.updateEntity(entity, mode === 'Merge' ? 'Merge' : 'Replace', {
                etag: write.expected?.etag ?? '',
            });
        return knownTag(response.etag);
    }
    async #transaction(chunk) {
        const [first] = chunk;
        const response = await this.#client(first?.write.row.table ?? '').submitTransaction(chunk.map(({ action }) => action));
        // In the order of the operations. The SDK's look-up by row key finds created entities only: an update's part names none.
        return chunk.map((_, at) => knownTag(response.subResponses[at]?.etag));
    }
    #written({ write, columns, size }, etag) {
        const hidden = isHidden(write);
        return { stamp: write.stamp, etag, hidden, writtenAt: (0, instant_1.ceilInstant)(this.now()), data: columns, size };
    }
    sameData(storedRow, { columns }, of = 'all') {
        if (storedRow.hidden)
            return false;
        const counts = (name) => of === 'all' || !(0, layout_1.describesValue)(name, columns);
        const have = columnsOf(storedRow);
        const want = (0, layout_1.encodeColumns)(columns);
        for (const [name, property] of want)
            if (counts(name) && have.get(name) !== (0, layout_1.fingerprint)(property))
                return false;
        for (const name of have.keys())
            if (counts(name) && !want.has(name))
                return false;
        return true;
    }
    liveRows(table) {
        return this.#entries(table, 'Deleted eq false or Hidden eq true');
    }
    async *tombstones(table, writtenBefore) {
        const before = new Date(writtenBefore * 1000);
        for await (const page of this.#entries(table, (0, data_tables_1.odata) `Deleted eq true and Timestamp lt ${before}`)) {
            // No service filters by a property that isn't there in the same way; and the stamp decides.
            yield page.filter(({ stored: { stamp, hidden } }) => stamp.gone && !hidden);
        }
    }
    async removeTombstones(tombstones) {
        const limit = (0, p_limit_1.default)(CONCURRENCY);
        const removed = await Promise.all(tombstones.map((entry) => limit(() => this.#remove(entry))));
        return removed.filter((went) => went).length;
    }
    /** One by one: the SDK's transactions delete whatever the entity tag. */
    async #remove({ row, stored: { etag } }) {
        const { partitionKey, rowKey } = this.#keyOf(row);
        try {
            await this.#client(row.table).deleteEntity(partitionKey, rowKey, { etag: knownTag(etag) });
            return true;
        }
        catch (error) {
            // 412: written since. 404: gone already.
            if ((0, tables_1.statusOf)(error) === 412 || (0, tables_1.statusOf)(error) === 404)
                return false;
            throw error;
        }
    }
    async *#entries(table, filter) {
        for (const partition of layout_1.PARTITIONS) {
            const pages = this.#client(table)
                .listEntities({
                disableTypeConversion: true,
                queryOptions: { filter: `PartitionKey eq '${partition}' and (${filter})` },
            })
                .byPage({ maxPageSize: 1000 });
            try {
                for await (const page of pages) {
                    yield page.map((entity) => ({ row: this.#rowOf(table, entity), stored: stored(entity) }));
                }
            }
            catch (error) {
                if ((0, tables_1.tableIsMissing)(error))
                    return;
                throw error;
            }
        }
    }
    #keyOf(row) {
        return { partitionKey: (0, layout_1.partitionOf)(row.id), rowKey: this.naming.keyOf(row) };
    }
    #rowOf(table, { partitionKey = '', rowKey = '' }) {
        const id = this.naming.idOf(table, rowKey);
        if (id === undefined)
            throw new layout_1.RowKeyForeign(this.naming.tableOf(table), partitionKey, rowKey);
        return { table, id };
    }
    #client(table) {
        const name = this.naming.tableOf(table);
        const known = this.#clients.get(name);
        if (known !== undefined)
            return known;
        const client = this.clientOf(name);
        this.#clients.set(name, client);
        return client;
    }
}
exports.TableStore = TableStore;
/** Whether a write leaves its row hidden: the filter's columns decide that, and only `keep` brings none. */
const isHidden = ({ effect, expected }) => effect === 'hide' || (effect === 'keep' && expected?.hidden === true);
/** Turns a write into one operation of the SDK, keeping to Merge where that is enough (it sends only what changed). */
function prepare(write, key, index) {
    const { row, stamp, expected, effect } = write;
    const before = columnsOf(expected);
    const changed = effect === 'snapshot' || effect === 'patch' ? (0, layout_1.encodeColumns)(write.columns) : new Map();
    const columns = new Map(effect === 'patch' || effect === 'keep' ? before : undefined);
    let cleared = effect === 'clear' && before.size > 0;
    if (effect === 'patch') {
        for (const column of write.columns.keys()) {
            for (const name of before.keys()) {
                if (!(0, layout_1.belongsTo)(name, column) || changed.has(name))
                    continue;
                columns.delete(name);
                cleared = true;
            }
        }
    }
    for (const [name, property] of changed)
        columns.set(name, (0, layout_1.fingerprint)(property));
    (0, layout_1.assertFits)(row, key, stamp, columns);
    const hidden = isHidden(write);
    // Merge can't take a property away; then the whole entity is replaced, from the fingerprints of what stays.
    const merge = effect === 'keep' || (effect === 'patch' && !cleared && expected?.hidden !== true);
    const properties = merge || effect !== 'patch' ? changed : withUnchanged(columns, changed);
    const entity = (0, layout_1.toEntity)(key, stamp, hidden, properties);
    const action = expected === undefined
        ? ['create', entity]
        : ['update', entity, merge ? 'Merge' : 'Replace', { etag: expected.etag }];
    return { index, write, action, columns, size: sizeOf(columns) };
}
function withUnchanged(columns, changed) {
    const all = new Map(changed);
    for (const [name, print] of columns)
        if (!all.has(name))
            all.set(name, fromFingerprint(print));
    return all;
}
/** A stored property from its fingerprint; a Double that happens to be whole may come back as an Int32. */
function fromFingerprint(print) {
    const text = print.slice(1);
    switch (print[0]) {
        case 'n':
            return Number.isInteger(Number(text)) && Math.abs(Number(text)) < 2 ** 31
                ? Number(text)
                : { type: 'Double', value: text };
        case 'b':
            return text === 'true';
        case 'l':
            return BigInt(text);
        case 't':
            return { type: 'DateTime', value: text };
        case 'x':
            return { type: 'Binary', value: text };
        default:
            return text;
    }
}
function* chunksOf(group) {
    let chunk = [];
    let bytes = 0;
    for (const prepared of group) {
        if (chunk.length === MAX_TRANSACTION_ROWS || (chunk.length > 0 && bytes + prepared.size > MAX_TRANSACTION_BYTES)) {
            yield chunk;
            chunk = [];
            bytes = 0;
        }
        chunk.push(prepared);
        bytes += prepared.size;
    }
    if (chunk.length > 0)
        yield chunk;
}
const chunked = (group) => [...chunksOf(group)];
function stored(entity) {
    const property = entity[layout_1.STAMP_PROPERTY];
    const stamp = typeof property?.value === 'string' ? (0, layout_1.decodeStamp)(property.value) : undefined;
    if (stamp === undefined)
        throw new layout_1.StampUnreadable(String(entity.partitionKey), String(entity.rowKey));
    const columns = (0, layout_1.fingerprintsOf)(entity);
    const hidden = String(entity[layout_1.HIDDEN_PROPERTY]?.value) === 'true';
    const writtenAt = (0, instant_1.floorInstant)(Date.parse(String(entity.timestamp))) + 1;
    return { stamp, etag: String(entity.etag), hidden, writtenAt, data: columns, size: sizeOf(columns) };
}
/** UTF-16 bytes of names and values, with a little for each: about what a row takes on the wire and in memory. */
function sizeOf(columns) {
    let bytes = 600;
    for (const [name, print] of columns)
        bytes += 2 * (name.length + print.length) + 32;
    return bytes;
}
/** Without its entity tag a row must not be kept as known: the next write would be sent without a condition. */
function knownTag(etag) {
    const tag = etag?.trim() ?? '';
    if (tag === '')
        throw new Error('Azure Tables answered a write without an entity tag.');
    return tag;
}
/** 412: the entity tag has moved; 409: someone made the row first; 404: the row was removed from outside. */
const losesRace = (error) => {
    const status = (0, tables_1.statusOf)(error);
    return status === 412 || status === 409 || (status === 404 && !(0, tables_1.tableIsMissing)(error));
};
/** 400 and 413: the service doesn't take the request as it stands, and wouldn't later. */
const isRefusal = (error) => (0, tables_1.statusOf)(error) === 400 || (0, tables_1.statusOf)(error) === 413;
/**
 * 500: the service failed over this very transaction. Sent one by one, only what it fails over isn't written. (Azurite 3.37 fails over U+2028 and U+2029 in a transaction, and takes them in a plain request.)
 */
const isFault = (error) => (0, tables_1.statusOf)(error) === 500;
/** Which operation failed a transaction: the service says it as `INDEX:text`. */
function failedOperation(error) {
    const index = error instanceof data_tables_1.RestError ? /^(\d+):/.exec(error.message)?.[1] : undefined;
    return index === undefined ? undefined : Number(index);
}
//# sourceMappingURL=table-store.js.map