"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.pullSubjects = pullSubjects;
const link_reader_1 = require("../dataverse/link-reader");
const pull_subject_1 = require("./pull-subject");
/**
 * What is pulled, by name: each of `relationships`, and tables otherwise. `placeOf` says where in the store something
 * lies: in another place there is nothing yet, so everything is loaded again.
 */
function pullSubjects(catalog, relationships, names, mapping, placeOf) {
    const isRelationship = new Set(names);
    const columnsOf = (definition) => {
        const table = mapping.tableOf(definition.table);
        const select = table.select(definition);
        return {
            ...(select === undefined ? {} : { select }),
            fingerprint: `${table.fingerprint(definition)} ${placeOf(definition.table)}`,
            columns: table.keptColumns(definition),
            newColumns: mapping.newColumns,
        };
    };
    return async (name) => {
        if (isRelationship.has(name)) {
            const relationship = await (0, link_reader_1.manyToMany)(relationships, name);
            return (0, pull_subject_1.linkSubject)(name, relationship, await catalog.get(relationship.intersect), placeOf(name));
        }
        return (0, pull_subject_1.tableSubject)(await catalog.get(name), columnsOf, () => catalog.refresh(name, 0));
    };
}
//# sourceMappingURL=pull-subjects.js.map