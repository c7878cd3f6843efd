/** Proves that nothing can hang the fault day: each fault ends, or is given up, in time. */
import { afterEach, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../../local/broker/broker';
import { attack, stealPartitions, type AppUnderAttack } from '../../local/faults/attack';
import type { FaultRig } from '../../local/faults/rig';
import { BUS, type Stack } from '../../local/stack/stack';
import { eventually } from '../eventually';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Whether it is over in time. */
const ends = (doing: Promise<unknown>): Promise<boolean> =>
  Promise.race([doing.then(() => true), sleep(10_000, false, { ref: false })]);

test('a thief leaves a broker that never answers', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  expect(await ends(stealPartitions({ broker: { port } }, 100))).toBe(true);
});

test('a thief takes the partitions and leaves, also when its connection is lost meanwhile', async () => {
  const broker = await startBroker({
    hubs: { [BUS.hub]: { partitions: BUS.partitions, consumerGroups: [BUS.group] } },
  });
  closing.push(() => broker.close());
  const readers = (): number | undefined => broker.counts().hubs[BUS.hub]?.readers;
  for (const isLost of [false, true]) {
    const leaves = new AbortController();
    const theft = stealPartitions({ broker }, 60_000, leaves.signal);
    await eventually(() => readers() === BUS.partitions, 'the theft of all partitions');
    if (isLost) broker.dropConnections();
    if (isLost) await sleep(100);
    leaves.abort();
    expect(await ends(theft)).toBe(true);
    await eventually(() => readers() === 0, 'the end of the theft');
  }
});

test('what takes too long is named, and ends the attack', async () => {
  const rig = { stealLeases: () => new Promise<number>(() => undefined) } as unknown as FaultRig;
  const system = { rig, stack: {} as Stack, app: {} as AppUnderAttack };
  const attacked = attack([{ kind: 'leasesStolen' }], system, new AbortController().signal, () => undefined, 50);
  await expect(Promise.race([attacked, sleep(10_000, [], { ref: false })])).rejects.toThrow(
    'Not done after 0.05 s: the leases of all pulls stolen.',
  );
});
