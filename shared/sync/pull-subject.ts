import type { Columns } from '../change/value';
import type { FeedPage } from '../dataverse/change-feed';
import { AnswerUnreadable, type ODataRow } from '../dataverse/odata-row';
import { manyToMany } from '../dataverse/relationships';
import { linkBetween, orderedEnds } from '../mapping/link';
import type { Mapping } from '../mapping/mapping';
import type { ManyToMany, RelationshipCatalog } from '../mapping/relationship';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';

type FeedItem = FeedPage['items'][number];

/** What a pull keeps in step: a table, or a many-to-many relationship, as Dataverse and the mapping define it now. */
export interface PullSubject {
  /** Its name in the store, in the pull state and of its lease. */
  readonly name: string;
  /** The table that is read. */
  readonly definition: TableDefinition;
  /** `changeTracking`: by deltas. `compare`: all of it at every run. */
  readonly by: 'changeTracking' | 'compare';
  /** What was read as it is stored; undefined for a deletion that doesn't say of what. */
  readonly storedAs: (item: FeedItem) => FeedItem | undefined;
  /** The columns to ask for, as the Web API names them. @default all */
  readonly select?: readonly string[];
  /** Of the mapping and of the place in the store: when it changes, everything is loaded again. */
  readonly fingerprint?: string;
  /** The columns that are kept, each as `name:type`, sorted: when they change, everything is loaded again. */
  readonly columns?: readonly string[];
  /** `add`: new columns alone don't cause a load. @default 'backfill' */
  readonly newColumns?: 'backfill' | 'add';
  /** The subject with its definition read anew. */
  readonly renewed: () => Promise<PullSubject>;
}

/** What the mapping says of a table's columns. */
export type SubjectColumns = Pick<PullSubject, 'select' | 'fingerprint' | 'columns' | 'newColumns'>;

/** A table. */
export const tableSubject = (
  definition: TableDefinition,
  columnsOf: (definition: TableDefinition) => SubjectColumns,
  refresh: () => Promise<TableDefinition>,
): PullSubject => ({
  name: definition.table,
  definition,
  by: 'changeTracking',
  storedAs: (item) => item,
  ...columnsOf(definition),
  renewed: async () => tableSubject(await refresh(), columnsOf, refresh),
});

/**
 * A many-to-many relationship, read through its intersect table. A deletion there names only the intersect table's own
 * row, so a delta that has one says no more than that all links have to be compared; where change tracking is off for
 * the intersect table, they are compared at every run.
 */
export function linkSubject(
  name: string,
  relationship: ManyToMany,
  definition: TableDefinition,
  fingerprint?: string,
): PullSubject {
  const [first, second] = orderedEnds(relationship);
  const linkOf = (row: ODataRow): FeedItem => {
    const ids = [idIn(row.columns, first.column), idIn(row.columns, second.column)] as const;
    if (ids.includes('')) {
      const error = new AnswerUnreadable(definition.table, `a row has no ${first.column} or no ${second.column}`);
      return { kind: 'unreadable', id: row.id, error };
    }
    const link = linkBetween(name, relationship, ids);
    return { ...row, id: link.row.id, columns: link.columns };
  };
  const subject: PullSubject = {
    name,
    definition,
    by: definition.changeTracking ? 'changeTracking' : 'compare',
    storedAs: (item) => {
      if (item.kind === 'deleted') return undefined;
      return item.kind === 'row' ? linkOf(item) : item;
    },
    ...(fingerprint === undefined ? {} : { fingerprint }),
    renewed: () => Promise.resolve(subject),
  };
  return subject;
}

function idIn(columns: Columns, column: string): string {
  const value = columns.get(column);
  if (value?.kind === 'guid' || value?.kind === 'string') return value.value.toLowerCase();
  return value?.kind === 'lookup' ? value.id : '';
}

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
