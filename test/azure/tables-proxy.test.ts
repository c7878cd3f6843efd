/** Proves that a busy process goes on sending through its proxy, and past it where NO_PROXY says so. */
import type { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tableClients } from '../../shared/azure/table-clients';
import { eventually } from '../eventually';
import { requestsBy } from './requests-by';

let [service, proxy]: Server[] = [];
const port = (of: Server | undefined): number => (of?.address() as AddressInfo).port;
let proxied = 0;

beforeAll(async () => {
  service = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  proxy = createServer((incoming, response) => {
    proxied += 1;
    forward(incoming.url ?? '', { headers: incoming.headers }, (answer) => answer.pipe(response)).end();
  });
  for (const server of [service, proxy]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.HTTPS_PROXY = `http://127.0.0.1:${port(proxy)}`;
  process.env.NO_PROXY = 'localhost';
});
afterAll(() => {
  delete process.env.HTTPS_PROXY;
  delete process.env.NO_PROXY;
  for (const server of [service, proxy]) {
    server?.closeAllConnections();
    server?.close();
  }
});

const clientAt = (host: string): TableClient =>
  tableClients({
    kind: 'connectionString',
    connectionString: `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://${host}:${port(service)}/a`,
  })('rows');

test('all requests go through the proxy, before and after undici is loaded; none to a host of NO_PROXY', async () => {
  const sent = requestsBy();
  const [behind, beside] = [clientAt('127.0.0.1'), clientAt('localhost')];
  for (let n = 0; n < 40; n += 1) await behind.getEntity('p', 'r');
  expect([proxied, sent().undici]).toEqual([40, 0]);
  await eventually(async () => {
    await beside.getEntity('p', 'r');
    return sent().undici > 0;
  }, 'undici');
  expect(proxied).toBe(40);
  const { undici } = sent();
  for (let n = 0; n < 5; n += 1) await behind.getEntity('p', 'r');
  expect([proxied, sent().undici]).toEqual([45, undici]);
});
