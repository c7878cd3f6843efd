/**
 * Proves, on real Azurite, that `dvo tombstones` counts what is there, asks, says what it removed, and refuses what isn't
 * safe. That purging itself is safe: test/sync/tombstone-purge.test.ts and the simulation.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { purgeTombstones, type Purging } from '../../../tools/dvo/store/tombstones-purge';
import { startAzurite, type Azurite } from '../../../local/storage/azurite';
import { plainNaming } from '../../../shared/lob/tables/layout';
import { TableStore } from '../../../shared/lob/tables/table-store';
import type { TombstonePurge } from '../../../shared/sync/tombstone-purge';
import { eventually } from '../../eventually';
import { row, stamp } from '../../writer/changes';
import { dvo, TestTerminal } from './terminal';

let azurite: Azurite;
const saved = { ...process.env };

beforeAll(async () => {
  azurite = await startAzurite();
  Object.assign(process.env, {
    AzureWebJobsStorage: azurite.connectionString,
    LOB_STORAGE: azurite.connectionString,
    SYNC_TABLES: 'account,contact',
  });
  const store = new TableStore(
    (name) => TableClient.fromConnectionString(azurite.connectionString, name, { allowInsecureConnection: true }),
    plainNaming(''),
  );
  const write = { expected: undefined, columns: new Map() };
  await store.write([
    ...[1, 2, 3].map((n) => ({ ...write, row: row(n), stamp: stamp({ deleted: true }), effect: 'clear' as const })),
    { ...write, row: row(4), stamp: stamp(), effect: 'snapshot' },
    { ...write, row: row(5), stamp: stamp(), effect: 'hide' },
  ]);
});
afterAll(async () => {
  process.env = saved;
  await azurite.stop();
});

describe('dvo tombstones list', () => {
  test('of all tables, or of some; none is old yet', async () => {
    const listed = { code: 0, out: '3  account\n0  contact\n3 tombstones\n', err: '' };
    // Those of this very second don't count yet.
    await eventually(async () => (await dvo(['tombstones', 'list'])).out.startsWith('3'), 'the next second');
    expect(await dvo(['tombstones', 'list'])).toEqual(listed);
    expect((await dvo(['tombstones', 'list', 'contact'])).out).toBe('0  contact\n0 tombstones\n');
    expect((await dvo(['tombstones', 'list', '--older-than', '1d'])).out).toMatch(/^0 {2}account$/m);
  });

  test('a table that is not kept in step', async () => {
    const { code, err } = await dvo(['tombstones', 'list', 'acount']);
    expect([code, err]).toEqual([64, expect.stringContaining('acount: neither in SYNC_TABLES nor')]);
  });
});

describe('dvo tombstones purge', () => {
  test.each([
    [[], /required option '--older-than/],
    [['--older-than', '23h'], /at least 24h \(docs\/store\.md explains why\)/],
    [['--older-than', 'long'], /time span such as/],
  ])('called wrongly: %j', async (args, why) => {
    const { code, err } = await dvo(['tombstones', 'purge', ...args]);
    expect([code, err]).toEqual([64, expect.stringMatching(why)]);
  });

  test('without a Web API it refuses, and says why', async () => {
    delete process.env.DATAVERSE_URL;
    process.env.UNPROVABLE_ORDER = 'apply';
    const { code, err } = await dvo(['tombstones', 'purge', '--older-than', '90d', '--yes']);
    expect([code, err]).toEqual([
      64,
      expect.stringMatching(/DATAVERSE_URL is not set: without the Web API, only its tombstone/),
    ]);
  });

  /** A purge that is told what it finds. */
  const purging = (failsAfter?: number) => {
    const asked: unknown[] = [];
    const tombstones: Pick<TombstonePurge, 'count' | 'purge'> = {
      count: (table) => Promise.resolve(table === 'account' ? 3 : 1),
      async *purge(tables, untilMs, batch) {
        asked.push([tables, untilMs, batch]);
        for (const table of tables) {
          if (asked.push(table) - 1 === failsAfter) throw new Error('The store is away.');
          yield await Promise.resolve({ table, removed: 1 });
        }
      },
    };
    const run = async (
      more: Partial<Purging>,
      answer?: string,
      terminal = new TestTerminal(answer === undefined ? {} : { answer }),
    ): Promise<TestTerminal> => {
      await purgeTombstones(terminal, tombstones, { tables: ['account', 'contact'], untilMs: 7, ...more });
      return terminal;
    };
    return { asked, run };
  };

  test('--dry-run counts and removes nothing', async () => {
    const { asked, run } = purging();
    expect((await run({ dryRun: true })).text).toBe('3  account\n1  contact\n4 tombstones\n');
    expect(asked).toEqual([]);
  });

  test('asks, and says how many went of which', async () => {
    const { asked, run } = purging();
    await expect(run({}, 'n')).rejects.toThrow('Nothing was done.');
    await expect(run({})).rejects.toThrow('pass --yes');
    expect(asked).toEqual([]);
    const terminal = await run({}, 'y');
    expect(terminal.questions).toEqual(['Remove these 4 tombstones for good? [y/N] ']);
    expect(terminal.text).toMatch(/^removed 2 \(account 1, contact 1\)$/m);
    expect((await run({ yes: true })).questions).toEqual([]);
  });

  test('a rate: so many in a batch that none of them waits long', async () => {
    const { asked, run } = purging();
    await run({ yes: true, rate: 20 });
    expect(asked[0]).toEqual([['account', 'contact'], 7, 20]);
  });

  test('it fails in the middle: what went is said', async () => {
    const { run } = purging(2);
    const terminal = new TestTerminal();
    await expect(run({ yes: true }, undefined, terminal)).rejects.toThrow('The store is away.');
    expect(terminal.text).toMatch(/^removed 1 \(account 1\)$/m);
  });
});
