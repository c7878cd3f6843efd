"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Catalog = void 0;
const table_1 = require("./table");
/** The tables of the organisation, by logical name and by entity set. */
class Catalog {
    #byName = new Map();
    #bySet = new Map();
    constructor(definitions) {
        for (const definition of definitions)
            this.add(definition);
    }
    /** Adds a table. */
    add(definition) {
        if (this.#byName.has(definition.logicalName))
            throw new Error(`There is a table '${definition.logicalName}' already.`);
        return this.#put((0, table_1.completeTable)(definition, 10_000 + this.#byName.size));
    }
    /** Gives a table other columns; those of the platform stay. */
    setColumns(table, columns) {
        return this.#put((0, table_1.completeTable)({ ...table, columns }, table.objectTypeCode));
    }
    /** Has a table's changes tracked from now on. */
    trackChanges(table) {
        return this.#put({ ...table, changeTracking: true });
    }
    #put(table) {
        this.#byName.set(table.logicalName, table);
        this.#bySet.set(table.entitySetName, table);
        return table;
    }
    /** All tables. */
    get tables() {
        return this.#byName.values();
    }
    /** The table of this logical name; undefined when there is none. */
    find(logicalName) {
        return this.#byName.get(logicalName);
    }
    /** The table of this logical name; throws when there is none. */
    table(logicalName) {
        const table = this.#byName.get(logicalName);
        if (table === undefined)
            throw new Error(`There is no table '${logicalName}'.`);
        return table;
    }
    /** The table of this entity set (`accounts`); undefined when there is none. */
    bySet(entitySetName) {
        return this.#bySet.get(entitySetName);
    }
}
exports.Catalog = Catalog;
//# sourceMappingURL=catalog.js.map