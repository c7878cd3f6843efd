/** Where the writer's rows go: the services as the app composes them, the SDK's bare client, and rows to begin with. */
import { TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables';
import pLimit from 'p-limit';
import { setImmediate } from 'node:timers/promises';
import { appIdentity } from '../../../shared/azure/deferred-credential';
import type { Columns } from '../../../shared/change/value';
import { readConfig } from '../../../shared/app/config';
import { encodeStamp } from '../../../shared/lob/stamp';
import { encodeColumns } from '../../../shared/lob/tables/columns';
import { partitionOf } from '../../../shared/lob/tables/layout';
import { compose, type Services } from '../../../shared/app/services';
import type { Stamp } from '../../../shared/lob/stamp';
import { readStorageAccount, type StorageAccount } from '../../../shared/settings/storage-account';
import type { ChangeResult } from '../../../shared/writer/writer';
import type { Account } from '../null-tables/start';
import { idOf, TABLE } from './rows';

/** The settings by which the app keeps rows and its own state in an account. */
export function settingsOf(account: Account): Record<string, string> {
  const suffixed: Readonly<Record<string, string>> =
    account.kind === 'connectionString'
      ? { '': account.connectionString }
      : {
          __tableServiceUri: account.endpoints.table,
          __blobServiceUri: account.endpoints.blob,
          ...(account.clientId === undefined ? {} : { __clientId: account.clientId }),
        };
  return Object.fromEntries(
    ['LOB_STORAGE', 'AzureWebJobsStorage'].flatMap((name) =>
      Object.entries(suffixed).map(([suffix, value]) => [`${name}${suffix}`, value]),
    ),
  );
}

/** The app's services on an account, without a Web API; rows lie in tables of that prefix. */
export function servicesOn(account: Account, prefix: string): Services {
  const { core } = readConfig({
    SYNC_TABLES: TABLE,
    LOB_TABLE_PREFIX: prefix,
    CACHE_MEGABYTES: '256',
    ...settingsOf(account),
  });
  if (!core.ok) throw new Error(core.faults.join('; '));
  return compose(core.value);
}

/** The SDK's client of a table as its documentation shows it: keep-alive is its default. */
export const bareClient = (account: StorageAccount<'table'>, table: string): TableClient =>
  account.kind === 'connectionString'
    ? TableClient.fromConnectionString(account.connectionString, table, { allowInsecureConnection: true })
    : new TableClient(account.endpoints.table, table, appIdentity(account.clientId));

/** The bare client of the table that the app would write to with the settings of this process. */
export function ownTable(): TableClient {
  const { value, faults } = readStorageAccount(process.env, 'LOB_STORAGE', ['table']);
  if (value === undefined) throw new Error(faults.join('; '));
  return bareClient(value, `${process.env.LOB_TABLE_PREFIX ?? ''}${TABLE}`);
}

/** A row as the app would store it. */
export const entityOf = (n: number, columns: Columns, stamp: Stamp): TableEntity => ({
  partitionKey: partitionOf(idOf(n)),
  rowKey: idOf(n),
  ...Object.fromEntries(encodeColumns(columns)),
  Stamp: encodeStamp(stamp),
  Deleted: stamp.deleted,
});

/** Azure's limit of one transaction. */
const MAX_TRANSACTION = 100;
/** As many as the app's store has under way. */
const TRANSACTIONS_IN_FLIGHT = 32;

/** Upserts entities in transactions, as large as the layout's partitions allow; no row may come twice. */
export async function transact(
  client: TableClient,
  entities: readonly TableEntity[],
  mode: 'Merge' | 'Replace',
): Promise<void> {
  const chunks = [...Map.groupBy(entities, ({ partitionKey }) => partitionKey).values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MAX_TRANSACTION) }, (_, at) =>
      group.slice(at * MAX_TRANSACTION, (at + 1) * MAX_TRANSACTION),
    ),
  );
  const limit = pLimit(TRANSACTIONS_IN_FLIGHT);
  const underWay: Promise<unknown>[] = [];
  for (const chunk of chunks) {
    const actions = chunk.map((entity): TransactionAction => ['upsert', entity, mode]);
    underWay.push(limit(() => client.submitTransaction(actions)));
    // Each is on its way before the next one is made: a fifth faster on Azurite than all at once.
    await setImmediate();
  }
  await Promise.all(underWay);
}

/** Calls `one` for 0 to `count` - 1, so many at a time. */
export async function inFlight(width: number, count: number, one: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await one(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** A figure of what went wrong would be worthless: everything has to end as it was meant to. */
export function expectVerdicts(results: readonly ChangeResult[], expected: readonly string[]): void {
  for (const result of results) {
    if (result.kind === 'failed') throw result.error;
    if (!expected.includes(result.verdict))
      throw new Error(`A change was ${result.verdict} instead of ${expected.join(' or ')}.`);
  }
}
