"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TablePullStates = void 0;
const tables_1 = require("../azure/tables");
const PARTITION = 'pull';
/** Longest text of one property. A list of columns beyond it isn't kept: drift then isn't named. */
const MAX_TEXT = 32 * 1024;
/** Pull state in an Azure table: one entity per Dataverse table, the state as JSON, its columns in a property of their own. */
class TablePullStates {
    client;
    constructor(client) {
        this.client = client;
    }
    async read(table) {
        const entity = await (0, tables_1.findEntity)(this.client, PARTITION, table);
        const state = typeof entity?.state === 'string' ? JSON.parse(entity.state) : {};
        return typeof entity?.columns === 'string' ? { ...state, columns: entity.columns.split(' ') } : state;
    }
    async write(table, { columns, ...state }) {
        const list = columns?.join(' ') ?? '';
        const entity = {
            partitionKey: PARTITION,
            rowKey: table,
            state: JSON.stringify(state),
            ...(list === '' || list.length > MAX_TEXT ? {} : { columns: list }),
        };
        await (0, tables_1.withTable)(this.client, () => this.client.upsertEntity(entity, 'Replace'));
    }
}
exports.TablePullStates = TablePullStates;
//# sourceMappingURL=table-pull-state.js.map