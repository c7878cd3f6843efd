/**
 * Proves that a table's columns may change under the running app: one is added, one is removed, one gets another type. Each is
 * logged once, nothing crashes, and after the next pull the store has what Dataverse has.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { System, type Fields } from './system';

let system: System;
let ids: readonly string[];

beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account' });
  ids = await system.dataverse.createMultiple(
    'account',
    Array.from({ length: 20 }, (_, n) => ({ name: `Account ${n}`, fax: `fax ${n}`, numberofemployees: n })),
  );
  await system.pull();
});
afterAll(() => system.stop());

/** The drift that a pull logs, and its report. */
async function pulling(): Promise<{ readonly drift: readonly Fields[]; readonly report: Fields | undefined }> {
  const since = system.log.length;
  const report = (await system.pull()).get('account');
  return { drift: system.records('schemaDrift', since), report };
}

const first = (): string => ids[0] ?? '';

test('nothing changed: nothing is said', async () => {
  expect(await pulling()).toMatchObject({ drift: [], report: { mode: 'delta' } });
});

test('a new column: pushed before any pull knows it, and brought to every row by the next one', async () => {
  system.dataverse.addColumn('account', { logicalName: 'new_tier', type: 'choice', options: TIERS });
  // A definition that is younger than this isn't read again.
  await sleep(2000);
  await system.pushing('account', 'webhook', () => system.dataverse.update('account', first(), { new_tier: 2 }));
  await system.liveEntity('account', first(), { new_tier: 2 });
  const { drift, report } = await pulling();
  expect(drift).toMatchObject([{ table: 'account', added: ['new_tier:choice'], removed: [], changed: [] }]);
  expect(report).toMatchObject({ mode: 'reload' });
  await system.liveEntity('account', first(), { new_tier: 2, new_tierLabel: 'Silver' });
  expect((await system.compare()).differences).toEqual([]);
  expect((await pulling()).drift).toEqual([]);
});

test('a vanished column: it goes from the store too', async () => {
  expect(await system.liveEntity('account', first())).toMatchObject({ fax: 'fax 0' });
  system.dataverse.removeColumn('account', 'fax');
  expect(await pulling()).toMatchObject({ drift: [{ removed: ['fax:string'] }], report: { mode: 'reload' } });
  expect(await system.liveEntity('account', first())).not.toHaveProperty('fax');
  expect((await system.compare()).differences).toEqual([]);
});

test('another type: the values in the store are of it', async () => {
  system.dataverse.changeColumnType('account', { logicalName: 'numberofemployees', type: 'decimal', precision: 2 });
  expect((await pulling()).drift).toMatchObject([{ changed: ['numberofemployees:decimal'] }]);
  await system.dataverse.update('account', first(), { numberofemployees: '12.50' });
  await pulling();
  await system.liveEntity('account', first(), { numberofemployees: '12.50' });
  expect((await system.compare()).differences).toEqual([]);
  expect(await system.parkedCodes()).toEqual([]);
});

const TIERS = ['Bronze', 'Silver', 'Gold'].map((label, index) => ({ value: index + 1, label }));
