/**
 * Proves that a change made in Dataverse arrives in the LOB store exactly, by every way: pushed to the webhook, the
 * queue, the topic and the event hub, and pulled. Through the real app in a process of its own, with the real clients
 * over real sockets; the store is read with the plain SDK. And that what push gets wrong (twice, out of order, truncated,
 * rolled back, never sent) ends in the same store.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recorded } from './recorder';
import { PUSHED, System, type Fields, type Pushed } from './system';

const WAYS = [...PUSHED, 'pull-sync'] as const;
type Way = (typeof WAYS)[number];

const TABLE = 'new_shipment';

let system: System;
let accountId: string;
let contactId: string;

beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account,contact,incident,new_shipment' });
  accountId = await system.dataverse.create('account', { name: 'Fjord & Co — 横浜' });
  contactId = await system.dataverse.create('contact', {
    firstname: 'Zoë',
    lastname: 'O’Neill',
    fullname: 'Zoë O’Neill',
  });
});
afterAll(() => system.stop());

/** Makes changes while Dataverse pushes them by this way; or pulls them afterwards. */
async function by<T>(way: Way, action: () => Promise<T>): Promise<T> {
  if (way !== 'pull-sync') return system.pushing(TABLE, way, action);
  const result = await action();
  await system.pull();
  return result;
}

/** The properties of an entity that hold the table's own columns. */
const columnsOf = (entity: Fields): Fields =>
  Object.fromEntries(Object.entries(entity).filter(([name]) => name.startsWith('new_')));

const processedBy = (way: Pushed, since: number, verdicts: Fields): Promise<boolean> =>
  system.until(`${way} settling ${JSON.stringify(verdicts)}`, () =>
    Object.entries(verdicts).every(([verdict, count]) => system.verdicts(way, since)[verdict] === count),
  );

/** Each test goes on with the rows of the one before it: one row for each way. */
describe('the life of a row', () => {
  const ids = new Map<Way, string>();
  const idOf = (way: Way): string => ids.get(way) ?? '';

  test.each(WAYS)('by %s: a new row arrives with every type of column exact', async (way) => {
    const id = await by(way, () =>
      system.dataverse.create(TABLE, {
        new_name: `SHP by ${way}`,
        new_instructions: 'Line 1\r\n"Line" 2 \\ \u2028 😀',
        new_pieces: -2_147_483_648,
        new_trackingnumber: 9_007_199_254_740_993n,
        new_weight: '1234567.0000000001',
        new_volume: '0.10',
        new_temperature: -17.25,
        new_value: '922337203685477.5807',
        new_insured: true,
        new_dispatchedon: '2026-03-14T09:26:53Z',
        new_duedate: '2026-03-31',
        new_slot: '2026-03-14T17:45:00Z',
        new_mode: 100_000_002,
        new_handling: [100_000_000, 100_000_002],
        new_externalid: '0f8fad5b-d9cb-469f-a165-70867728950e',
        new_account: { table: 'account', id: accountId },
        new_consignee: { table: 'contact', id: contactId },
      }),
    );
    ids.set(way, id);
    expect(columnsOf(await system.liveEntity(TABLE, id))).toEqual({
      new_shipmentid: id,
      new_name: `SHP by ${way}`,
      new_instructions: 'Line 1\r\n"Line" 2 \\ \u2028 😀',
      new_pieces: -2_147_483_648,
      new_trackingnumber: 9_007_199_254_740_993n,
      new_weight: '1234567.0000000001',
      new_volume: '0.10',
      new_temperature: -17.25,
      new_value: '922337203685477.5807',
      new_insured: true,
      new_dispatchedon: new Date('2026-03-14T09:26:53Z'),
      new_duedate: '2026-03-31',
      new_slot: '2026-03-14T17:45:00.000',
      new_mode: 100_000_002,
      new_modeLabel: 'Sea',
      new_handling: '[100000000,100000002]',
      new_handlingLabel: 'Fragile; Hazardous',
      new_externalid: '0f8fad5b-d9cb-469f-a165-70867728950e',
      new_account: accountId,
      new_accountTable: 'account',
      new_accountName: 'Fjord & Co — 横浜',
      new_consignee: contactId,
      new_consigneeTable: 'contact',
      new_consigneeName: 'Zoë O’Neill',
    });
  });

  test.each(WAYS)('by %s: an update of some columns leaves the others and takes cleared ones away', async (way) => {
    const id = idOf(way);
    await system.pastStamps(TABLE, [id]);
    const since = system.log.length;
    await by(way, () =>
      system.dataverse.update(TABLE, id, {
        new_trackingnumber: -9_223_372_036_854_775_808n,
        new_weight: '0.1000000000',
        new_value: '-0.0100',
        new_mode: 100_000_003,
        new_handling: null,
        new_slot: null,
        new_account: null,
        new_consignee: { table: 'account', id: accountId },
      }),
    );
    const { new_consigneeName: name, ...columns } = columnsOf(
      await system.liveEntity(TABLE, id, { new_mode: 100_000_003 }),
    );
    expect(columns).toEqual({
      new_shipmentid: id,
      new_name: `SHP by ${way}`,
      new_instructions: 'Line 1\r\n"Line" 2 \\ \u2028 😀',
      new_pieces: -2_147_483_648,
      new_trackingnumber: -9_223_372_036_854_775_808n,
      new_weight: '0.1000000000',
      new_volume: '0.10',
      new_temperature: -17.25,
      new_value: '-0.0100',
      new_insured: true,
      new_dispatchedon: new Date('2026-03-14T09:26:53Z'),
      new_duedate: '2026-03-31',
      new_mode: 100_000_003,
      new_modeLabel: 'Air',
      new_externalid: '0f8fad5b-d9cb-469f-a165-70867728950e',
      new_consignee: accountId,
      new_consigneeTable: 'account',
    });
    // A pushed lookup brings no name; that of the row before must be gone with it.
    expect(name).toBe(way === 'pull-sync' ? 'Fjord & Co — 横浜' : undefined);
    if (way !== 'pull-sync') await processedBy(way, since, { merged: 1 });
  });

  test.each(WAYS)('by %s: a deleted row becomes a tombstone without columns', async (way) => {
    await by(way, () => system.dataverse.delete(TABLE, idOf(way)));
    const entity = await system.tombstone(TABLE, idOf(way));
    expect(columnsOf(entity)).toEqual({});
    expect(JSON.parse(String(entity.Stamp))).toMatchObject({ gone: true });
  });

  test.each(WAYS)('[F13] by %s: a restored row is back as it was', async (way) => {
    await by(way, () => system.dataverse.restore(TABLE, idOf(way)));
    expect(columnsOf(await system.liveEntity(TABLE, idOf(way)))).toMatchObject({
      new_name: `SHP by ${way}`,
      new_trackingnumber: -9_223_372_036_854_775_808n,
      new_consigneeName: 'Fjord & Co — 横浜',
    });
  });
});

describe('an event of a synchronous step', () => {
  const sync = <T>(action: () => Promise<T>): Promise<T> => system.pushing('incident', 'webhook', action, 'sync');
  const ROLLED_BACK = /rolled back/;

  test('[F7 F21] brings nothing into the store when its transaction rolls back', async () => {
    const kept = await sync(() => system.dataverse.create('incident', { title: 'kept' }));
    expect(await system.parked()).toMatchObject([{ code: 'unconfirmed', source: 'webhook' }]);
    expect(await system.entity('incident', kept)).toBeUndefined();
    expect(await system.replay()).toMatchObject({ processed: 1, postponed: 0, givenUp: 0 });
    await system.liveEntity('incident', kept, { title: 'kept' });

    const never = '7d444840-9dc0-11d1-b245-5ffdce74fad2';
    const titles = new Set<unknown>();
    await sync(async () => {
      const options = { failAfterSync: true };
      await expect(system.dataverse.create('incident', { title: 'never' }, { ...options, id: never })).rejects.toThrow(
        ROLLED_BACK,
      );
      await expect(system.dataverse.update('incident', kept, { title: 'never' }, options)).rejects.toThrow(ROLLED_BACK);
      await expect(system.dataverse.delete('incident', kept, options)).rejects.toThrow(ROLLED_BACK);
    });
    expect(await system.parkedCodes()).toEqual(['unconfirmed', 'unconfirmed', 'unconfirmed']);
    const replayed = system.replay();
    await system.until('the end of the replay', async () => {
      titles.add((await system.entity('incident', kept))?.title);
      titles.add((await system.entity('incident', never))?.title);
      return (await system.parkedCodes()).length === 0;
    });
    expect(await replayed).toMatchObject({ processed: 3 });
    expect(await system.entity('incident', kept)).toMatchObject({ title: 'kept', Deleted: false });
    expect((await system.entity('incident', never))?.Deleted ?? true).toBe(true);
    expect(titles).toEqual(new Set(['kept', undefined]));
  });
});

describe('what push gets wrong', () => {
  test('[F3] deliveries that were never sent are healed by the next pull, and counted', async () => {
    await system.pull();
    const [changed, deleted] = [
      await system.dataverse.create(TABLE, { new_name: 'a' }),
      await system.dataverse.create(TABLE, { new_name: 'b' }),
    ];
    await system.pull();
    system.dataverse.disturb({ drop: 1 });
    const { dropped } = system.dataverse.stats();
    const added = await system.pushing(TABLE, 'webhook', async () => {
      await system.dataverse.update(TABLE, changed, { new_name: 'a2' });
      await system.dataverse.delete(TABLE, deleted);
      return system.dataverse.create(TABLE, { new_name: 'c' });
    });
    system.dataverse.disturb({});
    expect(system.dataverse.stats().dropped - dropped).toBe(3);
    expect(await system.entity(TABLE, added)).toBeUndefined();
    expect(await system.entity(TABLE, changed)).toMatchObject({ new_name: 'a' });

    expect((await system.pull()).get(TABLE)).toMatchObject({ mode: 'delta', rows: 2, deletes: 1, healed: 3 });
    await system.liveEntity(TABLE, added, { new_name: 'c' });
    await system.liveEntity(TABLE, changed, { new_name: 'a2' });
    await system.tombstone(TABLE, deleted);
    expect((await system.pull()).get(TABLE)).toMatchObject({ healed: 0 });
  });

  test.each(PUSHED)(
    '[F1] by %s: a delivery that comes twice is known the second time and writes nothing',
    async (way) => {
      let id = '';
      const bodies = await recorded(system.dataverse, TABLE, async () => {
        id = await system.dataverse.create(TABLE, { new_name: 'twice' });
      });
      const since = system.log.length;
      await system.send(way, bodies);
      await processedBy(way, since, { readBack: 1 });
      const { etag } = await system.liveEntity(TABLE, id, { new_name: 'twice' });
      await system.send(way, bodies);
      await processedBy(way, since, { readBack: 1, duplicate: 1 });
      expect((await system.liveEntity(TABLE, id)).etag).toBe(etag);
    },
  );

  test('a webhook post repeated word for word is answered 200 as a duplicate', async () => {
    let id = '';
    const [body] = await recorded(system.dataverse, TABLE, async () => {
      id = await system.dataverse.create(TABLE, { new_name: 'again' });
    });
    for (const verdict of ['readBack', 'duplicate'])
      expect(await system.post(body)).toEqual({
        status: 200,
        body: { outcome: 'processed', changes: [{ table: TABLE, id, verdict }] },
      });
  });

  test('duplicates, held back and overtaken deliveries over all ways at once end in the same store', async () => {
    system.dataverse.disturb({ duplicate: 0.5, reorder: 0.5, reorderMs: 300, duplicateMs: 300, seed: 7 });
    const ids: string[] = [];
    for (const way of PUSHED)
      await system.pushing(TABLE, way, async () => {
        for (let row = 0; row < 4; row += 1) {
          const id = await system.dataverse.create(TABLE, { new_name: way, new_pieces: 0 });
          ids.push(id);
          for (let change = 1; change <= 4; change += 1)
            await system.dataverse.update(TABLE, id, { new_pieces: change });
          if (row === 0) await system.dataverse.delete(TABLE, id);
        }
      });
    system.dataverse.disturb({});
    const { duplicated, reordered } = system.dataverse.stats();
    expect(Math.min(duplicated, reordered)).toBeGreaterThan(10);
    await system.emptyBroker();
    await system.pull();
    for (const id of ids) {
      const row = system.dataverse.get(TABLE, id);
      if (row === undefined) await system.tombstone(TABLE, id);
      else expect(await system.entity(TABLE, id)).toMatchObject({ new_pieces: 4, Deleted: false });
    }
  });

  test('[F2 F9] events that come in reverse order leave the last state, and a deleted row deleted', async () => {
    let [changed, deleted] = ['', ''];
    const { dataverse } = system;
    const changes = [
      async () => (changed = await dataverse.create(TABLE, { new_name: 'first', new_pieces: 1 })),
      async () => (deleted = await dataverse.create(TABLE, { new_name: 'first' })),
      () => dataverse.update(TABLE, changed, { new_name: 'second' }),
      () => dataverse.update(TABLE, changed, { new_name: 'third', new_pieces: null }),
      () => dataverse.delete(TABLE, deleted),
    ];
    const bodies: Buffer[] = [];
    for (const change of changes) bodies.push(...(await recorded(dataverse, TABLE, change)));
    expect(bodies).toHaveLength(5);
    for (const body of bodies.toReversed()) {
      expect((await system.post(body)).status).toBe(200);
      expect((await system.entity(TABLE, changed))?.new_name ?? 'third').toBe('third');
      expect((await system.entity(TABLE, deleted))?.Deleted ?? true).toBe(true);
    }
    expect(await system.entity(TABLE, changed)).toMatchObject({ new_name: 'third', Deleted: false });
    expect(await system.entity(TABLE, changed)).not.toHaveProperty('new_pieces');
    await system.tombstone(TABLE, deleted);
  });

  test.each(PUSHED)('[F5] by %s: a delivery that lost its columns to the size limit is read back', async (way) => {
    const since = system.log.length;
    system.dataverse.disturb({ truncate: 1 });
    const id = await system.pushing(TABLE, way, () =>
      system.dataverse.create(TABLE, { new_name: 'cut', new_weight: '0.0000000001' }),
    );
    system.dataverse.disturb({});
    await system.liveEntity(TABLE, id, { new_name: 'cut', new_weight: '0.0000000001' });
    await processedBy(way, since, { readBack: 1 });
  });

  test.each(PUSHED)('by %s: a row that is really too large for a delivery arrives whole', async (way) => {
    const text = 'ß1—'.repeat(60_000);
    const id = await system.pushing(TABLE, way, () =>
      system.dataverse.create(TABLE, { new_name: 'large', new_instructions: text }),
    );
    const entity = await system.liveEntity(TABLE, id, { new_name: 'large' });
    const parts = Object.keys(entity).filter((name) => name.startsWith('new_instructions')).length;
    const joined = Array.from(
      { length: parts },
      (_, part) => entity[part === 0 ? 'new_instructions' : `new_instructionsPart${part + 1}`],
    ).join('');
    expect(joined === text).toBe(true);
  });
});

test('after one complete pull every row and column of the store is that of Dataverse', async () => {
  await system.pull();
  const { rows, differences } = await system.compare();
  expect(differences).toEqual([]);
  expect(rows).toBeGreaterThan(20);
  expect(await system.parkedCodes()).toEqual([]);
  expect(system.waiting()).toEqual({ queue: 0, topic: 0 });
});
