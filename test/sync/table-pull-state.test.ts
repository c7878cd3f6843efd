// Proves, on a real table service (Azurite), that a pull's state is read as it was written, its columns too.
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/azurite';
import type { PullState } from '../../shared/sync/pull-state';
import { TablePullStates } from '../../shared/sync/table-pull-state';

let azurite: Azurite;
let states: TablePullStates;
beforeAll(async () => {
  azurite = await startAzurite();
  states = new TablePullStates(
    TableClient.fromConnectionString(azurite.connectionString, 'states', { allowInsecureConnection: true }),
  );
});
afterAll(() => azurite.stop());

const STATE: PullState = {
  deltaLink: 'https://org/api/data/v9.2/accounts?$deltatoken=919042%2108%2f22%2f2017',
  loadBegunMs: 1,
  tokenFixedMs: 2,
  fingerprint: 'f',
  lastRun: { begunMs: 3, endedMs: 4, rows: 5 },
};

test('nothing is known of a table at first', async () => expect(await states.read('lead')).toEqual({}));

test('a state is read as it was written, and replaced as a whole', async () => {
  const whole = { ...STATE, columns: ['age:integer', 'name:string'] };
  await states.write('account', whole);
  expect(await states.read('account')).toEqual(whole);
  await states.write('account', { loadBegunMs: 9 });
  expect(await states.read('account')).toEqual({ loadBegunMs: 9 });
});

test('a list of columns that is too long for a property is left out', async () => {
  const columns = Array.from({ length: 1000 }, (_, n) => `new_${'x'.repeat(30)}${n}:string`);
  await states.write('contact', { ...STATE, columns });
  expect(await states.read('contact')).toEqual(STATE);
});
