import type { Catalog, ColumnDefinition, Table } from './table';
import type { ChangeTracking } from '../rows/change-tracking';
import type { RowStore } from '../rows/row-store';
import { acceptValue, ValueError, type Columns, type Value } from '../rows/value';

/**
 * Changes of a table's columns while the organisation runs. Metadata shows them at once; rows get no new version of it;
 * delta tokens of the table issued before have expired.
 */
export class SchemaChanges {
  readonly #catalog: Catalog;
  readonly #store: RowStore;
  readonly #tracking: ChangeTracking;

  constructor(catalog: Catalog, store: RowStore, tracking: ChangeTracking) {
    this.#catalog = catalog;
    this.#store = store;
    this.#tracking = tracking;
  }

  /** Adds a column; it is empty in all rows. */
  addColumn(tableName: string, column: ColumnDefinition): void {
    const table = this.#catalog.table(tableName);
    if (table.byName.has(column.logicalName)) {
      throw new Error(`The table '${tableName}' has a column '${column.logicalName}' already.`);
    }
    this.#apply(table, [...table.columns, column], (columns) => ({ ...columns, [column.logicalName]: null }));
  }

  /** Removes a column with its values. */
  removeColumn(tableName: string, name: string): void {
    const table = this.#catalog.table(tableName);
    this.#own(table, name);
    const kept = table.columns.filter(({ logicalName }) => logicalName !== name);
    this.#apply(table, kept, (columns) =>
      Object.fromEntries(Object.entries(columns).filter(([column]) => column !== name)),
    );
  }

  /**
   * Gives a column another definition. Of the same type, values that still fit are kept; of another type all are lost:
   * the platform can only delete such a column and create it anew.
   */
  changeColumnType(tableName: string, column: ColumnDefinition): void {
    const table = this.#catalog.table(tableName);
    const { logicalName: name } = column;
    const before = this.#own(table, name);
    const changed = table.columns.map((each) => (each.logicalName === name ? column : each));
    this.#apply(table, changed, (columns) => ({
      ...columns,
      [name]: before.type === column.type ? fitting(column, columns[name] ?? null) : null,
    }));
  }

  /** The column, when it is not one of those that every table has to have. */
  #own(table: Table, name: string): ColumnDefinition {
    const column = table.byName.get(name);
    if (column === undefined) throw new Error(`The table '${table.logicalName}' has no column '${name}'.`);
    if (column.platform === true || name === table.primaryId || name === table.primaryName) {
      throw new Error(`The column '${name}' of '${table.logicalName}' belongs to the platform.`);
    }
    return column;
  }

  #apply(table: Table, columns: readonly ColumnDefinition[], change: (columns: Columns) => Columns): void {
    this.#catalog.setColumns(table, columns);
    this.#store.table(table.logicalName).rewrite(change);
    this.#tracking.expire(table);
  }
}

function fitting(column: ColumnDefinition, value: Value): Value {
  try {
    return acceptValue(column, value);
  } catch (error) {
    if (error instanceof ValueError) return null;
    throw error;
  }
}
