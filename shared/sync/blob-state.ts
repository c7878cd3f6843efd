import { blobService } from '../azure/blob-service';
import type { StorageAccount } from '../settings/storage-account';
import { BlobJournal } from './blob-journal';
import { BlobLeases } from './blob-leases';

/** Containers of the pull's blobs. */
export interface BlobNames {
  readonly leases: string;
  readonly loads: string;
}

/** What a pull keeps in an account's blobs. */
export interface BlobState {
  readonly leases: BlobLeases;
  readonly journal: BlobJournal;
}

/** Opens the pull's blobs. */
export function blobState(account: StorageAccount<'blob'>, names: BlobNames): BlobState {
  const service = blobService(account);
  return {
    leases: new BlobLeases(service.getContainerClient(names.leases)),
    journal: new BlobJournal(service.getContainerClient(names.loads)),
  };
}
