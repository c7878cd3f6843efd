import type { Catalog } from '../metadata/catalog';
import type { ManyToMany, Relationships } from '../metadata/relationship';
import type { Row, RowStore } from './row-store';
import type { Table } from '../metadata/table';
import type { Columns, Value } from './value';

const pairKey = (one: string, two: string): string => `${one} ${two}`;
const textOf = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** The rows of intersect tables, found by the rows that they join. */
export class IntersectRows {
  readonly #catalog: Catalog;
  readonly #store: RowStore;
  readonly #relationships: Relationships;

  constructor(catalog: Catalog, store: RowStore, relationships: Relationships) {
    this.#catalog = catalog;
    this.#store = store;
    this.#relationships = relationships;
  }

  /** Makes a relationship's rows findable; once, before it has any. */
  index({ intersect, one, two }: ManyToMany): void {
    this.#store.table(intersect).index(({ columns }: Row) => {
      const [first, second] = [textOf(columns[one.column]), textOf(columns[two.column])];
      return [pairKey(first, second), first, second];
    });
  }

  /** The intersect row of a pair; undefined when they are not associated. */
  pair(relationship: ManyToMany, one: string, two: string): string | undefined {
    return this.#store.table(relationship.intersect).withKey(pairKey(one, two))[0];
  }

  /** The columns of a new intersect row. */
  columns(relationship: ManyToMany, id: string, one: string, two: string): Columns {
    const { primaryId } = this.table(relationship);
    return { [primaryId]: id, [relationship.one.column]: one, [relationship.two.column]: two };
  }

  /** The intersect table of a relationship. */
  table(relationship: ManyToMany): Table {
    return this.#catalog.table(relationship.intersect);
  }

  /** All intersect rows of a row, over all relationships. */
  ofRow(table: Table, id: string): { readonly table: Table; readonly id: string }[] {
    return this.#relationships.manyToManyOf(table.logicalName).flatMap((relationship) =>
      this.#store
        .table(relationship.intersect)
        .withKey(id)
        .map((row) => ({ table: this.table(relationship), id: row })),
    );
  }
}
