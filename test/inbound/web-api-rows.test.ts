/**
 * Proves against the simulator that rows are changed by the Web API exactly, by key and id, alone and in batches; and that each
 * of the platform's refusals has its outcome.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { STANDARD_TABLES } from '../../local/dataverse/metadata/standard-tables';
import { PlugInRefusal, startDataverse, type Dataverse } from '../../local/dataverse/simulator';
import { MetadataCatalog } from '../../shared/dataverse/metadata';
import { readBatch, writeBatch } from '../../shared/dataverse/batch';
import { RateBudget } from '../../shared/dataverse/rate-budget';
import { WebApi } from '../../shared/dataverse/web-api';
import { OutboundError } from '../../shared/errors/errors';
import type { InboundTable } from '../../shared/inbound/inbound-table';
import { InboundTables } from '../../shared/inbound/inbound-tables';
import type { InboundRows } from '../../shared/inbound/inbound-rows';
import { InboundRecords } from '../../shared/inbound/inbound-records';
import { InboundWriter } from '../../shared/inbound/inbound-writer';
import { readInboundMessage } from '../../shared/inbound/message';
import { changeOfMessage } from '../../shared/inbound/to-change';
import { WebApiRows } from '../../shared/inbound/web-api-rows';
import { mappingOf } from '../mapping/mappings';
import { accessToken } from '../local/simulator-client';
import { stamp } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { BILLS, BILLS_INBOUND, ORDERS, ORDERS_INBOUND } from './order-table';
import { textOf } from './writer-stand';

let dataverse: Dataverse;
let api: WebApi;
let tables: InboundTables;
let requests: string[];
const trusted = getCACertificates();

beforeAll(async () => {
  dataverse = await startDataverse({ tables: [...STANDARD_TABLES, ORDERS, BILLS], limits: 'off' });
  setDefaultCACertificates([...trusted, readFileSync(dataverse.certificatePath, 'utf8')]);
  const token = await accessToken(dataverse);
  api = new WebApi({
    url: dataverse.url,
    credential: () => ({ getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }),
    maxRetries: 0,
  });
  dataverse.intercept(({ method, target, moment }) => {
    if (moment === 'asked' && !/EntityDefinitions|stringmaps/.test(target)) requests.push(`${method} ${target}`);
    return false;
  });
});
afterAll(async () => {
  setDefaultCACertificates([...trusted]);
  await dataverse.close();
});

let writer: InboundWriter;
let store: MemoryStore;
let bypassed: readonly string[];
/** Comes before a row is made. */
let meanwhile: () => Promise<unknown>;
let rowsOf: () => InboundRows;
let ids = 0;
beforeEach(() => {
  requests = [];
  bypassed = [];
  meanwhile = () => Promise.resolve();
  rowsOf = () => new WebApiRows(api, bypassed);
  tables = tablesOf(ORDERS_INBOUND);
  store = new MemoryStore();
  for (const { id } of rows()) void dataverse.delete('new_order', id);
  writer = new InboundWriter({
    records: new InboundRecords(new MemoryStore(), setImmediate, textOf),
    rows: {
      send: async (all) => {
        if (all.some(({ action }) => action.kind === 'create')) await meanwhile();
        return rowsOf().send(all);
      },
    },
    store,
    log: () => undefined,
    now: Date.now,
    defer: setImmediate,
  });
});

const tablesOf = (orders: string) =>
  new InboundTables(api, new MetadataCatalog(api), mappingOf(orders + BILLS_INBOUND));

/** Sends messages, given as JSON without what every one has; tells how each ended. */
async function send(...messages: readonly (string | object)[]): Promise<readonly string[]> {
  const table: InboundTable = await tables.get({ table: 'new_order' });
  const changes = messages.map((given) => {
    const own = typeof given === 'string' ? given.slice(1) : JSON.stringify(given).slice(1);
    const head = `"id":"m${(ids += 1)}","table":"new_order"${own.includes('"op"') ? '' : ',"op":"upsert"'}`;
    return changeOfMessage(readInboundMessage(Buffer.from(`{${head},${own}`), Date.now() + 10_000 + ids), table);
  });
  const results = await writer.process(changes);
  return results.map((result) =>
    result.kind === 'processed'
      ? result.verdict
      : result.error instanceof OutboundError
        ? `${result.error.code}: ${result.error.message}`
        : String(result.error),
  );
}

const key = (of: string) => ({ new_lobid: of });
const rows = () => [...dataverse.rows('new_order')];
const order = (lobId: string) => rows().find(({ columns }) => columns.new_lobid === lobId);
const columnsOf = (lobId: string) => order(lobId)?.columns;

describe('values', () => {
  test('of every type reach their column with every digit', async () => {
    const account = await dataverse.create('account', { name: 'Carrier' });
    const contact = await dataverse.create('contact', { lastname: 'Payer' });
    expect(await send({ key: key('P-1'), columns: { new_name: 'previous' } })).toEqual(['created']);
    expect(
      await send(
        `{"key":{"new_lobid":"A-1"},"columns":{"new_name":"Ada ü","new_limit":1234567890123.4567,"new_rate":"0.0123456789",
          "new_big":9007199254740993,"new_temperature":-1.5,"new_open":true,"new_since":"2026-03-14T10:26:53+01:00",
          "new_day":"2026-03-14","new_slot":"2026-03-14T09:26:53","new_mode":"Rail","new_handling":["Cold",1],
          "new_carrier":"${account}","new_payer":{"table":"contact","id":"${contact}"},"new_previous":"P-1"}}`,
      ),
    ).toEqual(['created']);
    expect(columnsOf('A-1')).toMatchObject({
      new_name: 'Ada ü',
      new_limit: '1234567890123.4567',
      new_rate: '0.0123456789',
      new_big: 9007199254740993n,
      new_temperature: -1.5,
      new_open: true,
      new_mode: 2,
      new_handling: [1, 2],
      new_carrier: { table: 'account', id: account },
      new_payer: { table: 'contact', id: contact },
      new_previous: { table: 'new_order', id: order('P-1')?.id },
    });
    // What Dataverse gave back equals what was sent: nothing is sent again.
    requests = [];
    expect(
      await send(
        `{"key":{"new_lobid":"A-1"},"columns":{"new_name":"Ada ü","new_limit":1234567890123.4567,"new_rate":"0.0123456789",
          "new_big":9007199254740993,"new_temperature":-1.5,"new_open":true,"new_since":"2026-03-14T10:26:53+01:00",
          "new_day":"2026-03-14","new_slot":"2026-03-14T09:26:53","new_mode":"Rail","new_handling":["Cold",1],
          "new_carrier":"${account}","new_payer":{"table":"contact","id":"${contact}"},"new_previous":"P-1"}}`,
      ),
    ).toEqual(['unchanged']);
    expect(requests).toEqual([]);
  });

  test('are emptied by null, lookups too; a lookup to several tables moves from one to the other', async () => {
    const account = await dataverse.create('account', { name: 'A' });
    const contact = await dataverse.create('contact', { lastname: 'C' });
    await send({
      key: key('A'),
      columns: { new_name: 'x', new_carrier: account, new_payer: { table: 'contact', id: contact } },
    });
    expect(
      await send({
        key: key('A'),
        columns: { new_name: null, new_carrier: null, new_payer: { table: 'account', id: account } },
      }),
    ).toEqual(['updated']);
    expect(columnsOf('A')).toMatchObject({
      new_name: null,
      new_carrier: null,
      new_payer: { table: 'account', id: account },
    });
    expect(await send({ key: key('A'), columns: { new_payer: null } })).toEqual(['updated']);
    expect(columnsOf('A')?.new_payer).toBeNull();
  });

  test('owners are users or teams, and the message says which', async () => {
    const team = { table: 'team', id: dataverse.teamId };
    const user = { table: 'systemuser', id: dataverse.applicationUserId };
    expect(await send({ key: key('A'), columns: { ownerid: team } })).toEqual(['created']);
    expect(columnsOf('A')).toMatchObject({ ownerid: team });
    expect(await send({ key: key('A'), columns: { ownerid: user } })).toEqual(['updated']);
    expect(columnsOf('A')).toMatchObject({ ownerid: user });
    await expect(send({ key: key('A'), columns: { ownerid: user.id } })).rejects.toThrow(
      'new_order.ownerid must name one of its tables: systemuser, team',
    );
  });
});

describe('rows', () => {
  test('by key: made, found, changed, deleted; a deletion of what is gone is done', async () => {
    expect(await send({ key: key('A'), columns: { new_name: 'a' } })).toEqual(['created']);
    expect(await send({ key: key('a'), columns: { new_name: 'b' } })).toEqual(['updated']);
    expect(await send({ op: 'delete', key: key('A') }, { op: 'delete', key: key('never') })).toEqual([
      'deleted',
      'deleted',
    ]);
    expect(rows()).toEqual([]);
  });

  test('that are there already, and that nobody here knows: read before they are written', async () => {
    const id = await dataverse.create('new_order', { new_lobid: 'A', new_name: 'user' });
    expect(await send({ key: key('A'), columns: { new_name: 'lob' } })).toEqual(['updated']);
    expect(dataverse.get('new_order', id)?.columns.new_name).toBe('lob');
    expect(requests.map((one) => one.split('?')[0]?.replace('/api/data/v9.2/', ''))).toEqual([
      "PATCH new_orders(new_lobid='A')",
      "GET new_orders(new_lobid='A')",
      "PATCH new_orders(new_lobid='A')",
    ]);
  });

  test('whose key no URL takes: found by a query, made by a body that has it, bound by the id', async () => {
    const odd = { columns: { new_name: 'odd' }, key: key("A/1'%&:?+ ü") };
    expect(await send(odd)).toEqual(['created']);
    expect(await send({ ...odd, columns: { new_name: 'odder' } })).toEqual(['updated']);
    expect(await send({ key: key('B'), columns: { new_previous: "A/1'%&:?+ ü" } })).toEqual(['created']);
    expect(columnsOf('B')?.new_previous).toMatchObject({ id: order("A/1'%&:?+ ü")?.id });
    expect(await send({ key: key('C'), columns: { new_previous: 'no/where' } })).toEqual([
      expect.stringMatching(/^inbound-dependency/),
    ]);
    expect(await send({ op: 'delete', key: odd.key })).toEqual(['deleted']);
    expect(rows()).toHaveLength(1);
  });

  test('whose key no URL takes, made again after a deletion: with their key, and once', async () => {
    const change = (name: string) => send({ key: key('A/1'), columns: { new_name: name } });
    const remove = async () => {
      const id = order('A/1')?.id ?? '';
      await dataverse.delete('new_order', id);
      const deleted = stamp({ version: 5n, latestKnown: 1000, deleted: true });
      const row = { table: 'new_order', id };
      await store.write([{ row, expected: undefined, stamp: deleted, effect: 'clear', columns: new Map() }]);
    };
    await change('one');
    await remove();
    expect([...(await change('two')), ...(await change('three'))]).toEqual(['created', 'updated']);
    expect(rows().map(({ columns }) => [columns.new_lobid, columns.new_name])).toEqual([['A/1', 'three']]);
    await remove();
    meanwhile = () => dataverse.create('new_order', { new_lobid: 'A/1', new_note: 'other' });
    expect(await change('four')).toEqual(['updated']);
    expect(rows()).toHaveLength(1);
    expect(columnsOf('A/1')).toMatchObject({ new_name: 'four', new_note: 'other' });
  });

  test('whose key has a lookup besides: found by its id, made with it, whether messages may bring it or not', async () => {
    dataverse.defineKey('new_order', { schemaName: 'new_CarrierKey', columns: ['new_name', 'new_carrier'] });
    const carrier = await dataverse.create('account', { name: 'Carrier' });
    const mapped = ORDERS_INBOUND.replace('key: new_lobid', 'key: [new_name, new_carrier]');
    for (const [orders, name] of [
      [mapped, 'A/1'],
      [mapped.replace('        new_carrier:\n', ''), 'A/2'],
      [mapped.replace('new_carrier:\n', 'new_carrier: { lookup: { account: accountnumber } }\n'), 'A/3'],
      [mapped, 'A-4'],
    ] as const) {
      tables = tablesOf(orders);
      const of = { new_name: name, new_carrier: carrier };
      expect(await send({ key: of, columns: { new_note: 'one' } })).toEqual(['created']);
      const [row, ...others] = rows().filter(({ columns }) => columns.new_name === name);
      expect([row?.columns.new_carrier, others]).toEqual([{ table: 'account', id: carrier }, []]);
      // Its version is stale now, so that it is read.
      await dataverse.update('new_order', row?.id ?? '', { new_note: 'user' });
      expect(await send({ key: of, columns: { new_note: 'two' } })).toEqual(['updated']);
    }
  });

  test.each(['new_since', 'new_slot'])('whose key is a time: found by a query (%s)', async (column) => {
    dataverse.defineKey('new_order', { schemaName: `new_Key_${column}`, columns: [column] });
    tables = tablesOf(ORDERS_INBOUND.replace('key: new_lobid', `key: ${column}`));
    const zone = column === 'new_since' ? 'Z' : '';
    const change = (name: string) =>
      send({ key: { [column]: `2026-03-14T09:26:53${zone}` }, columns: { new_name: name } });
    expect(await change('one')).toEqual(['created']);
    await dataverse.update('new_order', rows()[0]?.id ?? '', { new_note: 'user' });
    expect(await change('two')).toEqual(['updated']);
    expect(rows().map(({ columns }) => [columns[column], columns.new_name])).toEqual([['2026-03-14T09:26:53Z', 'two']]);
  });

  test('by id: changed, and given a key', async () => {
    const id = await dataverse.create('new_order', { new_name: 'user' });
    expect(await send({ rowId: id, columns: { new_name: 'lob' } })).toEqual(['updated']);
    const gone = '00000000-0000-0000-0000-00000000dead';
    expect(await send({ op: 'update', rowId: gone, columns: { new_name: 'lob' } })).toEqual([
      expect.stringMatching(/^inbound-dependency: .*row is not there/),
    ]);
  });

  test('[I100] tell their events whence the change comes; steps that are named aren’t told', async () => {
    await send({ key: key('A'), columns: { new_name: 'a' } });
    expect(requests[0]).toMatch(/[?&]tag=dvo:m\d+$/);
    bypassed = ['7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3'];
    expect(await send({ key: key('A'), columns: { new_name: 'b' } })).toEqual([
      expect.stringMatching(/^inbound-forbidden: .*prvBypassCustomBusinessLogic/),
    ]);
    dataverse.permit(dataverse.applicationUserId, { bypass: true });
    expect(await send({ key: key('A'), columns: { new_name: 'b' } })).toEqual(['updated']);
    dataverse.permit(dataverse.applicationUserId, {});
  });
});

describe('many at once', () => {
  test('[I95] go in one batch, each on its own merits, and never two of one row', async () => {
    await send({ key: key('there'), columns: { new_name: 'there' } });
    requests = [];
    const results = await send(
      ...Array.from({ length: 30 }, (_, n) => ({ key: key(`n${n}`), columns: { new_name: `n${n}` } })),
      { key: key('there'), columns: { new_name: 'changed' } },
      { key: key('there'), columns: { new_note: 'later' } },
      { key: key('long'), columns: { new_name: 'x'.repeat(21) } },
    );
    expect(results.slice(0, 32)).toEqual([...Array<string>(30).fill('created'), 'updated', 'updated']);
    expect(results[32]).toMatch(
      /^inbound-refused: .*new_order of message m\d+: 0x80044331 .*length of the 'new_name' attribute/,
    );
    expect(columnsOf('there')).toMatchObject({ new_name: 'changed', new_note: 'later' });
    const outside = requests.filter((one) => one.startsWith('POST') || one.includes('$batch'));
    expect(outside.filter((one) => one.includes('$batch')).length).toBeGreaterThanOrEqual(1);
    expect(requests.length).toBeLessThan(40);
  });

  test('texts that look like a boundary or a line of HTTP stay texts', async () => {
    const nasty = '--batchresponse_1\r\nHTTP/1.1 500 X\r\n\r\n--';
    expect(
      await send({ key: key('A'), columns: { new_note: nasty } }, { key: key('B'), columns: { new_note: nasty } }),
    ).toEqual(['created', 'created']);
    expect(columnsOf('A')?.new_note).toBe(nasty);
    expect(
      await send(
        { key: key('A'), columns: { new_note: nasty } },
        { key: key('B'), columns: { new_note: `${nasty}.` } },
      ),
    ).toEqual(['unchanged', 'updated']);
  });

  test('an answer that is none of a batch is no answer', () => {
    expect(readBatch('<html>')).toBeUndefined();
    expect(
      readBatch('--a\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n'),
    ).toBeUndefined();
    const body = writeBatch([{ method: 'GET', path: 'x', headers: {} }], 'b', '/api/');
    expect(body).toBe(
      '--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\nGET /api/x HTTP/1.1\r\n\r\n\r\n--b--\r\n',
    );
  });
});

describe('refusals', () => {
  const change = (columns: object = { new_name: 'b' }) => send({ key: key('A'), columns });
  beforeEach(async () => {
    await send({ key: key('A'), columns: { new_name: 'a', new_code: 'c1' } });
  });

  test('0x80060882, a stale version: read, and decided by column', async () => {
    await dataverse.update('new_order', order('A')?.id ?? '', { new_note: 'user' });
    expect(await change()).toEqual(['updated']);
    expect(columnsOf('A')).toMatchObject({ new_name: 'b', new_note: 'user' });
  });

  test('0x80060892, two create one new key at once: the second one finds the row', async () => {
    dataverse.afterLookUp(async ({ id }) => {
      dataverse.afterLookUp(undefined);
      if (id === undefined) await dataverse.create('new_order', { new_lobid: 'N', new_note: 'other' });
    });
    expect(await send({ key: key('N'), columns: { new_name: 'n' } })).toEqual(['updated']);
    expect(rows().filter(({ columns }) => columns.new_lobid === 'N')).toHaveLength(1);
    expect(columnsOf('N')).toMatchObject({ new_name: 'n', new_note: 'other' });
  });

  test('0x80060892 of another key: parked with the platform’s reason', async () => {
    await send({ key: key('B'), columns: { new_name: 'b' } });
    expect(await send({ key: key('B'), columns: { new_code: 'c1' } })).toEqual([
      expect.stringMatching(/^inbound-refused: .*Entity Key Code violated/),
    ]);
  });

  test('0x80048408, a status that is none of the state', async () => {
    expect(await send({ key: key('A'), columns: { new_mode: 1 } })).toEqual(['updated']);
    const status = {
      status: 400,
      code: '0x80048408',
      message: '5 is not a valid status code for state code 0 on new_order with Id x.',
    };
    dataverse.failWrites(1, status);
    expect(await change()).toEqual([
      expect.stringMatching(/^inbound-refused: .*0x80048408 5 is not a valid status code/),
    ]);
  });

  test('0x80040217 and 0x80060891, a lookup’s row is not there: waits for it', async () => {
    expect(await change({ new_carrier: '00000000-0000-0000-0000-00000000dead' })).toEqual([
      expect.stringMatching(/^inbound-dependency: .*dead Does Not Exist/),
    ]);
    expect(await change({ new_previous: 'nobody' })).toEqual([
      expect.stringMatching(/^inbound-dependency: .*does not exist in new_order/),
    ]);
    expect(await send({ key: key('new'), columns: { new_previous: 'nobody' } })).toEqual([
      expect.stringMatching(/^inbound-dependency/),
    ]);
  });

  test('0x80040265, a plug-in refuses: parked with its words; 0x80040224, it crashes: tried again', async () => {
    const plugIn = (error: Error) =>
      dataverse.plugIn({ table: 'new_order', message: 'Update', execute: () => Promise.reject(error) });
    let remove = plugIn(new PlugInRefusal('The order is closed.'));
    expect(await change()).toEqual([expect.stringMatching(/^inbound-refused: .*0x80040265 The order is closed\./)]);
    remove();
    remove = plugIn(new Error('null reference'));
    expect(await change()).toEqual([expect.stringMatching(/^inbound-plug-in: .*0x80040224/)]);
    remove();
    expect(columnsOf('A')?.new_name).toBe('a');
    expect(await change()).toEqual(['updated']);
  });

  test.each([401, 403, 500])(
    '0x80040265 with a status that the plug-in chooses, %i: parked with its words',
    async (status) => {
      // A 401 is answered with another token first.
      dataverse.failWrites(status === 401 ? 2 : 1, { status, code: '0x80040265', message: 'The order is closed.' });
      expect(await change()).toEqual([expect.stringMatching(/^inbound-refused: .*0x80040265 The order is closed\./)]);
    },
  );

  test('0x80040220 is a lack of privilege, whatever its status', async () => {
    dataverse.failWrites(1, { status: 400, code: '0x80040220', message: 'Principal user is missing a privilege.' });
    expect(await change()).toEqual([expect.stringMatching(/^inbound-forbidden/)]);
  });

  test('0x80040333, a duplicate detection rule: parked with the platform’s reason', async () => {
    dataverse.failWrites(1, { status: 412, code: '0x80040333', message: 'A record was not created or updated.' });
    expect(await change()).toEqual([expect.stringMatching(/^inbound-refused: .*0x80040333 A record was not created/)]);
  });

  test.each([400, 413])('a batch that is refused as a whole, by %i: all of it is tried in halves', async (status) => {
    dataverse.failNext(2, status, { path: '$batch' });
    const names = ['B', 'C', 'D', 'E'];
    expect(await send(...names.map((name) => ({ key: key(name), columns: { new_name: name } })))).toEqual(
      names.map(() => 'created'),
    );
    expect(names.map((name) => columnsOf(name)?.new_name)).toEqual(names);
    expect(requests.filter((one) => one.includes('$batch')).length).toBeGreaterThan(2);
  });

  test('one row keeps whole batches from being answered: they get smaller until it is alone', async () => {
    rowsOf = (
      (sender) => () =>
        sender
    )(new WebApiRows(api));
    const names = ['B', 'C', 'D', 'E'];
    const messages = names.map((name) => ({ key: key(name), columns: { new_name: name } }));
    dataverse.failNext(7, 503, { path: '$batch' });
    const runs: (readonly string[])[] = [];
    for (let run = 0; run < 7; run += 1) runs.push(await send(...messages));
    const each = (end: unknown) => names.map(() => end);
    expect(runs[0]).toEqual(each(expect.stringMatching(/^web-api: POST \$batch answered 503/)));
    expect(runs.at(-1)).toEqual(each('created'));
    expect(requests.filter((one) => one.includes('$batch'))).toHaveLength(7);
  });

  test('0x80072560, no member: everything stops; 0x80040220, no privilege: that table', async () => {
    dataverse.permit(dataverse.applicationUserId, { member: false });
    expect(await change()).toEqual([expect.stringMatching(/^inbound-stopped: .*not a member of the organization/)]);
    dataverse.permit(dataverse.applicationUserId, { lacks: ['prvWritenew_order'] });
    expect(await change()).toEqual([
      expect.stringMatching(/^inbound-forbidden: .*missing prvWritenew_order privilege/),
    ]);
    dataverse.permit(dataverse.applicationUserId, {});
  });

  test('a deadlock and a time-out of the database: tried again', async () => {
    for (const fault of ['deadlock', 'sqlTimeout'] as const) {
      dataverse.failWrites(1, fault);
      expect(await change()).toEqual([expect.stringMatching(/^row-contended/)]);
    }
    expect(await change()).toEqual(['updated']);
  });

  test('429: nothing is sent until Retry-After; in a batch, too', async () => {
    const budget = new RateBudget({ log: () => undefined });
    const paused = budget.nowMs;
    const slow = new WebApi({
      url: dataverse.url,
      credential: () => ({
        getToken: async () => ({ token: await accessToken(dataverse), expiresOnTimestamp: Date.now() + 3_600_000 }),
      }),
      budget,
      maxRetries: 0,
    });
    dataverse.failNext(1, 429, { path: 'new_orders(', headers: { 'Retry-After': '1' } });
    const get = { method: 'GET', path: `new_orders(${order('A')?.id ?? ''})?$select=new_name`, headers: {} } as const;
    const [one, other] = await slow.carryOut([get, get]);
    expect([one, other].filter((end) => end instanceof Error)).toMatchObject([{ code: 'web-api-busy' }]);
    await slow.carryOut([get]);
    expect(budget.nowMs - paused).toBeGreaterThan(950);
  });

  test('a lost answer: nobody knows, so it comes again, and is done once', async () => {
    dataverse.failNext(1, 503, { path: 'new_orders(' });
    const message = { key: key('A'), columns: { new_name: 'b' }, id: 'same' };
    const again = `{"key":{"new_lobid":"A"},"columns":{"new_name":"b"}}`;
    expect(await send(again)).toEqual([expect.stringMatching(/^web-api: PATCH new_orders answered 503/)]);
    expect(await send(again)).toEqual(['updated']);
    expect(message.columns.new_name).toBe(columnsOf('A')?.new_name);
  });

  test('a key’s value is in no error', async () => {
    dataverse.failNext(1, 500, { path: 'new_orders(' });
    const [error] = await send({ key: key('S3cret'), columns: { new_name: 'b' } });
    expect(error).toMatch(/^web-api/);
    expect(error).not.toContain('S3cret');
  });
});

test('a row that isn’t active is made active, and then given its state', async () => {
  const table = await tables.get({ table: 'new_bill' });
  const bill = (columns: object) =>
    changeOfMessage(
      readInboundMessage(
        Buffer.from(JSON.stringify({ id: `s${(ids += 1)}`, table: 'new_bill', op: 'upsert', key: key('S'), columns })),
        Date.now() + 1000 + ids,
      ),
      table,
    );
  const inactive = { new_name: 'old', statecode: 'Inactive', statuscode: 2 };
  expect(await writer.process([bill(inactive)])).toMatchObject([{ verdict: 'created' }]);
  const made = () => [...dataverse.rows('new_bill')].find(({ columns }) => columns.new_lobid === 'S')?.columns;
  expect(made()).toMatchObject({ new_name: 'old', statecode: 1, statuscode: 2 });
  expect(requests.map((one) => one.split(' ')[0])).toEqual(['PATCH', 'PATCH']);
  expect(await writer.process([bill(inactive)])).toMatchObject([{ verdict: 'unchanged' }]);
  expect(await writer.process([bill({ statecode: 'Active' })])).toMatchObject([{ verdict: 'updated' }]);
  expect(made()).toMatchObject({ statecode: 0, statuscode: 1 });
});

test('without optimistic concurrency each change is read first, and conditions are that the row is there or not', async () => {
  const table = await tables.get({ table: 'new_bill' });
  const bill = (name: string) =>
    changeOfMessage(
      readInboundMessage(
        Buffer.from(
          JSON.stringify({ id: name, table: 'new_bill', op: 'upsert', key: key('A'), columns: { new_name: name } }),
        ),
        Date.now() + 1000,
      ),
      table,
    );
  const ends = [await writer.process([bill('a')]), await writer.process([bill('b')])];
  expect(ends.flat()).toMatchObject([{ verdict: 'created' }, { verdict: 'updated' }]);
  expect(requests.map((one) => one.split('(')[0])).toEqual([
    'PATCH /api/data/v9.2/new_bills',
    'GET /api/data/v9.2/new_bills',
    'PATCH /api/data/v9.2/new_bills',
  ]);
});
