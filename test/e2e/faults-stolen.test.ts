/**
 * Proves that losing what it held costs the app nothing: locks of messages, partitions of the hub, leases of pulls, and
 * the whole store, stopped in the middle of everything and started again on its data. Duplicated, held back and dropped
 * deliveries come on top.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { stealPartitions } from '../../local/faults/attack';
import { behindInHub, waitingMessages } from '../../local/faults/under-way';
import { Attacked } from './attacked';

let attacked: Attacked;

beforeAll(async () => {
  attacked = await Attacked.start(37);
});
afterAll(() => attacked.stop());

const messages = (): number => waitingMessages(attacked.system.stack);

test('[F36] locks of messages are lost while the store is slow: others may have them already', async () => {
  const { rig, system } = attacked;
  const { broker } = system.stack;
  await attacked.amid(async () => {
    await rig.route('tables').set({ kind: 'latency', ms: 300, jitterMs: 300 });
    for (let times = 0; times < 5; times += 1) {
      await system.until('messages that are being handled', () => messages() > 0);
      broker.expireLocks();
      await sleep(300);
    }
    await rig.lift();
  });
  await attacked.expectPromiseKept();
});

test('the partitions of the hub are stolen by a reader with a higher epoch, which leaves again', async () => {
  const { system } = attacked;
  const leaves = new AbortController();
  await attacked.amid(async () => {
    const stolen = stealPartitions(system.stack, 60_000, leaves.signal);
    // More than it is ever behind by itself.
    await system.until('events that the app does not get', async () => (await behindInHub(system.stack)) >= 10);
    leaves.abort();
    await stolen;
  });
  await attacked.expectPromiseKept();
});

test('[F34] the leases of pulls are taken away while they run', async () => {
  const { rig, system } = attacked;
  let taken = 0;
  await attacked.amid(async () => {
    await system.until('five leases taken', async () => (taken += await rig.stealLeases()) >= 5);
  });
  await attacked.expectPromiseKept();
});

test('the store is stopped and started again on its data', async () => {
  const { azurite } = attacked.system.stack;
  await attacked.amid(async () => {
    await sleep(500);
    await azurite.stop();
    await sleep(4000);
    await azurite.startAgain();
  });
  await attacked.expectPromiseKept();
});

test('[I1 F1 F2 F3] killed again and again while the network fails and deliveries are duplicated, held back and dropped', async () => {
  const { rig, system } = attacked;
  system.dataverse.disturb({ duplicate: 0.2, reorder: 0.2, drop: 0.1, seed: 37 });
  await rig.route('tables').set({ kind: 'reset', afterBytes: 50_000 });
  await rig.route('webApi').set({ kind: 'cut', afterBytes: 50_000 });
  await rig.route('broker').set({ kind: 'latency', ms: 20, jitterMs: 100 });
  for (const point of ['row-write:done-unanswered', 'transaction:done-unanswered', 'checkpoint:before'] as const)
    await attacked.killedAt(point);
  await rig.lift();
  system.dataverse.disturb({});
  await attacked.expectPromiseKept();
  expect(system.dataverse.stats()).not.toMatchObject({ duplicated: 0, reordered: 0, dropped: 0 });
});
