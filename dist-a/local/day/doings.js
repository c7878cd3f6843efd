"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ROW_DOINGS = void 0;
const row_contents_1 = require("./row-contents");
const NO_COLUMNS = () => ({});
const creating = (table) => row_contents_1.WORK[table]?.create ?? NO_COLUMNS;
const updating = ({ random }, table) => (0, row_contents_1.pick)(random, row_contents_1.WORK[table]?.update ?? [NO_COLUMNS]);
/** A table with few rows gets another one instead. */
const FEW = 5;
/** Tables whose rows can be merged, and are. */
const MERGED = ['account', 'contact'];
/** Tables of which many rows are written at once; shipments have steps on these messages only. */
const MANY = ['new_shipment', 'new_shipment', 'contact'];
/** Messages of the same meaning, of which the older clients use one and the newer ones the other. */
const STATE_MESSAGES = ['SetState', 'SetStateDynamicEntity'];
/** Takes some ids out, so that nobody else works on them. */
const takeOut = ({ random }, ids, count) => Array.from({ length: Math.min(count, ids.length) }, () => ids.splice(random.between(0, ids.length - 1), 1)).flat();
/** Different rows of a table. */
const several = ({ random }, ids, count) => [
    ...new Set(Array.from({ length: Math.min(count, ids.length) }, () => (0, row_contents_1.pick)(random, ids))),
];
const create = (office, worker) => createIn(office, worker, (0, row_contents_1.pick)(worker.random, row_contents_1.WEIGHTED));
const createIn = (office, { random, id: user }, table) => office.change('Create', 1, async () => {
    const columns = creating(table)(random, office.rows);
    office.ids(table).push(await office.dataverse.create(table, columns, { user }));
});
/** Does something with a row of any table. */
const withRow = (act) => (office, worker) => {
    const table = (0, row_contents_1.pick)(worker.random, row_contents_1.WEIGHTED);
    const ids = office.ids(table);
    if (ids.length < FEW)
        return createIn(office, worker, table);
    return act(office, worker, table, (0, row_contents_1.pick)(worker.random, ids));
};
const updateRow = (office, worker, table, id) => office.change('Update', 1, () => office.dataverse.update(table, id, updating(worker, table)(worker.random, office.rows), { user: worker.id }));
/** Several changes of a row within a second. */
const burst = withRow(async (office, worker, table, id) => {
    for (let times = worker.random.between(4, 12); times > 0 && office.ids(table).includes(id); times -= 1) {
        if (!(await updateRow(office, worker, table, id)))
            return;
    }
});
const remove = withRow((office, { id: user }, table, id) => office.change('Delete', 1, async () => {
    const ids = office.ids(table);
    ids.splice(ids.indexOf(id), 1);
    await office.dataverse.delete(table, id, { user });
    office.deleted.push({ table, id });
}));
const restore = async (office, { random, id: user }) => {
    if (office.deleted.length === 0)
        return;
    await office.change('Create', 1, async () => {
        const [gone] = office.deleted.splice(random.between(0, office.deleted.length - 1), 1);
        if (gone === undefined)
            return;
        await office.dataverse.restore(gone.table, gone.id, { user });
        office.ids(gone.table).push(gone.id);
    });
};
const upsert = withRow((office, worker, table, known) => office.change('Upsert', 1, async () => {
    const { random, id: user } = worker;
    const isNew = random.chance(0.5);
    const id = isNew ? random.guid() : known;
    const columns = (isNew ? creating(table) : updating(worker, table))(random, office.rows);
    const { created } = await office.dataverse.upsert(table, id, columns, { user });
    if (created)
        office.ids(table).push(id);
}));
const assign = withRow((office, { random, id: user }, table, id) => office.change('Assign', 1, () => {
    const owner = random.chance(0.25)
        ? { table: 'team', id: office.dataverse.teamId }
        : { table: 'systemuser', id: (0, row_contents_1.pick)(random, office.dataverse.users).id };
    return office.dataverse.assign(table, id, owner, { user });
}));
/** Back and forth, so that leads leave and come back. */
const setState = withRow((office, { random, id: user }, table, id) => {
    const message = (0, row_contents_1.pick)(random, STATE_MESSAGES);
    const state = random.between(0, 1);
    return office.change(message, 1, () => office.dataverse.setState(table, id, state, undefined, { user, message }));
});
const merge = async (office, worker) => {
    const { random, id: user } = worker;
    const table = (0, row_contents_1.pick)(random, MERGED);
    const [target, subordinate] = several(worker, office.ids(table), 2);
    if (target === undefined || subordinate === undefined)
        return;
    await office.change('Merge', 1, () => {
        const content = random.chance(0.7) ? updating(worker, table)(random, office.rows) : {};
        return office.dataverse.merge(table, target, subordinate, content, { user });
    });
};
const createMany = (office, { random, id: user }) => {
    const table = (0, row_contents_1.pick)(random, MANY);
    return office.change('CreateMultiple', random.between(2, 9), async (count) => {
        const rows = Array.from({ length: count }, () => creating(table)(random, office.rows));
        office.ids(table).push(...(await office.dataverse.createMultiple(table, rows, { user })));
    });
};
const updateMany = (office, worker) => {
    const table = (0, row_contents_1.pick)(worker.random, MANY);
    const ids = several(worker, office.ids(table), worker.random.between(2, 9));
    return office.change('UpdateMultiple', ids.length, (count) => {
        const rows = ids.slice(0, count).map((id) => ({
            ...updating(worker, table)(worker.random, office.rows),
            [primaryId(table)]: id,
        }));
        return office.dataverse.updateMultiple(table, rows, { user: worker.id });
    });
};
const upsertMany = (office, worker) => {
    const { random, id: user } = worker;
    const table = (0, row_contents_1.pick)(random, MANY);
    const known = several(worker, office.ids(table), random.between(1, 5));
    const added = Array.from({ length: random.between(1, 4) }, () => random.guid());
    return office.change('UpsertMultiple', known.length + added.length, async (count) => {
        const rows = [...known, ...added].slice(0, count).map((id, at) => ({
            ...(at < known.length ? updating(worker, table) : creating(table))(random, office.rows),
            [primaryId(table)]: id,
        }));
        for (const { id, created } of await office.dataverse.upsertMultiple(table, rows, { user }))
            if (created)
                office.ids(table).push(id);
    });
};
const removeMany = async (office, worker) => {
    const table = (0, row_contents_1.pick)(worker.random, MANY);
    if (office.ids(table).length < 2 * FEW)
        return;
    await office.change('DeleteMultiple', worker.random.between(2, 4), async (count) => {
        const ids = takeOut(worker, office.ids(table), count);
        await office.dataverse.deleteMultiple(table, ids, { user: worker.id });
        office.deleted.push(...ids.map((id) => ({ table, id })));
    });
};
/** Every table's primary id is named after it. */
const primaryId = (table) => `${table}id`;
/** What changes rows. */
exports.ROW_DOINGS = [
    { weight: 26, act: create },
    { weight: 40, act: withRow(updateRow) },
    { weight: 2, act: burst },
    { weight: 6, act: remove },
    { weight: 2, act: restore },
    { weight: 4, act: upsert },
    { weight: 4, act: assign },
    { weight: 6, act: setState },
    { weight: 2, act: merge },
    { weight: 1, act: createMany },
    { weight: 1, act: updateMany },
    { weight: 1, act: upsertMany },
    { weight: 1, act: removeMany },
];
//# sourceMappingURL=doings.js.map