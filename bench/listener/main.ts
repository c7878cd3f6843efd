/**
 * The least that a webhook's receiver can be: node:http, JSON.parse, the columns of Target as they are, one upsert through the
 * bare SDK. No key is checked, no order, no duplicate. A process of its own; tells its parent its address, ends with it.
 *
 * Arguments: the store's connection string, the table.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { upsertTarget } from './upsert-target';
import { bareClient, type Place } from '../inputs/stores';

const [, , connectionString = '', table = ''] = process.argv;
const client = bareClient({ connectionString } as Place, table);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    upsertTarget(client, Buffer.concat(chunks)).then(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"outcome":"written"}'),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
});
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once('disconnect', () => process.exit());
