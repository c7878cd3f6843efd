/**
 * Proves, on real Azurite, that a purge says first until when and waits before it removes anything, that a late image then
 * doesn't bring a deleted row back, that it leaves alone whatever changed since, and when it refuses.
 */
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { plainNaming } from '../../shared/lob/tables/layout';
import { TableStore } from '../../shared/lob/tables/table-store';
import { BlobLeases } from '../../shared/sync/blob-leases';
import { GhostFloors } from '../../shared/sync/ghost-floors';
import type { PullState } from '../../shared/sync/pull-state';
import { TablePullStates } from '../../shared/sync/pull-state-store';
import { TombstonePurge } from '../../shared/sync/tombstone-purge';
import { Writer } from '../../shared/writer/writer';
import { RULE, columns, image, missing, row, stamp } from '../writer/changes';
import { ScriptedReader } from '../writer/scripted-reader';

let azurite: Azurite;
let worlds = 0;
let world: ReturnType<typeof makeWorld>;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

function makeWorld() {
  const number = (worlds += 1);
  const clientOf = (name: string): TableClient =>
    TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true });
  const store = new TableStore(clientOf, plainNaming(`lob${number}`));
  const states = new TablePullStates(clientOf(`pull${number}`));
  const leases = new BlobLeases(
    BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(`leases-${number}`),
  );
  const slept: number[] = [];
  /** What happens while a purge waits. */
  const meanwhile: (() => Promise<void>)[] = [];
  const sleep = async (milliseconds: number): Promise<void> => {
    slept.push(milliseconds);
    for (const action of meanwhile) await action();
  };
  return { store, states, leases, slept, meanwhile, purge: new TombstonePurge({ store, states, leases, sleep }) };
}

const LOADED: PullState = {
  kind: 'current',
  tokenFixedOn: 2,
  deltaLink: 'delta',
  again: false,
  lastRun: { begunMs: 1, endedMs: 2, rows: 3 },
};
const LOADING: PullState = { kind: 'loading', journal: { table: 'account', load: 'l' }, first: true, again: false };
const stateOf = async (table: string): Promise<PullState> => (await world.states.read(table)).state;
const SOON = (): number => Date.now() + 60_000;

beforeEach(() => {
  world = makeWorld();
});

/** Tombstones of the rows 1 to `count`. */
async function bury(count: number, table = 'account'): Promise<void> {
  const gone = Array.from({ length: count }, (_, n) => ({
    row: row(n + 1, table),
    expected: undefined,
    stamp: stamp({ deleted: true, latestKnown: 10 }),
    effect: 'clear' as const,
    columns: new Map(),
  }));
  for (const { kind } of await world.store.write(gone)) expect(kind).toBe('written');
}

async function purgeAll(tables: readonly string[], untilMs: number, batch?: number): Promise<readonly number[]> {
  const removed: number[] = [];
  for await (const progress of world.purge.purge(tables, untilMs, batch)) removed.push(progress.removed);
  return removed;
}

test('the ghost floor is raised and known to all before the first tombstone goes; the rest of the state stays', async () => {
  await world.states.write('account', LOADED, undefined);
  await bury(5);
  const untilMs = SOON();
  world.meanwhile.push(async () => {
    expect(await stateOf('account')).toEqual({ ...LOADED, purgedUntil: Math.ceil(untilMs / 1000) });
    expect(await world.purge.count('account', untilMs)).toBe(5);
  });
  expect(await purgeAll(['account'], untilMs, 2)).toEqual([2, 2, 1]);
  expect(world.slept).toEqual([20_000]);
  expect(await world.purge.count('account', untilMs)).toBe(0);
  const lease = await world.leases.acquire('pull-account');
  expect(lease?.held()).toBe(true);
  await lease?.release();
});

test('an earlier purge does not lower it again', async () => {
  const untilMs = SOON();
  await world.states.write('account', LOADED, undefined);
  await purgeAll(['account'], untilMs);
  await purgeAll(['account'], 5000);
  expect(await stateOf('account')).toMatchObject({ purgedUntil: Math.ceil(untilMs / 1000) });
});

test('where nothing was ever loaded there is no ghost floor to raise', async () => {
  await bury(1);
  expect(await purgeAll(['account'], SOON())).toEqual([1]);
  expect(await stateOf('account')).toEqual({ kind: 'new' });
});

test('what was written since it was listed is left alone', async () => {
  await bury(2);
  const back = async (): Promise<void> => {
    const [expected] = await world.store.read([row(1)]);
    const write = { row: row(1), expected, stamp: stamp({ version: 9n }), columns: columns({ name: 'back' }) };
    await world.store.write([{ ...write, effect: 'snapshot' }]);
  };
  const removed: number[] = [];
  for await (const progress of world.purge.purge(['account'], SOON(), 1000, back)) removed.push(progress.removed);
  expect(removed).toEqual([1]);
  expect((await world.store.read([row(1), row(2)])).map((stored) => stored?.stamp.version)).toEqual([9n, undefined]);
});

test('[I37] a late image of a row whose tombstone was purged is read back, not written', async () => {
  await world.states.write('account', LOADED, undefined);
  await bury(1);
  await purgeAll(['account'], SOON());
  const reader = new ScriptedReader(() => missing());
  const floors = new GhostFloors(world.states, { margin: RULE.margin, lifetimeMs: 2000 });
  const writer = new Writer(world.store, reader, { rule: RULE, ghostFloorOf: (table) => floors.of(table) });
  const late = image({ at: Math.floor(Date.now() / 1000) - 30 * 24 * 3600 });
  expect(await writer.process([late])).toMatchObject([{ kind: 'processed', verdict: 'readBack' }]);
  expect(reader.gets).toEqual([row(1).id]);
  expect((await world.store.read([row(1)]))[0]?.stamp.deleted).toBe(true);
});

describe('it refuses, and removes nothing of any table', () => {
  test.each<readonly [string, PullState, RegExp]>([
    ['a load that is under way', LOADING, /account was purged: its last load or run/],
    [
      'a run that is to be gone on with',
      { ...LOADED, kind: 'catchingUp', next: { link: 'n', begunOn: 1 } },
      /its last load or run/,
    ],
    ['a load that is due once more', { ...LOADED, again: true }, /its last load or run/],
  ])('%s', async (_what, state, why) => {
    await world.states.write('account', state, undefined);
    await bury(1, 'contact');
    await bury(1);
    await expect(purgeAll(['contact', 'account'], SOON())).rejects.toMatchObject({
      code: 'purge-refused',
      message: expect.stringMatching(why),
    });
    expect([await world.purge.count('contact', SOON()), await world.purge.count('account', SOON())]).toEqual([1, 1]);
    expect(await stateOf('account')).toEqual(state);
  });

  test('a run that is pulling just now', async () => {
    await bury(1);
    const lease = await world.leases.acquire('pull-account');
    await expect(purgeAll(['account'], SOON())).rejects.toMatchObject({ code: 'purge-refused' });
    expect(lease?.held()).toBe(true);
    await lease?.release();
    expect(await purgeAll(['account'], SOON())).toEqual([1]);
  });
});
