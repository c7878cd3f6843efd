import type { Association } from '../change/association';
import type { RowAddress } from '../change/row-change';
import type { Columns } from '../change/value';
import type { ManyToMany } from './relationship';

/** Two rows that a many-to-many relationship connects, in an order that doesn't depend on who asked. */
type LinkedRows = readonly [RowAddress, RowAddress];

/** A link as it is stored. */
export interface Link {
  readonly row: RowAddress;
  readonly columns: Columns;
}

/** The columns of a link: the same for every relationship, so that no metadata is needed to know them. */
export const LINK_COLUMNS = { table1: 'table1', id1: 'id1', table2: 'table2', id2: 'id2' } as const;

/** Stands between the two ids in a link's id, and in its key in the store. */
export const BETWEEN_IDS = '_';

/**
 * A link is stored under the relationship's schema name, by both ids. Rows of two tables are ordered by the tables' names;
 * rows of one table by their roles, Referencing first.
 */
export const linkOf = (relationship: string, [first, second]: LinkedRows): Link => ({
  row: { table: relationship, id: first.id + BETWEEN_IDS + second.id },
  columns: new Map([
    [LINK_COLUMNS.table1, { kind: 'string', value: first.table }],
    [LINK_COLUMNS.id1, { kind: 'guid', value: first.id }],
    [LINK_COLUMNS.table2, { kind: 'string', value: second.table }],
    [LINK_COLUMNS.id2, { kind: 'guid', value: second.id }],
  ]),
});

/** The ids of a link's two rows; undefined for the address of an ordinary row. */
export function linkedIds({ id }: RowAddress): readonly [string, string] | undefined {
  if (!id.includes(BETWEEN_IDS)) return undefined;
  const [first, second, ...more] = id.split(BETWEEN_IDS);
  return first === undefined || second === undefined || more.length > 0 ? undefined : [first, second];
}

/** The two rows of an association in the order of links. */
export function linkedRows({ target, related, role }: Association): LinkedRows {
  if (target.table !== related.table) return target.table < related.table ? [target, related] : [related, target];
  return role === 'Referenced' ? [related, target] : [target, related];
}

/** The ends of a relationship in the order of links. */
export function orderedEnds({ ends }: ManyToMany): ManyToMany['ends'] {
  const [first, second] = ends;
  return first.table <= second.table ? ends : [second, first];
}

/** The link of two rows, whose ids stand in the order of the ends. */
export function linkBetween(name: string, relationship: ManyToMany, [id1, id2]: readonly [string, string]): Link {
  const [first, second] = orderedEnds(relationship);
  return linkOf(name, [
    { table: first.table, id: id1 },
    { table: second.table, id: id2 },
  ]);
}
