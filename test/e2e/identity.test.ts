/**
 * Proves that both storage accounts are reached by the identities that their settings name, and Dataverse by its app
 * registration beside them: over TLS, by bearer tokens, with no connection string of a storage account.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IDENTITIES } from '../../local/storage/identity-storage';
import { System } from './system';

let system: System;
beforeAll(async () => {
  system = await System.start({ SYNC_TABLES: 'account' }, { identity: true });
});
afterAll(() => system.stop());

test('push, parking and pull by two managed identities, beside a client secret for Dataverse', async () => {
  expect([system.stack.settings.AzureWebJobsStorage, system.stack.settings.LOB_STORAGE]).toEqual(['', '']);
  for (const way of ['webhook', 'event-hub'] as const) {
    const id = await system.pushing('account', way, () => system.dataverse.create('account', { name: way }));
    await system.liveEntity('account', id, { name: way });
  }
  await system.post('{}');
  expect(await system.parkedCodes()).toEqual(['context-invalid']);
  await system.dataverse.create('account', { name: 'pulled' });
  await system.pull();
  expect(await system.compare()).toEqual({ rows: 3, differences: [] });

  const asked = system.stack.identities?.asked ?? [];
  expect(asked.every(({ status }) => status === 200)).toBe(true);
  expect(new Set(asked.map(({ clientId }) => clientId))).toEqual(new Set(Object.values(IDENTITIES)));
});
