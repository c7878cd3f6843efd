/**
 * Proves that nothing of an elastic or a virtual table gets into the store, by any way, and that the app says why: in the log
 * of the first pull, and of each event. Through the real app in a process of its own; the store is read with the plain SDK.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TableDefinition } from '../../local/dataverse/simulator';
import { PUSHED, System } from './system';

const table = (name: string, tableType: 'Elastic' | 'Virtual'): TableDefinition => ({
  ...{ logicalName: name, entitySetName: `${name}s`, primaryId: `${name}id`, primaryName: 'new_name' },
  ...{ changeTracking: true, tableType },
  columns: [{ logicalName: 'new_name', type: 'string' }],
});
const TABLES = [table('new_reading', 'Elastic'), table('new_order', 'Virtual')];

let system: System;
beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account,new_reading,new_order' }, { tables: TABLES });
});
afterAll(() => system.stop());

const reasons = { new_reading: 'Table new_reading is elastic', new_order: 'Table new_order is virtual' };

test('[I51] a pull says of each such table why it is not pulled, at every run, and pulls the others', async () => {
  await system.dataverse.create('new_reading', { new_name: 'a', partitionid: 'device-1' });
  const account = await system.dataverse.create('account', { name: 'x' });
  for (let run = 0; run < 2; run += 1) {
    const since = system.log.length;
    await system.run('pull-sync');
    const failed = await system.until('both tables are refused', () => {
      const records = system.records('pullFailed', since);
      return records.length === TABLES.length && system.isIdle('pull-sync') && records;
    });
    for (const { table: of, code, reason } of failed) {
      expect(code).toBe('table-type-unsupported');
      expect(reason).toContain(reasons[of as keyof typeof reasons]);
    }
  }
  await system.liveEntity('account', account);
  const requests = system.dataverse.stats().webApi.requests;
  const since = system.log.length;
  await system.run('pull-sync');
  await system.until('a third run', () => system.records('pulled', since).length === 1 && system.isIdle('pull-sync'));
  // That of account's changes: the definitions of the others are known.
  expect(system.dataverse.stats().webApi.requests - requests).toBe(1);
});

test.each(PUSHED)('[I51] an event by %s is kept with its cause, a deletion too; no row, no tombstone', async (way) => {
  const { dataverse } = system;
  const parked = (await system.parkedCodes()).length;
  const ids = await system.pushing('new_reading', way, async () => {
    const [whole, part] = [
      await dataverse.create('new_reading', { new_name: 'a' }),
      await dataverse.create('new_reading', { new_name: 'b', partitionid: 'device-1' }),
    ];
    await dataverse.update('new_reading', part, { new_name: 'c' });
    await dataverse.delete('new_reading', whole);
    await dataverse.delete('new_reading', part);
    return [whole, part];
  });
  const codes = await system.until('five parked events', async () => {
    const all = (await system.parkedCodes()).slice(parked);
    return all.length === 5 && all;
  });
  expect(new Set(codes)).toEqual(new Set(['table-type-unsupported']));
  for (const id of ids) expect(await system.entity('new_reading', id)).toBeUndefined();
});
