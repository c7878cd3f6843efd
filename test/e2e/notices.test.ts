/**
 * Proves that what a flow of Power Automate posts brings the row as Dataverse has it now: through the real app in a
 * process of its own, over HTTP. The notices come twice, late, in any order, and of the wrong table; the rows' columns in
 * them are lies, so that whatever of them reached the store would be seen.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { undocumented } from '../documented-answers';
import { System, type Answer, type Fields } from './system';

const TABLE = 'account';
const LIES = { name: 'A lie', telephone1: 'lie', revenue: 1 };

let system: System;

beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: `${TABLE},contact` });
});
afterAll(() => system.stop());
afterEach(() => system.unpark());

/** The trigger's body for a change of a row, with columns that the row never had. */
const triggerBody = (id: string, message: string, more: Fields = {}): Fields => ({
  accountid: id,
  ...(message === 'Delete' ? {} : { ...LIES, modifiedon: new Date().toISOString() }),
  ItemInternalId: id,
  SdkMessage: message,
  RunAsSystemUserId: '2f6c8a10-93b4-4d5e-8c7f-b1a0e5d4c3f2',
  ...more,
});

const notify = (id: string, message: string, more: Fields = {}): Promise<Answer> =>
  system.post(JSON.stringify({ table: TABLE, row: triggerBody(id, message, more) }));

const readBack = (id: string): Answer => ({
  status: 200,
  body: { outcome: 'processed', changes: [{ table: TABLE, id, verdict: 'readBack' }] },
});

const versionOf = async (id: string): Promise<bigint> => {
  const { Stamp } = await system.liveEntity(TABLE, id);
  return BigInt((JSON.parse(String(Stamp)) as { v: string }).v);
};

describe('the life of a row', () => {
  test('[I38] created: it appears with its own columns, none of those that were sent', async () => {
    const id = await system.dataverse.create(TABLE, { name: 'Notice AB', revenue: '12.50' });
    expect(await notify(id, 'Create')).toEqual(readBack(id));
    const entity = await system.liveEntity(TABLE, id, { name: 'Notice AB', revenue: '12.5000' });
    expect(entity).not.toHaveProperty('telephone1');
  });

  test('[I38] updated, told twice and out of order: it never goes back', async () => {
    const id = await system.dataverse.create(TABLE, { name: 'First' });
    await notify(id, 'Create');
    const first = await versionOf(id);
    await system.dataverse.update(TABLE, id, { name: 'Second' });
    await system.dataverse.update(TABLE, id, { name: 'Third' });
    const late = { modifiedon: '2026-01-01T00:00:00Z', RowVersion: String(first) };
    for (const [message, more] of [
      ['Update', {}],
      ['Update', {}],
      ['Update', late],
      ['Create', late],
    ] as const) {
      expect(await notify(id, message, more)).toEqual(readBack(id));
      await system.liveEntity(TABLE, id, { name: 'Third' });
    }
    expect(await versionOf(id)).toBeGreaterThan(first);
  });

  test('deleted: a tombstone, which no late notice brings back to life', async () => {
    const id = await system.dataverse.create(TABLE, { name: 'Short-lived' });
    await notify(id, 'Create');
    await system.dataverse.delete(TABLE, id);
    expect(await notify(id, 'Delete')).toEqual(readBack(id));
    await system.tombstone(TABLE, id);
    for (const message of ['Update', 'Create', 'Delete']) expect(await notify(id, message)).toEqual(readBack(id));
    await system.tombstone(TABLE, id);
  });

  test('[I38] said to be deleted, but it lives: it stays', async () => {
    const id = await system.dataverse.create(TABLE, { name: 'Alive' });
    expect(await notify(id, 'Delete')).toEqual(readBack(id));
    await system.liveEntity(TABLE, id, { name: 'Alive' });
  });

  test('the id alone will do, and the table beside the columns', async () => {
    const [a, b] = [
      await system.dataverse.create(TABLE, { name: 'By id' }),
      await system.dataverse.create(TABLE, { name: 'Beside' }),
    ];
    expect(await system.post(JSON.stringify({ table: TABLE, id: a, message: 'Update' }))).toEqual(readBack(a));
    expect(await system.post(JSON.stringify({ ...triggerBody(b, 'Update'), table: TABLE }))).toEqual(readBack(b));
    await system.liveEntity(TABLE, a, { name: 'By id' });
    await system.liveEntity(TABLE, b, { name: 'Beside' });
  });

  test('by the queue too', async () => {
    const id = await system.dataverse.create(TABLE, { name: 'Queued' });
    await system.send('service-bus-queue', [Buffer.from(JSON.stringify({ table: TABLE, id, message: 'Create' }))]);
    await system.liveEntity(TABLE, id, { name: 'Queued' });
  });
});

test('a version that Dataverse has not reached: parked, tried again, and processed once it has', async () => {
  const id = await system.dataverse.create(TABLE, { name: 'Before' });
  await notify(id, 'Create');
  const next = (await versionOf(id)) + 1n;
  expect(await notify(id, 'Update', { RowVersion: String(next) })).toMatchObject({
    status: 202,
    body: { outcome: 'parked', code: 'read-lagged' },
  });
  await system.dataverse.update(TABLE, id, { name: 'After' });
  await system.letAllBeDue();
  expect(await system.replay()).toMatchObject({ processed: 1, postponed: 0, givenUp: 0 });
  await system.liveEntity(TABLE, id, { name: 'After' });
});

describe('what can not be', () => {
  let id: string;
  beforeAll(async () => {
    id = await system.dataverse.create(TABLE, { name: 'Untouched' });
  });

  test.each<[string, number, string, (row: Fields) => unknown]>([
    ['the body without its table', 400, 'context-invalid', (row) => row],
    ['another table', 400, 'context-invalid', (row) => ({ table: 'contact', row })],
    ['a table that is not kept in step', 202, 'table-not-synced', () => ({ table: 'lead', id, message: 'Update' })],
    ['a message without a meaning', 400, 'context-invalid', () => ({ table: TABLE, id, message: 'Assign' })],
    [
      'another organisation',
      202,
      'organization-foreign',
      (row) => ({ table: TABLE, organization: '00000000-1111-4222-8333-444455556666', row }),
    ],
  ])('%s: %i %s', async (_what, status, code, of) => {
    const body = JSON.stringify(of(triggerBody(id, 'Update')));
    expect(await system.post(body)).toMatchObject({ status, body: { outcome: 'parked', code } });
    expect(await system.parked()).toMatchObject([{ code, source: 'webhook', body: Buffer.from(body) }]);
    expect(await system.entity(TABLE, id)).toBeUndefined();
  });
});

test('and after one pull the store equals Dataverse', async () => {
  await system.pull();
  expect((await system.compare()).differences).toEqual([]);
});

test('every answer was one that docs/openapi.json documents', () => {
  expect(system.answers.length).toBeGreaterThan(10);
  expect(system.answers.flatMap(({ status, body }) => undocumented(status, body))).toEqual([]);
});
