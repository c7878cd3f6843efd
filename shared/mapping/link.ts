import type { Association } from '../change/association';
import type { RowAddress } from '../change/row-change';
import type { Columns } from '../change/value';
import type { Relationship } from './relationship';

/** Two rows that a many-to-many relationship connects, in an order that doesn't depend on who asked. */
export type LinkedRows = readonly [RowAddress, RowAddress];

/** The columns of a link: the same for every relationship, so that no metadata is needed to know them. */
export const LINK_COLUMNS = { table1: 'table1', id1: 'id1', table2: 'table2', id2: 'id2' } as const;

/**
 * Where a link is stored: under the relationship's schema name, by both ids. Rows of two tables are ordered by the
 * tables' names; rows of one table by their roles, Referencing first.
 */
export const linkAddress = (relationship: string, [first, second]: LinkedRows): RowAddress => ({
  table: relationship,
  id: `${first.id}_${second.id}`,
});

/** The ids of a link's two rows; undefined for the address of an ordinary row. */
export function linkedIds({ id }: RowAddress): readonly [string, string] | undefined {
  const [first, second, ...more] = id.split('_');
  return first === undefined || second === undefined || more.length > 0 ? undefined : [first, second];
}

/** A link's columns. */
export const linkColumns = ([first, second]: LinkedRows): Columns =>
  new Map([
    [LINK_COLUMNS.table1, { kind: 'string', value: first.table }],
    [LINK_COLUMNS.id1, { kind: 'guid', value: first.id }],
    [LINK_COLUMNS.table2, { kind: 'string', value: second.table }],
    [LINK_COLUMNS.id2, { kind: 'guid', value: second.id }],
  ]);

/** The two rows of an association in the order of links. */
export function linkedRows({ target, related, role }: Association): LinkedRows {
  if (target.table !== related.table) return target.table < related.table ? [target, related] : [related, target];
  return role === 'Referenced' ? [related, target] : [target, related];
}

/** The ends of a relationship in the order of links. */
export function orderedEnds({ ends }: Extract<Relationship, { kind: 'many-to-many' }>) {
  const [first, second] = ends;
  return first.table <= second.table ? ends : ([second, first] as const);
}
