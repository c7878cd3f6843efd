import { RestError, type AppendBlobClient, type ContainerClient } from '@azure/storage-blob';
import type { JournalName, LoadJournal } from './pull-state';
import { PACKED_ID_BYTES } from './row-id-set';

/**
 * Load journals as append blobs: one for each load, one block for each page (Azure takes 50,000 blocks: 250 million rows).
 * https://learn.microsoft.com/rest/api/storageservices/append-block
 */
export class BlobJournal implements LoadJournal {
  constructor(private readonly container: ContainerClient) {}

  async append(name: JournalName, ids: Uint8Array): Promise<void> {
    if (ids.byteLength === 0) return this.#create(name);
    try {
      await this.#blob(name).appendBlock(ids, ids.byteLength);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.#create(name);
      await this.#blob(name).appendBlock(ids, ids.byteLength);
    }
  }

  async #create(name: JournalName): Promise<void> {
    await this.container.createIfNotExists();
    await this.#blob(name).createIfNotExists();
  }

  async count(name: JournalName): Promise<number | undefined> {
    try {
      const { contentLength = 0 } = await this.#blob(name).getProperties();
      return contentLength / PACKED_ID_BYTES;
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

const isMissing = (error: unknown): boolean => error instanceof RestError && error.statusCode === 404;
