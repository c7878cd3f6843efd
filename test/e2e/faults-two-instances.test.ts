/**
 * Proves that two instances of the app, which share nothing but the store, keep the promise that one keeps: rows that
 * change many times within seconds reach both in any order, by webhook, queue, topic and hub, while both pull, the store
 * is slow and one of them is killed; and deletions that arrive before the creations leave nothing that comes back.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitingMessages } from '../../local/faults/under-way';
import { Attacked } from './attacked';
import { PUSHED, type System } from './system';

let attacked: Attacked;

beforeAll(async () => {
  attacked = await Attacked.start(41, { twoInstances: true });
});
afterAll(() => attacked.stop());

/** Tables that come by webhook, queue, topic and hub, each with a column of a row. */
const HOT = { account: 'name', contact: 'lastname', lead: 'lastname', opportunity: 'name' } as const;
type Table = keyof typeof HOT;

const create = (table: Table, text: string): Promise<string> =>
  attacked.system.dataverse.create(table, { [HOT[table]]: text });

/** So many rows of each table, each changed so many times. */
async function changeOverAndOver({ rows, times }: { readonly rows: number; readonly times: number }): Promise<void> {
  const { dataverse } = attacked.system;
  const each = (Object.keys(HOT) as Table[]).flatMap((table) => Array.from({ length: rows }, () => table));
  const hot = await Promise.all(each.map(async (table) => ({ table, id: await create(table, 'new') })));
  for (let time = 0; time < times; time += 1) {
    for (const { table, id } of hot) await dataverse.update(table, id, { [HOT[table]]: `time ${time}` });
    await sleep(200);
  }
}

test('[I1 A7 F1 F2 F31 F33] hot rows: both instances write them at once, and one dies and comes back', async () => {
  const { instances, rig, system } = attacked;
  const [, second] = instances;
  await rig.route('tables').set({ kind: 'latency', ms: 5, jitterMs: 50 });
  rig.overtaking.share = 0.5;
  system.dataverse.disturb({ duplicate: 0.2, reorder: 0.4, reorderMs: 2500, seed: 41 });
  await attacked.amid(async () => {
    await changeOverAndOver({ rows: 3, times: 15 });
    const changing = changeOverAndOver({ rows: 3, times: 30 });
    second?.host.kill();
    expect(await second?.host.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await sleep(1000);
    await attacked.startApp(second);
    await changing;
    // Writers met, and each instance had a part in it by every way; on a busy machine that takes longer.
    const hadPart = (instance: System): boolean =>
      PUSHED.every((way) => instance.records('processed').some(({ source }) => source === way));
    while (rig.overtaking.overtaken <= 10 || !instances.every(hadPart)) await changeOverAndOver({ rows: 3, times: 5 });
  });
  await rig.lift();
  system.dataverse.disturb({});
  await attacked.expectPromiseKept();
});

test('[I10 I11 F2] deletions that overtake the creations of their rows: no late image brings one back', async () => {
  const { instances, rig, system } = attacked;
  const { dataverse } = system;
  await system.until(
    'an image that is written without a read, since its row is younger than the last load',
    async () => {
      const since = instances.map(({ log }) => log.length);
      await create('contact', 'stays');
      await attacked.untilIdle();
      return instances.some((instance, at) => instance.verdicts('service-bus-queue', since[at]).replaced === 1);
    },
  );
  dataverse.disturb({ reorder: 1, reorderMs: 3_600_000, seed: 43 });
  const ids = await Promise.all(Array.from({ length: 30 }, (_, row) => create('contact', `goes ${row}`)));
  dataverse.disturb({});
  for (const id of ids) await dataverse.delete('contact', id);
  const areProcessed = (): boolean => {
    const deletions = dataverse.jobs().filter(({ message, rowId }) => message === 'Delete' && ids.includes(rowId));
    return deletions.every(({ status }) => status === 'succeeded') && waitingMessages(system.stack) === 0;
  };
  await system.until('all deletions being processed', areProcessed);
  await rig.deletionsProcessed();
  // All creations are still to come.
  expect(dataverse.stats().openJobs).toBeGreaterThanOrEqual(ids.length);
  dataverse.hurry();
  await attacked.expectPromiseKept();
});
