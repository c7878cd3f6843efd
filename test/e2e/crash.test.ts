/**
 * Proves that nothing is lost when the app dies or Dataverse's Web API is down: the app is killed (SIGKILL, no goodbye)
 * in the middle of a burst over every way and started again, and after one complete pull the store equals Dataverse. What
 * can't be processed while the Web API fails is parked with a due time, or waits in the queue, and is processed when due.
 */
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join, resolve } from 'node:path';
import { businessDay } from '../../local/day/business';
import { defineBusinessApis } from '../../local/stack/business-apis';
import { registerSteps } from '../../local/stack/register-steps';
import { builtFolder } from '../build-once';
import { System } from './system';

/** One table for each pushed way, as registered by the steps of the local stack, and the name of its set in URLs. */
const WAYS = [
  { way: 'webhook', table: 'account', set: 'accounts', name: 'name' },
  { way: 'service-bus-queue', table: 'contact', set: 'contacts', name: 'lastname' },
  { way: 'service-bus-topic', table: 'lead', set: 'leads', name: 'lastname' },
  { way: 'event-hub', table: 'opportunity', set: 'opportunities', name: 'name' },
] as const;

let system: System;

beforeAll(async () => {
  system = await System.start();
  await defineBusinessApis(system.dataverse);
  await registerSteps(system.stack.settings, {
    root: resolve(__dirname, '../..'),
    webhookUrl: `${system.host.url}/api/webhook`,
    dvo: join(await builtFolder(), 'dist/tools/dvo/dvo.js'),
  });
});
afterAll(() => system.stop());

const processedCount = (): number =>
  system.records('processed').reduce((sum, { received }) => sum + Number(received), 0);

/** SIGKILL, and the app again on the same storage and broker. */
async function crash(): Promise<void> {
  system.host.kill();
  expect(await system.host.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await system.startApp();
}

/** Replays parked items until there are none. */
const emptyParking = (): Promise<unknown> =>
  system.until('an empty parking', async () => {
    if ((await system.parkedCodes()).length === 0) return true;
    await system.letAllBeDue();
    await system.replay();
    return undefined;
  });

describe('while the Web API fails', () => {
  /** What the app sends before it gives a request up for now. */
  const ATTEMPTS = 6;
  const ROWS = 2;

  const PARKED = WAYS.filter(({ way }) => way === 'webhook' || way === 'event-hub');

  /** Every read-back of these rows fails, one after another; by Retry-After at once, so that the test needs no minute. */
  const failReads = (of: readonly { readonly set: string }[]): void => {
    for (const { set } of of)
      system.dataverse.failNext(ROWS * ATTEMPTS, 503, { path: `${set}(`, headers: { 'Retry-After': '0' } });
  };

  test('[I22 F18] what is pushed by webhook or event hub is parked with a time, what by queue or topic waits there, and all is processed when the Web API is back', async () => {
    const rows: { way: string; table: string; id: string }[] = [];
    failReads(WAYS);
    const begun = Date.now();
    const since = system.log.length;
    for (const { way, table, name } of WAYS) {
      for (let row = 0; row < ROWS; row += 1)
        rows.push({ way, table, id: await system.dataverse.create(table, { [name]: 'late' }) });
    }
    const isParked = ({ way }: { readonly way: string }): boolean => PARKED.some((of) => of.way === way);
    const all = rows.filter(isParked).length;
    const parked = await system.until('all being parked', async () => {
      const items = await system.parked();
      return items.length === all && items;
    });
    for (const { code, attempts, dueAt } of parked) {
      expect({ code, attempts }).toEqual({ code: 'web-api', attempts: 0 });
      expect(dueAt.getTime()).toBeGreaterThan(begun);
      expect(dueAt.getTime()).toBeLessThan(Date.now() + 60_000);
    }
    for (const { way } of PARKED) expect(parked.filter(({ source }) => source === way)).toHaveLength(ROWS);
    for (const row of rows) if (!isParked(row)) await system.liveEntity(row.table, row.id);
    await system.emptyBroker();
    const copies = system
      .records('delayed', since)
      .map(({ source, code, attempt }) => `${String(source)} ${String(code)} ${String(attempt)}`);
    const each = ['service-bus-queue web-api 1', 'service-bus-topic web-api 1'];
    expect(copies.sort()).toEqual([each[0], each[0], each[1], each[1]]);
    expect(system.dataverse.stats()).toMatchObject({ failed: 0 });

    failReads(PARKED);
    await system.letAllBeDue();
    expect(await system.replay()).toMatchObject({ processed: 0, postponed: all, givenUp: 0 });
    for (const { attempts, dueAt } of await system.parked()) {
      expect(attempts).toBe(1);
      expect(dueAt.getTime()).toBeGreaterThan(Date.now());
    }
    for (const row of rows) if (isParked(row)) expect(await system.entity(row.table, row.id)).toBeUndefined();

    await system.letAllBeDue();
    expect(await system.replay()).toMatchObject({ processed: all, postponed: 0, givenUp: 0 });
    for (const { table, id } of rows) await system.liveEntity(table, id);
    expect(await system.parkedCodes()).toEqual([]);
  });

  test('[F17] a push that is throttled waits as long as Dataverse asks, and nothing is parked', async () => {
    const { faulted } = system.dataverse.stats().webApi;
    system.dataverse.failNext(2, 429, { path: 'accounts(', headers: { 'Retry-After': '1' } });
    const begun = performance.now();
    await system.liveEntity('account', await system.dataverse.create('account', { name: 'throttled' }));
    expect(performance.now() - begun).toBeGreaterThan(2000);
    expect(system.dataverse.stats().webApi.faulted - faulted).toBe(2);
    expect(await system.parkedCodes()).toEqual([]);
  });

  test('a connection that breaks is tried again at once', async () => {
    const { faulted } = system.dataverse.stats().webApi;
    system.dataverse.failNext(2, 'reset', { path: 'contacts(' });
    await system.liveEntity('contact', await system.dataverse.create('contact', { lastname: 'reset' }));
    expect(system.dataverse.stats().webApi.faulted - faulted).toBe(2);
    expect(await system.parkedCodes()).toEqual([]);
  });

  test('[I32] a pull fails for the table concerned only, and the next one brings what it did not', async () => {
    await system.pull();
    const id = await system.dataverse.create('new_shipment', { new_name: 'pulled later' });
    system.dataverse.failNext(ATTEMPTS, 503, { path: 'new_shipments?', headers: { 'Retry-After': '0' } });
    const since = system.log.length;
    await system.run('pull-sync');
    await system.until(
      'the end of the pull',
      () => system.records('pulled', since).length === 5 && system.records('pullFailed', since).length === 1,
    );
    expect(system.records('pullFailed', since)).toMatchObject([{ table: 'new_shipment', code: 'web-api' }]);
    expect(await system.entity('new_shipment', id)).toBeUndefined();

    expect((await system.pull()).get('new_shipment')).toMatchObject({ mode: 'delta', rows: 1, healed: 1 });
    await system.liveEntity('new_shipment', id, { new_name: 'pulled later' });
  });
});

describe('killed', () => {
  test('twice in the middle of a burst over every way: after one complete pull there is no difference', async () => {
    const { dataverse } = system;
    await system.pull();
    const before = dataverse.stats();
    const ended = new AbortController();
    let done = 0;
    const burst = businessDay(dataverse, {
      changes: 10_000,
      seed: 5,
      rate: 80,
      signal: ended.signal,
      onProgress: (now) => (done = now),
    });
    for (let time = 1; time <= 2; time += 1) {
      const [changed, processed] = [done, processedCount()];
      await system.until('more changes, some of them processed and some under way', () => {
        const waiting = Object.values(system.waiting()).some((count) => count > 0);
        return done >= changed + 40 && processedCount() >= processed + 10 && waiting && dataverse.stats().openJobs > 0;
      });
      await crash();
    }
    await system.until('changes after the crashes', () => done >= 150);
    ended.abort();
    await burst;
    await dataverse.drain(120_000);
    // What the dead processes had taken stays locked for a minute, and comes after the pull as well as before it.
    await system.until('an end of what the broker can deliver now', () => {
      const { queues, subscriptions } = system.stack.broker.counts();
      return [...Object.values(queues), ...Object.values(subscriptions)].every(({ active }) => active === 0);
    });
    await system.pull();
    const { rows, differences } = await system.compare();
    expect(differences).toEqual([]);
    expect(rows).toBeGreaterThan(40);
    await emptyParking();
    expect((await system.compare()).differences).toEqual([]);
    // Behind one new row in each of the hub's partitions nothing of the burst is left to come.
    for (let partition = 0; partition < 4; partition += 1) {
      const id = await dataverse.create('opportunity', { name: 'after the burst' });
      await system.liveEntity('opportunity', id);
    }
    expect((await system.compare()).differences).toEqual([]);
    // What was sent to the webhook meanwhile was lost for good: the burst did meet the crashes.
    expect(dataverse.stats().failed).toBeGreaterThan(before.failed);
  });

  test('[F22] in the middle of a reload: no other run works on the table until the lease ends, and then one brings it to its end', async () => {
    const { dataverse } = system;
    const gone = await dataverse.create('new_shipment', { new_name: 'gone' });
    await system.pull();
    await dataverse.delete('new_shipment', gone);
    const made = await dataverse.create('new_shipment', { new_name: 'made' });
    // Only the sweep at the end of a reload can find the delete now; it doesn't come before the app is killed.
    dataverse.expireToken('new_shipment');
    await system.host.stop();
    await system.startApp({ READ_BACK_MAX_AGE_SECONDS: '30' });
    const since = system.log.length;
    await system.run('pull-sync');
    await system.liveEntity('new_shipment', made);
    await crash();
    expect(system.records('pulled', since).map(({ table }) => table)).not.toContain('new_shipment');
    await system.liveEntity('new_shipment', gone);

    expect((await system.pull()).get('new_shipment')).toMatchObject({ mode: 'busy' });
    const leases = BlobServiceClient.fromConnectionString(system.stack.azurite.connectionString);
    const lease = leases.getContainerClient('dvo-leases').getBlobClient('pull-new_shipment').getBlobLeaseClient();
    await lease.breakLease(0);
    expect((await system.pull()).get('new_shipment')).toMatchObject({ mode: 'reload', swept: 1 });
    await system.tombstone('new_shipment', gone);
    expect((await system.compare()).differences).toEqual([]);
  });
});

test('[F19] an access token that Dataverse takes no longer is replaced by a new one', async () => {
  system.dataverse.revokeAccessTokens();
  const id = await system.dataverse.create('account', { name: 'token' });
  await system.dataverse.drain(120_000);
  await system.letAllBeDue();
  if ((await system.parkedCodes()).length > 0) await system.replay();
  expect(await system.parkedCodes()).toEqual([]);
  await system.liveEntity('account', id);
});
