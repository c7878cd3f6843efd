import type { StorageAccount } from '../settings/storage-account';
import type { Leases, LoadJournal } from './pull-state';

/** Containers of the pull's blobs. */
export interface BlobNames {
  readonly leases: string;
  readonly loads: string;
}

/** What a pull keeps in an account's blobs. */
export interface BlobState {
  readonly leases: Leases;
  readonly journal: LoadJournal;
}

/** The pull's blobs, whose SDK is loaded only when something is asked of them: pushes never do. */
export function blobState(account: StorageAccount<'blob'>, names: BlobNames): BlobState {
  let opened: Promise<BlobState> | undefined;
  const open = (): Promise<BlobState> => (opened ??= load(account, names));
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

async function load(account: StorageAccount<'blob'>, names: BlobNames): Promise<BlobState> {
  const [{ blobService }, { BlobLeases }, { BlobJournal }] = await Promise.all([
    import('../azure/blob-service.js'),
    import('./blob-leases.js'),
    import('./blob-journal.js'),
  ]);
  const service = blobService(account);
  return {
    leases: new BlobLeases(service.getContainerClient(names.leases)),
    journal: new BlobJournal(service.getContainerClient(names.loads)),
  };
}
