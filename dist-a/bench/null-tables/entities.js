"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Entities = void 0;
const filter_1 = require("./filter");
const EVERYTHING = { meets: () => true, partitionKey: undefined };
/** Merges kept apart before they are put together. */
const MAX_BODIES = 64;
const folded = ({ bodies }) => Object.assign({}, ...bodies.map((body) => JSON.parse(body.toString())));
const REFUSALS = {
    exists: { status: 409, code: 'EntityAlreadyExists' },
    missing: { status: 404, code: 'ResourceNotFound' },
    moved: { status: 412, code: 'UpdateConditionNotSatisfied' },
};
/** Entities by table, partition and row. Every table is there. */
class Entities {
    #tables = new Map();
    #etags = 0;
    /** Why a write can't be; undefined where it can. */
    refusalOf({ kind, table, partitionKey, rowKey, etag }) {
        const entity = this.#tables.get(table)?.get(partitionKey)?.entities.get(rowKey);
        if (kind === 'insert')
            return entity === undefined ? undefined : REFUSALS.exists;
        if (etag === undefined)
            return undefined;
        if (entity === undefined)
            return REFUSALS.missing;
        return etag === '*' || etag === entity.etag ? undefined : REFUSALS.moved;
    }
    /** Does what was found possible; the new entity tag. */
    write({ kind, table, partitionKey, rowKey, body }) {
        const partition = this.#partition(table, partitionKey);
        const before = partition.entities.get(rowKey);
        const etag = `W/"${(this.#etags += 1)}"`;
        if (kind === 'delete') {
            partition.entities.delete(rowKey);
            partition.sorted = undefined;
            return etag;
        }
        if (before === undefined) {
            partition.entities.set(rowKey, { etag, writtenAt: Date.now(), bodies: [body] });
            partition.sorted = undefined;
            return etag;
        }
        before.etag = etag;
        before.writtenAt = Date.now();
        if (kind === 'merge')
            before.bodies.push(body);
        else
            before.bodies = [body];
        if (before.bodies.length > MAX_BODIES)
            before.bodies = [Buffer.from(JSON.stringify(folded(before)))];
        return etag;
    }
    get(table, partitionKey, rowKey) {
        const entity = this.#tables.get(table)?.get(partitionKey)?.entities.get(rowKey);
        return entity && shown(entity);
    }
    /** A page of the entities that meet a filter, in the order of their keys. */
    query(table, filter, top, from, select) {
        const { meets, partitionKey: only } = filter === '' ? EVERYTHING : (0, filter_1.filterOf)(filter);
        const tables = this.#tables.get(table);
        const partitionKeys = only === undefined ? [...(tables?.keys() ?? [])].sort() : [only];
        const entities = [];
        for (const partitionKey of partitionKeys) {
            if (from !== undefined && partitionKey < from.partitionKey)
                continue;
            const partition = tables?.get(partitionKey);
            if (partition === undefined)
                continue;
            partition.sorted ??= [...partition.entities.keys()].sort();
            for (const rowKey of partition.sorted) {
                if (from?.partitionKey === partitionKey && rowKey < from.rowKey)
                    continue;
                const entity = partition.entities.get(rowKey);
                if (entity === undefined)
                    continue;
                let all;
                const read = (property) => {
                    if (property === 'PartitionKey')
                        return partitionKey;
                    if (property === 'RowKey')
                        return rowKey;
                    if (property === 'Timestamp')
                        return timestampOf(entity);
                    return (all ??= folded(entity))[property];
                };
                if (!meets(read))
                    continue;
                if (entities.length === top)
                    return { entities, next: { partitionKey, rowKey } };
                entities.push(picked(shown(entity), select));
            }
        }
        return { entities, next: undefined };
    }
    drop(table) {
        this.#tables.delete(table);
    }
    #partition(table, partitionKey) {
        const partitions = this.#tables.get(table) ?? new Map();
        this.#tables.set(table, partitions);
        const partition = partitions.get(partitionKey) ?? { entities: new Map(), sorted: undefined };
        partitions.set(partitionKey, partition);
        return partition;
    }
}
exports.Entities = Entities;
const timestampOf = ({ writtenAt }) => new Date(writtenAt).toISOString();
const shown = (entity) => ({
    'odata.etag': entity.etag,
    ...folded(entity),
    Timestamp: timestampOf(entity),
});
const picked = (entity, select) => select === undefined
    ? entity
    : Object.fromEntries(Object.entries(entity).filter(([name]) => name === 'odata.etag' || select.includes(name.replace(/@odata\.type$/, ''))));
//# sourceMappingURL=entities.js.map