/**
 * Proves that the app's message about a table without change tracking is enough to repair it: the command in the message
 * makes the next pull of the running app complete.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runDvo } from './spawned-dvo';
import { System } from './system';

let system: System;

beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account,new_note' });
});
afterAll(() => system.stop());

test('the pull names the command; after it, the app pulls the table without being started again', async () => {
  for (const name of ['Ada', 'Grace']) await system.dataverse.create('new_note', { new_name: name });
  await system.run('pull-sync');
  const [failed] = await system.until('the end of a pull that fails', () => {
    const records = system.records('pullFailed');
    return records.length > 0 && system.records('pulled').length > 0 && records;
  });
  expect(failed).toMatchObject({ table: 'new_note', code: 'change-tracking-off' });
  const command = /dvo (tracking enable new_note)/.exec(String(failed?.reason))?.[1] ?? '';

  const { code, out } = await runDvo([...command.split(' '), '--yes'], system.stack.settings);
  expect([code, out]).toEqual([0, 'new_note: change tracking is on\n']);
  expect((await system.pull()).get('new_note')).toMatchObject({ mode: 'reload', rows: 2 });
  expect((await system.compare()).differences).toEqual([]);
});
