import { definitionIsMissing } from '../../shared/dataverse/definitions';
import type { WebApi } from '../../shared/dataverse/web-api';
import { trackingOf, type Tracking, type TrackingMetadata } from '../../shared/dataverse/table-tracking';

/** What is asked of the Web API. */
export type Asks = Pick<WebApi, 'get'>;

/** A row as the Web API has it. */
export type Row = Readonly<Record<string, unknown>>;

/** Conditions of one request: its address has to stay short. */
const CONDITIONS = 15;

interface Page {
  readonly value: readonly Row[];
  readonly '@odata.nextLink'?: string;
}

/** All rows of a query. */
async function rowsOf(api: Asks, query: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let link: string | undefined = query; link !== undefined;) {
    const page = JSON.parse((await api.get(link)).body) as Page;
    rows.push(...page.value);
    link = page['@odata.nextLink'];
  }
  return rows;
}

/** The rows of a set that meet one of the conditions; without any, none. `everything`: without a condition, all. */
export async function rowsWhere(
  api: Asks,
  set: string,
  select: readonly string[],
  conditions: readonly string[] | 'everything',
): Promise<Row[]> {
  const query = `${set}?$select=${select.join(',')}`;
  if (conditions === 'everything') return rowsOf(api, query);
  const several = [...new Set(conditions)];
  const chunks = Array.from({ length: Math.ceil(several.length / CONDITIONS) }, (_, index) =>
    several.slice(index * CONDITIONS, (index + 1) * CONDITIONS),
  );
  const found = await Promise.all(
    chunks.map((chunk) => rowsOf(api, `${query}&$filter=${encodeURIComponent(chunk.join(' or '))}`)),
  );
  return found.flat();
}

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
