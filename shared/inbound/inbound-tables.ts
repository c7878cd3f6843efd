import type { LRUCache } from 'lru-cache';
import { definitionCache } from '../dataverse/definitions';
import { LOOKUP_RELATIONSHIPS, lookupTables, type LookupRelationship } from '../dataverse/lookup-tables';
import type { WebApi } from '../dataverse/web-api';
import type { Mapping } from '../mapping/mapping';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import { TableTypeUnsupported } from '../mapping/table-type';
import { TableUnknown } from '../dataverse/metadata';
import { InboundNotMapped, type Place } from './errors';
import type { InboundTable, LookupTarget } from './inbound-table';

/** What the metadata says of changing a table's rows. */
interface Writable {
  readonly optimistic: boolean;
  /** Of each lookup, by the table that it refers to. */
  readonly navigation: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * The tables that the LOB system changes, as the mapping file and the metadata have them: one request more for each than reading
 * takes, once an hour.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 */
export class InboundTables {
  readonly #writable: LRUCache<string, Writable>;

  /** @param clock milliseconds that only grow */
  constructor(
    api: Pick<WebApi, 'get'>,
    private readonly catalog: Pick<TableCatalog, 'get'>,
    private readonly mapping: Pick<Mapping, 'tableOf'>,
    clock: () => number = () => performance.now(),
  ) {
    this.#writable = definitionCache((table) => readWritable(api, table), clock);
  }

  /** @throws InboundNotMapped where the mapping file says nothing of changing the table */
  async get(place: Place): Promise<InboundTable> {
    const { table } = place;
    const rules = this.mapping.tableOf(table).inbound;
    if (rules === undefined) throw new InboundNotMapped(place, 'the table has no section "inbound"');
    const definition = await this.catalog.get(table);
    const { optimistic, navigation } = await this.#writable.forceFetch(table);
    const columns = new Set([...rules.columns.keys(), ...rules.key]);
    const lookups = [...columns].filter((name) => definition.columns.get(name)?.type === 'lookup');
    const targets = new Map<string, ReadonlyMap<string, LookupTarget>>();
    for (const column of lookups) {
      const lookup = rules.columns.get(column)?.lookup;
      const of = new Map<string, LookupTarget>();
      for (const [to, property] of navigation.get(column) ?? []) {
        if (lookup !== undefined && !lookup.has(to)) continue;
        const target = await this.#targetOf(to);
        if (target !== undefined) of.set(to, { navigation: property, definition: target });
      }
      targets.set(column, of);
    }
    return { definition, rules, optimistic, targets };
  }

  /** Undefined for a table that no message can name: one without ids of its rows, or that the user may not see. */
  async #targetOf(table: string): Promise<TableDefinition | undefined> {
    try {
      return await this.catalog.get(table);
    } catch (error) {
      if (error instanceof TableTypeUnsupported || error instanceof TableUnknown) return undefined;
      throw error;
    }
  }
}

interface EntityMetadata {
  readonly IsOptimisticConcurrencyEnabled?: boolean;
  readonly ManyToOneRelationships: readonly LookupRelationship[];
}

async function readWritable(api: Pick<WebApi, 'get'>, table: string): Promise<Writable> {
  const { body } = await api.get(
    `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')?$select=IsOptimisticConcurrencyEnabled` +
      `&$expand=${LOOKUP_RELATIONSHIPS}`,
  );
  const { IsOptimisticConcurrencyEnabled: optimistic, ManyToOneRelationships: relationships } = JSON.parse(
    body,
  ) as EntityMetadata;
  return { optimistic: optimistic === true, navigation: lookupTables(relationships) };
}
