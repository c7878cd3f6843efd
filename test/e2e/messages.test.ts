/**
 * Proves that each message that changes rows, registered alone, brings its change to the LOB store: assigned, state set,
 * merged, upserted, and many rows by one message; and that what it can't say is put right by the pull. Through the real
 * app in a process of its own; the store is read with the plain SDK.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { System, type Fields, type Pushed } from './system';

let system: System;
beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account,contact,opportunity' });
});
afterAll(() => system.stop());

/** Whatever a test did, its events are processed, and all that they processed is right. */
afterEach(async () => {
  expect(await system.parkedCodes()).toEqual([]);
});

const pushing = <T>(way: Pushed, message: string, table: string, action: () => Promise<T>): Promise<T> =>
  system.pushingSteps(way, [{ message, table, mode: 'async' }], action);

/** A row that is in the store already, as a pull left it. */
async function stored(table: string, columns: Parameters<System['dataverse']['create']>[1]): Promise<string> {
  const id = await pushing('webhook', 'Create', table, () => system.dataverse.create(table, columns));
  await system.liveEntity(table, id);
  return id;
}

const live = (table: string, id: string, properties: Fields): Promise<Fields> =>
  system.liveEntity(table, id, properties);

test('Assign', async () => {
  const id = await stored('account', { name: 'assigned' });
  const team = { table: 'team', id: system.dataverse.teamId };
  await pushing('service-bus-queue', 'Assign', 'account', () => system.dataverse.assign('account', id, team));
  await live('account', id, { ownerid: team.id, owneridTable: 'team' });
});

test.each(['SetState', 'SetStateDynamicEntity'] as const)('%s', async (message) => {
  const id = await stored('account', { name: 'closed' });
  await pushing('service-bus-topic', message, 'account', () =>
    system.dataverse.setState('account', id, 1, undefined, { message }),
  );
  await live('account', id, { statecode: 1 });
});

test('[F15] Merge: the target has its content, the subordinate is deactivated', async () => {
  const target = await stored('account', { name: 'target' });
  const subordinate = await stored('account', { name: 'subordinate' });
  await pushing('service-bus-queue', 'Merge', 'account', () =>
    system.dataverse.merge('account', target, subordinate, { telephone1: '+47 1' }),
  );
  await live('account', target, { telephone1: '+47 1', name: 'target' });
  await live('account', subordinate, { statecode: 1, merged: true, masterid: target });
});

test('Upsert: a new row, and one that was there', async () => {
  const id = await stored('contact', { lastname: 'there' });
  const other = 'ccccdddd-1111-4222-8333-444455556666';
  await pushing('event-hub', 'Upsert', 'contact', async () => {
    await system.dataverse.upsert('contact', id, { jobtitle: 'changed' });
    await system.dataverse.upsert('contact', other, { lastname: 'new' });
  });
  await live('contact', id, { lastname: 'there', jobtitle: 'changed' });
  await live('contact', other, { lastname: 'new' });
});

test.each(['webhook', 'service-bus-queue', 'event-hub'] as const)('many rows by one message, by %s', async (way) => {
  const names = Array.from({ length: 40 }, (_, n) => ({ lastname: `many ${n}` }));
  const ids = await pushing(way, 'CreateMultiple', 'contact', () => system.dataverse.createMultiple('contact', names));
  for (const [n, id] of ids.entries()) await live('contact', id, { lastname: `many ${n}` });

  await pushing(way, 'UpdateMultiple', 'contact', () =>
    system.dataverse.updateMultiple(
      'contact',
      ids.map((contactid, n) => ({ contactid, jobtitle: `title ${n}` })),
    ),
  );
  for (const [n, id] of ids.entries()) await live('contact', id, { lastname: `many ${n}`, jobtitle: `title ${n}` });

  const added = 'ddddeeee-1111-4222-8333-44445555666' + String(way.length % 10);
  await pushing(way, 'UpsertMultiple', 'contact', () =>
    system.dataverse.upsertMultiple('contact', [
      { contactid: ids[0] ?? '', jobtitle: 'upserted' },
      { contactid: added, lastname: 'added' },
    ]),
  );
  await live('contact', ids[0] ?? '', { jobtitle: 'upserted' });
  await live('contact', added, { lastname: 'added' });

  await pushing(way, 'DeleteMultiple', 'contact', () => system.dataverse.deleteMultiple('contact', ids.slice(1)));
  for (const id of ids.slice(1)) await system.tombstone('contact', id);
});

test('a message with too many rows comes without them: it is kept, and the pull brings them', async () => {
  const ids = await pushing('service-bus-queue', 'CreateMultiple', 'contact', () =>
    system.dataverse.createMultiple(
      'contact',
      Array.from({ length: 150 }, (_, n) => ({ lastname: `large ${n}`, description: 'x'.repeat(2000) })),
    ),
  );
  await system.until('the message kept', async () => (await system.parkedCodes()).includes('parameters-removed'));
  await system.pull();
  for (const id of [ids[0], ids.at(-1)]) await system.liveEntity('contact', id ?? '');
  expect((await system.compare()).differences).toEqual([]);
  await system.unpark();
});
