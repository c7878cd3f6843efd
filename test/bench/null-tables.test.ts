/**
 * Proves that the benchmarks' null table service is enough of a table service for the app: it keeps the contract of a LOB store
 * as Azurite does, with the SDK's real clients over HTTP, and pages its queries.
 */
import { TableClient, odata } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nullTables } from '../../bench/benchmark/null-tables/server';
import { plainNaming } from '../../shared/lob/tables/layout';
import { TableStore } from '../../shared/lob/tables/table-store';
import { storeContract } from '../lob/store-contract';

let service: Server;
let stores = 0;

beforeAll(async () => {
  service = nullTables();
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

function clientOf(table: string): TableClient {
  const { port } = service.address() as AddressInfo;
  const connection = `DefaultEndpointsProtocol=http;AccountName=n;AccountKey=AA==;TableEndpoint=http://127.0.0.1:${port}/n;`;
  return TableClient.fromConnectionString(connection, table, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });
}

storeContract('the null table service', () => new TableStore(clientOf, plainNaming(`t${(stores += 1)}`)));

test('a query by range brings its entities page by page, in the order of their keys', async () => {
  const client = clientOf('range');
  for (const rowKey of ['d', 'b', 'a', 'c', 'e']) await client.createEntity({ partitionKey: 'p', rowKey, size: 1 });
  await client.createEntity({ partitionKey: 'q', rowKey: 'c', size: 1 });
  const pages: unknown[] = [];
  const filter = odata`PartitionKey eq ${'p'} and RowKey ge ${'b'} and RowKey lt ${'e'} and size eq 1`;
  for await (const page of client
    .listEntities({ queryOptions: { filter, select: ['rowKey'] } })
    .byPage({ maxPageSize: 2 }))
    pages.push(page.map((entity) => entity.rowKey));
  expect(pages).toEqual([['b', 'c'], ['d']]);
});

test('a query finds what its filter says, in whatever partitions', async () => {
  const client = clientOf('filtered');
  for (const [partitionKey, rowKey, live] of [
    ['p', 'a', true],
    ['p', 'b', false],
    ['q', 'a', true],
    ['r', "c'd", false],
  ] as const)
    await client.createEntity({ partitionKey, rowKey, live });
  const found = async (filter: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const entity of client.listEntities({ queryOptions: { filter } }))
      keys.push(`${entity.partitionKey}/${entity.rowKey}`);
    return keys;
  };
  expect(await found("PartitionKey eq 'p' and live eq true or PartitionKey eq 'q'")).toEqual(['p/a', 'q/a']);
  expect(await found("PartitionKey eq 'p' and (live eq false or RowKey eq 'a')")).toEqual(['p/a', 'p/b']);
  expect(await found("not (PartitionKey eq 'p') and live eq false")).toEqual(["r/c'd"]);
  expect(await found("RowKey eq 'c''d'")).toEqual(["r/c'd"]);
});

test('an entity that is upserted is made, then changed whatever its entity tag', async () => {
  const client = clientOf('upserted');
  await client.upsertEntity({ partitionKey: 'p', rowKey: 'r', one: 1 }, 'Merge');
  await client.upsertEntity({ partitionKey: 'p', rowKey: 'r', two: 2 }, 'Merge');
  expect(await client.getEntity('p', 'r')).toMatchObject({ one: 1, two: 2 });
  await client.upsertEntity({ partitionKey: 'p', rowKey: 'r', three: 3 }, 'Replace');
  expect(await client.getEntity('p', 'r')).not.toHaveProperty('one');
});
