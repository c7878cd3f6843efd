import { manyToMany } from '../dataverse/relationships';
import type { Mapping } from '../mapping/mapping';
import type { RelationshipCatalog } from '../mapping/relationship';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import { linkSubject, tableSubject, type PullSubject, type SubjectColumns } from './pull-subject';

/**
 * What is pulled, by name: each of `relationships`, and tables otherwise. `placeOf` says where in the store something
 * lies: in another place there is nothing yet, so everything is loaded again.
 */
export function pullSubjects(
  catalog: TableCatalog,
  relationships: RelationshipCatalog,
  names: readonly string[],
  mapping: Pick<Mapping, 'tableOf' | 'newColumns'>,
  placeOf: (name: string) => string,
): (name: string) => Promise<PullSubject> {
  const isRelationship = new Set(names);
  const columnsOf = (definition: TableDefinition): SubjectColumns => {
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
      const relationship = await manyToMany(relationships, name);
      return linkSubject(name, relationship, await catalog.get(relationship.intersect), placeOf(name));
    }
    return tableSubject(await catalog.get(name), columnsOf, () => catalog.refresh(name, 0));
  };
}
