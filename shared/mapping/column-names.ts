/**
 * Names that columns take in the store, such that no column's properties meet another's: a choice adds `Label`, a lookup
 * `Table` and `Name`, a long text `Part2`, … to its column's name (docs/store.md).
 */
import type { ColumnRule } from './column-rule';

/** A name that may be a column's with something added; the column's name is its first group. */
export const DERIVED_NAME = /^(.+?)(?:(?:Label\d*|Table|Name)(?:Part\d+)?|Part\d+)$/;

/** The name of which `name` could be a derived one: `companyName` of `company`. */
export const stemOf = (name: string): string | undefined => DERIVED_NAME.exec(name)?.[1];

/** The image or file that a column is a part of, should it be one: the platform adds these endings to its name. */
export const wholeOf = (column: string): string | undefined => /^(.+)_(?:url|timestamp|name)$/.exec(column)?.[1];

/** Names in an entity that are no column's, in lower case; the last two are what the SDK's own names become. */
export const OWN_PROPERTIES: ReadonlySet<string> = new Set([
  ...['partitionkey', 'rowkey', 'timestamp', 'etag', 'stamp', 'deleted', 'hidden', 'parts', 'partstag'],
  ...['etagcolumn', 'timestampcolumn'],
]);

/** Added to the name of a column that isn't named in the file where it could meet a name that is. */
const AVOIDING = 'Column';

/**
 * The names of columns in the store: as the file says; those that it doesn't name as they are, unless a renamed column has taken
 * what one of them may derive (`companyName` is taken, so `company` becomes `companyColumn`).
 */
export function columnNames(rules: ReadonlyMap<string, ColumnRule>): (column: string) => string {
  const stems = new Set([...rules.values()].flatMap(({ to }) => (to === undefined ? [] : (stemOf(to) ?? []))));
  return (column) => rules.get(column)?.to ?? (stems.has(column) ? column + AVOIDING : column);
}
