/**
 * What every LOB store must do, whatever it keeps rows in: compare-and-swap per row, each row on its own merits, exact
 * columns, tombstones. A store passes by calling `storeContract` with a way to make an empty one.
 */
import { describe, expect, test } from '@jest/globals';
import type { RowAddress } from '../../shared/change/row-change';
import type { Columns, Value } from '../../shared/change/value';
import type { LobStore, RowWrite, StoredEntry, StoredRow, TombstoneStore, WriteOutcome } from '../../shared/lob/store';
import { columns, row, rowId, stamp } from '../writer/changes';

const LIVE = stamp({ version: 7n, knownUntil: 10, latestKnown: 12, hasPushOnTop: true, recentKeys: ['k1', 'k2'] });
const GONE = stamp({ version: 7n, knownUntil: 20, latestKnown: 22, deleted: true, recentKeys: ['k1'] });

const snapshot = (address: RowAddress, of: Columns, expected?: StoredRow, withStamp = LIVE): RowWrite => ({
  row: address,
  expected,
  stamp: withStamp,
  effect: 'snapshot',
  columns: of,
});

/** The stored rows of writes that all have to succeed. */
const rowsOf = (outcomes: readonly WriteOutcome[]): StoredRow[] =>
  outcomes.map((outcome) => {
    if (outcome.kind === 'written') return outcome.stored;
    throw outcome.kind === 'failed' ? outcome.error : new Error('conflict');
  });

const kinds = (outcomes: readonly WriteOutcome[]): string[] => outcomes.map(({ kind }) => kind);

/** `LobStore.sameData` of any row. */
export const sameData = (store: LobStore, stored: StoredRow, of: Columns): boolean =>
  store.sameData(stored, { row: row(), columns: of });

/** Runs the suite; `make` gives a store whose tables are all new. */
export function storeContract(name: string, make: () => LobStore & TombstoneStore): void {
  const readOne = async (store: LobStore, address: RowAddress): Promise<StoredRow> => {
    const [stored] = await store.read([address]);
    if (stored === undefined) throw new Error(`nothing is stored of ${address.id}`);
    return stored;
  };
  const changesValues = async (store: LobStore, write: RowWrite): Promise<boolean> => {
    const [outcome] = await store.write([write]);
    if (outcome?.kind !== 'written') throw new Error('not written', { cause: outcome });
    return outcome.changesValues;
  };
  const writeOne = async (store: LobStore, write: RowWrite): Promise<StoredRow> => {
    const [stored] = rowsOf(await store.write([write]));
    if (stored === undefined) throw new Error('no outcome');
    return stored;
  };
  /** What the write answered and what a read finds, which must be the same. */
  const writeAndRead = async (store: LobStore, write: RowWrite): Promise<StoredRow> => {
    const written = await writeOne(store, write);
    const read = await readOne(store, write.row);
    expect(read.stamp).toEqual(written.stamp);
    expect(read.etag).toBe(written.etag);
    return read;
  };
  const live = async (store: LobStore, table: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { entries } of store.liveRows(table)) ids.push(...entries.map(({ row: { id } }) => id));
    return ids.sort();
  };

  describe(`${name} keeps the contract of a LOB store`, () => {
    test('nothing is stored of an unknown row, nor in a table that is not there', async () => {
      const store = make();
      expect(await store.read([row(1), row(2, 'contact')])).toEqual([undefined, undefined]);
      expect(await live(store, 'account')).toEqual([]);
    });

    test('the first write makes the table, and stamp and columns come back', async () => {
      const store = make();
      const of = columns({ name: 'Ada', size: 3, city: null });
      const read = await writeAndRead(store, snapshot(row(), of));
      expect(read.stamp).toEqual(LIVE);
      expect(sameData(store, read, of)).toBe(true);
    });

    test('labels of several languages come and go with their choice', async () => {
      const store = make();
      const rank = (value: number, labels?: readonly (readonly [number, string])[]): Columns =>
        new Map<string, Value>([
          ['rank', { kind: 'choice', value, ...(labels === undefined ? {} : { label: 'x', labels: new Map(labels) }) }],
        ]);
      const both = [[1031, 'Gelb'] as const, [1033, 'Yellow'] as const];
      const first = await writeAndRead(store, snapshot(row(), rank(1, both)));
      expect(sameData(store, first, rank(1, both))).toBe(true);
      let last = first;
      for (const other of [rank(1, both.slice(0, 1)), rank(1)]) {
        expect(sameData(store, last, other)).toBe(false);
        expect(await changesValues(store, snapshot(row(), other, last))).toBe(false);
        last = await readOne(store, row());
      }
      const patched = await writeAndRead(store, { ...snapshot(row(), rank(2, both), last), effect: 'patch' });
      expect(sameData(store, patched, rank(2, both))).toBe(true);
      const bare = await writeAndRead(store, { ...snapshot(row(), rank(2), patched), effect: 'patch' });
      expect(sameData(store, bare, rank(2))).toBe(true);
    });

    test('a lookup without its table and name is its id alone', async () => {
      const store = make();
      const owner: Columns = new Map([['owner', { kind: 'lookup', table: '', id: rowId(9), name: null }]]);
      expect(sameData(store, await writeAndRead(store, snapshot(row(), owner)), owner)).toBe(true);
    });

    test('the same values under other labels and names: the same values, not the same data', async () => {
      const described = (label: string | undefined, name: string | null, id = rowId(9)): Columns =>
        new Map<string, Value>([
          ['rank', label === undefined ? { kind: 'choice', value: 3 } : { kind: 'choice', value: 3, label }],
          ['owner', { kind: 'lookup', table: 'systemuser', id, name }],
        ]);
      const store = make();
      let last = await writeAndRead(store, snapshot(row(), described('Gold', null)));
      for (const [other, changes] of [
        [described(undefined, 'Ada'), false],
        [described('Or', null), false],
        [described('Or', null, rowId(8)), true],
        [columns({ rank: 3 }), true],
        [described('Or', null), true],
      ] as const) {
        expect(sameData(store, last, other)).toBe(false);
        expect(await changesValues(store, snapshot(row(), other, last))).toBe(changes);
        last = await readOne(store, row());
      }
    });

    test.each([
      ['all of a partition and none that is not wanted', 60, 1, 0],
      ['some of many, and some that are not there', 200, 3, 40],
      ['few of very many', 1500, 100, 5],
      ['none of a partition', 0, 1, 30],
    ])('reads many rows at once: %s', async (_what, stored, every, absent) => {
      const store = make();
      const ids = Array.from({ length: stored }, (_, n) => n);
      const address = (n: number): RowAddress => ({
        table: 'account',
        id: `a${n.toString(16).padStart(7, '0')}${row().id.slice(8)}`,
      });
      const elsewhere: RowAddress = { table: 'contact', id: address(0).id };
      await store.write(ids.map((n) => ({ ...snapshot(row(), columns({ size: n })), row: address(n) })));
      await writeOne(store, { ...snapshot(row(), columns({ size: -1 })), row: elsewhere });
      const wanted = [
        ...ids.filter((n) => n % every === 0),
        ...Array.from({ length: absent }, (_, n) => stored + 7 * n),
      ];
      // In no order of keys, and each of another table's beside them.
      wanted.sort((a, b) => ((a * 7919) % 1009) - ((b * 7919) % 1009));
      const found = await store.read([elsewhere, ...wanted.map(address)]);
      const sizes = [-1, ...wanted].map((n, at) => {
        const one = found[at];
        return one === undefined ? undefined : sameData(store, one, columns({ size: n }));
      });
      expect(sizes).toEqual([-1, ...wanted].map((n) => (n < stored ? true : undefined)));
    });

    test('a create meets a row that is there: conflict, and the row stays', async () => {
      const store = make();
      await writeOne(store, snapshot(row(), columns({ name: 'first' })));
      expect(kinds(await store.write([snapshot(row(), columns({ name: 'second' }))]))).toEqual(['conflict']);
      expect(sameData(store, await readOne(store, row()), columns({ name: 'first' }))).toBe(true);
    });

    test('a create meets a tombstone: conflict', async () => {
      const store = make();
      await writeOne(store, { row: row(), expected: undefined, stamp: GONE, effect: 'clear', columns: new Map() });
      expect(kinds(await store.write([snapshot(row(), columns({ name: 'ghost' }))]))).toEqual(['conflict']);
    });

    test('[A7] an update with the known entity tag is written, with an older one it conflicts', async () => {
      const store = make();
      const first = await writeOne(store, snapshot(row(), columns({ name: '1' })));
      const second = await writeOne(store, snapshot(row(), columns({ name: '2' }), first));
      expect(second.etag).not.toBe(first.etag);
      expect(kinds(await store.write([snapshot(row(), columns({ name: '3' }), first)]))).toEqual(['conflict']);
      await writeOne(store, snapshot(row(), columns({ name: '4' }), second));
      expect(sameData(store, await readOne(store, row()), columns({ name: '4' }))).toBe(true);
    });

    test('[A7] a write that changes nothing but the stamp, or nothing at all, moves the entity tag', async () => {
      const store = make();
      const first = await writeOne(store, snapshot(row(), columns({ name: '1' })));
      const touch = (expected: StoredRow): RowWrite => ({ ...snapshot(row(), new Map(), expected), effect: 'keep' });
      const second = await writeOne(store, touch(first));
      expect(second.etag).not.toBe(first.etag);
      const third = await writeAndRead(store, touch(second));
      expect(new Set([first.etag, second.etag, third.etag]).size).toBe(3);
      expect(sameData(store, third, columns({ name: '1' }))).toBe(true);
    });

    test('an update of a row that is not there conflicts', async () => {
      const store = make();
      const elsewhere = await writeOne(store, snapshot(row(1), columns({ name: '1' })));
      expect(kinds(await store.write([snapshot(row(2), columns({ name: '2' }), elsewhere)]))).toEqual(['conflict']);
    });

    test.each([
      ['snapshot', { name: 'new', size: null }, { name: 'new' }],
      ['patch', { name: 'new', size: null }, { name: 'new', city: 'Oslo' }],
      ['patch', {}, { name: 'old', size: 1, city: 'Oslo' }],
      ['keep', {}, { name: 'old', size: 1, city: 'Oslo' }],
      ['clear', {}, {}],
    ] as const)('%s %j', async (effect, change, after) => {
      const store = make();
      const before = await writeOne(store, snapshot(row(), columns({ name: 'old', size: 1, city: 'Oslo' })));
      const write = { ...snapshot(row(), columns(change), before), effect };
      const written = await writeOne(store, write);
      expect(sameData(store, written, columns(after))).toBe(true);
      expect(sameData(store, await readOne(store, row()), columns(after))).toBe(true);
    });

    test('a patch on what was only read, not written by this instance', async () => {
      const store = make();
      await writeOne(store, snapshot(row(), columns({ name: 'old', size: 1 })));
      const read = await readOne(store, row());
      const after = await writeAndRead(store, { ...snapshot(row(), columns({ size: null }), read), effect: 'patch' });
      expect(sameData(store, after, columns({ name: 'old' }))).toBe(true);
    });

    test('sameData: another value, a missing column and a further one are not the same; an empty one is no column', async () => {
      const store = make();
      const stored = await writeAndRead(store, snapshot(row(), columns({ name: 'Ada', size: 1 })));
      expect(sameData(store, stored, columns({ size: 1, name: 'Ada', city: null }))).toBe(true);
      for (const other of [
        { name: 'Ada', size: 2 },
        { name: 'ada', size: 1 },
        { name: 'Ada' },
        { name: 'Ada', size: 1, city: '' },
      ])
        expect(sameData(store, stored, columns(other))).toBe(false);
      expect(
        sameData(store, stored, new Map([...columns({ name: 'Ada' }), ['size', { kind: 'string', value: '1' }]])),
      ).toBe(false);
    });

    test('compare: each column by itself, whatever describes its value, long texts too', async () => {
      const store = make();
      const long = 'x'.repeat(100_000);
      const of = new Map<string, Value>([
        ...columns({ name: 'Ada', size: 1, memo: long }),
        ['rank', { kind: 'choice', value: 3, label: 'Gold' }],
        ['owner', { kind: 'lookup', table: 'systemuser', id: rowId(9), name: 'Ada' }],
      ]);
      const stored = await writeAndRead(store, snapshot(row(), of));
      const asked = (some: Columns) => Object.fromEntries(store.compare(stored, { row: row(), columns: some }));
      const owner = (id: string, table = 'systemuser'): Columns =>
        new Map([['owner', { kind: 'lookup', table, id, name: null }]]);
      expect(asked(columns({ name: 'Ada', size: 2, city: null, memo: long }))).toEqual({
        ...{ name: true, size: false, city: true, memo: true },
      });
      expect(asked(columns({ name: null, city: 'Oslo', memo: long.slice(1) }))).toEqual({
        name: false,
        city: false,
        memo: false,
      });
      expect(asked(new Map([['rank', { kind: 'choice', value: 3 }]]))).toEqual({ rank: true });
      expect(asked(new Map([['rank', { kind: 'choice', value: 4 }]]))).toEqual({ rank: false });
      expect([asked(owner(rowId(9))), asked(owner(rowId(8))), asked(owner(rowId(9), 'team'))]).toEqual([
        { owner: true },
        { owner: false },
        { owner: false },
      ]);
      const shorter = await writeAndRead(store, {
        ...snapshot(row(), columns({ memo: long.slice(0, 64_000) }), stored),
        effect: 'patch',
      });
      expect(store.compare(shorter, { row: row(), columns: columns({ memo: long }) }).get('memo')).toBe(false);
    });

    test('[I10] a tombstone keeps its stamp, has no columns and is no live row; the row can come back', async () => {
      const store = make();
      const [first] = rowsOf(await store.write([1, 2, 3].map((n) => snapshot(row(n), columns({ name: String(n) })))));
      const gone = await writeAndRead(store, {
        row: row(1),
        expected: first,
        stamp: GONE,
        effect: 'clear',
        columns: new Map(),
      });
      expect(gone.stamp).toEqual(GONE);
      expect(sameData(store, gone, new Map())).toBe(true);
      expect(await live(store, 'account')).toEqual([row(2).id, row(3).id]);
      await writeOne(store, snapshot(row(1), columns({ name: 'again' }), gone));
      expect(await live(store, 'account')).toEqual([row(1).id, row(2).id, row(3).id]);
    });

    test('[I37] old tombstones are listed, and removed only as they were read; hidden and live rows never are', async () => {
      const store = make();
      const [first, second, third] = rowsOf(
        await store.write([1, 2, 3, 4].map((n) => snapshot(row(n), columns({ name: String(n) })))),
      );
      const clear = (n: number, expected?: StoredRow): RowWrite => ({
        ...snapshot(row(n), new Map(), expected, GONE),
        effect: 'clear',
      });
      const [gone, touched] = rowsOf(await store.write([clear(1, first), clear(2, second)]));
      await store.write([{ ...snapshot(row(3), new Map(), third), effect: 'hide' }]);
      const listed = async (writtenBefore: number): Promise<StoredEntry[]> => {
        const all: StoredEntry[] = [];
        for await (const { entries } of store.tombstones('account', writtenBefore)) all.push(...entries);
        return all.sort((a, b) => (a.row.id < b.row.id ? -1 : 1));
      };
      expect(await listed((gone?.writtenAt ?? 0) - 5)).toEqual([]);
      const old = await listed((gone?.writtenAt ?? 0) + 60);
      expect(old.map((entry) => [entry.row.id, entry.stored.stamp, entry.stored.etag])).toEqual([
        [row(1).id, GONE, gone?.etag],
        [row(2).id, GONE, touched?.etag],
      ]);
      await writeOne(store, { ...clear(2, touched), effect: 'keep' });
      expect(await store.removeTombstones(old)).toBe(1);
      expect(await store.removeTombstones(old)).toBe(0);
      expect((await store.read([1, 2, 3, 4].map((n) => row(n)))).map((stored) => stored !== undefined)).toEqual([
        ...[false, true, true, true],
      ]);
      await writeOne(store, snapshot(row(1), columns({ name: 'a new row' })));
      expect(await live(store, 'account')).toEqual([row(1), row(3), row(4)].map(({ id }) => id));
    });

    test('a table that is not there has no tombstones', async () => {
      const store = make();
      for await (const { entries } of store.tombstones('nowhere', 2_000_000_000)) expect(entries).toEqual([]);
    });

    test('a hidden row has no columns and equals no row; listings of live rows have it, and every read says that it is hidden', async () => {
      const store = make();
      const shown = await writeOne(store, snapshot(row(), columns({ name: 'Ada', size: 1 })));
      expect(shown.hidden).toBe(false);
      const hidden = await writeAndRead(store, { ...snapshot(row(), new Map(), shown), effect: 'hide' });
      expect(hidden.stamp).toEqual(LIVE);
      expect([hidden.hidden, sameData(store, hidden, new Map())]).toEqual([true, false]);
      expect(await live(store, 'account')).toEqual([row().id]);
      const found: boolean[] = [];
      for await (const { entries } of store.liveRows('account'))
        found.push(...entries.map(({ stored }) => stored.hidden));
      expect(found).toEqual([true]);
    });

    test('a row that was never there can be hidden from the beginning', async () => {
      const store = make();
      const hidden = await writeAndRead(store, { ...snapshot(row(), new Map()), effect: 'hide' });
      expect(hidden.hidden).toBe(true);
      expect(kinds(await store.write([snapshot(row(), columns({ name: 'x' }))]))).toEqual(['conflict']);
    });

    test.each([
      ['keep', {}, true, {}],
      ['hide', {}, true, {}],
      ['snapshot', { name: 'back' }, false, { name: 'back' }],
      ['patch', { name: 'back' }, false, { name: 'back' }],
      ['clear', {}, false, {}],
    ] as const)('%s %j of a hidden row', async (effect, change, isHidden, after) => {
      const store = make();
      const before = await writeOne(store, { ...snapshot(row(), new Map()), effect: 'hide' });
      const of = { ...snapshot(row(), columns(change), before), effect };
      const written = await writeOne(store, effect === 'clear' ? { ...of, stamp: GONE } : of);
      const read = await readOne(store, row());
      expect([written.hidden, read.hidden]).toEqual([isHidden, isHidden]);
      if (!isHidden)
        expect([written, read].map((stored) => sameData(store, stored, columns(after)))).toEqual([true, true]);
    });

    test('live rows are of one table, and come with their stamp and entity tag', async () => {
      const store = make();
      await store.write(
        [row(1), row(2, 'contact'), row(3, 'account', '0')].map((of) => snapshot(of, columns({ name: of.id }))),
      );
      expect(await live(store, 'account')).toEqual([row(3, 'account', '0').id, row(1).id]);
      for await (const { entries } of store.liveRows('contact')) {
        for (const { row: address, stored } of entries) {
          expect(address).toEqual(row(2, 'contact'));
          expect(stored.stamp).toEqual(LIVE);
          expect(stored.etag).toBe((await readOne(store, address)).etag);
        }
      }
    });

    test('a listing goes on after any of its pages: every row comes once, those of later pages only', async () => {
      const store = make();
      const ids = Array.from({ length: 40 }, (_, n) => row(n, 'account', (n % 16).toString(16)));
      await store.write(ids.map((of) => snapshot(of, columns({ name: of.id }))));
      const all: { readonly ids: readonly string[]; readonly place: string }[] = [];
      for await (const { entries, place } of store.liveRows('account'))
        all.push({ ids: entries.map((entry) => entry.row.id), place });
      expect(all.flatMap((page) => page.ids).sort()).toEqual(ids.map(({ id }) => id).sort());
      for (const [index, { place }] of all.entries()) {
        const rest: string[] = [];
        for await (const { entries } of store.liveRows('account', place))
          rest.push(...entries.map(({ row: { id } }) => id));
        expect(rest.sort()).toEqual(
          all
            .slice(index + 1)
            .flatMap((page) => page.ids)
            .sort(),
        );
      }
    });

    test('a write that is no longer to be sent conflicts; those beside it are written', async () => {
      const store = make();
      const write = (n: number, onlyWhile?: () => boolean): RowWrite => ({
        ...snapshot(row(n), columns({ size: n })),
        ...(onlyWhile === undefined ? {} : { onlyWhile }),
      });
      const outcomes = await store.write([write(1), write(2, () => false), write(3, () => true)]);
      expect(kinds(outcomes)).toEqual(['written', 'conflict', 'written']);
      expect(kinds(await store.write([write(2, () => false)]))).toEqual(['conflict']);
      expect((await store.read([row(1), row(2), row(3)])).map((stored) => stored !== undefined)).toEqual([
        true,
        false,
        true,
      ]);
    });

    test('many rows of several tables and partitions at once, in the order asked', async () => {
      const store = make();
      const rows = Array.from({ length: 250 }, (_, n) =>
        row(n, n % 5 === 0 ? 'contact' : 'account', n % 3 === 0 ? '0' : 'f'),
      );
      const written = rowsOf(await store.write(rows.map((of, n) => snapshot(of, columns({ size: n })))));
      const read = await store.read([...rows].reverse());
      expect(read.map((stored) => stored?.etag)).toEqual(written.map(({ etag }) => etag).reverse());
      [...read].reverse().forEach((stored, n) => {
        expect(stored !== undefined && sameData(store, stored, columns({ size: n }))).toBe(true);
      });
    });

    test('what a batch of updates answered is what is stored, and can be written on', async () => {
      const store = make();
      const batch = async (before: readonly StoredRow[], effect: RowWrite['effect'], size: number) => {
        const writes = [0, 1, 2].map((n) => ({ ...snapshot(row(n), columns({ size }), before[n]), effect }));
        const written = rowsOf(await store.write(writes));
        const read = await store.read([0, 1, 2].map((n) => row(n)));
        expect(written.map(({ etag }) => etag)).toEqual(read.map((stored) => stored?.etag));
        return written;
      };
      const created = await batch([], 'snapshot', 1);
      const replaced = await batch(created, 'snapshot', 2);
      const merged = await batch(replaced, 'patch', 3);
      await batch(merged, 'keep', 4);
      expect(sameData(store, await readOne(store, row(2)), columns({ size: 3 }))).toBe(true);
    });

    test('one loser among many does not hurt the others', async () => {
      const store = make();
      const stale = await writeOne(store, snapshot(row(50), columns({ size: 0 })));
      await writeOne(store, snapshot(row(50), columns({ size: 1 }), stale));
      const outcomes = await store.write(
        Array.from({ length: 90 }, (_, n) => snapshot(row(n), columns({ size: n }), n === 50 ? stale : undefined)),
      );
      expect(kinds(outcomes)).toEqual(Array.from({ length: 90 }, (_, n) => (n === 50 ? 'conflict' : 'written')));
      expect(sameData(store, await readOne(store, row(50)), columns({ size: 1 }))).toBe(true);
    });

    test('many losers: none is written, and whoever else is not written is told to decide again', async () => {
      const store = make();
      const known = rowsOf(
        await store.write(Array.from({ length: 30 }, (_, n) => snapshot(row(n), columns({ size: n })))),
      );
      await store.write(
        known.slice(0, 10).map((expected, n) => snapshot(row(n), columns({ size: 1000 + n }), expected)),
      );
      const outcomes = await store.write(
        known.map((expected, n) => snapshot(row(n), columns({ size: 2000 + n }), expected)),
      );
      for (const [n, outcome] of outcomes.entries()) {
        expect(outcome.kind).toBe(n < 10 || outcome.kind === 'conflict' ? 'conflict' : 'written');
        const size = outcome.kind === 'written' ? 2000 + n : n < 10 ? 1000 + n : n;
        expect(sameData(store, await readOne(store, row(n)), columns({ size }))).toBe(true);
      }
    });

    test('of two writers with the same knowledge one wins', async () => {
      const store = make();
      const known = await writeOne(store, snapshot(row(), columns({ size: 0 })));
      const outcomes = await Promise.all(
        [1, 2, 3].map((size) => store.write([snapshot(row(), columns({ size }), known)])),
      );
      expect(kinds(outcomes.flat()).sort()).toEqual(['conflict', 'conflict', 'written']);
    });

    test('[A8] when it was written is never told earlier than it was', async () => {
      const store = make();
      const before = Date.now() / 1000;
      const { writtenAt } = await writeOne(store, snapshot(row(), columns({ size: 0 })));
      expect(writtenAt).toBeGreaterThanOrEqual(before);
      expect((await readOne(store, row())).writtenAt).toBeGreaterThanOrEqual(before);
    });

    test('every part of a stamp comes back exactly', async () => {
      const store = make();
      const whole = stamp({
        version: 9223372036854775807n,
        knownUntil: -62135596800,
        latestKnown: 253402300799,
        hasPushOnTop: true,
        recentKeys: Array.from({ length: 16 }, (_, n) => `key-${n}_${'x'.repeat(15)}`),
        times: {
          first: -62135596800,
          columns: new Map([
            ['name', 253402300799],
            ['__proto__', 0],
          ]),
        },
      });
      expect((await writeAndRead(store, snapshot(row(), columns({ name: 'x' }), undefined, whole))).stamp).toEqual(
        whole,
      );
    });

    test('writing nothing is nothing', async () => {
      expect(await make().write([])).toEqual([]);
      expect(await make().read([])).toEqual([]);
    });
  });
}
