import { RestError } from '@azure/storage-blob';
import { blobService } from '../azure/blob-service';
import type { StorageAccount } from '../settings/storage-account';
import type { LargeBodies } from './large-bodies';

/** For one body: 100 MB at most, and a message's lock waits for it. */
const LIMIT_MS = 60_000;

/** Bodies as block blobs; the container is made by the first one. */
export function blobBodies(account: StorageAccount<'blob'>, containerName: string): LargeBodies {
  const container = blobService(account).getContainerClient(containerName);
  return {
    async write(name, body) {
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
    async read(name) {
      try {
        return await container
          .getBlobClient(name)
          .downloadToBuffer(0, undefined, { abortSignal: AbortSignal.timeout(LIMIT_MS) });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async remove(name) {
      await container.getBlobClient(name).deleteIfExists();
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof RestError && error.statusCode === 404;
