"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.memoryTimerMonitor = memoryTimerMonitor;
exports.blobTimerMonitor = blobTimerMonitor;
/**
 * What the host remembers about a monitored timer between starts, in the storage account as the real host does (container `azure-webjobs-hosts`), or in
 * memory where the app has no storage.
 */
const storage_blob_1 = require("@azure/storage-blob");
const zod_1 = require("zod");
const scheduleStatus = zod_1.z.object({ Last: zod_1.z.string(), Next: zod_1.z.string(), LastUpdated: zod_1.z.string() });
/** Remembers until the process ends. */
function memoryTimerMonitor() {
    const statuses = new Map();
    return {
        read: (name) => Promise.resolve(statuses.get(name)),
        write: (name, status) => Promise.resolve(void statuses.set(name, status)),
    };
}
/** Remembers in blobs `timers/<host id>/Host.Functions.<name>/status`. */
function blobTimerMonitor(connectionString, hostId) {
    const container = storage_blob_1.BlobServiceClient.fromConnectionString(connectionString).getContainerClient('azure-webjobs-hosts');
    const blob = (name) => container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${name}/status`);
    return {
        async read(name) {
            await container.createIfNotExists();
            if (!(await blob(name).exists()))
                return undefined;
            return scheduleStatus.parse(JSON.parse((await blob(name).downloadToBuffer()).toString('utf8')));
        },
        async write(name, status) {
            const body = Buffer.from(JSON.stringify(status));
            await blob(name).upload(body, body.length);
        },
    };
}
//# sourceMappingURL=timer-monitor.js.map