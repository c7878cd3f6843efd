import { BlobServiceClient } from '@azure/storage-blob';
import { appIdentity } from '../../shared/azure/deferred-credential';
import type { Settings } from './settings';

/** The blobs of `AzureWebJobsStorage`, by connection string or by an identity; undefined if neither is set. */
export function hostBlobs(settings: Settings): BlobServiceClient | undefined {
  const connectionString = settings.get('AzureWebJobsStorage');
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  const address = settings.get('AzureWebJobsStorage__blobServiceUri');
  return address === undefined
    ? undefined
    : new BlobServiceClient(address, appIdentity(settings.get('AzureWebJobsStorage__clientId')));
}
