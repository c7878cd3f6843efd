/**
 * Proves what the writer adds to the rule: how many round trips each case costs, that changes of a row that wait together
 * become one write, that a lost race is decided again, that a read-back lands only under the entity tag known before it
 * was sent and is never shared with a change that came after, and that one row's failure is that row's alone.
 */
import { describe, expect, test } from '@jest/globals';
import type { RowChange } from '../../shared/change/row-change';
import { codeOf } from '../../shared/errors/errors';
import { OrderUnprovable, Writer, type ChangeResult, type WriterOptions } from '../../shared/writer/writer';
import {
  RULE,
  columns,
  eventDelete,
  found,
  unconfirmed,
  image,
  missing,
  patch,
  pulledDelete,
  pulledRow,
  row,
} from './changes';
import { MemoryStore } from './memory-store';
import { ScriptedReader, gate, settleDown } from './scripted-reader';

interface World {
  readonly store: MemoryStore;
  readonly reader: ScriptedReader;
  readonly writer: Writer;
  /** Another instance of the app: same store, same Web API, a cache of its own. */
  readonly other: Writer;
}

function world(options: Partial<WriterOptions> = {}, withReader = true): World {
  const store = new MemoryStore(() => 2_000_000);
  const reader = new ScriptedReader();
  const make = (): Writer => new Writer(store, withReader ? reader : undefined, { rule: RULE, ...options });
  return { store, reader, writer: make(), other: make() };
}

/** How each change ended, in a word: its verdict, or the code of its failure. */
const ends = (results: readonly ChangeResult[]): string[] =>
  results.map((result) => (result.kind === 'processed' ? result.verdict : codeOf(result.error)));

/** Stores the rows as pulled: version 200, base 1025, seen 1040. */
const SEEN = 1040;
const later = (n = 1): number => SEEN + n;
/** As an association's link is addressed. */
const LINK = { table: 'accountleads_association', id: `${row(1).id}_${row(2).id}` };

const stored = (count = 1): RowChange[] =>
  Array.from({ length: count }, (_, n) =>
    pulledRow({ row: row(n + 1), columns: columns({ name: 'old', city: 'Oslo' }) }),
  );

describe('round trips of each case', () => {
  interface Cost {
    readonly reads: number;
    readonly writes: number;
    readonly calls: number;
    readonly gets: number;
  }
  const cost = (reads: number, writes: number, calls: number, gets: number): Cost => ({ reads, writes, calls, gets });
  const many = (make: (n: number) => RowChange, count = 100): RowChange[] =>
    Array.from({ length: count }, (_, n) => make(n));

  const cases: readonly {
    readonly name: string;
    readonly before?: readonly RowChange[];
    readonly cold?: boolean;
    readonly expectNothing?: boolean;
    readonly floor?: number;
    readonly changes: readonly RowChange[];
    readonly ends: string;
    readonly cost: Cost;
  }[] = [
    {
      name: 'cold patch',
      before: stored(),
      cold: true,
      changes: [patch({ at: later() })],
      ends: 'merged',
      cost: cost(1, 1, 1, 0),
    },
    { name: 'warm patch', before: stored(), changes: [patch({ at: later() })], ends: 'merged', cost: cost(0, 1, 1, 0) },
    {
      name: 'warm image',
      before: stored(),
      changes: [image({ at: later() })],
      ends: 'replaced',
      cost: cost(0, 1, 1, 0),
    },
    {
      name: 'association, cold',
      changes: [image({ row: LINK, isTrusted: false })],
      ends: 'readBack',
      cost: cost(1, 1, 1, 1),
    },
    {
      name: 'warm duplicate',
      before: [...stored(), patch({ at: later() })],
      changes: [patch({ at: later() })],
      ends: 'duplicate',
      cost: cost(0, 0, 0, 0),
    },
    {
      name: 'cold duplicate',
      before: [...stored(), patch({ at: later() })],
      cold: true,
      changes: [patch({ at: later() })],
      ends: 'duplicate',
      cost: cost(1, 0, 0, 0),
    },
    { name: 'warm stale', before: stored(), changes: [patch({ at: 1 })], ends: 'stale', cost: cost(0, 0, 0, 0) },
    {
      name: 'unprovable patch, warm',
      before: stored(),
      changes: [patch({ at: SEEN, isTrusted: false })],
      ends: 'readBack',
      cost: cost(0, 1, 1, 1),
    },
    {
      name: 'image of an unknown row, after the ghost floor of its table',
      floor: 1019,
      changes: [image({ at: 1020 })],
      ends: 'replaced',
      cost: cost(1, 1, 1, 0),
    },
    {
      name: 'image of an unknown row, not after the ghost floor',
      floor: 1020,
      changes: [image({ at: 1020 })],
      ends: 'readBack',
      cost: cost(1, 1, 1, 1),
    },
    {
      name: 'patch of an unknown row, after the ghost floor',
      floor: 0,
      changes: [patch({ at: 1020 })],
      ends: 'readBack',
      cost: cost(1, 1, 1, 1),
    },
    { name: 'patch of an unknown row', changes: [patch()], ends: 'readBack', cost: cost(1, 1, 1, 1) },
    {
      name: 'delete of a stored row, warm',
      before: stored(),
      changes: [eventDelete({ at: later() })],
      ends: 'readBack',
      cost: cost(0, 1, 1, 1),
    },
    { name: 'delete of an unknown row', changes: [eventDelete()], ends: 'deleted', cost: cost(1, 1, 1, 0) },
    {
      name: 'delete of a deleted row, warm',
      before: [eventDelete()],
      changes: [eventDelete({ key: 'k2' })],
      ends: 'touched',
      cost: cost(0, 1, 1, 0),
    },
    { name: 'unconfirmed, warm', before: stored(), changes: [unconfirmed()], ends: 'readBack', cost: cost(0, 1, 1, 1) },
    { name: 'pulled row, unknown', changes: [pulledRow()], ends: 'applied', cost: cost(1, 1, 1, 0) },
    {
      name: 'pulled row, first load',
      expectNothing: true,
      changes: [pulledRow()],
      ends: 'applied',
      cost: cost(0, 1, 1, 0),
    },
    {
      name: 'pulled row, first load, stored after all',
      before: stored(),
      cold: true,
      expectNothing: true,
      changes: stored(),
      ends: 'contained',
      cost: cost(1, 1, 1, 0),
    },
    {
      name: 'pulled row, known and contained',
      before: stored(),
      changes: stored(),
      ends: 'contained',
      cost: cost(0, 0, 0, 0),
    },
    {
      name: 'pulled row, known, its kept columns are others now',
      before: stored(),
      changes: [pulledRow()],
      ends: 'refreshed',
      cost: cost(0, 1, 1, 0),
    },
    {
      name: 'pulled delete of a row written before the run',
      before: stored(),
      changes: [pulledDelete({ runBegin: 3000 })],
      ends: 'deleted',
      cost: cost(0, 1, 1, 0),
    },
    {
      name: 'ten patches of one row, cold',
      before: stored(),
      cold: true,
      changes: many((n) => patch({ key: `k${n}`, at: later(n + 1) }), 10),
      ends: 'merged',
      cost: cost(1, 1, 1, 0),
    },
    {
      name: 'ten unprovable patches of one row, cold',
      changes: many((n) => patch({ key: `k${n}` }), 10),
      ends: 'readBack',
      cost: cost(1, 1, 1, 1),
    },
    {
      name: '100 rows, warm',
      before: stored(100),
      changes: many((n) => patch({ row: row(n + 1), at: later() })),
      ends: 'merged',
      cost: cost(0, 100, 1, 0),
    },
    {
      name: '100 rows, cold',
      before: stored(100),
      cold: true,
      changes: many((n) => patch({ row: row(n + 1), at: later() })),
      ends: 'merged',
      cost: cost(100, 100, 1, 0),
    },
    {
      name: '100 unknown rows of a first load',
      expectNothing: true,
      changes: many((n) => pulledRow({ row: row(n + 1) })),
      ends: 'applied',
      cost: cost(0, 100, 1, 0),
    },
  ];

  test.each(cases)(
    '$name',
    async ({ before = [], cold = false, expectNothing, floor, changes, ends: end, cost: expected }) => {
      const { store, reader, writer, other } = world(
        floor === undefined ? {} : { ghostFloorOf: () => Promise.resolve(floor) },
      );
      for (const change of before) await writer.process([change]);
      Object.assign(store.counts, { reads: 0, writes: 0, calls: 0 });
      const results = await (cold ? other : writer).process(changes, expectNothing);
      expect(new Set(ends(results))).toEqual(new Set([end]));
      expect({ ...store.counts, gets: reader.gets.length }).toEqual(expected);
    },
  );

  test('a ghost floor that can’t be had costs a read-back, never the change', async () => {
    const { reader, writer } = world({ ghostFloorOf: () => Promise.reject(new Error('busy')) });
    expect(ends(await writer.process([image({ at: 1020 })]))).toEqual(['readBack']);
    expect(reader.gets).toHaveLength(1);
  });

  test('a patch that loses its race: one write in vain, one read, one write', async () => {
    const { store, writer, other } = world();
    await writer.process(stored());
    await other.process([patch({ key: 'elsewhere', at: later(1) })]);
    Object.assign(store.counts, { reads: 0, writes: 0, calls: 0 });
    expect(ends(await writer.process([patch({ at: later(2) })]))).toEqual(['merged']);
    expect(store.counts).toEqual({ reads: 1, writes: 2, calls: 2 });
  });
});

describe('folding: changes of a row that wait together are one write', () => {
  test('[I16] patches fold column by column, the later one wins, and an emptied column is empty', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    await writer.process([
      patch({ key: 'k1', at: later(1), columns: columns({ name: 'first', phone: '1' }) }),
      patch({ key: 'k2', at: later(2), columns: columns({ name: 'second', city: null }) }),
    ]);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'second', phone: '1' }));
    expect(store.stampOf(row())?.recentKeys).toEqual(['k1', 'k2']);
  });

  test('a patch on top of an image', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    await writer.process([
      image({ key: 'k1', at: later(1), columns: columns({ name: 'image' }) }),
      patch({ key: 'k2', at: later(2), columns: columns({ phone: '1' }) }),
    ]);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'image', phone: '1' }));
  });

  test('an image after a patch replaces it', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    await writer.process([
      patch({ key: 'k1', at: later(1), columns: columns({ phone: '1' }) }),
      image({ key: 'k2', at: later(2), columns: columns({ name: 'image' }) }),
    ]);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'image' }));
  });

  test('two deletes of an unknown row: a tombstone that knows both', async () => {
    const { store, writer } = world();
    const results = await writer.process([eventDelete({ key: 'k1' }), eventDelete({ key: 'k2' })]);
    expect(ends(results)).toEqual(['deleted', 'touched']);
    expect(store.stampOf(row())).toMatchObject({ deleted: true, recentKeys: ['k1', 'k2'] });
    expect(store.counts.writes).toBe(1);
  });

  test('[I8] one delivery twice in a batch: merged once', async () => {
    const { writer } = world();
    await writer.process(stored());
    expect(ends(await writer.process([patch({ at: later() }), patch({ at: later() })]))).toEqual([
      'merged',
      'duplicate',
    ]);
  });

  test('one read processes all that is not provably known; only keys of committed events are kept', async () => {
    const { store, reader, writer } = world();
    await writer.process([...stored(), patch({ key: 'known', at: later(1) })]);
    reader.answer = () => found(300n, undefined, { modifiedOn: later(2) });
    const results = await writer.process([
      patch({ key: 'known', at: later(1) }),
      patch({ key: 'k2', at: later(2) }),
      unconfirmed({ key: 'h3' }),
      patch({ key: 'k4', at: 1 }),
    ]);
    expect(ends(results)).toEqual(['duplicate', 'readBack', 'readBack', 'readBack']);
    expect(reader.gets).toHaveLength(1);
    expect(store.stampOf(row())?.recentKeys).toEqual(['known', 'k2', 'k4']);
  });

  test('each change gets its own verdict, in the order asked', async () => {
    const { writer } = world();
    await writer.process(stored(2));
    const results = await writer.process([
      patch({ row: row(2), at: 1 }),
      patch({ row: row(1), at: later() }),
      eventDelete({ row: row(3) }),
    ]);
    expect(ends(results)).toEqual(['stale', 'merged', 'deleted']);
  });
});

describe('lanes: a row is processed by one write at a time', () => {
  test('what comes while a row is written waits, and is then one write', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    const held = gate();
    store.at = (point) => (point === 'write' ? held.passed : undefined);
    const first = writer.process([patch({ key: 'k1', at: later(1), columns: columns({ name: 'first' }) })]);
    const rest = [2, 3].map((n) =>
      writer.process([patch({ key: `k${n}`, at: later(n), columns: columns({ name: `later ${n}` }) })]),
    );
    await settleDown();
    store.counts.writes = 0;
    held.open();
    expect((await Promise.all([first, ...rest])).flatMap(ends)).toEqual(['merged', 'merged', 'merged']);
    expect(store.counts.writes).toBe(2);
    expect(store.columnsOf(row())?.get('name')).toEqual({ kind: 'string', value: 'later 3' });
  });

  test('[I30] a row never waits for the read of another row that came with it', async () => {
    const { reader, writer } = world();
    await writer.process(stored());
    const held = gate();
    reader.answer = () => held.passed.then(() => found(300n, undefined, { modifiedOn: 1020 }));
    const together = writer.process([patch({ row: row(2) }), patch({ key: 'k1', at: later(1) })]);
    const behind = writer.process([patch({ key: 'k2', at: later(2) })]);
    expect(ends(await behind)).toEqual(['merged']);
    held.open();
    expect(ends(await together)).toEqual(['readBack', 'merged']);
  });

  test('a change is not lost when the one before it fails', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    const held = gate();
    store.at = (point) => (point === 'write' ? held.passed.then(() => Promise.reject(new Error('down'))) : undefined);
    const first = writer.process([patch({ key: 'k1', at: later(1) })]);
    const second = writer.process([patch({ key: 'k2', at: later(2) })]);
    await settleDown();
    held.open();
    expect(ends(await first)).toEqual(['unexpected']);
    store.at = () => undefined;
    expect(ends(await second)).toEqual(['merged']);
  });
});

describe('a lost race is decided again', () => {
  test('and may then be stale', async () => {
    const { store, writer, other } = world();
    await writer.process(stored());
    await other.process([image({ key: 'elsewhere', at: later(9), columns: columns({ name: 'newer' }) })]);
    expect(ends(await writer.process([patch({ at: later(1) })]))).toEqual(['stale']);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'newer' }));
  });

  test('[I21] a write whose answer was lost is found done', async () => {
    const { store, writer } = world();
    await writer.process(stored());
    store.at = (point) => {
      if (point === 'written') throw new Error('the connection was closed');
    };
    expect(ends(await writer.process([patch({ at: later() })]))).toEqual(['unexpected']);
    store.at = () => undefined;
    expect(ends(await writer.process([patch({ at: later() })]))).toEqual(['duplicate']);
  });

  test('not for ever: after 25 races it is tried later', async () => {
    const { store, writer } = world();
    const other = new Writer(store, undefined, { rule: RULE });
    await writer.process(stored());
    let races = 0;
    store.at = async (point, rows) => {
      if (point !== 'write' || rows[0]?.id !== row().id || races >= 100) return;
      races += 1;
      const at = store.at;
      store.at = () => undefined;
      await other.process([patch({ key: `race ${races}`, at: later(races) })]);
      store.at = at;
    };
    expect(ends(await writer.process([patch({ at: later(1000) })]))).toEqual(['row-contended']);
    expect(races).toBe(25);
  });
});

describe('the fence around a read-back', () => {
  test('[I5] a write between the GET and the compare-and-swap throws the result away', async () => {
    const { store, reader, writer, other } = world();
    await writer.process(stored());
    reader.answer = async (_row, get) => {
      if (get > 1) return found(301n, columns({ name: 'second read' }), { end: 1100 });
      await other.process([patch({ key: 'meanwhile', at: later(1) })]);
      return found(300n, columns({ name: 'first read' }));
    };
    expect(ends(await writer.process([patch({ isTrusted: false, at: SEEN })]))).toEqual(['readBack']);
    expect(reader.gets).toHaveLength(2);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'second read' }));
    expect(store.stampOf(row())?.recentKeys).toEqual(['meanwhile', 'k1']);
  });

  test('[I5] the original change is decided again, not the result of the read', async () => {
    const { reader, writer, other } = world();
    await writer.process(stored());
    reader.answer = async () => {
      await other.process([image({ key: 'meanwhile', at: later(100) })]);
      return missing();
    };
    expect(ends(await writer.process([patch({ isTrusted: false, at: later(1) })]))).toEqual(['stale']);
  });

  test('[I6] a change that comes while a GET is under way does not join it', async () => {
    const { reader, writer } = world();
    await writer.process(stored());
    const held = gate();
    reader.answer = (_row, get) =>
      get === 1 ? held.passed.then(() => found(300n)) : found(301n, columns({ name: 'read again' }), { end: 1100 });
    const first = writer.process([patch({ key: 'k1', isTrusted: false, at: SEEN })]);
    await settleDown();
    const [second, third] = ['k2', 'k3'].map((key) => writer.process([patch({ key, isTrusted: false, at: 1046 })]));
    await settleDown();
    expect(reader.gets).toHaveLength(1);
    held.open();
    expect((await Promise.all([first, second, third])).flatMap((some) => ends(some ?? []))).toEqual([
      'readBack',
      'readBack',
      'readBack',
    ]);
    expect(reader.gets).toHaveLength(2);
  });

  test('a GET of a row assumed to be unknown lands only if it is', async () => {
    const { store, reader, writer, other } = world();
    await other.process(stored());
    reader.answer = () => found(150n, columns({ name: 'older than stored' }));
    expect(ends(await writer.process([pulledRow({ version: 150n, leased: false })], true))).toEqual(['contained']);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'old', city: 'Oslo' }));
  });
});

test('[I26] the lease is lost after the decision, and before it is written: the row is read back', async () => {
  const { store, reader, writer } = world();
  reader.answer = () => missing();
  let held = true;
  store.at = (point) => {
    if (point === 'write') held = false;
  };
  const pulled = pulledRow({ row: row(9) });
  const leased = { ...pulled, evidence: { ...pulled.evidence, holdsLease: () => held } } as typeof pulled;
  expect(ends(await writer.process([leased]))).toEqual(['readBack']);
  expect(store.columnsOf(row(9))).toBeUndefined();
});

describe('[I14] the age limit: a read that is too old is not written where no live row is stored', () => {
  let nowMs = 0;
  const slow = (milliseconds: readonly number[]): World => {
    nowMs = 0;
    const slowly = world({ clock: () => nowMs, maxReadAgeMs: 30_000 });
    slowly.reader.answer = (_row, get) => {
      nowMs += milliseconds[get - 1] ?? milliseconds.at(-1) ?? 0;
      return found(300n, undefined, { modifiedOn: 1020 });
    };
    return slowly;
  };

  test.each([
    ['onto nothing', [], [15_001, 0], 2],
    ['onto a tombstone', [eventDelete({ key: 'gone', at: 1 })], [15_001, 0], 2],
    ['half the limit is not too old', [], [15_000], 1],
    ['onto a live row any read goes', stored(), [60_000], 1],
  ])('%s', async (_where, before, milliseconds, gets) => {
    const { reader, writer } = slow(milliseconds);
    await writer.process(before);
    expect(ends(await writer.process([patch({ isTrusted: false, at: SEEN })]))).toEqual(['readBack']);
    expect(reader.gets).toHaveLength(gets);
  });

  test('a row whose every read is too slow is tried later, not for ever', async () => {
    const { store, reader, writer } = slow([20_000]);
    expect(ends(await writer.process([patch()]))).toEqual(['read-too-slow']);
    expect(reader.gets).toHaveLength(3);
    expect(store.rows.size).toBe(0);
  });
});

describe("a failure is its own row's alone", () => {
  test('[I30] the reader fails for one row', async () => {
    const { reader, writer } = world();
    reader.answer = ({ id }) => {
      if (id === row(2).id) throw new Error('no answer');
      return found(300n, undefined, { modifiedOn: 1020 });
    };
    const results = await writer.process([1, 2, 3].map((n) => patch({ row: row(n) })));
    expect(ends(results)).toEqual(['readBack', 'unexpected', 'readBack']);
  });

  test("the store can't read one row of many for good", async () => {
    const { store, writer } = world();
    store.at = (point, rows) => {
      // Stands for any error that parks: the entity is not ours, say.
      if (point === 'read' && rows.some(({ id }) => id === row(7).id)) throw new OrderUnprovable(row(7));
    };
    const results = await writer.process(Array.from({ length: 20 }, (_, n) => pulledRow({ row: row(n + 1) })));
    expect(ends(results).map((end, n) => [n + 1, end])).toEqual(
      Array.from({ length: 20 }, (_, n) => [n + 1, n + 1 === 7 ? 'order-unprovable' : 'applied']),
    );
  });

  test('a store that does not answer is not asked row by row', async () => {
    const { store, writer } = world();
    let asked = 0;
    store.at = () => {
      asked += 1;
      throw new Error('down');
    };
    const results = await writer.process([1, 2, 3].map((n) => patch({ row: row(n) })));
    expect(ends(results)).toEqual(['unexpected', 'unexpected', 'unexpected']);
    expect(asked).toBe(1);
  });

  test("the store can't hold one row", async () => {
    class Narrow extends MemoryStore {
      override async write(writes: Parameters<MemoryStore['write']>[0]): ReturnType<MemoryStore['write']> {
        const outcomes = await super.write(writes.filter((write) => write.row.id !== row(2).id));
        return writes.map((write) =>
          write.row.id === row(2).id
            ? { kind: 'failed', error: new Error('too large') }
            : (outcomes[0] ?? { kind: 'conflict' }),
        );
      }
    }
    const writer = new Writer(new Narrow(), undefined, { rule: RULE });
    const results = await writer.process([1, 2].map((n) => eventDelete({ row: row(n) })));
    expect(ends(results)).toEqual(['deleted', 'unexpected']);
  });

  test('comparing the columns fails: said, never silent', async () => {
    const { store, writer } = world();
    await writer.process([...stored(), patch({ at: later() })]);
    store.sameData = () => {
      throw new RangeError('Invalid time value');
    };
    const results = await writer.process([
      pulledRow({ version: 300n, modifiedOn: later(), runBegin: 1030 }),
      eventDelete({ row: row(2) }),
    ]);
    expect(ends(results)).toEqual(['unexpected', 'deleted']);
  });

  test('[A1] a read that lags behind what is known is tried later', async () => {
    const { store, reader, writer } = world();
    await writer.process(stored());
    reader.answer = () => found(199n);
    expect(ends(await writer.process([patch({ isTrusted: false, at: SEEN })]))).toEqual(['read-lagged']);
    reader.answer = () => found(300n, undefined, { modifiedOn: 1041 });
    expect(ends(await writer.process([patch({ at: SEEN })]))).toEqual(['readBack']);
    expect(store.stampOf(row())?.version).toBe(300n);
  });
});

describe('without a Web API', () => {
  test('park: an unprovable change fails alone, what is provable beside it is done', async () => {
    const { store, writer } = world({}, false);
    await writer.process(stored());
    const results = await writer.process([
      patch({ key: 'k1', at: later(5), columns: columns({ name: 'provable' }) }),
      patch({ key: 'k2', at: later(5), columns: columns({ name: 'same second' }) }),
      patch({ key: 'k1', at: later(5) }),
      patch({ key: 'k3', at: later(6), columns: columns({ phone: '1' }) }),
    ]);
    expect(ends(results)).toEqual(['merged', 'order-unprovable', 'duplicate', 'merged']);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'provable', city: 'Oslo', phone: '1' }));
    expect(store.stampOf(row())?.recentKeys).toEqual(['k1', 'k3']);
  });

  test('apply: unprovable events are applied as they come, unconfirmed changes never', async () => {
    const { store, writer } = world({ unprovable: 'apply' }, false);
    expect(ends(await writer.process([patch({ key: 'k1', columns: columns({ name: 'new' }) })]))).toEqual(['merged']);
    expect(ends(await writer.process([patch({ key: 'k2', at: 1, columns: columns({ phone: '1' }) })]))).toEqual([
      'merged',
    ]);
    expect(store.columnsOf(row())).toEqual(columns({ name: 'new', phone: '1' }));
    expect(ends(await writer.process([unconfirmed()]))).toEqual(['order-unprovable']);
    expect(ends(await writer.process([eventDelete({ key: 'k3' })]))).toEqual(['deleted']);
    expect(store.columnsOf(row())).toBeUndefined();
  });
});

describe('"changed" says whether a pull found other columns than were stored', () => {
  const changed = (results: readonly ChangeResult[]): boolean[] =>
    results.map((result) => result.kind === 'processed' && result.changed);

  test.each([
    ['an unknown row', [], pulledRow(), true],
    ['other columns', stored(), pulledRow({ version: 300n }), true],
    [
      'the same columns',
      stored(),
      pulledRow({ version: 300n, columns: columns({ name: 'old', city: 'Oslo', phone: null }) }),
      false,
    ],
    ['contained', stored(), stored()[0] ?? pulledRow(), false],
    ['other columns of the same version', stored(), pulledRow(), true],
    ['a row that was deleted', stored(), pulledDelete({ runBegin: 3000 }), true],
    ['an unknown row that was deleted', [], pulledDelete(), false],
    ['a row known to be deleted', [eventDelete()], pulledDelete(), false],
  ])('%s: %#', async (_what, before, change, expected) => {
    const { writer } = world();
    await writer.process(before);
    expect(changed(await writer.process([change]))).toEqual([expected]);
  });

  test('a push never counts', async () => {
    const { writer } = world();
    await writer.process(stored());
    expect(changed(await writer.process([patch({ at: later() })]))).toEqual([false]);
  });
});
