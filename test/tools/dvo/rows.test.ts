/** Proves that `dvo rows` shows what lies in the LOB store, on real Azurite, and says what is missing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TableClient } from '@azure/data-tables';
import { startAzurite, type Azurite } from '../../../local/storage/azurite';
import { dvo as ran, type Ran } from './terminal';

const LIVE = 'a0000001-0000-4000-8000-00000000000a';
const GONE = 'b0000002-0000-4000-8000-00000000000b';

let azurite: Azurite;
const saved = process.env.LOB_STORAGE;

beforeAll(async () => {
  azurite = await startAzurite();
  process.env.LOB_STORAGE = azurite.connectionString;
  const client = TableClient.fromConnectionString(azurite.connectionString, 'newshipment', {
    allowInsecureConnection: true,
  });
  await client.createTable();
  await client.createEntity({
    partitionKey: 'a',
    rowKey: LIVE,
    Deleted: false,
    new_trackingnumber: 9_007_199_254_740_993n,
    new_dispatchedon: new Date('2026-03-14T09:26:53Z'),
    entityimage: new Uint8Array([1, 2, 255]),
  });
  await client.createEntity({ partitionKey: 'b', rowKey: GONE, Deleted: true });
});

afterAll(async () => {
  if (saved === undefined) delete process.env.LOB_STORAGE;
  else process.env.LOB_STORAGE = saved;
  await azurite.stop();
});

const dvo = (...args: string[]): Promise<Ran> => ran(args);

describe('dvo rows', () => {
  test('lists the live rows, every value readable and exact', async () => {
    const { code, out } = await dvo('rows', 'new_shipment');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      rowKey: LIVE,
      new_trackingnumber: '9007199254740993',
      new_dispatchedon: '2026-03-14T09:26:53.000Z',
      entityimage: 'AQL/',
    });
  });

  test('--deleted adds the tombstones, --limit bounds the list and says so', async () => {
    expect((await dvo('rows', 'new_shipment', '--deleted')).out).toContain(GONE);
    const { out, err } = await dvo('rows', 'new_shipment', '--deleted', '--limit', '1');
    expect(out).not.toContain(GONE);
    expect(err).toBe('Only the first 1 rows are shown. A higher --limit shows more.\n');
  });

  test('one row by its id, deleted or not, in upper case too', async () => {
    expect((await dvo('rows', 'new_shipment', GONE.toUpperCase())).out).toContain('"Deleted": true');
    expect(await dvo('rows', 'new_shipment', LIVE.replace('a', 'c'))).toMatchObject({ code: 1, out: '' });
  });

  test('a row of several entities is shown as one', async () => {
    const client = TableClient.fromConnectionString(azurite.connectionString, 'contact', {
      allowInsecureConnection: true,
    });
    await client.createTable();
    const tag = { partitionKey: 'a', PartsTag: 't' };
    await client.createEntity({ ...tag, rowKey: LIVE, Deleted: false, Parts: 2, lastname: 'Ada' });
    await client.createEntity({ ...tag, rowKey: `${LIVE}~2`, new_last: 'x' });
    for (const args of [['contact'], ['contact', '--deleted'], ['contact', LIVE]])
      expect(JSON.parse((await dvo('rows', ...args)).out)).toMatchObject({
        rowKey: LIVE,
        lastname: 'Ada',
        new_last: 'x',
      });
  });

  test('a table of which only tombstones are left', async () => {
    const client = TableClient.fromConnectionString(azurite.connectionString, 'lead', {
      allowInsecureConnection: true,
    });
    await client.createTable();
    await client.createEntity({ partitionKey: 'b', rowKey: GONE, Deleted: true });
    expect(await dvo('rows', 'lead')).toEqual({
      code: 0,
      out: '',
      err: 'lead has no live rows. --deleted shows the tombstones.\n',
    });
  });

  test('a table of which nothing was stored', async () => {
    expect(await dvo('rows', 'account')).toEqual({ code: 0, out: '', err: 'No row of account was ever stored.\n' });
  });

  test('no store named: says which setting is missing, exit code 64', async () => {
    delete process.env.LOB_STORAGE;
    const { code, err } = await dvo('rows', 'account');
    process.env.LOB_STORAGE = azurite.connectionString;
    expect([code, err]).toEqual([64, expect.stringContaining('LOB_STORAGE is missing')]);
  });
});
