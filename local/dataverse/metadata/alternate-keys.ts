import { duplicateKey } from '../dataverse-error';
import type { Row, RowStore } from '../rows/row-store';
import { valueText, type Columns } from '../rows/value';
import type { Catalog, ColumnDefinition, Table } from './table';

/** How far the index of a key is; only an active one is unique and can be used (`EntityKeyIndexStatus`). */
export type KeyIndexStatus = 'Pending' | 'InProgress' | 'Active' | 'Failed';

/** An alternate key as its author describes it. */
export interface AlternateKeyDefinition {
  readonly schemaName: string;
  /** Logical names. */
  readonly columns: readonly string[];
  readonly label?: string;
  /** @default Active; Failed when rows have equal values */
  readonly status?: KeyIndexStatus;
}

/** An alternate key of a table. */
export interface AlternateKey extends AlternateKeyDefinition {
  readonly status: KeyIndexStatus;
}

const TYPES: readonly ColumnDefinition['type'][] = [
  'string',
  'integer',
  'decimal',
  'dateTime',
  'choice',
  'lookup',
  'customer',
];
const MOST_KEYS = 10;
const MOST_COLUMNS = 16;

/**
 * The values of a key as one text; undefined where one is empty: such a row isn't constrained and can't be found by the
 * key. Texts are compared without regard to case, as the database does.
 */
export function keyText({ schemaName, columns: names }: AlternateKey, columns: Columns): string | undefined {
  const values: string[] = [];
  for (const name of names) {
    const value = columns[name] ?? null;
    if (value === null || value === '') return undefined;
    values.push(valueText(value).toLowerCase().trimEnd());
  }
  return JSON.stringify([schemaName, ...values]);
}

/** Rows as somebody sees them who may have changed some and not yet committed that. */
export interface RowView {
  row(table: Table, id: string): Row | undefined;
  /** The rows of a table that are changed and not yet committed. */
  uncommitted(table: Table): readonly Row[];
}

/**
 * Alternate keys: unique values of one or several columns, by which a row can be named.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity
 */
export class AlternateKeys {
  readonly #catalog: Catalog;
  readonly #store: RowStore;

  constructor(catalog: Catalog, store: RowStore) {
    this.#catalog = catalog;
    this.#store = store;
    for (const table of catalog.tables) if (table.keys.length > 0) this.#index(table);
  }

  /** Adds a key to a table. */
  define(tableName: string, definition: AlternateKeyDefinition): void {
    const table = this.#catalog.table(tableName);
    const { schemaName, columns } = definition;
    if (table.keys.some((key) => key.schemaName === schemaName)) {
      throw new Error(`The table '${tableName}' has a key '${schemaName}' already.`);
    }
    if (table.keys.length === MOST_KEYS) throw new Error(`A table has ${MOST_KEYS} keys at most.`);
    if (columns.length === 0 || columns.length > MOST_COLUMNS) {
      throw new Error(`A key has one column at least and ${MOST_COLUMNS} at most.`);
    }
    for (const name of columns) {
      const type = table.byName.get(name)?.type;
      if (type === undefined || !TYPES.includes(type)) {
        throw new Error(`'${name}' of '${tableName}' can't be part of a key.`);
      }
    }
    const key = { ...definition, status: definition.status ?? this.#built(table, { ...definition, status: 'Active' }) };
    this.#index(this.#catalog.setKeys(table, [...table.keys, key]));
  }

  /** Sets how far the index of a key is. */
  setStatus(tableName: string, schemaName: string, status: KeyIndexStatus): void {
    const table = this.#catalog.table(tableName);
    const found = table.keys.find((key) => key.schemaName === schemaName);
    if (found === undefined) throw new Error(`The table '${tableName}' has no key '${schemaName}'.`);
    this.#index(
      this.#catalog.setKeys(
        table,
        table.keys.map((key) => (key === found ? { ...key, status } : key)),
      ),
    );
  }

  /** Builds the index of a key that failed once more: it fails again while rows have equal values. */
  reactivate(table: Table, key: AlternateKey): void {
    if (key.status === 'Failed') this.setStatus(table.logicalName, key.schemaName, this.#built(table, key));
  }

  /** The active key that has just these columns. */
  ofColumns(table: Table, names: readonly string[]): AlternateKey | undefined {
    return table.keys.find(
      ({ status, columns }) =>
        status === 'Active' && columns.length === names.length && columns.every((name) => names.includes(name)),
    );
  }

  /** The id of the row that has these values of a key. */
  find(table: Table, key: AlternateKey, columns: Columns, view?: RowView): string | undefined {
    const text = keyText(key, columns);
    return text === undefined ? undefined : this.#holders(table, key, text, view)[0];
  }

  /** Throws when a row has the values of another one in an active key. */
  check(table: Table, id: string, columns: Columns, view: RowView): void {
    for (const key of table.keys) {
      const text = key.status === 'Active' ? keyText(key, columns) : undefined;
      if (text === undefined || this.#holders(table, key, text, view).every((other) => other === id)) continue;
      const labels = key.columns.map((name) => table.byName.get(name)?.label ?? name);
      throw duplicateKey(key.label ?? key.schemaName, labels.join(', '));
    }
  }

  #holders(table: Table, key: AlternateKey, text: string, view: RowView | undefined): string[] {
    const committed = this.#store.table(table.logicalName).withKey(text);
    if (view === undefined) return [...committed];
    const holds = (row: Row | undefined): boolean => row !== undefined && keyText(key, row.columns) === text;
    const changed = view.uncommitted(table).filter(holds);
    return [...new Set([...committed.filter((id) => holds(view.row(table, id))), ...changed.map(({ id }) => id)])];
  }

  /** What becomes of an index over the rows as they are. */
  #built(table: Table, key: AlternateKey): KeyIndexStatus {
    const texts = [...this.#store.table(table.logicalName).values()].flatMap(
      ({ columns }) => keyText(key, columns) ?? [],
    );
    return new Set(texts).size === texts.length ? 'Active' : 'Failed';
  }

  #index(table: Table): void {
    this.#store
      .table(table.logicalName)
      .index(({ columns }) => table.keys.flatMap((key) => keyText(key, columns) ?? []));
  }
}
