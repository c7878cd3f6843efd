"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RowChanges = void 0;
exports.firstReason = firstReason;
const dataverse_error_1 = require("./dataverse-error");
const parameter_1 = require("./parameter");
const value_1 = require("./value");
/** Creates, changes and deletes rows within a transaction, each with its event. */
class RowChanges {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** The table of this name, for rows that callers may write themselves. */
    table(logicalName) {
        const table = this.#d.catalog.table(logicalName);
        if (table.intersect !== true)
            return table;
        throw new dataverse_error_1.DataverseError(400, '0x80040800', `Rows of the intersect table '${logicalName}' are written by Associate and Disassociate only.`);
    }
    /** The id of a row to be created: given, among its columns, or a new one. */
    newId(table, inputs, given) {
        const own = inputs[table.primaryId];
        return (given ?? (typeof own === 'string' ? own : this.#d.random.guid())).toLowerCase();
    }
    /** Creates a row. Returns the columns that were asked for. */
    create(work, table, id, inputs) {
        if (work.row(table, id) !== undefined)
            throw (0, dataverse_error_1.alreadyExists)(this.#d.errorForm);
        const requested = { ...this.accept(table, inputs), [table.primaryId]: id };
        const target = { ...requested, ...this.#defaults(work, table, requested) };
        this.#put(work, 'Create', requested, target, {
            table,
            id,
            before: undefined,
            after: { ...emptyRow(table), ...target },
        });
        return requested;
    }
    /** Brings a deleted row back with its columns as they were. */
    restore(work, table, id) {
        const kept = this.#d.store.table(table.logicalName).deleted(id);
        if (work.row(table, id) !== undefined)
            throw (0, dataverse_error_1.alreadyExists)(this.#d.errorForm);
        if (kept === undefined)
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, table.logicalName, id);
        const given = Object.entries(kept.columns).filter(([name, value]) => value !== null && name !== 'versionnumber');
        const { modifiedon, modifiedby } = modified(work);
        const target = {
            ...Object.fromEntries(given),
            modifiedon: modifiedon ?? null,
            modifiedby: modifiedby ?? null,
        };
        this.#put(work, 'Create', target, target, {
            table,
            id,
            before: undefined,
            after: { ...emptyRow(table), ...target },
        });
    }
    /** Changes columns of a row. Returns the columns that were asked for. */
    update(work, table, id, inputs, nested = false) {
        const before = work.row(table, id);
        if (before === undefined)
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, table.logicalName, id);
        const accepted = { ...this.accept(table, inputs), [table.primaryId]: id };
        return this.set(work, table, id, accepted, nested);
    }
    /** The same with values in stored form, those that only the platform sets included. */
    set(work, table, id, requested, nested = false) {
        const before = this.existing(work, table, id);
        const target = { ...requested, ...this.consequences(work, table, requested, before) };
        this.#put(work, 'Update', requested, target, { table, id, before, after: { ...before, ...target } }, nested);
        return requested;
    }
    /** Deletes a row and, without events, the intersect rows that join it. */
    remove(work, table, id) {
        const before = this.existing(work, table, id);
        for (const intersect of this.#d.intersects.ofRow(table, id))
            work.remove(intersect.table, intersect.id);
        work.remove(table, id);
        const target = [(0, parameter_1.referenceParameter)('Target', { table: table.logicalName, id })];
        work.raise({
            message: 'Delete',
            table: table.logicalName,
            id,
            requested: target,
            input: target,
            output: [],
            images: { Target: { table, id, before, after: undefined } },
            columns: [],
        });
    }
    /** The columns of a row that has to exist. */
    existing(work, table, id) {
        const row = work.row(table, id);
        if (row === undefined)
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, table.logicalName, id);
        return row.columns;
    }
    /** What a change brings along: columns that follow from others, and who changed the row when. */
    consequences(work, table, requested, before) {
        const owner = (0, value_1.asReference)(requested.ownerid);
        return {
            ...(owner === undefined ? {} : this.#ownership(owner)),
            ...composedName(table, requested, before),
            ...reasonOfState(table, requested),
            ...modified(work),
        };
    }
    /** The caller's columns in stored form. What only the platform sets is ignored, as the Web API does. */
    accept(table, inputs) {
        const accepted = {};
        for (const [name, input] of Object.entries(inputs)) {
            const column = table.byName.get(name);
            if (column === undefined)
                throw (0, dataverse_error_1.noProperty)(name, table.logicalName);
            if (column.platform === true)
                continue;
            accepted[name] = (0, value_1.acceptValue)(column, input);
        }
        if (table.logicalName === 'serviceendpoint' && 'authvalue' in accepted) {
            accepted.isauthvalueset = accepted.authvalue !== null;
        }
        return accepted;
    }
    #put(work, message, requested, target, image, nested = false) {
        const { table, id } = image;
        work.put(table, id, image.after);
        const entity = (columns) => [(0, parameter_1.entityParameter)('Target', { table, id, columns })];
        work.raise({
            message,
            table: table.logicalName,
            id,
            requested: entity(requested),
            input: entity(target),
            output: message === 'Create' ? [{ name: 'id', value: { kind: 'guid', text: id } }] : [],
            images: { Target: image },
            columns: Object.keys(target),
            nested,
        });
    }
    #defaults(work, table, requested) {
        const by = { table: 'systemuser', id: work.user.id };
        const at = (0, value_1.secondsText)(work.startedAt);
        const owner = (0, value_1.asReference)(requested.ownerid) ?? by;
        return {
            createdon: at,
            createdby: by,
            ...modified(work),
            ...composedName(table, requested, {}),
            ...(table.ownership === 'user' ? { ownerid: owner, ...this.#ownership(owner) } : {}),
            ...(table.byName.has('merged') ? { merged: false } : {}),
            statecode: requested.statecode ?? 0,
            statuscode: requested.statuscode ?? firstReason(table, requested.statecode ?? 0),
        };
    }
    /** The columns that follow from the owner. */
    #ownership(owner) {
        const unit = this.#d.store.table(owner.table).get(owner.id)?.columns.businessunitid ?? null;
        return {
            owningbusinessunit: unit,
            owninguser: owner.table === 'systemuser' ? reference('systemuser', owner.id) : null,
            owningteam: owner.table === 'team' ? reference('team', owner.id) : null,
        };
    }
}
exports.RowChanges = RowChanges;
const reference = (table, id) => ({ table, id });
const emptyRow = (table) => Object.fromEntries(table.columns.map((column) => [column.logicalName, null]));
const modified = (work) => ({
    modifiedon: (0, value_1.secondsText)(work.startedAt),
    modifiedby: reference('systemuser', work.user.id),
    modifiedonbehalfby: null,
});
/** A person's full name, which the platform makes of its parts. */
function composedName(table, requested, before) {
    const composed = table.byName.has('fullname') && table.byName.has('firstname');
    if (!composed || !('firstname' in requested || 'lastname' in requested))
        return {};
    const parts = ['firstname', 'lastname'].map((name) => (name in requested ? requested[name] : before[name]));
    return { fullname: parts.filter((part) => typeof part === 'string' && part !== '').join(' ') };
}
/** The first status reason of a state. */
function firstReason(table, state) {
    const column = table.byName.get('statuscode');
    if (column?.type !== 'status')
        return null;
    return column.options.find((option) => option.state === state)?.value ?? null;
}
/** The status reason that comes with a state when the caller names none. */
function reasonOfState(table, requested) {
    const state = requested.statecode;
    if (state === undefined || 'statuscode' in requested)
        return {};
    return { statuscode: firstReason(table, state) };
}
//# sourceMappingURL=row-changes.js.map