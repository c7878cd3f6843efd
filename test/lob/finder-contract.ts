/** What every store that can look for values must do: find live rows by what they hold, exactly, and nothing else. */
import { describe, expect, test } from '@jest/globals';
import type { Columns, Value } from '../../shared/change/value';
import { NotFindable, type RowFinder } from '../../shared/lob/row-finder';
import type { LobStore, RowEffect } from '../../shared/lob/store';
import { row, rowId, stamp } from '../writer/changes';

const one = (value: Value, name = 'number'): Columns => new Map([[name, value]]);
const text = (value: string): Value => ({ kind: 'string', value });
const always = (): boolean => true;

/** Values that can be looked for, as a push has them and as they lie in the store. */
const FINDABLE: readonly (readonly [what: string, stored: Value, pushed: Value])[] = [
  ['a text with a quote', text("O'Neill"), text("O'Neill")],
  ['an id', { kind: 'guid', value: rowId(9) }, text(rowId(9))],
  [
    'a lookup',
    { kind: 'lookup', table: 'contact', id: rowId(9), name: 'A' },
    { kind: 'lookup', table: 'contact', id: rowId(9), name: null },
  ],
  ['a choice', { kind: 'choice', value: 3, label: 'Three' }, { kind: 'choice', value: 3 }],
  ['a whole number', { kind: 'integer', value: 5 }, { kind: 'number', text: '5' }],
  [
    'a large whole number',
    { kind: 'bigint', value: 9_007_199_254_740_993n },
    { kind: 'number', text: '9007199254740993' },
  ],
  ['true', { kind: 'boolean', value: true }, { kind: 'boolean', value: true }],
];

/** Runs the suite; `make` gives a store whose tables are all new, and what looks for rows in it. */
export function finderContract(
  name: string,
  make: () => { readonly store: LobStore; readonly finder: RowFinder },
): void {
  const put = async (store: LobStore, n: number, columns: Columns, effect: RowEffect = 'snapshot'): Promise<void> => {
    const [expected] = await store.read([row(n)]);
    const [outcome] = await store.write([
      { row: row(n), expected, stamp: stamp({ version: 7n, deleted: effect === 'clear' }), effect, columns },
    ]);
    if (outcome?.kind !== 'written') throw new Error('not written', { cause: outcome });
  };

  describe(`${name} finds`, () => {
    test.each(FINDABLE)('%s', async (_what, stored, pushed) => {
      const { store, finder } = make();
      await put(store, 1, one(stored));
      expect(await finder.find('account', one(pushed), always)).toEqual([rowId(1)]);
    });

    test('nothing in a table or a column that is not there yet, and what comes there later', async () => {
      const { store, finder } = make();
      expect(await finder.find('account', one(text('A-1')), always)).toEqual([]);
      await put(store, 1, one(text('a'), 'name'));
      expect(await finder.find('account', one(text('A-1')), always)).toEqual([]);
      await put(store, 2, one(text('A-1')));
      expect(await finder.find('account', one(text('A-1')), always)).toEqual([rowId(2)]);
    });

    test('two at most, in whichever partitions they are; all columns have to be equal, case and all', async () => {
      const { store, finder } = make();
      const both = (number: string, city: string): Columns =>
        new Map([
          ['number', text(number)],
          ['city', text(city)],
        ]);
      for (const [n, columns] of [
        both('A-1', 'Oslo'),
        both('A-1', 'Bergen'),
        both('a-1', 'Oslo'),
        both('A-1', 'Oslo'),
        both('A-1', 'Oslo'),
      ].entries())
        await put(store, n, columns);
      const found = await finder.find('account', both('A-1', 'Oslo'), always);
      expect(found).toHaveLength(2);
      expect([rowId(0), rowId(3), rowId(4)]).toEqual(expect.arrayContaining([...found]));
      expect(await finder.find('account', both('A-1', 'Bergen'), always)).toEqual([rowId(1)]);
      expect(await finder.find('account', both('A-1', 'Tromsø'), always)).toEqual([]);
    });

    test('no row that is deleted or hidden', async () => {
      const { store, finder } = make();
      for (const [n, effect] of (['clear', 'hide'] as const).entries()) {
        await put(store, n, one(text('A-1')));
        await put(store, n, new Map(), effect);
      }
      expect(await finder.find('account', one(text('A-1')), always)).toEqual([]);
    });

    test('nothing for a value that has no one form', async () => {
      const { finder, store } = make();
      await put(store, 1, one({ kind: 'rows', table: 'party', rows: [] }));
      const unfindable = finder.find('account', one({ kind: 'bytes', base64: 'AA==' }), always);
      await expect(unfindable).rejects.toThrow(NotFindable);
    });
  });
}
