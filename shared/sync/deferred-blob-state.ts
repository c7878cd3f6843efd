import type { StorageAccount } from '../settings/storage-account';
import type { BlobNames, BlobState } from './blob-state';
import type { Leases, LoadJournal } from './pull-state';

/** Like `blobState`, whose SDK is loaded only when something is asked of it: pushes never do. */
export function deferredBlobState(
  account: StorageAccount<'blob'>,
  names: BlobNames,
): { readonly leases: Leases; readonly journal: LoadJournal } {
  let opened: Promise<BlobState> | undefined;
  const open = (): Promise<BlobState> =>
    (opened ??= import('./blob-state.js').then(({ blobState }) => blobState(account, names)));
  return {
    leases: { acquire: async (name) => (await open()).leases.acquire(name) },
    journal: {
      append: async (name, at, ids) => (await open()).journal.append(name, at, ids),
      count: async (name) => (await open()).journal.count(name),
      read: async function* (name) {
        yield* (await open()).journal.read(name);
      },
      clear: async (table) => (await open()).journal.clear(table),
    },
  };
}
