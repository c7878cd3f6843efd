/**
 * Proves both directions on the other stores: the trigger and the mapping of docs/inbound.md as they stand there, on a real
 * PostgreSQL; a LOB system behind a REST interface, which isn't sent back what it changed; and a queue with sessions.
 */
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { BUS } from '../../local/stack/stack';
import { runDvo } from './spawned-dvo';
import { System } from './system';

const DOCS = readFileSync('docs/inbound.md', 'utf8');
const example = (language: string): string => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(DOCS)?.[1] ?? '';

const folder = mkdtempSync(join(tmpdir(), 'inbound-'));
const file = join(folder, 'mapping.yaml');
const SETTINGS = { SYNC_TABLES: 'account', MAPPING_FILE: file };

let system: System;
let since = 0;
beforeAll(() => writeFileSync(file, example('yaml')));
afterEach(() => system.stop());

const account = (number: string) =>
  [...system.dataverse.rows('account')].find(({ columns }) => columns.accountnumber === number);
const processed = (source: string): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const { source: from, verdicts } of system.records('processed', since))
    for (const [verdict, count] of Object.entries(from === source ? (verdicts as Record<string, number>) : {}))
      sum[verdict] = (sum[verdict] ?? 0) + count;
  return sum;
};
const ended = (source: string, expected: Record<string, number>) =>
  system.until(
    `${JSON.stringify(expected)} of ${source}, of which there is ${JSON.stringify(processed(source))}`,
    () => Object.entries(expected).every(([verdict, count]) => processed(source)[verdict] === count),
    60_000,
  );

async function start(settings: Record<string, string>, options: Parameters<typeof System.start>[1]): Promise<void> {
  since = 0;
  system = await System.start(null, options);
  system.dataverse.defineKey('account', { schemaName: 'new_number', columns: ['accountnumber'] });
  await system.startApp({ ...SETTINGS, ...settings });
}

async function send(messages: readonly object[], sessionId?: string): Promise<void> {
  const client = new ServiceBusClient(system.stack.broker.connectionString);
  const bodies = messages.map((message, at) => ({
    body: Buffer.from(JSON.stringify({ id: `${Date.now()}-${at}`, table: 'account', op: 'upsert', ...message })),
    ...(sessionId === undefined ? {} : { sessionId }),
  }));
  await client
    .createSender(BUS.inbound)
    .sendMessages(bodies)
    .finally(() => client.close());
}

describe('PostgreSQL', () => {
  let sql: Client;
  const query = async (text: string): Promise<readonly Record<string, unknown>[]> =>
    (await sql.query<Record<string, unknown>>(text)).rows;

  test('[I91 I100 I101] the trigger of the docs: changes of a LOB table reach Dataverse in order, those copied from the store do not', async () => {
    // The schedule never comes: runs happen when asked for.
    const settings = { ...SETTINGS, INBOUND_SQL_SCHEDULE: '0 0 0 1 1 *' };
    await start(settings, { store: 'postgres' });
    sql = new Client({ connectionString: system.stack.postgres?.url });
    await sql.connect();
    try {
      expect(await runDvo(['store', 'migrate', '--apply'], { ...system.stack.settings, ...settings })).toMatchObject({
        code: 0,
        out: expect.stringContaining('create table if not exists "dvo".inbound'),
      });
      await query('create schema crm; create table crm.customer (no text primary key, name text, phone text)');
      await query(example('sql'));
      await query(`insert into crm.customer values ('A-1', 'Ada', '1'), ('A-2', 'Bo', '2')`);
      await query(`update crm.customer set name = 'Ada 2' where no = 'A-1'`);
      await query(`update crm.customer set name = 'Ada' where no = 'A-1'`);
      await query(
        `begin; set local dvo.from_dataverse = 'on'; update crm.customer set name = 'copied' where no = 'A-2'; commit`,
      );
      expect(await query('select id from dvo.inbound')).toHaveLength(4);
      await system.run('inbound-sql');
      await ended('inbound-sql', { created: 2, updated: 2 });
      expect(account('A-1')?.columns).toMatchObject({ name: 'Ada', telephone1: '1' });
      expect(account('A-2')?.columns).toMatchObject({ name: 'Bo', telephone1: '2' });
      expect(await query('select id from dvo.inbound')).toEqual([]);

      // A user changes a column of the LOB system: stored as it is, then put back.
      await system.pull();
      await system.pushing('account', 'webhook', () =>
        system.dataverse.update('account', account('A-1')?.id ?? '', { telephone1: 'user' }),
      );
      await system.until(
        'it being stored',
        async () => (await query(`select telephone1 from dvo.account where name = 'Ada'`))[0]?.telephone1 === 'user',
      );
      expect(await system.replay()).toMatchObject({ processed: 1 });
      expect(account('A-1')?.columns.telephone1).toBe('1');
      await system.pull();
      expect(await query('select name, telephone1 from dvo.account order by name')).toEqual([
        { name: 'Ada', telephone1: '1' },
        { name: 'Bo', telephone1: '2' },
      ]);

      // What can't be taken is parked, and holds up nobody. A deletion isn't allowed.
      await query(`delete from crm.customer where no = 'A-2'; insert into crm.customer values ('A-3', 'Cy', '3')`);
      await query(`insert into dvo.inbound (message) values ('{"table":"account"}')`);
      since = system.log.length;
      await system.run('inbound-sql');
      await ended('inbound-sql', { created: 1 });
      expect([...(await system.parkedCodes())].sort()).toEqual(['inbound-invalid', 'inbound-not-mapped']);
      expect(await query('select id from dvo.inbound')).toEqual([]);

      // Dataverse takes nothing from the user: all of it stays, in its order.
      await system.unpark();
      system.dataverse.permit(system.dataverse.applicationUserId, { member: false });
      await query(
        `update crm.customer set name = 'held' where no = 'A-3'; update crm.customer set name = 'last' where no = 'A-3'`,
      );
      await system.run('inbound-sql');
      expect(await system.logged('held', since)).toMatchObject([
        { source: 'inbound-sql', code: expect.stringMatching(/inbound-stopped|web-api/) },
      ]);
      expect(await query('select id from dvo.inbound')).toHaveLength(2);
      expect(await system.parkedCodes()).toEqual([]);
    } finally {
      await sql.end();
    }
  });
});

describe('a REST interface', () => {
  test('[I100] what the LOB system changed isn’t sent back; what a user changed is; nothing of it comes round', async () => {
    await start({ INBOUND_QUEUE: BUS.inbound }, { store: 'http', inbound: {} });
    const receiver = system.stack.lobReceiver;
    if (receiver === undefined) throw new Error('no receiver');
    const pushed = <T>(action: () => Promise<T>): Promise<T> => system.pushing('account', 'webhook', action);
    const id = await pushed(() => system.dataverse.create('account', { accountnumber: 'A-1', name: 'user' }));
    await system.until('it being sent', () => receiver.seen.length > 0);
    const before = receiver.seen.length;
    await send([{ rowId: id, columns: { name: 'lob', telephone1: '2' } }]);
    await ended('inbound-queue', { updated: 1 });
    expect(account('A-1')?.columns).toMatchObject({ name: 'lob', telephone1: '2' });
    await system.pull();
    expect(receiver.seen.slice(before)).toEqual([]);
    await pushed(() => system.dataverse.update('account', id, { name: 'user again' }));
    const sent = await system.until(
      'it being sent',
      () => receiver.seen.length > before && receiver.seen.slice(before),
    );
    expect(sent.map(({ body }) => (JSON.parse(body) as { columns: object }).columns)).toEqual([
      expect.objectContaining({ name: 'user again' }),
    ]);
    // It comes back all the same, from a LOB system that tells of everything.
    await send([{ rowId: id, columns: { name: 'user again' } }]);
    await ended('inbound-queue', { updated: 1, unchanged: 1 });
  });
});

describe('sessions', () => {
  test('messages of a row come in order, and a failing one holds up neither its session nor others', async () => {
    await start(
      { INBOUND_QUEUE: BUS.inbound, INBOUND_QUEUE_SESSIONS: 'true', SERVICEBUS_RETRY_FIRST_SECONDS: '1' },
      { inbound: { requiresSession: true } },
    );
    const of = (name: string) => ({ key: { accountnumber: 'A-1' }, columns: { name } });
    await send(
      [
        of('1'),
        { ...of('2'), columns: { name: '2', primarycontactid: { id: '00000000-0000-0000-0000-00000000dead' } } },
        of('3'),
      ],
      'A-1',
    );
    await ended('inbound-queue', { created: 1, updated: 1 });
    expect(account('A-1')?.columns.name).toBe('3');
    expect(await system.logged('delayed', since)).toMatchObject([{ code: 'inbound-dependency' }]);
  });
});
