import { ManagedIdentityCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Settings } from './settings';

/** The blobs of `AzureWebJobsStorage`, by connection string or by a user-assigned identity; undefined if neither is set. */
export function hostBlobs(settings: Settings): BlobServiceClient | undefined {
  const connectionString = settings.get('AzureWebJobsStorage');
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  const address = settings.get('AzureWebJobsStorage__blobServiceUri');
  const clientId = settings.get('AzureWebJobsStorage__clientId');
  if (address === undefined || clientId === undefined) return undefined;
  return new BlobServiceClient(address, new ManagedIdentityCredential({ clientId }));
}
