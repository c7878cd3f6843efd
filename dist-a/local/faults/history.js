"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.History = void 0;
const expected_rows_1 = require("../day/expected-rows");
const NONE = new Map();
const NEVER_WAS = { version: 0n, life: 'gone', properties: NONE };
/** Every state that every row and link of Dataverse has had, as Dataverse commits them. */
class History {
    dataverse;
    tables;
    relationships;
    view;
    /** By the name of the Azure table and the entity's RowKey. */
    #states = new Map();
    #end;
    /** Begins to watch; rows that are there already begin with the state that they have. */
    constructor(dataverse, tables, relationships, view) {
        this.dataverse = dataverse;
        this.tables = tables;
        this.relationships = relationships;
        this.view = view;
        for (const table of [...tables, ...relationships.map(({ intersect }) => intersect.table)])
            for (const row of dataverse.rows(table))
                this.#add({ version: row.version, table, id: row.id, before: undefined, row });
        this.#end = dataverse.watch((commit) => this.#add(commit));
    }
    end() {
        this.#end();
    }
    /** The states of an entity, oldest first. Before there was such a row it was gone. */
    of(azureTable, rowKey) {
        return this.#states.get(`${azureTable} ${rowKey}`) ?? [NEVER_WAS];
    }
    /** Where a row lies in the store; undefined for a table that isn't kept there. */
    placeOf(table, rowId) {
        if (!this.tables.includes(table))
            return undefined;
        return { azureTable: azureName(this.view.table(table).target), rowKey: rowId };
    }
    #add({ version, table, row, before }) {
        const known = row ?? before;
        const found = known === undefined ? undefined : this.#expected(table, known);
        if (found === undefined)
            return;
        const place = `${azureName(found.target)} ${found.key}`;
        const states = this.#states.get(place) ?? [NEVER_WAS];
        this.#states.set(place, states);
        if (row === undefined)
            states.push({ version, life: 'gone', properties: NONE });
        else
            states.push({ version, life: found.life, properties: found.properties });
    }
    #expected(table, row) {
        if (this.tables.includes(table)) {
            const view = this.view.table(table);
            const { key, properties } = (0, expected_rows_1.expectedProperties)(row, (0, expected_rows_1.columnsOf)(this.dataverse, table), view);
            return { target: view.target, key, properties, life: view.shows(row.columns) ? 'live' : 'hidden' };
        }
        const relationship = this.relationships.find(({ intersect }) => intersect.table === table);
        if (relationship === undefined)
            return undefined;
        return {
            target: this.view.table(relationship.schemaName).target,
            life: 'live',
            ...(0, expected_rows_1.expectedLink)(row, relationship),
        };
    }
}
exports.History = History;
const azureName = (target) => target.replaceAll('_', '');
//# sourceMappingURL=history.js.map