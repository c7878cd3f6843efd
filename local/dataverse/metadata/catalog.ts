import { completeTable, type ColumnDefinition, type Table, type TableDefinition } from './table';

/** The tables of the organisation, by logical name and by entity set. */
export class Catalog {
  readonly #byName = new Map<string, Table>();
  readonly #bySet = new Map<string, Table>();

  constructor(definitions: readonly TableDefinition[]) {
    for (const definition of definitions) this.add(definition);
  }

  /** Adds a table. */
  add(definition: TableDefinition): Table {
    if (this.#byName.has(definition.logicalName))
      throw new Error(`There is a table '${definition.logicalName}' already.`);
    return this.#put(completeTable(definition, 10_000 + this.#byName.size));
  }

  /** Gives a table other columns; those of the platform stay. */
  setColumns(table: Table, columns: readonly ColumnDefinition[]): Table {
    return this.#put(completeTable({ ...table, columns }, table.objectTypeCode));
  }

  /** Has a table's changes tracked from now on. */
  trackChanges(table: Table): Table {
    return this.#put({ ...table, changeTracking: true });
  }

  #put(table: Table): Table {
    this.#byName.set(table.logicalName, table);
    this.#bySet.set(table.entitySetName, table);
    return table;
  }

  /** All tables. */
  get tables(): IterableIterator<Table> {
    return this.#byName.values();
  }

  /** The table of this logical name; undefined when there is none. */
  find(logicalName: string): Table | undefined {
    return this.#byName.get(logicalName);
  }

  /** The table of this logical name; throws when there is none. */
  table(logicalName: string): Table {
    const table = this.#byName.get(logicalName);
    if (table === undefined) throw new Error(`There is no table '${logicalName}'.`);
    return table;
  }

  /** The table of this entity set (`accounts`); undefined when there is none. */
  bySet(entitySetName: string): Table | undefined {
    return this.#bySet.get(entitySetName);
  }
}
