import type { WebApi } from '../../shared/dataverse/web-api';

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
