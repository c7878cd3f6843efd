import { BlobServiceClient } from '@azure/storage-blob';
import type { StorageAccount } from '../config/config';
import { appIdentity } from './deferred-credential';

/** Opens an account's blobs. */
export const blobService = (account: StorageAccount): BlobServiceClient =>
  account.kind === 'identity'
    ? new BlobServiceClient(account.blobEndpoint, appIdentity())
    : BlobServiceClient.fromConnectionString(account.connectionString);
