import { RestError, type TableClient } from '@azure/data-tables';

/** Makes the client of one Azure table: with a connection string or an identity, as the composition decides. */
export type TableClientFactory = (tableName: string) => TableClient;

/** Names a table over all accounts; holds no key and no signature, which an address may carry in its query. */
export function placeOf({ url, tableName }: Pick<TableClient, 'url' | 'tableName'>): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}/${tableName}`.replaceAll('//', '/').toLowerCase();
}

/** The HTTP status of an error of the table service, if it is one. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof RestError ? error.statusCode : undefined;

/** The service's own error code: in the error, or in the OData body that the SDK leaves unread. */
export function serviceCodeOf(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}

/**
 * What the service says of a refusal, as far as it can be shown: its code, and the property that it names, if that is one of
 * `names`. Its text isn't shown, since it may quote a value.
 */
export function refusalOf(error: unknown, names: Iterable<string>): string {
  const code = serviceCodeOf(error) ?? 'no code';
  const text = error instanceof RestError ? `${error.message} ${JSON.stringify(error.details ?? '')}` : '';
  const quoted = new Set(Array.from(text.matchAll(/'([^']+)'/g), ([, name]) => name));
  const named = [...names].find((name) => quoted.has(name));
  return named === undefined ? code : `${code} for column ${named}`;
}

/** Whether the table itself isn't there (as opposed to an entity of it). */
export const tableIsMissing = (error: unknown): boolean => serviceCodeOf(error) === 'TableNotFound';

/** Runs an action; makes the table and runs it again if the table isn't there. Costs nothing where it is. */
export async function withTable<T>(client: TableClient, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!tableIsMissing(error)) throw error;
    await client.createTable();
    return action();
  }
}

/** An entity, or undefined where it (or its table) isn't there. */
export async function findEntity(
  client: TableClient,
  partitionKey: string,
  rowKey: string,
  abortSignal?: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  try {
    return await client.getEntity(partitionKey, rowKey, abortSignal && { abortSignal });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
