import type { EventMapping } from './event-mapping';
import { TableMapping, type MappingContext } from './table-mapping';

/** What becomes of something that the mapping doesn't name: kept for an operator, refused, or counted and let go. */
export type Unmapped = 'park' | 'refuse' | 'ignore';

/** The rows of a link table: the pairs of an N:N relationship. */
export interface LinkMapping {
  /** Name of its table in the store, before the prefix. */
  readonly target: string;
}

/** How Dataverse's tables, links and events lie in the store: a mapping file, checked. docs/mapping.md is its user's page. */
export interface Mapping {
  /** Language codes of labels, the preferred one first; empty: English, else the lowest code. */
  readonly languages: readonly number[];
  readonly unmapped: { readonly tables: Unmapped; readonly relationships: Unmapped; readonly messages: Unmapped };
  /** A new column makes the next pull a full load (`backfill`), or comes with the rows that change from then on (`add`). */
  readonly newColumns: 'backfill' | 'add';
  /** The tables that the file names. */
  readonly tables: readonly string[];
  /** A table's mapping; every column as it is where the file doesn't name it. */
  tableOf(table: string): TableMapping;
  /** By the relationship's schema name. */
  readonly links: ReadonlyMap<string, LinkMapping>;
  /** By the message's name. */
  readonly events: ReadonlyMap<string, EventMapping>;
}

/** For whoever reads a mapping but maps no values. */
export const NO_HASH: MappingContext['hash'] = () => {
  throw new Error('A column is hashed, but there is no key.');
};

const NO_FILE: MappingContext = { hash: NO_HASH, languages: [], newColumns: 'backfill' };

/** Looks tables up; what isn't named gets the default mapping, made once. */
export function tableLookup(
  named: ReadonlyMap<string, TableMapping>,
  context: MappingContext = NO_FILE,
): (table: string) => TableMapping {
  const known = new Map(named);
  return (table) => {
    const found = known.get(table) ?? new TableMapping(table, {}, context);
    known.set(table, found);
    return found;
  };
}

/** Without a mapping file: every column of every table, under its own name; nothing else. */
export const DEFAULT_MAPPING: Mapping = {
  languages: [],
  unmapped: { tables: 'park', relationships: 'park', messages: 'park' },
  newColumns: 'backfill',
  tables: [],
  tableOf: tableLookup(new Map()),
  links: new Map(),
  events: new Map(),
};
