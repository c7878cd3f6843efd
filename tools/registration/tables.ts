import { definitionIsMissing, type WebApi } from '../../shared/dataverse/web-api';
import { trackingOf, type Tracking, type TrackingMetadata } from '../../shared/dataverse/table-tracking';

/** What has to be known of a table before something is registered for it. */
export interface TableFacts {
  readonly columns: ReadonlySet<string>;
  readonly tracking: Tracking;
}

/** Reads tables, each with one request; a table that isn't there isn't in the answer. */
export async function readTables(
  api: Pick<WebApi, 'getCurrent'>,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TableFacts>> {
  const found = await Promise.all(
    [...new Set(tables)].map(async (table) => [table, await readTable(api, table)] as const),
  );
  return new Map(found.flatMap(([table, facts]) => (facts === undefined ? [] : [[table, facts]])));
}

interface Definition extends TrackingMetadata {
  readonly Attributes: readonly { readonly LogicalName: string }[];
}

async function readTable(api: Pick<WebApi, 'getCurrent'>, table: string): Promise<TableFacts | undefined> {
  try {
    const { body } = await api.getCurrent(
      `EntityDefinitions(LogicalName='${table}')?$select=LogicalName,ChangeTrackingEnabled,CanChangeTrackingBeEnabled` +
        '&$expand=Attributes($select=LogicalName)',
    );
    const definition = JSON.parse(body) as Definition;
    return {
      columns: new Set(definition.Attributes.map(({ LogicalName }) => LogicalName)),
      tracking: trackingOf(definition),
    };
  } catch (error) {
    if (definitionIsMissing(error)) return undefined;
    throw error;
  }
}
