"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readHostJson = readHostJson;
/** host.json: the options this host honours, with the real host's defaults. */
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const zod_1 = require("zod");
/** `hh:mm:ss` or `d.hh:mm:ss`, as .NET writes a TimeSpan, in milliseconds. */
const timeSpan = zod_1.z.string().transform((text, context) => {
    const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text) ?? [];
    if (seconds === undefined)
        context.addIssue(`'${text}' isn't a time span (hh:mm:ss).`);
    return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
});
/** The real default has no upper bound; on one machine more than this only makes long queues. */
const MOST_DEFAULT_CALLS = 128;
const hostJson = zod_1.z.object({
    logging: zod_1.z.object({ logLevel: zod_1.z.record(zod_1.z.string(), zod_1.z.string()).default({}) }).prefault({}),
    extensions: zod_1.z
        .object({
        http: zod_1.z.object({ routePrefix: zod_1.z.string().default('api') }).prefault({}),
        /** https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings */
        serviceBus: zod_1.z
            .object({
            autoCompleteMessages: zod_1.z.boolean().default(true),
            maxAutoLockRenewalDuration: timeSpan.prefault('00:05:00'),
            maxConcurrentCalls: zod_1.z.coerce
                .number()
                .int()
                .min(1)
                .default(Math.min(16 * (0, node_os_1.availableParallelism)(), MOST_DEFAULT_CALLS)),
            maxConcurrentSessions: zod_1.z.coerce.number().int().min(1).default(8),
            maxMessageBatchSize: zod_1.z.coerce.number().int().min(1).default(1000),
            sessionIdleTimeout: timeSpan.prefault('00:01:00'),
        })
            .prefault({}),
        /** https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings */
        eventHubs: zod_1.z
            .object({
            maxEventBatchSize: zod_1.z.coerce.number().int().min(1).default(100),
            batchCheckpointFrequency: zod_1.z.coerce.number().int().min(1).default(1),
            prefetchCount: zod_1.z.coerce.number().int().min(1).default(300),
            initialOffsetOptions: zod_1.z
                .object({ type: zod_1.z.string().default('fromStart'), enqueuedTimeUtc: zod_1.z.string().optional() })
                .prefault({}),
        })
            .prefault({}),
    })
        .prefault({}),
});
const OVERRIDE_PREFIX = 'AzureFunctionsJobHost__';
/**
 * Reads host.json, under overrides from settings such as `AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls`
 * (https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values).
 *
 * @throws Error naming the wrong option.
 */
function readHostJson(file, environment) {
    const json = (0, node_fs_1.existsSync)(file) ? JSON.parse((0, node_fs_1.readFileSync)(file, 'utf8')) : {};
    for (const [name, value] of Object.entries(environment)) {
        if (name.startsWith(OVERRIDE_PREFIX))
            override(json, name.slice(OVERRIDE_PREFIX.length).split('__'), value);
    }
    const parsed = hostJson.safeParse(json);
    if (!parsed.success)
        throw new Error(`${file}: ${zod_1.z.prettifyError(parsed.error)}`);
    return parsed.data;
}
function override(target, [key = '', ...rest], value) {
    if (typeof target !== 'object' || target === null)
        return;
    const entries = target;
    if (rest.length === 0)
        entries[key] = value === 'true' ? true : value === 'false' ? false : value;
    else
        override((entries[key] ??= {}), rest, value);
}
//# sourceMappingURL=host-json.js.map