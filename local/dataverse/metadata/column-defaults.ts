import type { Columns } from '../rows/value';

/** The columns that have a default, with what was asked for where that is a value. */
export const withDefaults = (requested: Columns, defaults: Columns): Columns =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, requested[name] ?? value]));
