"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.OWN_PROPERTIES = exports.stemOf = exports.DERIVED_NAME = void 0;
exports.defaultTargets = defaultTargets;
/** A name that may be a column's with something added; the column's name is its first group. */
exports.DERIVED_NAME = /^(.+?)(?:Label\d*|Table|Name|Part\d+)$/;
/** The name of which `name` could be a derived one: `companyName` of `company`. */
const stemOf = (name) => exports.DERIVED_NAME.exec(name)?.[1];
exports.stemOf = stemOf;
/** Names in an entity that are no column's, in lower case; the last two are what the SDK's own names become. */
exports.OWN_PROPERTIES = new Set([
    ...['partitionkey', 'rowkey', 'timestamp', 'etag', 'stamp', 'deleted', 'hidden'],
    ...['etagcolumn', 'timestampcolumn'],
]);
/** Added to the name of a column that isn't named in the file where it could meet a name that is. */
const AVOIDING = 'Column';
/**
 * The names of columns that aren't named in the file: as they are, unless a renamed column has taken what one of them may
 * derive (`companyName` is taken, so `company` becomes `companyColumn`).
 */
function defaultTargets(rules) {
    const stems = new Set([...rules.values()].flatMap(({ to }) => (to === undefined ? [] : ((0, exports.stemOf)(to) ?? []))));
    return (column) => (stems.has(column) ? column + AVOIDING : column);
}
//# sourceMappingURL=column-names.js.map