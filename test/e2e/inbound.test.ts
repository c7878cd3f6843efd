/**
 * Proves through the real app, the broker and the simulator that what a LOB system changed reaches Dataverse once in effect: that
 * each of the platform's errors has its outcome, a kill between write and note does no harm, no change goes round, and columns
 * converge to their owner.
 */
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlugInRefusal } from '../../local/dataverse/simulator';
import { BUS } from '../../local/stack/stack';
import { ORDERS, ORDERS_INBOUND } from '../inbound/order-table';
import { runDvo } from './spawned-dvo';
import { System, type Fields } from './system';

const WRITER = { clientId: '5f9d7c1e-2f55-4b0d-8f5f-6d3b7d9a1c01', clientSecret: 'writer', name: '# Inbound' };
const folder = mkdtempSync(join(tmpdir(), 'inbound-'));
const file = join(folder, 'mapping.yaml');
const SETTINGS = {
  SYNC_TABLES: 'new_order',
  MAPPING_FILE: file,
  INBOUND_QUEUE: BUS.inbound,
  INBOUND_DATAVERSE_CLIENT_ID: WRITER.clientId,
  INBOUND_DATAVERSE_CLIENT_SECRET: WRITER.clientSecret,
  SERVICEBUS_RETRY_FIRST_SECONDS: '1',
  SERVICEBUS_RETRY_LONGEST_SECONDS: '1',
  SERVICEBUS_RETRY_ATTEMPTS: '2',
};

let system: System;
let since: number;
let client: ServiceBusClient;
let count = 0;

beforeAll(async () => {
  writeFileSync(file, ORDERS_INBOUND);
  system = await System.start(SETTINGS, { tables: [ORDERS], inbound: {}, applications: [WRITER] });
  client = new ServiceBusClient(system.stack.broker.connectionString);
});
afterAll(async () => {
  await client.close();
  await system.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  since = system.log.length;
});

/** Sends messages, given without what every one has. */
async function send(...messages: readonly Fields[]): Promise<void> {
  const sent = messages.map((message): ServiceBusMessage => {
    const body = { id: `e${(count += 1)}`, table: 'new_order', op: 'upsert', ...message };
    return { body: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };
  });
  await client.createSender(BUS.inbound).sendMessages(sent);
}

const key = (of: string) => ({ new_lobid: of });
const order = (lobId: string) =>
  [...system.dataverse.rows('new_order')].find(({ columns }) => columns.new_lobid === lobId);
const columnsOf = (lobId: string) => order(lobId)?.columns;

/** How often each verdict was logged for messages of the LOB system. */
function verdicts(): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { source, verdicts: of } of system.records('processed', since)) {
    if (source !== 'inbound-queue') continue;
    for (const [verdict, each] of Object.entries(of as Record<string, number>))
      sum[verdict] = (sum[verdict] ?? 0) + each;
  }
  return sum;
}
/** Waits until so many messages ended. */
const ended = (expected: Record<string, number>) =>
  system.until(
    `${JSON.stringify(expected)} in the log`,
    () => {
      const have = verdicts();
      return Object.entries(expected).every(([verdict, each]) => (have[verdict] ?? 0) >= each) && have;
    },
    60_000,
  );
/** The parked item with a code, which then goes. */
async function parked(code: string): Promise<Fields> {
  const [item] = await system.until(`${code} being parked`, async () => {
    const items = (await system.parked()).filter((one) => one.code === code);
    return items.length > 0 && items;
  });
  // It is told after it is parked.
  const logged = await system.until(`${code} being told`, () =>
    Promise.resolve(system.records('parked', since).find((one) => one.code === code)),
  );
  await system.unpark();
  return { ...item, reason: logged.reason };
}

describe('one way', () => {
  test('[I91 I100] a message is written once, by the user for writing, and what comes back of it is stored and goes no further', async () => {
    await system.pushing('new_order', 'service-bus-queue', async () => {
      await send({ key: key('A-1'), columns: { new_name: 'Ada', new_limit: '1234.5600' } });
      await ended({ created: 1 });
    });
    const row = order('A-1');
    if (row === undefined) throw new Error('no row');
    expect(row.columns).toMatchObject({ new_name: 'Ada', new_limit: '1234.5600' });
    expect(row.columns.createdby).toMatchObject({ id: system.dataverse.applicationUsers.get(WRITER.clientId) });
    await system.liveEntity('new_order', row.id, { new_name: 'Ada' });
    await system.pull();
    const { version } = row;
    await send({ key: key('A-1'), columns: { new_name: 'Ada', new_limit: '1234.56' } });
    await ended({ unchanged: 1 });
    expect(order('A-1')?.version).toBe(version);
    expect((await system.compare()).differences).toEqual([]);
  });

  test('[I95] a burst goes in batches', async () => {
    const before = system.dataverse.stats().webApi.requests;
    await send(...Array.from({ length: 100 }, (_, n) => ({ key: key(`B-${n}`), columns: { new_name: `b${n}` } })));
    await ended({ created: 100 });
    expect(system.dataverse.stats().webApi.requests - before).toBeLessThan(60);
  });
});

test('[I91] kill -9 between the write and its note: applied once in effect', async () => {
  await send({ key: key('K'), columns: { new_name: 'first', new_note: 'n' } });
  await ended({ created: 1 });
  let killed = false;
  let versions = 0;
  system.dataverse.intercept(({ method, target, moment }) => {
    if (method !== 'PATCH' || !target.includes("new_lobid='K'")) return false;
    if (moment === 'asked') versions += 1;
    if (moment !== 'answered' || killed) return false;
    killed = true;
    system.host.kill();
    return true;
  });
  await send({ key: key('K'), columns: { new_name: 'second' } });
  expect(await system.host.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(columnsOf('K')?.new_name).toBe('second');
  system.stack.broker.expireLocks();
  const written = order('K')?.version;
  // Meanwhile a user changes the row, also that column: it is later than what was written.
  await system.dataverse.update('new_order', order('K')?.id ?? '', { new_note: 'user' });
  since = system.log.length;
  await system.startApp(SETTINGS);
  await ended({ unchanged: 1 });
  system.dataverse.intercept(() => false);
  expect(columnsOf('K')).toMatchObject({ new_name: 'second', new_note: 'user' });
  expect(versions).toBe(2);
  expect(order('K')?.version).not.toBe(written);
});

describe('both ways', () => {
  test('[I101] a user changes a column of the LOB system: stored, and put back', async () => {
    await send({ key: key('O'), columns: { new_name: 'o', new_limit: 100 } });
    await ended({ created: 1 });
    const { id = '' } = order('O') ?? {};
    await system.pushing('new_order', 'webhook', () =>
      system.dataverse.update('new_order', id, { new_limit: '5', new_name: 'user' }),
    );
    expect(await system.logged('inboundRestoring', since)).toMatchObject([
      { table: 'new_order', row: id, columns: ['new_limit'] },
    ]);
    expect(await system.parkedCodes()).toEqual(['owner-restored']);
    expect(await system.replay()).toMatchObject({ processed: 1 });
    expect(columnsOf('O')).toMatchObject({ new_name: 'user', new_limit: '100.0000' });
    await system.pull();
    expect((await system.compare()).differences).toEqual([]);
    expect(await system.parkedCodes()).toEqual([]);
  });

  test('[I103] both change a column that nobody owns: the later one wins, and the loser is told with both versions', async () => {
    await send({ key: key('C'), columns: { new_name: 'c' } });
    await ended({ created: 1 });
    const { id = '' } = order('C') ?? {};
    const older = new Date().toISOString();
    // Dataverse has whole seconds.
    await system.until('a later second', () => Date.now() > Date.parse(older) + 1100);
    await system.dataverse.update('new_order', id, { new_name: 'user' });
    await send({ key: key('C'), columns: { new_name: 'older' }, at: older });
    await ended({ refused: 1 });
    await send({
      key: key('C'),
      columns: { new_name: 'newer' },
      at: new Date(Date.now() + 60_000).toISOString(),
    });
    await ended({ updated: 1 });
    expect(columnsOf('C')?.new_name).toBe('newer');
    const told = await system.logged('inboundLost', since, 2);
    expect(told.map(({ lost, knownVersion, version }) => [lost, typeof knownVersion, typeof version])).toEqual([
      [[{ column: 'new_name', loser: 'lob', why: 'later' }], 'string', 'string'],
      [[{ column: 'new_name', loser: 'dataverse', why: 'later' }], 'string', 'string'],
    ]);
  });
});

describe('errors of the platform', () => {
  const change = (columns: Fields = { new_name: `x${count}` }) => send({ key: key('E'), columns });
  beforeAll(async () => {
    since = system.log.length;
    await send({ key: key('E'), columns: { new_name: 'e', new_code: 'taken' } });
    await ended({ created: 1 });
  });

  test('stale version and two that create one row: resolved', async () => {
    await system.dataverse.update('new_order', order('E')?.id ?? '', { new_note: 'user' });
    await change();
    await ended({ updated: 1 });
    system.dataverse.afterLookUp(async ({ id }) => {
      system.dataverse.afterLookUp(undefined);
      if (id === undefined) await system.dataverse.create('new_order', { new_lobid: 'race' });
    });
    await send({ key: key('race'), columns: { new_name: 'race' } });
    await ended({ updated: 2 });
    expect(columnsOf('race')?.new_name).toBe('race');
  });

  test('a state that is none, a text that is too long, a key of another row, a plug-in that refuses: parked with the platform’s words', async () => {
    const once = async (words: RegExp): Promise<void> => {
      expect((await parked('inbound-refused')).reason).toMatch(words);
      since = system.log.length;
    };
    system.dataverse.failWrites(1, {
      status: 400,
      code: '0x80048408',
      message: '9 is not a valid status code for state code 0.',
    });
    await change();
    await once(/0x80048408 9 is not a valid status code/);
    await change({ new_name: 'x'.repeat(21) });
    await once(/0x80044331 .*length of the 'new_name' attribute/);
    await send({ key: key('other'), columns: { new_code: 'taken' } });
    await once(/Entity Key Code violated/);
    const remove = system.dataverse.plugIn({
      table: 'new_order',
      message: 'Update',
      execute: () => Promise.reject(new PlugInRefusal('Closed.')),
    });
    await change();
    await once(/0x80040265 Closed\./);
    remove();
  });

  test('a lookup whose row comes later: waits in the queue; one that never comes is parked, with a time', async () => {
    await send({ key: key('child'), columns: { new_previous: 'parent' } });
    await system.logged('delayed', since);
    await send({ key: key('parent'), columns: { new_name: 'parent' } });
    await ended({ created: 2 });
    expect(columnsOf('child')?.new_previous).toMatchObject({ id: order('parent')?.id });
    await change({ new_previous: 'never' });
    const item = await parked('inbound-dependency');
    expect((item.dueAt as Date).getTime()).toBeGreaterThan(Date.now());
  });

  test('a plug-in that crashes, a deadlock, a 503, a 429: done a little later', async () => {
    let crashes = 1;
    const remove = system.dataverse.plugIn({
      table: 'new_order',
      message: 'Update',
      execute: () => {
        if (crashes > 0) {
          crashes -= 1;
          throw new Error('null');
        }
        return undefined;
      },
    });
    await change({ new_name: 'p' });
    await ended({ updated: 1 });
    remove();
    system.dataverse.failWrites(1, 'deadlock');
    await change({ new_name: 'd' });
    await ended({ updated: 2 });
    system.dataverse.failNext(1, 503, { path: 'new_orders(' });
    await change({ new_name: 's' });
    await ended({ updated: 3 });
    system.dataverse.failNext(1, 429, { path: 'new_orders(', headers: { 'Retry-After': '1' } });
    await change({ new_name: 'r' });
    await ended({ updated: 4 });
    expect(columnsOf('E')?.new_name).toBe('r');
    expect(system.records('delayed', since).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['inbound-plug-in', 'row-contended']),
    );
    expect(await system.parkedCodes()).toEqual([]);
  });

  test('no privilege: that message waits; no member: everything stops, is said once, and goes on', async () => {
    const user = system.dataverse.applicationUsers.get(WRITER.clientId) ?? '';
    system.dataverse.permit(user, { lacks: ['prvWritenew_order'] });
    await change();
    expect((await parked('inbound-forbidden')).reason).toMatch(/missing prvWritenew_order privilege/);
    system.dataverse.permit(user, { member: false });
    await change({ new_name: 'one' });
    await change({ new_name: 'two' });
    await system.until('both being parked', async () => (await system.parkedCodes()).length === 2);
    expect(await system.parkedCodes()).toEqual(['inbound-stopped', 'inbound-stopped']);
    expect(system.records('inboundStopped', since)).toHaveLength(1);
    system.dataverse.permit(user, {});
    await system.until('it going on', async () => {
      await system.letAllBeDue();
      await system.replay();
      return (await system.parkedCodes()).length === 0;
    });
    expect(await system.logged('inboundResumed', since)).toHaveLength(1);
    expect(columnsOf('E')?.new_name).toBe('two');
  });
});

describe('the operator', () => {
  const run = (...args: readonly string[]) => runDvo(['inbound', ...args], { ...system.stack.settings, ...SETTINGS });
  test('sends, lists and replays messages', async () => {
    const messages = join(folder, 'messages.jsonl');
    const line = (name: string, columns: Fields) =>
      JSON.stringify({ id: `${name}-${count}`, table: 'new_order', op: 'upsert', key: key(name), columns });
    writeFileSync(messages, `${line('S-1', { new_limit: 1.5 })}\n${line('S-2', { new_name: 'x'.repeat(21) })}\n`);
    expect(await run('send', messages)).toMatchObject({ code: 0, out: '2 messages sent to queue lob-changes\n' });
    await ended({ created: 1 });
    await system.until('one being parked', async () => (await system.parkedCodes()).length === 1);
    expect(await run('list')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/inbound-queue.*inbound-refused[^]*1 {2}inbound-refused/),
    });
    expect(await run('replay', '--all', '--yes')).toMatchObject({
      code: 1,
      out: '0 processed, 1 failed (inbound-refused 1)\n',
    });
    await system.unpark();
    writeFileSync(messages, '{"id":"x","table":"new_order","op":"upsert","key":{}}\n{');
    expect(await run('send', messages)).toMatchObject({ code: 64 });
    writeFileSync(messages, '[{"id":"x","table":"new_order","op":"upsert"}]');
    expect(await run('send', messages)).toMatchObject({
      code: 64,
      err: expect.stringMatching(/message 1: .*either key or rowId/),
    });
  });
});
