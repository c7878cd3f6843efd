import { RestError, type AppendBlobClient, type ContainerClient } from '@azure/storage-blob';
import type { JournalName, LoadJournal } from './pull-state';
import { PACKED_ID_BYTES } from './row-id-set';

/**
 * Load journals as append blobs: one for each load, one block for each page (Azure takes 50,000 blocks: 250 million rows).
 * https://learn.microsoft.com/rest/api/storageservices/append-block
 */
export class BlobJournal implements LoadJournal {
  constructor(private readonly container: ContainerClient) {}

  async append(name: JournalName, at: number, ids: Uint8Array): Promise<boolean> {
    const blob = this.#blob(name);
    const appendPosition = at * PACKED_ID_BYTES;
    if (at === 0) {
      await this.container.createIfNotExists();
      await blob.createIfNotExists();
    }
    if (ids.byteLength === 0) return true;
    try {
      await blob.appendBlock(ids, ids.byteLength, { conditions: { appendPosition } });
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      if (!isPositionTaken(error)) throw error;
      // Sent before, and only the answer was lost? Or is it somebody else's?
      return (await bytesAt(blob, appendPosition, ids.byteLength)).equals(ids);
    }
  }

  async count(name: JournalName): Promise<number | undefined> {
    try {
      const { contentLength = 0 } = await this.#blob(name).getProperties();
      return Math.floor(contentLength / PACKED_ID_BYTES);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async *read(name: JournalName): AsyncGenerator<Uint8Array> {
    const { readableStreamBody } = await this.#blob(name).download();
    if (readableStreamBody !== undefined) yield* wholeIds(readableStreamBody);
  }

  async clear(table: string): Promise<void> {
    try {
      for await (const { name } of this.container.listBlobsFlat({ prefix: `${table}/` }))
        await this.container.deleteBlob(name);
    } catch (error) {
      // Nothing was ever kept here, or another run has cleared it.
      if (!isMissing(error)) throw error;
    }
  }

  #blob({ table, load }: JournalName): AppendBlobClient {
    return this.container.getAppendBlobClient(`${table}/${load}`);
  }
}

/** As many of the bytes as are there. */
async function bytesAt(blob: AppendBlobClient, offset: number, length: number): Promise<Buffer> {
  try {
    const { readableStreamBody = [] } = await blob.download(offset, length);
    const pieces: Buffer[] = [];
    for await (const piece of readableStreamBody) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 416) return Buffer.alloc(0);
    throw error;
  }
}

/** The pieces of a stream, each cut so that no id is. */
async function* wholeIds(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of stream) {
    const bytes = Buffer.concat([rest, piece as Buffer]);
    const whole = bytes.byteLength - (bytes.byteLength % PACKED_ID_BYTES);
    yield bytes.subarray(0, whole);
    rest = bytes.subarray(whole);
  }
}

const statusOf = (error: unknown): number | undefined => (error instanceof RestError ? error.statusCode : undefined);

const isMissing = (error: unknown): boolean => statusOf(error) === 404;

/** AppendPositionConditionNotMet: the journal isn't as long as it should be. */
const isPositionTaken = (error: unknown): boolean => statusOf(error) === 412;
