import { RestError } from '@azure/storage-blob';
import { blobService } from '../azure/blob-service';
import type { StorageAccount } from '../settings/storage-account';

/** For one body: 100 MB at most, and a message's lock waits for it. */
const LIMIT_MS = 60_000;

/** Bodies as block blobs; the container is made by the first one. */
export function blobBodies(account: StorageAccount<'blob'>, containerName: string) {
  const container = blobService(account).getContainerClient(containerName);
  return {
    async write(name: string, body: Uint8Array): Promise<void> {
      const blob = container.getBlockBlobClient(name);
      const abortSignal = AbortSignal.timeout(LIMIT_MS);
      try {
        await blob.uploadData(body, { abortSignal });
      } catch (error) {
        if (!isMissing(error)) throw error;
        await container.createIfNotExists({ abortSignal });
        await blob.uploadData(body, { abortSignal });
      }
    },
    async read(name: string): Promise<Uint8Array | undefined> {
      try {
        return await container
          .getBlobClient(name)
          .downloadToBuffer(0, undefined, { abortSignal: AbortSignal.timeout(LIMIT_MS) });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async remove(name: string): Promise<void> {
      await container.getBlobClient(name).deleteIfExists();
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof RestError && error.statusCode === 404;
