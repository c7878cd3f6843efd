/** Proves that the benchmarks' floors do the app's work: for the same rows the bare SDK sends the same properties. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delivered } from '../../bench/benchmark/inputs/deliveries';
import { oneByOne } from '../../bench/benchmark/inputs/one-by-one';
import { bareClient } from '../../bench/benchmark/inputs/stores';
import { Updates } from '../../bench/benchmark/inputs/updates';
import type { Subject } from '../../bench/benchmark/measure/rounds';
import { nullTables } from '../../bench/benchmark/null-tables/server';
import { plainWrite } from '../../bench/benchmark/processes/plain-write';

type Entity = Readonly<Record<string, unknown>>;

const ROWS = 32;
let service: Server;
let account: { readonly kind: 'connectionString'; readonly connectionString: string };
/** Entities that were written, alone or in transactions, as they came. */
let sent: Entity[] = [];

beforeAll(async () => {
  service = nullTables({ latencyMs: 1 }).on('request', (request) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const [line] of Buffer.concat(chunks)
        .toString()
        .matchAll(/^\{.*\}/gm))
        sent.push(JSON.parse(line) as Entity);
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}/null`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=null;AccountKey=AA==;TableEndpoint=${endpoint};BlobEndpoint=${endpoint};`;
  account = { kind: 'connectionString', connectionString };
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

/** What one turn writes. */
async function writtenBy({ prepare, run }: Subject): Promise<readonly Entity[]> {
  await prepare?.();
  sent = [];
  await run();
  expect(sent).toHaveLength(ROWS);
  return sent.toSorted((a, b) => (String(a.RowKey) < String(b.RowKey) ? -1 : 1));
}

/** The SDK names the types of texts and booleans where JSON shows them anyway. */
const isImplied = (name: string, value: unknown): boolean =>
  name.endsWith('@odata.type') && ['Edm.String', 'Edm.Boolean', 'Edm.Int32'].includes(String(value));

/** Of each property its name, type and length, which is the same in every turn. */
const shapeOf = (entity: Entity) =>
  Object.entries(entity)
    .filter(([name, value]) => !isImplied(name, value))
    .map(([name, value]) => `${name}: ${typeof value}${typeof value === 'string' ? ` of ${value.length}` : ''}`)
    .toSorted();

test.each(['one by one', 'cold', 'together'] as const)('changes, %s', async (how) => {
  const { app, upsertEntity, getAndUpdate, together, submitTransaction } = await oneByOne(account, ROWS);
  const [own, floor] = {
    'one by one': [app(4), upsertEntity(4)] as const,
    cold: [app(4, true), getAndUpdate(4)] as const,
    together: [together(2), submitTransaction(2)] as const,
  }[how];
  const written = await writtenBy(own);
  expect(written[0]).toMatchObject({ RowKey: expect.any(String), Stamp: expect.any(String), name: expect.any(String) });
  expect((await writtenBy(floor)).map(shapeOf)).toEqual(written.map(shapeOf));
});

test('events, from their bytes on; a plain listener writes the same columns', async () => {
  const { app, upsertEntity } = await delivered(account, ROWS, 4);
  // The first event also pins the organization.
  await app.run();
  const written = await writtenBy(app);
  expect((await writtenBy(upsertEntity)).map(shapeOf)).toEqual(written.map(shapeOf));

  const rows = bareClient(account, 'plainaccount');
  const updates = new Updates(ROWS);
  const plain = await writtenBy({
    run: async () => {
      for (let n = 0; n < ROWS; n += 1) await plainWrite(rows, updates.next());
    },
  });
  const columnsOf = (entity: Entity) =>
    Object.keys(entity)
      .filter((name) => !name.includes('@') && !['Stamp', 'Deleted'].includes(name))
      .toSorted();
  expect(plain.map(columnsOf)).toEqual(written.map(columnsOf));
});
