import { BlobServiceClient } from '@azure/storage-blob';
import type { StorageAccount } from '../settings/storage-account';
import { appIdentity } from './deferred-credential';

/** Opens an account's blobs. */
export const blobService = (account: StorageAccount<'blob'>): BlobServiceClient =>
  account.kind === 'identity'
    ? new BlobServiceClient(account.endpoints.blob, appIdentity(account.clientId))
    : BlobServiceClient.fromConnectionString(account.connectionString);
