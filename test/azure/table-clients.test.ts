/**
 * Proves with the real SDK and real sockets what opens the circuit of a storage account: no connection, no answer, 503; not
 * 4xx, not a request that the service fails over (500), not a busy partition among others; and that it closes by itself.
 */
import type { TableClient } from '@azure/data-tables';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import { tableClients } from '../../shared/azure/table-clients';
import { tableIsMissing } from '../../shared/azure/tables';
import { eventually } from '../eventually';

const KEY = Buffer.from('a key that nobody has').toString('base64');

let server: Server;
let port: number;
/** What is answered to a path; 0: the connection is cut; -1: nothing ever is. */
let statusOf: (path: string) => number;
let requests: number;
let records: [string, Readonly<Record<string, unknown>>][];
let client: TableClient;

beforeEach(async () => {
  requests = 0;
  records = [];
  server = createServer((request, response) => {
    requests += 1;
    const status = statusOf(request.url ?? '');
    if (status === -1) return;
    if (status === 0) return void request.socket.destroy();
    const code = status === 404 ? 'TableNotFound' : 'Simulated';
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status < 300 ? { PartitionKey: 'p', RowKey: 'r' } : { 'odata.error': { code } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  const endpoint = `http://127.0.0.1:${port}/account`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${KEY};TableEndpoint=${endpoint};`;
  client = tableClients({ kind: 'connectionString', connectionString }, (event, fields) => {
    records.push([event, fields]);
  })('rows');
});
afterEach(() => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const get = (row = 'r'): Promise<unknown> =>
  client.getEntity('p', row).then(
    () => 'found',
    (error: unknown) => error,
  );

describe('it opens', () => {
  test.each([
    ['the connection is cut', 0],
    ['503', 503],
  ])('%s: the account is not asked any more, and is asked again when its time has come', async (_what, status) => {
    statusOf = () => status;
    // The time to ask again doesn't come while this test looks.
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    await get();
    expect(await get()).toBeInstanceOf(StoreUnavailable);
    const before = requests;
    expect(before).toBe(5);
    const ends = await Promise.all([get(), get(), get()]);
    for (const end of ends) {
      expect(end).toMatchObject({ code: 'store-unavailable', disposition: 'retry' });
      expect(String(end)).toContain(`127.0.0.1:${port}`);
      expect(String(end)).not.toContain(KEY);
    }
    expect(requests).toBe(before);
    expect(records).toEqual([['storeUnavailable', { store: `127.0.0.1:${port}`, reason: expect.any(String) }]]);

    statusOf = () => 200;
    clock.mockImplementation(() => performance.timeOrigin + performance.now());
    await eventually(async () => (await get()) === 'found', 'the account being asked again');
    expect(records.map(([event]) => event)).toEqual(['storeUnavailable', 'storeAvailable']);
  });
});

test('nothing is ever answered: those that wait end with their time, and nobody waits after them', async () => {
  statusOf = () => -1;
  const ends = await Promise.all(Array.from({ length: 6 }, (_, row) => get(String(row))));
  expect(ends.filter((end) => end instanceof StoreUnavailable)).toHaveLength(2);
  expect(await get()).toBeInstanceOf(StoreUnavailable);
  expect(requests).toBe(6);
});

describe('it stays closed', () => {
  test.each([400, 404, 409, 412, 429])('%i says that the account is there', async (status) => {
    statusOf = () => status;
    const ends = await Promise.all(Array.from({ length: 8 }, (_, row) => get(String(row))));
    for (const end of ends) expect(end).not.toBeInstanceOf(StoreUnavailable);
    expect(records).toEqual([]);
  });

  test('500: the service fails over a request, however often', async () => {
    statusOf = () => 500;
    const ends = await Promise.all(Array.from({ length: 4 }, (_, row) => get(String(row))));
    for (const end of ends) expect(end).toMatchObject({ statusCode: 500 });
    expect([records, requests]).toEqual([[], 12]);
  });

  test('one busy partition among answers of the others', async () => {
    statusOf = (path) => (path.includes('busy') ? 503 : 200);
    const left = new Set(['busy 1', 'busy 2', 'busy 3']);
    const busy = Promise.all([...left].map((row) => get(row).finally(() => left.delete(row))));
    while (left.size > 0) {
      expect(await get('other')).toBe('found');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const end of await busy) expect(end).toMatchObject({ statusCode: 503 });
    expect(records).toEqual([]);
  });
});

test('a table that is missing is still told as such', async () => {
  statusOf = () => 404;
  expect(tableIsMissing(await get())).toBe(true);
});
