"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TableRateWindow = void 0;
const tables_1 = require("../azure/tables");
const rate_window_1 = require("./rate-window");
const PARTITION = 'rate';
const ROW = 'web-api';
/** A window in an Azure table: one entity, replaced by compare-and-swap. */
class TableRateWindow {
    client;
    constructor(client) {
        this.client = client;
    }
    async read(signal) {
        const entity = await (0, tables_1.findEntity)(this.client, PARTITION, ROW, signal);
        if (entity === undefined)
            return { window: rate_window_1.EMPTY_WINDOW, tag: undefined };
        return { window: windowFrom(entity.window), tag: String(entity.etag) };
    }
    async replace({ tag }, window, signal) {
        const entity = { partitionKey: PARTITION, rowKey: ROW, window: JSON.stringify(window) };
        try {
            const { etag } = tag === undefined
                ? await (0, tables_1.withTable)(this.client, () => this.client.createEntity(entity, { abortSignal: signal }))
                : await this.client.updateEntity(entity, 'Replace', { etag: tag, abortSignal: signal });
            return etag === undefined ? undefined : { window, tag: etag };
        }
        catch (error) {
            if ([404, 409, 412].includes((0, tables_1.statusOf)(error) ?? 0))
                return undefined;
            throw error;
        }
    }
}
exports.TableRateWindow = TableRateWindow;
/** What can't be read counts as nothing: the next write puts it right. */
function windowFrom(text) {
    try {
        return { ...rate_window_1.EMPTY_WINDOW, ...JSON.parse(String(text)) };
    }
    catch {
        return rate_window_1.EMPTY_WINDOW;
    }
}
//# sourceMappingURL=table-rate-window.js.map