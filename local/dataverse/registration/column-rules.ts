import { invalidArgument, requiredColumn, tooLong } from '../dataverse-error';
import { maxLengthOf, type Table } from '../metadata/table';
import type { Columns } from '../rows/value';

/** Throws when one of these columns has no value. */
export function requireColumns(table: string, columns: Columns, names: readonly string[]): void {
  for (const name of names) {
    const value = columns[name] ?? null;
    if (value === null || value === '') throw requiredColumn(table, name);
  }
}

/** Throws when a text is longer than its column. */
export function checkLengths(table: Table, columns: Columns): void {
  for (const column of table.columns) {
    if (column.type !== 'string' && column.type !== 'memo') continue;
    const value = columns[column.logicalName];
    const maxLength = maxLengthOf(column);
    if (typeof value === 'string' && value.length > maxLength) {
      throw tooLong(table.logicalName, column.logicalName, maxLength);
    }
  }
}

/** Throws when a list of columns names one that the table does not have. */
export function checkNames(table: Table, names: readonly string[], list: string): void {
  for (const name of names) {
    if (!table.byName.has(name)) {
      throw invalidArgument(`'${table.logicalName}' has no attribute '${name}', which ${list} names.`);
    }
  }
}

/** The columns that have a default, with what was asked for where that is a value. */
export const withDefaults = (requested: Columns, defaults: Columns): Columns =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, requested[name] ?? value]));
