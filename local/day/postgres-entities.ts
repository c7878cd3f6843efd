/**
 * PostgreSQL as any reader sees it, with the plain client, by docs/store.md; its rows in the form in which the check compares those
 * of Azure Tables.
 */
import { Client } from 'pg';
import { partsOf } from './text-parts';

type Entity = Readonly<Record<string, unknown>>;

/** Whether a place names a database. */
export const isPostgres = (place: string): boolean => place.startsWith('postgresql://');

/** Types by their numbers: https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/catalog/pg_type.dat */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  20: BigInt,
  21: Number,
  23: Number,
  701: Number,
  // Arrays of whole numbers.
  1007: (text) => `[${text.slice(1, -1)}]`,
  1114: (text) => new Date(`${text.replace(' ', 'T')}Z`).toISOString().replace('Z', ''),
  1184: (text) => new Date(text.replace(' ', 'T').replace('+00', 'Z')),
  3802: (text) => JSON.stringify(JSON.parse(text)),
};

/** What isn't compared. */
const OWN = new Set(['dvo_etag', 'dvo_written_at']);

/** A connection that reads values so that rows become entities. */
export async function connectedTo(place: string): Promise<Client> {
  const types = { getTypeParser: (oid: number) => PARSERS[oid] ?? String };
  const client = new Client({ connectionString: place, types });
  // Each statement is told of the connection's end; without a listener an idle one's would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`set time zone 'UTC'`);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** All rows of a table, tombstones included; none where it was never written. */
export async function rowsAsEntities(place: string, name: string): Promise<readonly Entity[]> {
  const client = await connectedTo(place);
  try {
    const { rows } = await client.query<Record<string, unknown>>(`select * from dvo."${name}"`);
    return rows.map(entityOf);
  } catch (error) {
    // undefined_table, invalid_schema_name
    if (!['42P01', '3F000'].includes(String((error as { code?: unknown }).code))) throw error;
    return [];
  } finally {
    await client.end();
  }
}

/** A row of one of the store's tables. */
export function entityOf(row: Record<string, unknown>): Entity {
  const { id, id1, id2, dvo_key, dvo_stamp, dvo_state, ...columns } = row;
  const filled = Object.fromEntries(Object.entries(columns).flatMap(propertiesOf));
  if (typeof dvo_key === 'string') return { partitionKey: dvo_key.slice(0, 10), rowKey: dvo_key, ...filled };
  const isLive = dvo_state === 0;
  return {
    rowKey: id ?? `${String(id1)}_${String(id2)}`,
    ...(isLive && id === undefined ? { id1, id2 } : {}),
    ...filled,
    Stamp: dvo_stamp,
    Deleted: !isLive,
    ...(dvo_state === 1 ? { Hidden: true } : {}),
  };
}

/** A column as Azure Tables would have it: a long text in parts. */
function propertiesOf([name, value]: readonly [string, unknown]): [string, unknown][] {
  if (value === null || OWN.has(name)) return [];
  if (typeof value !== 'string') return [[name, value]];
  return partsOf(value).map((part, at) => [at === 0 ? name : `${name}Part${at + 1}`, part]);
}
