/**
 * Proves the promise: whatever was duplicated, reordered, dropped, delayed past a pull, rolled back, raced or killed, after
 * one complete pull the store equals Dataverse; what arrives later doesn't change that; and no deleted row comes back.
 *
 * The argument: each test runs thousands of schedules of the real writer and the real pull over a store with real
 * compare-and-swap; the only judge is a plain comparison of both sides. fast-check prints seed and schedule of a failure.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowAddress } from '../../shared/change/row-change';
import type { Rule } from '../../shared/writer/decide';
import type { ColumnRule } from '../../shared/mapping/column-rule';
import { DEFAULT_MAPPING, tableLookup } from '../../shared/mapping/mapping';
import { TableMapping } from '../../shared/mapping/table-mapping';
import { RULE, STRICT } from './changes';
import { MemoryStore } from './memory-store';
import { IDS, TABLES } from './simulated-dataverse';
import { Simulation, type Command, type SimulationOptions } from './simulation';

const table = fc.constantFrom(TABLES[0], TABLES[0], TABLES[1]);
const instance = fc.constantFrom(0 as const, 1 as const);
/** Most of what happens, happens to one row. */
const anyRow: fc.Arbitrary<RowAddress> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ table: TABLES[0], id: IDS[0] ?? '' }) },
  { weight: 1, arbitrary: fc.record({ table, id: fc.constantFrom(...IDS) }) },
);
const push = fc.constantFrom('patch' as const, 'patch' as const, 'image' as const, 'hint' as const, 'none' as const);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      row: anyRow,
      names: fc.constantFrom(['a'], ['b'], ['a', 'b']),
      back: fc.constantFrom(0, 0, 0, 0, 1, 2, 8),
      push,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), row: anyRow, late: fc.nat({ max: 1 }), push }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollBack' as const), row: anyRow }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      which: fc.nat({ max: 20 }),
      count: fc.constantFrom(1, 1, 2, 3),
      to: instance,
      keep: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pull' as const), table, by: instance }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), seconds: fc.constantFrom(1, 1, 1, 2, 3, 9, 20) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('loseLease' as const), table }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expireTokens' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), which: instance }) },
);

const schedule = fc.record({
  seed: fc.nat(),
  commands: fc.array(command, { minLength: 3, maxLength: 40, size: 'max' }),
  lastPullBy: instance,
});

interface Schedule {
  readonly seed: number;
  readonly commands: readonly Command[];
  readonly lastPullBy: 0 | 1;
}

type Setting = Pick<SimulationOptions, 'rule' | 'makeStore' | 'mapping' | 'remapped'>;

/** Number of the last change that the stored columns of a row contain. */
const revOf = (store: MemoryStore, row: RowAddress): number | undefined => {
  const rev = store.columnsOf(row)?.get('rev');
  return rev?.kind === 'integer' ? rev.value : undefined;
};

/**
 * Watches the store as a reader would. Always: a row that was a tombstone is live again only with something newer than
 * it ever showed. In strict mode no row ever goes back.
 */
function watch(rule: Rule): {
  readonly onWritten: (row: RowAddress, store: MemoryStore) => void;
  readonly faults: string[];
} {
  const newest = new Map<string, number>();
  const tombstones = new Set<string>();
  const faults: string[] = [];
  const onWritten = (row: RowAddress, store: MemoryStore): void => {
    const key = `${row.table}/${row.id}`;
    const rev = revOf(store, row);
    const most = newest.get(key) ?? 0;
    if (rev !== undefined && tombstones.has(key) && rev <= most)
      faults.push(`${key} came back as ${rev} after ${most} was deleted`);
    if (rule.mode === 'strict' && rev !== undefined && rev < most)
      faults.push(`${key} went back from ${most} to ${rev}`);
    if (rev === -1) faults.push(`${key} shows what was rolled back`);
    if (store.stampOf(row)?.gone === true) tombstones.add(key);
    else tombstones.delete(key);
    newest.set(key, Math.max(most, rev ?? 0));
  };
  return { onWritten, faults };
}

async function faultsOf({ seed, commands, lastPullBy }: Schedule, setting: Setting): Promise<string[]> {
  const watcher = watch(setting.rule);
  const simulation = new Simulation({ ...setting, seed, onWritten: watcher.onWritten });
  await simulation.run(commands);
  simulation.dataverse.clock += 1;
  await simulation.pullAll(lastPullBy);
  const afterPull = simulation.differences().map((difference) => `after the pull: ${difference}`);
  await simulation.deliverTheRest();
  const afterRest = simulation.differences().map((difference) => `after late deliveries: ${difference}`);
  return [...watcher.faults, ...afterPull, ...afterRest];
}

const converges = (setting: Setting) =>
  fc.asyncProperty(schedule, async (of) => {
    expect(await faultsOf(of, setting)).toEqual([]);
  });

/** The same, with another mapping at some moment. */
const convergesRemapped = (setting: Setting) =>
  fc.asyncProperty(schedule, fc.nat({ max: 40 }), async (of, at) => {
    const commands = of.commands.toSpliced(at, 0, { kind: 'remap' });
    expect(await faultsOf({ ...of, commands }, setting)).toEqual([]);
  });

const makeStore = (now: () => number): MemoryStore => new MemoryStore(now);

describe('after one complete pull the store equals Dataverse', () => {
  test('default mode', async () => {
    await fc.assert(converges({ rule: RULE, makeStore }), { numRuns: 6000 });
  }, 60_000);

  test('strict mode, where no row ever shows an older state than before', async () => {
    await fc.assert(converges({ rule: STRICT, makeStore }), { numRuns: 5000 });
  }, 60_000);
});

/** Rows leave this filter and come back, by a column that isn't stored; another one is renamed. */
const FILTERED = new TableMapping(
  TABLES[0],
  {
    columns: new Map<string, ColumnRule>([
      ['a', { drop: true }],
      ['b', { to: 'B' }],
    ]),
    filter: [{ column: 'a', op: 'isNull', isNull: false }],
  },
  { hash: String, languages: [], newColumns: 'backfill' },
);
const mapping = { tableOf: tableLookup(new Map([[TABLES[0], FILTERED]])) };

describe('after one complete pull the store equals the rows of Dataverse that meet the filter', () => {
  test('default mode', async () => {
    await fc.assert(converges({ rule: RULE, makeStore, mapping }), { numRuns: 5000 });
  }, 60_000);

  test('strict mode, where no row ever shows an older state than before', async () => {
    await fc.assert(converges({ rule: STRICT, makeStore, mapping }), { numRuns: 3000 });
  }, 60_000);
});

describe('after a change of the mapping and one complete load the store equals what the new one shows', () => {
  test.each([
    ['a filter comes', { remapped: mapping }],
    ['a filter goes', { mapping, remapped: DEFAULT_MAPPING }],
  ])(
    '%s',
    async (_what, mappings) => {
      await fc.assert(convergesRemapped({ rule: RULE, makeStore, ...mappings }), { numRuns: 2000 });
    },
    60_000,
  );
});

describe('the judge bites', () => {
  /** Writes whatever the stored row is by now. */
  class NoCompare extends MemoryStore {
    protected override isAsExpected(): boolean {
      return true;
    }
  }

  /** Forgets deleted rows instead of keeping a tombstone. */
  class NoTombstones extends MemoryStore {
    override async write(writes: Parameters<MemoryStore['write']>[0]): ReturnType<MemoryStore['write']> {
      const outcomes = await super.write(writes);
      for (const { row, stamp } of writes) if (stamp.gone) this.rows.delete(`${row.table}/${row.id}`);
      return outcomes;
    }
  }

  test.each([
    ['a store without compare-and-swap', NoCompare],
    ['a store without tombstones', NoTombstones],
  ])(
    '%s is found out',
    async (_what, Store) => {
      const setting = { rule: RULE, makeStore: (now: () => number) => new Store(now) };
      const { failed } = await fc.check(converges(setting), { numRuns: 3000, endOnFailure: true });
      expect(failed).toBe(true);
    },
    60_000,
  );

  /** A sweep doesn't meet hidden rows. */
  class SweepsOnlyShown extends MemoryStore {
    override async *liveRows(of: string): ReturnType<MemoryStore['liveRows']> {
      for await (const page of super.liveRows(of)) yield page.filter(({ stored }) => !stored.hidden);
    }
  }

  test('a store whose sweep passes hidden rows by is found out: a late image brings a deleted row back', async () => {
    const row: RowAddress = { table: TABLES[0], id: IDS[0] ?? '' };
    const write = { kind: 'write', row, back: 0, push: 'image' } as const;
    const pull = { kind: 'pull', table: TABLES[0], by: 0 } as const;
    const tick = { kind: 'tick', seconds: 20 } as const;
    const settle = { kind: 'step', count: 1000 } as const;
    const commands: Command[] = [
      ...[{ ...write, names: ['b'], push: 'none' } as const, pull, settle, tick],
      ...[{ ...write, names: ['a'] } as const, { kind: 'delete', row, late: 0, push: 'none' } as const],
      ...[{ kind: 'expireTokens' } as const, tick],
    ];
    const of = (Store: typeof MemoryStore): Setting => ({ rule: RULE, makeStore: (now) => new Store(now), mapping });
    const fixed: Schedule = { seed: 1, commands, lastPullBy: 0 };
    expect(await faultsOf(fixed, of(MemoryStore))).toEqual([]);
    expect(await faultsOf(fixed, of(SweepsOnlyShown))).toEqual([expect.stringMatching(/^after late deliveries/)]);
  });
});
