import { BlobServiceClient } from '@azure/storage-blob';
import { appIdentity } from '../azure/deferred-credential';
import type { StorageAccount } from '../config/config';
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
export function blobState(account: StorageAccount, names: BlobNames): BlobState {
  const service =
    account.kind === 'identity'
      ? new BlobServiceClient(account.blobEndpoint, appIdentity())
      : BlobServiceClient.fromConnectionString(account.connectionString);
  return {
    leases: new BlobLeases(service.getContainerClient(names.leases)),
    journal: new BlobJournal(service.getContainerClient(names.loads)),
  };
}
