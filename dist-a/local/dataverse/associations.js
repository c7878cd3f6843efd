"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Associations = void 0;
const dataverse_error_1 = require("./dataverse-error");
const parameter_1 = require("./parameter");
const relationship_1 = require("./relationship");
/** A pair of this relationship exists. */
const duplicate = () => new dataverse_error_1.DataverseError(412, '0x80040237', 'Cannot insert duplicate key.');
/**
 * Associate and Disassociate. Pairs of many to many are rows of the intersect table; of one to many the lookup is set,
 * which is an Update of the row that has it as well.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/associate-disassociate-entities-using-web-api
 */
class Associations {
    #d;
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Associates rows with the target; refuses all of them when one pair exists. */
    associate(target, schemaName, related, options = {}) {
        return this.#run('Associate', target, schemaName, related, options);
    }
    /** Ends associations; a pair that does not exist is no error. */
    disassociate(target, schemaName, related, options = {}) {
        return this.#run('Disassociate', target, schemaName, related, options);
    }
    async #run(message, target, schemaName, related, options) {
        const association = this.#association(message, target, schemaName, related, options.role);
        const rows = [association.target, ...association.related].map(({ table, id }) => ({
            table: this.#d.catalog.table(table),
            id,
        }));
        await this.#d.transactions.run(rows, options, (work) => {
            const { relationship } = association;
            const [first] = rows;
            if (first !== undefined)
                this.#d.changes.existing(work, first.table, first.id);
            if (relationship.kind === 'manyToMany')
                this.#pairs(work, association, relationship);
            else
                this.#lookups(work, association, relationship);
            raise(work, association);
        });
    }
    #association(message, target, schemaName, related, given) {
        const relationship = this.#d.relationships.find(schemaName);
        if (relationship === undefined)
            throw (0, dataverse_error_1.badRequest)(`There is no relationship '${schemaName}'.`);
        const { referencing, referenced } = ends(relationship);
        const own = relationship.kind === 'manyToMany' ? 'referencing' : 'referenced';
        const role = (0, relationship_1.isReflexive)(relationship)
            ? (given ?? own)
            : target.table === referencing
                ? 'referencing'
                : 'referenced';
        const [targetTable, relatedTable] = role === 'referencing' ? [referencing, referenced] : [referenced, referencing];
        if (target.table !== targetTable || related.some(({ table }) => table !== relatedTable)) {
            throw (0, dataverse_error_1.badRequest)(`The relationship '${schemaName}' joins ${referencing} and ${referenced}.`);
        }
        const lower = ({ table, id }) => ({ table, id: id.toLowerCase() });
        return { message, relationship, role, target: lower(target), related: related.map(lower) };
    }
    #pairs(work, { message, role, target, related }, relationship) {
        const table = this.#d.intersects.table(relationship);
        const done = new Set();
        for (const other of related) {
            const [one, two] = role === 'referencing' ? [target.id, other.id] : [other.id, target.id];
            const id = this.#d.intersects.pair(relationship, one, two);
            if (message === 'Disassociate') {
                if (id !== undefined && !done.has(id))
                    work.remove(table, id);
                if (id !== undefined)
                    done.add(id);
                continue;
            }
            this.#d.changes.existing(work, this.#d.catalog.table(other.table), other.id);
            if (id !== undefined || done.has(other.id))
                throw duplicate();
            done.add(other.id);
            const created = this.#d.random.guid();
            work.put(table, created, this.#d.intersects.columns(relationship, created, one, two));
        }
    }
    #lookups(work, { message, role, target, related }, relationship) {
        const { column, table: many } = relationship.referencing;
        const table = this.#d.catalog.table(many);
        for (const other of related) {
            const [child, parent] = role === 'referenced' ? [other, target] : [target, other];
            const row = work.row(table, child.id);
            if (message === 'Associate') {
                this.#d.changes.existing(work, this.#d.catalog.table(parent.table), parent.id);
                this.#d.changes.update(work, table, child.id, { [column]: parent });
                continue;
            }
            const refersTo = row?.columns[column];
            if (refersTo?.id === parent.id)
                this.#d.changes.update(work, table, child.id, { [column]: null });
        }
    }
}
exports.Associations = Associations;
/** The tables of both ends: of many to many the first end is the referencing one. */
const ends = (relationship) => relationship.kind === 'manyToMany'
    ? { referencing: relationship.one.table, referenced: relationship.two.table }
    : { referencing: relationship.referencing.table, referenced: relationship.referenced.table };
function raise(work, { message, relationship, role, target, related }) {
    const { schemaName } = relationship;
    const told = (0, relationship_1.isReflexive)(relationship) ? role : undefined;
    const input = [
        (0, parameter_1.referenceParameter)('Target', target),
        { name: 'Relationship', value: { kind: 'relationship', schemaName, role: told } },
        { name: 'RelatedEntities', value: { kind: 'references', references: related } },
    ];
    const { table, id } = target;
    work.raise({ message, table, id, requested: input, input, output: [], images: {}, columns: [] });
}
//# sourceMappingURL=associations.js.map