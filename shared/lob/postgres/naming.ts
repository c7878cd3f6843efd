import { fitting } from './columns';
import type { Mapping } from '../../mapping/mapping';

/** How the store calls things. */
export interface PostgresNaming {
  /** The table of a Dataverse table, or of a link by its relationship's schema name. */
  tableOf(table: string): string;
  /** The table of events that a mapping names. */
  eventTableOf(target: string): string;
}

/** Names in the store as the mapping gives them, after a prefix. */
export const postgresNamingOf = (mapping: Pick<Mapping, 'tableOf' | 'links'>, prefix: string): PostgresNaming => ({
  tableOf: (table) => fitting(prefix + (mapping.links.get(table)?.target ?? mapping.tableOf(table).target)),
  eventTableOf: (target) => fitting(prefix + target),
});
