/**
 * Proves that associations made in Dataverse become links in the LOB store, by every way, and that what push gets wrong
 * (twice, out of order, never sent, no event at all) is put right by the pull. Through the real app in a process of its
 * own; the store is read with the plain SDK.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PUSHED, System, type Pushed } from './system';

const LEADS = 'accountleads_association';
const CONTACTS = 'new_contact_contact';

let system: System;
let account: string;
const leads: string[] = [];
const contacts: string[] = [];

beforeAll(async () => {
  system = await System.start({
    SYNC_TABLES: 'account,contact,lead',
    SYNC_RELATIONSHIPS: `${LEADS},${CONTACTS}`,
  });
  account = await system.dataverse.create('account', { name: 'Fjord & Co' });
  for (let n = 0; n < 6; n += 1) {
    leads.push(await system.dataverse.create('lead', { subject: `Lead ${n}` }));
    contacts.push(await system.dataverse.create('contact', { lastname: `Contact ${n}` }));
  }
});
afterAll(() => system.stop());

const lead = (n: number) => ({ table: 'lead', id: leads[n] ?? '' });
const contact = (n: number) => ({ table: 'contact', id: contacts[n] ?? '' });
const linkId = (n: number): string => `${account}_${lead(n).id}`;

/** Steps on these messages are of no table: Dataverse sends the associations of all relationships. */
const associating = <T>(way: Pushed, action: () => Promise<T>, mode: 'sync' | 'async' = 'async'): Promise<T> =>
  system.pushingSteps(
    way,
    ['Associate', 'Disassociate'].map((message) => ({ message, mode })),
    action,
  );

describe.each(PUSHED)('by %s', (way) => {
  const n = PUSHED.indexOf(way);

  test('a link appears, with both rows', async () => {
    await associating(way, () => system.dataverse.associate('account', account, LEADS, [lead(n)]));
    expect(await system.liveEntity(LEADS, linkId(n))).toMatchObject({
      partitionKey: account.slice(0, 1),
      table1: 'account',
      id1: account,
      table2: 'lead',
      id2: lead(n).id,
    });
  });

  test('it goes, and comes again', async () => {
    await associating(way, () => system.dataverse.disassociate('account', account, LEADS, [lead(n)]));
    await system.tombstone(LEADS, linkId(n));
    await associating(way, () => system.dataverse.associate('account', account, LEADS, [lead(n)]));
    await system.liveEntity(LEADS, linkId(n));
  });
});

test('of a synchronous step: once a read has confirmed it', async () => {
  await associating('webhook', () => system.dataverse.associate('account', account, LEADS, [lead(4)]), 'sync');
  await system.until('the unconfirmed change', async () => (await system.parkedCodes()).includes('unconfirmed'));
  expect(await system.entity(LEADS, linkId(4))).toBeUndefined();
  await system.letAllBeDue();
  await system.replay();
  await system.liveEntity(LEADS, linkId(4));
  await system.unpark();
});

test('rows of one table: by their roles', async () => {
  await associating('service-bus-queue', async () => {
    await system.dataverse.associate('contact', contact(1).id, CONTACTS, [contact(0)]);
    await system.dataverse.associate('contact', contact(2).id, CONTACTS, [contact(3)], { role: 'referenced' });
  });
  await system.liveEntity(CONTACTS, `${contact(1).id}_${contact(0).id}`);
  await system.liveEntity(CONTACTS, `${contact(3).id}_${contact(2).id}`);
});

test('a lookup set by its relationship: the row that has it is read', async () => {
  await associating('service-bus-queue', () =>
    system.dataverse.associate('account', account, 'contact_customer_accounts', [contact(5)]),
  );
  expect(await system.liveEntity('contact', contact(5).id)).toMatchObject({ parentcustomerid: account });
});

test('[F14] what push lost or never said: the pull puts it right', async () => {
  await system.pull();
  expect((await system.compare()).differences).toEqual([]);
  await system.dataverse.associate('account', account, LEADS, [lead(5)]);
  await system.dataverse.disassociate('account', account, LEADS, [lead(0)]);
  await system.dataverse.associate('contact', contact(4).id, CONTACTS, [contact(0)]);
  // Its links go with a row, and no event tells of it.
  await system.dataverse.delete('lead', lead(1).id);
  await system.dataverse.delete('contact', contact(1).id);
  const reports = await system.pull();
  expect(reports.get(LEADS)).toMatchObject({ mode: 'reload', swept: 2, healed: 3 });
  expect(reports.get(CONTACTS)).toMatchObject({ mode: 'reload', healed: 2 });
  const { rows, differences } = await system.compare();
  expect(differences).toEqual([]);
  expect(rows).toBeGreaterThan(15);
});

test('duplicated, reordered and dropped: after one pull the links are equal', async () => {
  system.dataverse.disturb({ duplicate: 0.5, reorder: 0.5, drop: 0.2 });
  await associating('event-hub', async () => {
    for (let round = 0; round < 30; round += 1) {
      const which = lead([0, 2, 3, 4, 5][round % 5] ?? 0);
      const change = round % 10 < 5 ? 'disassociate' : 'associate';
      await system.dataverse[change]('account', account, LEADS, [which]).catch(() => undefined);
    }
  });
  system.dataverse.disturb({});
  await system.pull();
  expect((await system.compare()).differences).toEqual([]);
});
