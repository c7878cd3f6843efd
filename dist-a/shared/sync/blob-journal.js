"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BlobJournal = void 0;
const storage_blob_1 = require("@azure/storage-blob");
const row_id_set_1 = require("./row-id-set");
/**
 * Load journals as append blobs: one for each load, one block for each page (Azure takes 50,000 blocks: 250 million rows).
 * https://learn.microsoft.com/rest/api/storageservices/append-block
 */
class BlobJournal {
    container;
    constructor(container) {
        this.container = container;
    }
    async append(name, ids) {
        if (ids.byteLength === 0)
            return this.#create(name);
        try {
            await this.#blob(name).appendBlock(ids, ids.byteLength);
        }
        catch (error) {
            if (!isMissing(error))
                throw error;
            await this.#create(name);
            await this.#blob(name).appendBlock(ids, ids.byteLength);
        }
    }
    async #create(name) {
        await this.container.createIfNotExists();
        await this.#blob(name).createIfNotExists();
    }
    async count(name) {
        try {
            const { contentLength = 0 } = await this.#blob(name).getProperties();
            return contentLength / row_id_set_1.PACKED_ID_BYTES;
        }
        catch (error) {
            if (isMissing(error))
                return undefined;
            throw error;
        }
    }
    async *read(name) {
        const { readableStreamBody } = await this.#blob(name).download();
        if (readableStreamBody !== undefined)
            yield* wholeIds(readableStreamBody);
    }
    async clear(table) {
        try {
            for await (const { name } of this.container.listBlobsFlat({ prefix: `${table}/` }))
                await this.container.deleteBlob(name);
        }
        catch (error) {
            // Nothing was ever kept here, or another run has cleared it.
            if (!isMissing(error))
                throw error;
        }
    }
    #blob({ table, load }) {
        return this.container.getAppendBlobClient(`${table}/${load}`);
    }
}
exports.BlobJournal = BlobJournal;
/** The pieces of a stream, each cut so that no id is. */
async function* wholeIds(stream) {
    let rest = new Uint8Array();
    for await (const piece of stream) {
        const bytes = Buffer.concat([rest, piece]);
        const whole = bytes.byteLength - (bytes.byteLength % row_id_set_1.PACKED_ID_BYTES);
        yield bytes.subarray(0, whole);
        rest = bytes.subarray(whole);
    }
}
const isMissing = (error) => error instanceof storage_blob_1.RestError && error.statusCode === 404;
//# sourceMappingURL=blob-journal.js.map