/**
 * Proves through the real app, the broker and the simulator that users of Dataverse and clerks of a LOB system can change the same
 * rows at once, with messages that come twice and overtake each other: both sides agree at the end, and no change goes round.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join, resolve } from 'node:path';
import { BothWays } from '../../local/day/both-ways';
import { businessDay } from '../../local/day/business';
import { compare } from '../../local/day/comparison';
import { Figures } from '../../local/day/figures';
import { mappingSettings, readMapping } from '../../local/day/mapping';
import { builtFolder } from '../build-once';
import { System } from './system';

const ROOT = resolve(__dirname, '../..');
const TABLES = ['account', 'contact'];
const figures = new Figures();
const { signal } = new AbortController();

let system: System;
let bothWays: BothWays;
let taken = 0;

beforeAll(async () => {
  system = await System.start(null, { inbound: {} });
  const dvo = join(await builtFolder(), 'dist/tools/dvo/dvo.js');
  bothWays = new BothWays(system.stack, mappingSettings(ROOT), ROOT, figures, dvo);
  await bothWays.open({ changes: 40, rate: 80, seed: 5, duplicate: 0.3, reorder: 0.3, signal });
  await system.startApp({ ...bothWays.settings, REPLAY_SCHEDULE: '*/2 * * * * *' });
});
afterAll(async () => {
  await bothWays.close();
  await system.stop();
});

/** Figures as the log has them by now. */
function look(): void {
  for (const record of system.log.slice(taken)) figures.take(record);
  taken = system.log.length;
}

async function handled(): Promise<void> {
  const { dataverse, broker } = system.stack;
  await dataverse.drain(60_000);
  await system.until('everything handled', () => {
    look();
    const queues = Object.values(broker.counts().queues);
    const waiting = queues.reduce((sum, { active, locked, scheduled }) => sum + active + locked + scheduled, 0);
    return waiting === 0 && figures.pushesHandled >= dataverse.stats().delivered;
  });
}

test('both sides agree, and no change goes round', async () => {
  const { dataverse } = system;
  const steps = TABLES.flatMap((table) =>
    ['Create', 'Update', 'Delete'].map((message) => ({ table, message, mode: 'async' as const })),
  );
  const crossings = await system.pushingSteps('service-bus-queue', steps, async () => {
    const users = { changes: 150, rate: 400, seed: 5, alsoOf: dataverse.applicationUserId, signal };
    await Promise.all([businessDay(dataverse, { ...users, onProgress: () => undefined }), bothWays.work()]);
    await handled();
    // Columns of the LOB system: what it gave is put back.
    const ofClerks = [...dataverse.rows('account')].filter(({ columns }) => columns.new_lobid !== null);
    for (const { id } of ofClerks) await dataverse.update('account', id, { address1_city: 'Nowhere' });
    return bothWays.check(handled, async () => {
      await system.pull();
      look();
    });
  });
  const { ledger, clerks, written, loops, echoes, parked } = crossings;
  expect(ledger.differences).toEqual([]);
  expect(ledger.columnsCompared).toBeGreaterThan(50);
  expect(clerks).toEqual({ changes: 40, messages: expect.any(Number) });
  expect(clerks.messages).toBeGreaterThan(45);
  // A change crosses once; one that others have superseded need not.
  expect(written).toBeLessThanOrEqual(clerks.changes + crossings.restorings);
  expect(written).toBeGreaterThan(20);
  expect(crossings.restorings).toBeGreaterThan(0);
  expect(echoes).toBeGreaterThan(20);
  expect({ loops, parked }).toEqual({ loops: 0, parked: 0 });
  const { lobPlace } = system.stack;
  const check = await compare(dataverse, lobPlace, TABLES, [], { mapping: readMapping(bothWays.mapped) });
  expect(check.differences).toEqual([]);
});
