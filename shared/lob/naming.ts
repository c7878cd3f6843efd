import { azureTableName, type StoreNaming } from './tables/layout';
import type { Mapping } from '../mapping/mapping';
import { idOf, keyOf } from '../mapping/row-key';

/** Names in the store as the mapping gives them, after a prefix; a link's table is its relationship's schema name. */
export const namingOf = (mapping: Pick<Mapping, 'tableOf' | 'links'>, prefix: string): StoreNaming => ({
  tableOf: (table) => azureTableName(prefix, mapping.links.get(table)?.target ?? mapping.tableOf(table).target),
  keyOf: ({ table, id }) => keyOf(mapping.tableOf(table).key, id),
  idOf: (table, rowKey) => idOf(mapping.tableOf(table).key, rowKey),
});
