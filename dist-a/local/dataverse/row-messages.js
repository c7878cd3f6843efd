"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RowMessages = void 0;
const dataverse_error_1 = require("./dataverse-error");
const parameter_1 = require("./parameter");
const row_changes_1 = require("./row-changes");
const bulk_operations_1 = require("./bulk-operations");
const value_1 = require("./value");
/**
 * Assign, SetState and Merge. It is assumed that the first two raise no Update beside their own message, and that Merge
 * does, of both rows.
 * https://learn.microsoft.com/power-apps/developer/data-platform/special-update-operation-behavior
 */
class RowMessages {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Gives a row another owner. */
    async assign(tableName, given, owner, options = {}) {
        const table = this.#d.changes.table(tableName);
        const id = given.toLowerCase();
        const column = table.byName.get('ownerid');
        if (column === undefined)
            throw (0, dataverse_error_1.badRequest)(`Rows of ${tableName} have no owners.`);
        const ownerid = (0, value_1.acceptValue)(column, owner);
        if (this.#d.store.table(owner.table).get(owner.id.toLowerCase()) === undefined) {
            throw (0, dataverse_error_1.notFound)(this.#d.errorForm, owner.table, owner.id);
        }
        await this.#d.transactions.run([{ table, id }], options, (work) => {
            const input = [
                (0, parameter_1.referenceParameter)('Target', { table: table.logicalName, id }),
                (0, parameter_1.referenceParameter)('Assignee', { table: owner.table, id: owner.id.toLowerCase() }),
            ];
            this.#change(work, table, id, { ownerid }, { message: 'Assign', row: 'Target', input });
        });
    }
    /** Sets state and status reason; without a reason the first one of the state. */
    async setState(tableName, given, state, status, options = {}) {
        const table = this.#d.changes.table(tableName);
        const id = given.toLowerCase();
        const reason = status ?? (0, row_changes_1.firstReason)(table, state);
        const columns = this.#d.changes.accept(table, { statecode: state, statuscode: reason });
        await this.#d.transactions.run([{ table, id }], options, (work) => {
            const input = [
                (0, parameter_1.referenceParameter)('EntityMoniker', { table: table.logicalName, id }),
                { name: 'State', value: { kind: 'choice', number: state } },
                { name: 'Status', value: { kind: 'choice', number: Number(reason) } },
            ];
            const message = options.message ?? 'SetState';
            this.#change(work, table, id, columns, { message, row: 'EntityMoniker', input });
        });
    }
    /**
     * Merges the subordinate into the target: the target gets the content, the subordinate is deactivated and refers to
     * it.
     */
    async merge(tableName, givenTarget, givenSubordinate, updateContent, options = {}) {
        const table = this.#d.changes.table(tableName);
        const [target, subordinate] = [givenTarget.toLowerCase(), givenSubordinate.toLowerCase()];
        if (!table.byName.has('masterid'))
            throw (0, dataverse_error_1.badRequest)(`Rows of ${tableName} cannot be merged.`);
        if (target === subordinate)
            throw (0, dataverse_error_1.badRequest)('A row cannot be merged with itself.');
        const content = this.#d.changes.accept(table, updateContent);
        const rows = [target, subordinate].map((id) => ({ table, id }));
        await this.#d.transactions.run(rows, options, (work) => this.#merge(work, table, target, subordinate, content, options));
    }
    #merge(work, table, target, subordinate, content, { performParentingChecks = false }) {
        const { changes } = this.#d;
        const before = { target: changes.existing(work, table, target), sub: changes.existing(work, table, subordinate) };
        if (before.sub.merged === true)
            throw (0, dataverse_error_1.badRequest)(`The row ${subordinate} has been merged already.`);
        const master = { table: table.logicalName, id: target };
        if (Object.keys(content).length > 0)
            changes.set(work, table, target, { ...content, [table.primaryId]: target }, true);
        const merged = { [table.primaryId]: subordinate, statecode: 1, masterid: master, merged: true };
        changes.set(work, table, subordinate, merged, true);
        const input = [
            (0, parameter_1.referenceParameter)('Target', master),
            { name: 'SubordinateId', value: { kind: 'guid', text: subordinate } },
            (0, parameter_1.entityParameter)('UpdateContent', { table, id: bulk_operations_1.NO_ROW, columns: content }),
            { name: 'PerformParentingChecks', value: { kind: 'boolean', flag: performParentingChecks } },
        ];
        const image = (id, columns) => ({
            table,
            id,
            before: columns,
            after: work.row(table, id)?.columns,
        });
        work.raise({
            message: 'Merge',
            table: table.logicalName,
            id: target,
            requested: input,
            input,
            output: [],
            images: { Target: image(target, before.target), SubordinateId: image(subordinate, before.sub) },
            columns: [],
        });
    }
    #change(work, table, id, columns, told) {
        const before = this.#d.changes.existing(work, table, id);
        const after = { ...before, ...columns, ...this.#d.changes.consequences(work, table, columns, before) };
        work.put(table, id, after);
        work.raise({
            message: told.message,
            table: table.logicalName,
            id,
            requested: told.input,
            input: told.input,
            output: [],
            images: { [told.row]: { table, id, before, after } },
            columns: [],
        });
    }
}
exports.RowMessages = RowMessages;
//# sourceMappingURL=row-messages.js.map