/**
 * Proves that the observer sees what PostgreSQL goes through: each write that is committed, once and with what Dataverse had by
 * then, and none that isn't, even if the server dies; and that each kill point at a statement is one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { UNMAPPED } from '../../local/day/mapping';
import { connectedTo, rowsAsEntities } from '../../local/day/postgres-entities';
import { startDataverse, type Dataverse } from '../../local/dataverse/simulator';
import { History } from '../../local/faults/history';
import { Killer, MOMENTS, statementStepOf, type Moment } from '../../local/faults/kill-points';
import { Observer } from '../../local/faults/observer';
import { PostgresProxy, type Statement } from '../../local/faults/postgres-proxy';
import { PostgresWrites } from '../../local/faults/postgres-writes';
import { startPostgres, type Postgres } from '../../local/postgres/postgres';
import { Database } from '../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../shared/lob/postgres/naming';
import { PostgresEventStore } from '../../shared/lob/postgres/postgres-event-store';
import { PostgresStore } from '../../shared/lob/postgres/postgres-store';
import { SCHEMAS, Schema } from '../../shared/lob/postgres/schema';
import type { RowWrite, WriteOutcome } from '../../shared/lob/store';
import { EventMapping } from '../../shared/mapping/event-mapping';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { readPostgres } from '../../shared/settings/postgres';
import { eventually } from '../eventually';
import { columns, stamp } from '../writer/changes';

const KEPT = ['name', 'telephone1'];
const account = { ...UNMAPPED.table('account'), column: (name: string) => (KEPT.includes(name) ? {} : undefined) };

let postgres: Postgres;
let dataverse: Dataverse;
let history: History;
let observer: Observer;
let writes: PostgresWrites;
let proxy: PostgresProxy;
let database: Database;
let store: PostgresStore;
let events: PostgresEventStore;
const killer = new Killer();
let id = '';

beforeAll(async () => {
  [postgres, dataverse] = await Promise.all([startPostgres(), startDataverse()]);
  history = new History(dataverse, ['account'], [], { ...UNMAPPED, table: () => account }, postgres.url);
  writes = await PostgresWrites.open(postgres.url, (write) => observer.saw(write));
  const meets = (statement: Statement, moment: Moment): boolean => {
    const step = statementStepOf(statement, new Set(['shipments']));
    return step !== undefined && killer.meets(step, moment);
  };
  proxy = await PostgresProxy.open(postgres.port, {
    asked: (statement) => !meets(statement, 'before'),
    changed: (statement) => !meets(statement, 'done-unanswered'),
  });
  const { value } = readPostgres({ ...postgres.settings, LOB_POSTGRES__port: String(proxy.port) });
  if (value === undefined) throw new Error('no settings');
  database = new Database(value);
  const schema = new Schema(database, { schemas: SCHEMAS, grows: true });
  const naming = postgresNamingOf(DEFAULT_MAPPING, '');
  store = new PostgresStore(database, schema, naming, SCHEMAS.tables);
  events = new PostgresEventStore(database, schema, naming);
});
afterAll(async () => {
  await database.close();
  await proxy.close();
  await writes.close();
  await postgres.stop();
  await dataverse.close();
});

beforeEach(async () => {
  observer = new Observer(history);
  id = await dataverse.create('account', { name: 'one', telephone1: '1' });
  await dataverse.update('account', id, { name: 'two' });
  await dataverse.update('account', id, { name: 'three', telephone1: '3' });
});

const write = async (effect: RowWrite['effect'], of: Record<string, string> = {}, rowId = id): Promise<RowWrite> => {
  const row = { table: 'account', id: rowId };
  const [expected] = await store.read([row]);
  return { row, expected, stamp: stamp({ deleted: effect === 'clear' }), effect, columns: columns(of) };
};

const put = async (...of: Parameters<typeof write>): Promise<WriteOutcome['kind'] | undefined> =>
  (await store.write([await write(...of)]))[0]?.kind;

/** What is found and how many writes were judged, when all are told. */
async function found(): Promise<{ readonly kinds: readonly string[]; readonly judged: number }> {
  await writes.told();
  return { kinds: observer.findings.map(({ kind }) => kind), judged: observer.judged };
}

/** Past the app. */
async function sql(...texts: readonly string[]): Promise<void> {
  const client = await connectedTo(postgres.url);
  for (const text of texts) await client.query(text);
  await client.end();
}

describe('the observer', () => {
  test('finds nothing where states come in their order, rows go, are restored and come again', async () => {
    await put('snapshot', { name: 'one', telephone1: '1' });
    await put('patch', { name: 'three' });
    await dataverse.delete('account', id);
    await put('clear');
    await dataverse.restore('account', id);
    await put('snapshot', { name: 'three', telephone1: '3' });
    expect(await found()).toEqual({ kinds: [], judged: 4 });
  });

  test('finds a column that goes back, also one of many rows of a statement', async () => {
    const other = await dataverse.create('account', { name: 'other' });
    await put('snapshot', { name: 'three', telephone1: '1' });
    await put('snapshot', { name: 'other' }, other);
    await store.write([await write('patch', { name: 'two' }), await write('keep', {}, other)]);
    expect(await found()).toEqual({ kinds: ['goneBack'], judged: 4 });
  });

  test('finds a row that is live after its deletion, though it is restored before anybody asks', async () => {
    await put('snapshot', { name: 'one', telephone1: '1' });
    await dataverse.delete('account', id);
    await put('clear');
    await put('snapshot', { name: 'three', telephone1: '3' });
    // The clocks agree to the millisecond.
    await sleep(2);
    await dataverse.restore('account', id);
    expect(await found()).toEqual({ kinds: ['resurrected'], judged: 3 });
  });

  test('judges nothing that is rolled back', async () => {
    await put('snapshot', { name: 'three', telephone1: '3' });
    await sql('begin', `update dvo.account set name = 'one' where id = '${id}'`, 'rollback');
    expect(await found()).toEqual({ kinds: [], judged: 1 });
  });

  test('judges each write once, also when the server is killed meanwhile', async () => {
    await put('snapshot', { name: 'one', telephone1: '1' });
    await postgres.kill();
    await postgres.startAgain();
    await eventually(async () => (await put('patch', { name: 'three' }).catch(() => '')) === 'written', 'a write');
    await put('patch', { name: 'two' });
    await postgres.kill();
    const told = found();
    await postgres.startAgain();
    expect(await told).toEqual({ kinds: ['goneBack'], judged: 3 });
  });

  test('judges each write once, also where its note could not be removed', async () => {
    await sql(
      `create function judge.fail() returns trigger language plpgsql as $$ begin raise 'not now'; end $$`,
      'create trigger fail before delete on judge.writes for each row execute function judge.fail()',
    );
    await put('snapshot', { name: 'three', telephone1: '3' });
    await eventually(() => observer.judged > 0, 'the write');
    await sql('drop trigger fail on judge.writes');
    expect(await found()).toEqual({ kinds: [], judged: 1 });
  });
});

/** What the store does at each step, on a row that it has and one that it hasn't. */
const ACTS = {
  'row-insert': async (newId: string) => store.write([await write('snapshot', { name: 'x' }, newId)]),
  'row-write': async () => store.write([await write('patch', { name: 'x' })]),
  tombstone: async () => store.write([await write('clear')]),
  transaction: async (newId: string) =>
    store.write([
      await write('snapshot', { name: 'x' }, newId),
      await write('snapshot', { name: 'x' }, otherOf(newId)),
    ]),
  'event-insert': async (key: string) => {
    const event = {
      ...{ message: 'new_Ship', key, row: null, occurredAtMs: 0, committed: true, truncated: false },
      ...{ columns: columns({ input_A: 'a' }), origin: { source: 'webhook', message: 'new_Ship' } },
    };
    return events.append([{ event, rule: new EventMapping('new_Ship', { target: 'shipments' }, () => '') }]);
  },
} as const;
const otherOf = (uuid: string): string => uuid.replace(/.$/, (last) => (last === '0' ? '1' : '0'));

describe.each(Object.keys(ACTS) as (keyof typeof ACTS)[])('killed at %s', (step) => {
  test.each(MOMENTS)('%s', async (moment) => {
    const rows = async (): Promise<string> =>
      JSON.stringify([await rowsAsEntities(postgres.url, 'account'), await rowsAsEntities(postgres.url, 'shipments')]);
    await put('snapshot', { name: 'one' });
    // The tables grow first.
    await ACTS['event-insert'](crypto.randomUUID());
    // A write that meets another entity tag is no such step.
    const stale = await write('patch', { name: 'two' });
    await put('patch', { name: 'three' });
    const before = await rows();
    let isDead = false;
    void killer.at(`${step}:${moment}`, () => (isDead = true));
    if (moment === 'done-unanswered') expect(await store.write([stale])).toEqual([{ kind: 'conflict' }]);
    expect(isDead).toBe(false);
    const outcomes = await ACTS[step](crypto.randomUUID());
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['failed']));
    expect(isDead).toBe(true);
    expect((await rows()) !== before).toBe(moment === 'done-unanswered');
  });
});
