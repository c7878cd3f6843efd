/** Proves that a client that keeps its key signs each request as the SDK does, and that no other client is touched. */
import { createHttpHeaders, type PipelineRequest } from '@azure/core-rest-pipeline';
import { TableClient } from '@azure/data-tables';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { keepKey } from '../../shared/azure/signing';
import { EntityTable } from '../../shared/lob/tables/entity-table';
import { scriptedClient } from '../lob/scripted-client';

beforeEach(() => {
  jest.useFakeTimers({ now: Date.UTC(2026, 10, 28), doNotFake: ['setTimeout', 'nextTick', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const account = (key: string): string =>
  `DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=${key};EndpointSuffix=core.windows.net`;

/** How a client signs its requests. */
async function signatures(key: string, rowKey: string, keep: (client: TableClient) => TableClient): Promise<string[]> {
  const signed: string[] = [];
  const answer = ({ headers, method }: PipelineRequest) => {
    signed.push(`${headers.get('x-ms-date') ?? ''} ${headers.get('authorization') ?? ''}`);
    return { status: method === 'GET' ? 200 : 204, headers: { etag: 'W/"1"' }, body: '{}' };
  };
  const client = keep(scriptedClient('rows', answer, account(key)));
  const at = { partitionKey: "it's", rowKey };
  await new EntityTable(client).get(at);
  await new EntityTable(client).write({ kind: 'replace', key: at, etag: '*', body: '{"é":1}' });
  for await (const page of client.listEntities({ queryOptions: { filter: rowKey } }).byPage()) expect(page).toEqual([]);
  await client.setAccessPolicy([]);
  return signed;
}

test('every request is signed as the SDK signs it: entities, queries, and what has a comp', () =>
  fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ unit: 'grapheme' }),
      async (key, rowKey) => {
        const bySdk = await signatures(key, rowKey, (client) => client);
        expect(bySdk).toHaveLength(4);
        expect(new Set(bySdk).size).toBeGreaterThan(2);
        expect(await signatures(key, rowKey, keepKey)).toEqual(bySdk);
      },
    ),
    { numRuns: 30 },
  ));

test('the SDK’s own way of signing is gone, so that the key is made once', () => {
  const names = (client: TableClient) => client.pipeline.getOrderedPolicies().map(({ name }) => name);
  const client = scriptedClient('rows', () => ({ status: 200 }));
  const policies = client.pipeline.getOrderedPolicies();
  expect(names(keepKey(client))).toEqual(policies.map(({ name }) => name));
  const kept = client.pipeline.getOrderedPolicies().filter((policy) => !policies.includes(policy));
  expect(kept.map(({ name }) => name)).toEqual(['tablesNamedKeyCredentialPolicy']);
});

test('a client with a shared access signature or a token stays as it is', async () => {
  const signed = scriptedClient(
    'rows',
    () => ({ status: 200 }),
    'TableEndpoint=https://contoso.table.core.windows.net/;SharedAccessSignature=sv=1&sig=a%2B',
  );
  const token = { getToken: () => Promise.resolve({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const authorizations: (string | undefined)[] = [];
  const bearer = new TableClient('https://contoso.table.core.windows.net', 'rows', token, {
    additionalPolicies: [
      {
        position: 'perRetry',
        policy: {
          name: 'script',
          sendRequest: (request) => {
            authorizations.push(request.headers.get('authorization'));
            return Promise.resolve({ request, status: 200, headers: createHttpHeaders(), bodyAsText: '{}' });
          },
        },
      },
    ],
  });
  for (const client of [signed, bearer]) {
    const before = client.pipeline.getOrderedPolicies();
    expect(keepKey(client).pipeline.getOrderedPolicies()).toEqual(before);
  }
  await new EntityTable(keepKey(bearer)).get({ partitionKey: 'p', rowKey: 'r' });
  expect(authorizations).toEqual(['Bearer a-token']);
});
