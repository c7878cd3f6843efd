"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.IntersectRows = void 0;
const pairKey = (one, two) => `${one} ${two}`;
const textOf = (value) => (typeof value === 'string' ? value : '');
/** The rows of intersect tables, found by the rows that they join. */
class IntersectRows {
    #catalog;
    #store;
    #relationships;
    constructor(catalog, store, relationships) {
        this.#catalog = catalog;
        this.#store = store;
        this.#relationships = relationships;
    }
    /** Makes a relationship's rows findable; once, before it has any. */
    index({ intersect, one, two }) {
        this.#store.table(intersect).index(({ columns }) => {
            const [first, second] = [textOf(columns[one.column]), textOf(columns[two.column])];
            return [pairKey(first, second), first, second];
        });
    }
    /** The intersect row of a pair; undefined when they are not associated. */
    pair(relationship, one, two) {
        return this.#store.table(relationship.intersect).withKey(pairKey(one, two))[0];
    }
    /** The columns of a new intersect row. */
    columns(relationship, id, one, two) {
        const { primaryId } = this.table(relationship);
        return { [primaryId]: id, [relationship.one.column]: one, [relationship.two.column]: two };
    }
    /** The intersect table of a relationship. */
    table(relationship) {
        return this.#catalog.table(relationship.intersect);
    }
    /** All intersect rows of a row, over all relationships. */
    ofRow(table, id) {
        return this.#relationships.manyToManyOf(table.logicalName).flatMap((relationship) => this.#store
            .table(relationship.intersect)
            .withKey(id)
            .map((row) => ({ table: this.table(relationship), id: row })));
    }
}
exports.IntersectRows = IntersectRows;
//# sourceMappingURL=intersect-rows.js.map