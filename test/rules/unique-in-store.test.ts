/** Proves how the store is asked whether values are taken: by the names that the mapping file gives them, and never of the row itself. */
import { expect, jest, test } from '@jest/globals';
import { compileMapping } from '../../shared/mapping/compile-mapping';
import { NO_HASH } from '../../shared/mapping/mapping';
import { readMapping } from '../../shared/mapping/read-mapping';
import { NotFindable, type RowFinder } from '../../shared/lob/row-finder';
import { takenIn, type Store } from '../../shared/rules/unique-in-store';
import type { Subject } from '../../shared/rules/subject';
import { eventually } from '../eventually';
import { columnsOf, ROW_ID } from './operations';

const read = readMapping('mapping.yaml', 'tables: { account: { columns: { accountnumber: Number, secret: drop } } }');
if (!read.ok) throw new Error(read.faults.join());
const mapping = compileMapping(read.file, NO_HASH);

const SUBJECT: Subject = {
  operation: 'Update',
  name: 'account',
  rowId: ROW_ID,
  brought: columnsOf({}),
  image: undefined,
};
const COLUMNS = columnsOf({ accountnumber: 'A-1' });

const storeWith = (...ids: readonly string[]) => {
  const find = jest.fn<RowFinder['find']>(() => Promise.resolve(ids));
  return { find, store: (): Store => ({ finder: { find }, mapping }) };
};

test.each([
  ['no row', [], false],
  ['the row itself', [ROW_ID], false],
  ['another one', ['other'], true],
  ['both', [ROW_ID, 'other'], true],
])('%s has them', async (_what, ids, isTaken) => {
  const { find, store } = storeWith(...ids);
  expect(await takenIn(store)(1000)(SUBJECT, COLUMNS)).toBe(isTaken);
  expect(find.mock.calls).toEqual([['account', columnsOf({ Number: 'A-1' }), expect.any(Function)]]);
});

test('a new row has no id: whoever has the values is another one', async () => {
  const subject: Subject = { ...SUBJECT, operation: 'Create', rowId: undefined };
  expect(await takenIn(storeWith(ROW_ID).store)(1000)(subject, COLUMNS)).toBe(true);
});

test.each([
  ['no row', [], false],
  ['one row, which may be the updated one', [ROW_ID], undefined],
  ['two rows, of which one is another', [ROW_ID, 'other'], true],
])('an update by alternate key may not have its row’s id: %s has the values', async (_what, ids, isTaken) => {
  const asked = takenIn(storeWith(...ids).store)(1000)({ ...SUBJECT, rowId: undefined }, COLUMNS);
  if (isTaken === undefined) await expect(asked).rejects.toThrow(NotFindable);
  else expect(await asked).toBe(isTaken);
});

test('nothing more is asked once the time is up, nor anything at all that begins later', async () => {
  const { find, store } = storeWith();
  const inTime = takenIn(store)(60_000);
  await inTime(SUBJECT, COLUMNS);
  expect(find.mock.calls[0]?.[2]()).toBe(true);
  await expect(takenIn(store)(0)(SUBJECT, COLUMNS)).rejects.toThrow(NotFindable);
  expect(find).toHaveBeenCalledTimes(1);
  const short = takenIn(store)(20);
  await short(SUBJECT, COLUMNS);
  const isWanted = find.mock.calls[1]?.[2];
  await eventually(() => isWanted?.() === false, 'the end of the time');
});

test.each<readonly [string, () => Store | undefined, Parameters<ReturnType<typeof storeWith>['find']>[1]]>([
  ['there is none', () => undefined, COLUMNS],
  ['it can’t look for values', () => ({ finder: undefined, mapping }), COLUMNS],
  ['it doesn’t have the column', storeWith().store, columnsOf({ secret: 'x' })],
])('a store can’t be asked where %s', async (_what, store, columns) => {
  await expect(takenIn(store)(1000)(SUBJECT, columns)).rejects.toThrow(NotFindable);
});
