"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.environment = void 0;
exports.readConfig = readConfig;
exports.readLobConfig = readLobConfig;
exports.readStateConfig = readStateConfig;
exports.readWebApiConfig = readWebApiConfig;
exports.readMappingPart = readMappingPart;
/**
 * The app's settings, read once. Every fault of every section is reported together; a section with faults stops only the
 * functions that need it. docs/configuration.md lists all settings.
 */
const zod_1 = require("zod");
const compile_mapping_1 = require("../mapping/compile-mapping");
const mapping_1 = require("../mapping/mapping");
const message_connections_1 = require("./message-connections");
const mapping_settings_1 = require("./mapping-settings");
const optionalText = zod_1.z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? undefined : value), zod_1.z.string().trim().optional());
const whole = (least, most, fallback) => zod_1.z.preprocess((value) => (value === undefined || value === '' ? fallback : Number(value)), zod_1.z
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`));
const oneOf = (values, fallback) => zod_1.z.preprocess((value) => (value === undefined || value === '' ? fallback : value), zod_1.z.enum(values, { error: `must be one of ${values.join(', ')}` }));
const list = zod_1.z.preprocess((value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : []), zod_1.z.array(zod_1.z.string()));
const environmentUrl = zod_1.z
    .url({ protocol: /^https$/, error: 'must be an https address such as https://contoso.crm4.dynamics.com' })
    .transform((url) => new URL(url).origin);
const coreSchema = zod_1.z.object({
    SYNC_TABLES: list
        .pipe(zod_1.z.array(zod_1.z.string().regex(/^[a-z][a-z0-9_]{1,127}$/, 'must hold logical table names (lower case)')))
        .transform((tables) => [...new Set(tables)]),
    SYNC_RELATIONSHIPS: list
        .pipe(zod_1.z.array(zod_1.z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{1,127}$/, 'must hold schema names of relationships')))
        .transform((names) => [...new Set(names)]),
    LOB_TABLE_PREFIX: zod_1.z.preprocess((value) => value ?? '', zod_1.z.string().regex(/^(?:[A-Za-z][A-Za-z0-9]{0,19})?$/, 'must be letters and digits, 20 at most')),
    UNPROVABLE_ORDER: oneOf(['park', 'apply'], 'park'),
    ORDER_MODE: oneOf(['default', 'strict'], 'default'),
    CLOCK_MARGIN_SECONDS: whole(1, 300, 5),
    READ_BACK_MAX_AGE_SECONDS: whole(1, 600, 30),
    HINT_DELAY_SECONDS: whole(0, 3600, 10),
    PULL_MAX_SECONDS: whole(10, 86_400, 480),
    PULL_PAGE_ROWS: whole(50, 5000, 5000),
    FULL_IMAGE_ALIAS: optionalText,
    ORGANIZATION_ID: optionalText.pipe(zod_1.z.guid('must be the id (GUID) of an organisation').toLowerCase().optional()),
    CACHE_MEGABYTES: whole(1, 4096, 32),
    WEB_API_REQUESTS_PER_5_MINUTES: whole(20, 1_000_000, 5000),
    WEB_API_CONCURRENCY: whole(1, 500, 20),
});
const webhookSchema = zod_1.z.object({
    WEBHOOK_KEYS: list
        .pipe(zod_1.z.array(zod_1.z.string().min(16, 'must hold keys of at least 16 characters')))
        .refine((keys) => keys.length > 0, 'is missing: set the key that the webhook step sends (several, separated by commas, while rotating)'),
    WEBHOOK_KEY_NAME: zod_1.z.preprocess((value) => (value === undefined || value === '' ? 'x-dvo-key' : value), zod_1.z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name')),
    WEBHOOK_MAX_KILOBYTES: whole(64, 640, 512),
});
const flag = oneOf(['false', 'true'], 'false').transform((value) => value === 'true');
const messagesSchema = zod_1.z.object({
    SERVICEBUS_QUEUE_SESSIONS: flag,
    SERVICEBUS_SUBSCRIPTION_SESSIONS: flag,
    SERVICEBUS_RETRY_ATTEMPTS: whole(0, 100, 10),
    SERVICEBUS_RETRY_FIRST_SECONDS: whole(1, 3600, 5),
    SERVICEBUS_RETRY_LONGEST_SECONDS: whole(1, 86_400, 900),
});
/** Reads every section out of an environment. Never throws: faults are data. */
function readConfig(environment) {
    return { core: readCore(environment), webhook: readWebhook(environment), messages: readMessages(environment) };
}
/** Reads only what finding a row of the LOB store takes, for the operator's CLI. */
function readLobConfig(environment) {
    const parsed = coreSchema.pick({ LOB_TABLE_PREFIX: true }).safeParse(environment);
    const { value: account, faults } = readStorage(environment, 'LOB_STORAGE');
    const file = (0, mapping_settings_1.readMappingFile)(environment.MAPPING_FILE?.trim() ?? '');
    if (!parsed.success || account === undefined || file?.ok === false)
        return { ok: false, faults: [...faultsOf(parsed), ...faults, ...(file?.ok === false ? file.faults : [])] };
    const mapping = file === undefined ? mapping_1.DEFAULT_MAPPING : (0, compile_mapping_1.compileMapping)(file.file, mapping_1.NO_HASH);
    return { ok: true, value: { account, tablePrefix: parsed.data.LOB_TABLE_PREFIX, mapping } };
}
/** Reads only where the app's own state is (parked items), for the operator's CLI. */
function readStateConfig(environment) {
    const { value, faults } = readStorage(environment, 'AzureWebJobsStorage');
    return value === undefined ? { ok: false, faults } : { ok: true, value };
}
/** Reads only what asking the Web API takes, for the operator's CLI. */
function readWebApiConfig(environment) {
    const { value, faults } = readDataverse(environment);
    if (value !== undefined)
        return { ok: true, value };
    return { ok: false, faults: faults.length > 0 ? faults : ['DATAVERSE_URL is missing: name the environment to ask'] };
}
function readCore(environment) {
    const parsed = coreSchema.safeParse(environment);
    const lob = readStorage(environment, 'LOB_STORAGE');
    const state = readStorage(environment, 'AzureWebJobsStorage');
    const dataverse = readDataverse(environment);
    const { mapping, tables, relationships, faults: mappingFaults } = readMappingPart(environment);
    const faults = [...faultsOf(parsed), ...mappingFaults, ...lob.faults, ...state.faults, ...dataverse.faults];
    if (!parsed.success || faults.length > 0 || lob.value === undefined || state.value === undefined)
        return { ok: false, faults };
    const { data } = parsed;
    return {
        ok: true,
        value: {
            tables,
            mapping,
            relationships,
            lob: lob.value,
            lobTablePrefix: data.LOB_TABLE_PREFIX,
            state: state.value,
            ...(dataverse.value === undefined ? {} : { dataverse: dataverse.value }),
            unprovable: data.UNPROVABLE_ORDER,
            orderMode: data.ORDER_MODE,
            marginSeconds: data.CLOCK_MARGIN_SECONDS,
            maxReadAgeSeconds: data.READ_BACK_MAX_AGE_SECONDS,
            hintDelaySeconds: data.HINT_DELAY_SECONDS,
            pullMaxSeconds: data.PULL_MAX_SECONDS,
            pullPageRows: data.PULL_PAGE_ROWS,
            ...(data.ORGANIZATION_ID === undefined ? {} : { organizationId: data.ORGANIZATION_ID }),
            ...(data.FULL_IMAGE_ALIAS === undefined ? {} : { fullImageAlias: data.FULL_IMAGE_ALIAS }),
            cacheMegabytes: data.CACHE_MEGABYTES,
            webApiRequests: data.WEB_API_REQUESTS_PER_5_MINUTES,
            webApiConcurrency: data.WEB_API_CONCURRENCY,
        },
    };
}
/** Reads only the mapping, with all that is wrong with its settings. */
function readMappingPart(environment) {
    const { SYNC_TABLES, SYNC_RELATIONSHIPS, LOB_TABLE_PREFIX } = coreSchema.shape;
    return (0, mapping_settings_1.readMappingSettings)(environment, {
        tables: SYNC_TABLES.safeParse(environment.SYNC_TABLES).data,
        relationships: SYNC_RELATIONSHIPS.safeParse(environment.SYNC_RELATIONSHIPS).data,
        prefix: LOB_TABLE_PREFIX.safeParse(environment.LOB_TABLE_PREFIX).data,
    });
}
function readWebhook(environment) {
    const parsed = webhookSchema.safeParse(environment);
    if (!parsed.success)
        return { ok: false, faults: faultsOf(parsed) };
    const { WEBHOOK_KEYS: keys, WEBHOOK_KEY_NAME: keyName, WEBHOOK_MAX_KILOBYTES: kilobytes } = parsed.data;
    return { ok: true, value: { keys, keyName: keyName.toLowerCase(), maxBytes: kilobytes * 1024 } };
}
function readMessages(environment) {
    const parsed = messagesSchema.safeParse(environment);
    if (!parsed.success)
        return { ok: false, faults: faultsOf(parsed) };
    const { data } = parsed;
    const bus = (0, message_connections_1.readServiceBusConfig)(environment);
    const { namespace, queue } = bus.ok ? bus.value : {};
    const served = namespace !== undefined && queue !== undefined && !isDisabled(environment, 'service-bus-queue');
    return {
        ok: true,
        value: {
            queueSessions: data.SERVICEBUS_QUEUE_SESSIONS,
            subscriptionSessions: data.SERVICEBUS_SUBSCRIPTION_SESSIONS,
            retry: {
                attempts: data.SERVICEBUS_RETRY_ATTEMPTS,
                firstDelayMs: data.SERVICEBUS_RETRY_FIRST_SECONDS * 1000,
                longestDelayMs: data.SERVICEBUS_RETRY_LONGEST_SECONDS * 1000,
            },
            retryQueue: served ? { namespace, queue } : undefined,
        },
    };
}
/** Switched off by the platform's own setting, whose dots are underscores on Linux. https://learn.microsoft.com/azure/azure-functions/disable-function */
const isDisabled = (environment, functionName) => [`AzureWebJobs.${functionName}.Disabled`, `AzureWebJobs_${functionName}_Disabled`].some((name) => ['true', '1'].includes(environment[name]?.trim().toLowerCase() ?? ''));
/** `NAME` as a connection string or `NAME__accountName` with the app's identity: the platform's own convention. */
function readStorage(environment, name) {
    const connectionString = environment[name]?.trim() ?? '';
    const account = environment[`${name}__accountName`]?.trim() ?? '';
    if (connectionString !== '') {
        if (!/(?:AccountName|UseDevelopmentStorage|TableEndpoint)=/i.test(connectionString)) {
            return { faults: [`${name} must be a connection string of a storage account`] };
        }
        return { value: { kind: 'connectionString', connectionString }, faults: [] };
    }
    if (account === '')
        return {
            faults: [
                `${name} is missing: set it to a storage connection string, or set ${name}__accountName to use the app's identity`,
            ],
        };
    if (!/^[a-z0-9]{3,24}$/.test(account))
        return { faults: [`${name}__accountName must be a storage account name (3 to 24 lower-case letters and digits)`] };
    const endpoint = (service) => `https://${account}.${service}.core.windows.net`;
    return { value: { kind: 'identity', tableEndpoint: endpoint('table'), blobEndpoint: endpoint('blob') }, faults: [] };
}
function readDataverse(environment) {
    const address = environment.DATAVERSE_URL?.trim() ?? '';
    if (address === '')
        return { faults: [] };
    const url = environmentUrl.safeParse(address);
    const faults = url.success ? [] : url.error.issues.map(({ message }) => `DATAVERSE_URL ${message}`);
    const setting = (name) => environment[name]?.trim() ?? '';
    const need = (name) => {
        if (setting(name) === '')
            faults.push(`${name} is missing: DATAVERSE_AUTH=${setting('DATAVERSE_AUTH') || 'client-secret'} needs it`);
        return setting(name);
    };
    let auth;
    switch (setting('DATAVERSE_AUTH')) {
        case '':
        case 'client-secret':
            auth = {
                kind: 'client-secret',
                tenantId: need('AZURE_TENANT_ID'),
                clientId: need('AZURE_CLIENT_ID'),
                secret: need('AZURE_CLIENT_SECRET'),
            };
            break;
        case 'client-certificate':
            auth = {
                kind: 'client-certificate',
                tenantId: need('AZURE_TENANT_ID'),
                clientId: need('AZURE_CLIENT_ID'),
                certificatePath: need('AZURE_CLIENT_CERTIFICATE_PATH'),
            };
            break;
        case 'managed-identity':
            auth =
                setting('AZURE_CLIENT_ID') === ''
                    ? { kind: 'managed-identity' }
                    : { kind: 'managed-identity', clientId: setting('AZURE_CLIENT_ID') };
            break;
        default:
            return {
                faults: [...faults, 'DATAVERSE_AUTH must be one of client-secret, client-certificate, managed-identity'],
            };
    }
    if (!url.success || faults.length > 0)
        return { faults };
    return {
        value: { url: url.data, auth, disableInstanceDiscovery: setting('AZURE_DISABLE_INSTANCE_DISCOVERY') === 'true' },
        faults: [],
    };
}
/** A fault names its setting, never its value. */
const faultsOf = (result) => result.success ? [] : [...new Set(result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`))];
/** The environment of this process: read here and nowhere else. */
const environment = () => process.env;
exports.environment = environment;
//# sourceMappingURL=config.js.map