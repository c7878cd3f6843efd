/** Names that columns' values take in a store, whatever it is: what is added to a column's name, and what that tells. */
import type { Value } from '../change/value';

/** What may follow a column's name in a property's: what the value adds, and the number of a part of a long text. */
const ADDED = /(?:Label\d*|Table|Name)$/;
const DESCRIBES = /(?:Label\d*|Name)$/;
const PART = /Part\d+$/;
/** Names that the Tables SDK uses for an entity's own metadata, or that JSON can't carry: `ownName` gives such a column another. */
const TAKEN = new Set(['etag', 'timestamp', '__proto__']);
/** What follows the name of a column that a store can't have. */
export const AVOIDING = 'Column';

/** A column's name in a store that keeps properties by name. */
export const ownName = (column: string): string => (TAKEN.has(column) ? column + AVOIDING : column);

type Described = Extract<NonNullable<Value>, { readonly kind: 'choice' | 'choices' | 'lookup' }>;

/** What lies beside a value under names of its own: the labels of a choice; the table of a lookup, and the name of its row. */
export function* textsBeside(name: string, value: Described): Generator<readonly [name: string, text: string]> {
  if (value.kind === 'lookup') {
    if (value.table !== '') yield [`${name}Table`, value.table];
    if (value.name !== null) yield [`${name}Name`, value.name];
    return;
  }
  if (value.label !== undefined) yield [`${name}Label`, value.label];
  for (const [language, text] of value.labels ?? []) yield [`${name}Label${language}`, text];
}

/** Whether a property is one that one of these columns can have taken in an earlier write: what a patch has to clear besides setting it. */
export function belongsTo(property: string, columns: { has(column: string): boolean }): boolean {
  const whole = property.replace(PART, '');
  const name = whole.replace(ADDED, '');
  if ([property, whole, name].some((of) => columns.has(of))) return true;
  const taken = name.endsWith(AVOIDING) ? name.slice(0, -AVOIDING.length) : '';
  return TAKEN.has(taken) && columns.has(taken);
}

/**
 * Whether a property only describes the value of another one: the label of a choice, the name of a lookup. `columns` are
 * those of the row, some of which may have been given a name that ends so.
 */
export function describesValue(property: string, columns: { has(column: string): boolean }): boolean {
  const whole = property.replace(PART, '');
  return DESCRIBES.test(whole) && !columns.has(whole);
}

/** Whether two rows differ at most in what only describes the values of `named`, the columns of the one that is written. */
export function sameValues(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  named: { has(column: string): boolean },
): boolean {
  for (const [name, value] of after) if (before.get(name) !== value && !describesValue(name, named)) return false;
  for (const name of before.keys()) if (!after.has(name) && !describesValue(name, named)) return false;
  return true;
}

/**
 * By column, whether what is stored of it is what it would be stored as; what only describes a value doesn't count.
 *
 * @param before all that is stored of the row, by property
 * @param after what the columns would be stored as
 */
export function sameByColumn(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  columns: Iterable<string>,
): ReadonlyMap<string, boolean> {
  return new Map(
    Array.from(columns, (column): [string, boolean] => {
      const one = new Set([column]);
      const of = (map: ReadonlyMap<string, unknown>) =>
        new Map([...map].filter(([name]) => name.startsWith(column) && belongsTo(name, one)));
      return [column, sameValues(of(before), of(after), one)];
    }),
  );
}
