// Proves, on a real table service (Azurite), that a pull's state is read as it was written, its columns too.
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import type { PullState } from '../../shared/sync/pull-state';
import { TablePullStates } from '../../shared/sync/pull-state-store';

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
  kind: 'current',
  deltaLink: 'https://org/api/data/v9.2/accounts?$deltatoken=919042%2108%2f22%2f2017',
  tokenFixedOn: 2,
  again: false,
  fingerprint: 'f',
  lastRun: { begunMs: 3, endedMs: 4, rows: 5 },
};

test('nothing is known of a table at first', async () =>
  expect(await states.read('lead')).toEqual({ state: { kind: 'new' }, tag: undefined }));

test('a state is read as it was written, and replaced as a whole', async () => {
  const whole = { ...STATE, columns: ['age:integer', 'name:string'] };
  const tag = await states.write('account', whole, undefined);
  expect(await states.read('account')).toEqual({ state: whole, tag });
  const next = await states.write('account', STATE, tag);
  expect(await states.read('account')).toEqual({ state: STATE, tag: next });
});

test('[I26] a state that another run has written meanwhile is not replaced', async () => {
  const tag = await states.write('task', STATE, undefined);
  expect(await states.write('task', STATE, undefined)).toBeUndefined();
  const other = { ...STATE, deltaLink: 'of the other run' };
  const next = await states.write('task', other, tag);
  expect(await states.write('task', STATE, tag)).toBeUndefined();
  expect(await states.read('task')).toEqual({ state: other, tag: next });
});

test('a write whose answer was lost, and that was sent again, is found done', async () => {
  let sent = 0;
  const client = TableClient.fromConnectionString(azurite.connectionString, 'states', {
    allowInsecureConnection: true,
  });
  client.pipeline.addPolicy(
    {
      name: 'loseAnswer',
      sendRequest: async (request, next) => {
        const answer = await next(request);
        if (request.method === 'GET' || (sent += 1) !== 2) return answer;
        return next(request);
      },
    },
    { phase: 'Retry' },
  );
  const clumsy = new TablePullStates(client);
  const tag = await clumsy.write('email', STATE, undefined);
  const next = await clumsy.write('email', { ...STATE, tokenFixedOn: 9 }, tag);
  expect(sent).toBe(2);
  expect(next).toBeDefined();
  expect(await states.read('email')).toEqual({ state: { ...STATE, tokenFixedOn: 9 }, tag: next });
});

test('a list of columns that is too long for a property is left out', async () => {
  const columns = Array.from({ length: 1000 }, (_, n) => `new_${'x'.repeat(30)}${n}:string`);
  const tag = await states.write('contact', { ...STATE, columns }, undefined);
  expect(await states.read('contact')).toEqual({ state: STATE, tag });
});

test('a state of an earlier form says that something was loaded: it is loaded again, and not as if for the first time', async () => {
  const client = TableClient.fromConnectionString(azurite.connectionString, 'states', {
    allowInsecureConnection: true,
  });
  const state = JSON.stringify({ loadBegunMs: 1, tokenFixedMs: 2, deltaLink: 'T' });
  await client.createEntity({ partitionKey: 'pull', rowKey: 'old', state });
  expect((await states.read('old')).state).toMatchObject({ kind: 'loading', first: false });
});

test('when each was last written', async () => {
  const before = Date.now() - 1000;
  await states.write('phonecall', STATE, undefined);
  expect((await states.lastWritten()).get('phonecall')).toBeGreaterThan(before);
  const none = TableClient.fromConnectionString(azurite.connectionString, 'none', { allowInsecureConnection: true });
  expect(await new TablePullStates(none).lastWritten()).toEqual(new Map());
});
