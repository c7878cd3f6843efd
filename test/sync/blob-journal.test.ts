// Proves on real blobs (Azurite): a journal gives back what was added, also from a process that died, and is cleared whole.
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { BlobJournal } from '../../shared/sync/blob-journal';
import { RowIdSet, packIds } from '../../shared/sync/row-id-set';
import { rowId } from '../writer/changes';

let azurite: Azurite;
let journal: BlobJournal;
beforeAll(async () => {
  azurite = await startAzurite();
  const service = BlobServiceClient.fromConnectionString(azurite.connectionString);
  journal = new BlobJournal(service.getContainerClient('dvo-loads'));
});
afterAll(() => azurite.stop());

const ids = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => rowId(from + n));

async function shownIn(load: string): Promise<RowIdSet | undefined> {
  const count = await journal.count({ table: 'account', load });
  if (count === undefined) return undefined;
  const set = new RowIdSet(count);
  for await (const piece of journal.read({ table: 'account', load })) set.addPacked(piece);
  return set;
}

test('what was never kept is not there, and clearing it is no error', async () => {
  expect(await shownIn('none')).toBeUndefined();
  await journal.clear('account');
});

test('page after page is added; links’ ids too', async () => {
  const load = { table: 'account', load: 'a' };
  expect(await journal.append(load, 0, packIds(ids(0, 5000)))).toBe(true);
  expect(await journal.append(load, 5000, packIds([]))).toBe(true);
  expect(await journal.append(load, 5000, packIds([...ids(5000, 5000), `${rowId(1)}_${rowId(2)}`]))).toBe(true);
  const shown = await shownIn('a');
  expect(await journal.count(load)).toBe(10_001);
  for (const id of [rowId(0), rowId(9999), `${rowId(1)}_${rowId(2)}`]) expect(shown?.has(id)).toBe(true);
  expect(shown?.has(rowId(10_000))).toBe(false);
});

test('a load whose pages were empty has a journal', async () => {
  await journal.append({ table: 'account', load: 'b' }, 0, packIds([]));
  expect(await journal.count({ table: 'account', load: 'b' })).toBe(0);
  expect((await shownIn('b'))?.has(rowId(0))).toBe(false);
});

test('a page that is sent twice is there once; one at a place that has something else is refused', async () => {
  const load = { table: 'account', load: 'd' };
  await journal.append(load, 0, packIds(ids(0, 5)));
  expect(await journal.append(load, 0, packIds(ids(0, 5)))).toBe(true);
  expect(await journal.append(load, 0, packIds(ids(7, 5)))).toBe(false);
  expect(await journal.append(load, 3, packIds(ids(3, 5)))).toBe(false);
  expect(await journal.append(load, 9, packIds(ids(9, 5)))).toBe(false);
  expect(await journal.count(load)).toBe(5);
});

test('a journal that was cleared is not made anew by a later page', async () => {
  const load = { table: 'lead', load: 'e' };
  await journal.append(load, 0, packIds(ids(0, 5)));
  await journal.clear('lead');
  expect(await journal.append(load, 5, packIds(ids(5, 5)))).toBe(false);
  expect(await journal.count(load)).toBeUndefined();
});

test('clearing removes every load of the table, and no other’s', async () => {
  await journal.append({ table: 'accountleads', load: 'c' }, 0, packIds(ids(0, 3)));
  await journal.clear('account');
  expect([await shownIn('a'), await shownIn('b')]).toEqual([undefined, undefined]);
  expect(await journal.count({ table: 'accountleads', load: 'c' })).toBe(3);
});
