/**
 * The app's settings, read once. Every fault of every section is reported together; a section with faults stops only the
 * functions that need it. docs/configuration.md lists all settings.
 */
import * as z from 'zod';
import { compileMapping } from '../mapping/compile-mapping';
import { DEFAULT_MAPPING, NO_HASH, type Mapping } from '../mapping/mapping';
import { FUNCTION_NAMES, isLeftOut, type FunctionName } from './left-out';
import { readServiceBusConfig, type ServiceBusConfig } from './message-connections';
import { readStorageAccount, type StorageAccount } from '../azure/storage-account';
import { readMappingFile, readMappingSettings, type MappingSettings } from './mapping-settings';

/** As whom to call Dataverse. */
export type DataverseAuth =
  | { readonly kind: 'client-secret'; readonly tenantId: string; readonly clientId: string; readonly secret: string }
  | {
      readonly kind: 'client-certificate';
      readonly tenantId: string;
      readonly clientId: string;
      readonly certificatePath: string;
    }
  | { readonly kind: 'managed-identity'; readonly clientId?: string }
  /** Whoever is signed in on this machine (`az login`): operators and developers. */
  | { readonly kind: 'azure-cli' };

/** The Web API: where, as whom. */
export interface DataverseConfig {
  readonly url: string;
  readonly auth: DataverseAuth;
  /** For clouds whose authority Microsoft's instance discovery doesn't know. */
  readonly disableInstanceDiscovery: boolean;
}

/** What every function needs. */
export interface CoreConfig {
  /** Logical names of the tables that are kept in step. */
  readonly tables: readonly string[];
  /** How they lie in the store. */
  readonly mapping: Mapping;
  /** Schema names of the many-to-many relationships whose links are kept in step. */
  readonly relationships: readonly string[];
  readonly lob: StorageAccount<'table'>;
  readonly lobTablePrefix: string;
  /** Parking, pull state and leases. */
  readonly state: StorageAccount<'table' | 'blob'>;
  /** Undefined: no Web API access; `unprovable` then says what happens to changes whose order can't be proven. */
  readonly dataverse?: DataverseConfig;
  readonly unprovable: 'apply' | 'park';
  readonly orderMode: 'default' | 'strict';
  readonly marginSeconds: number;
  readonly maxReadAgeSeconds: number;
  readonly hintDelaySeconds: number;
  /** The pull of all tables ends, each at a page, when it has lasted that long; the next one goes on there. */
  readonly pullMaxSeconds: number;
  /** Rows asked for at a time. */
  readonly pullPageRows: number;
  readonly fullImageAlias?: string;
  /** The only organisation whose events count. @default the first one seen */
  readonly organizationId?: string;
  readonly cacheMegabytes: number;
  /** Requests to the Web API that run at once in this process. */
  readonly webApiConcurrency: number;
}

/** What the webhook needs besides. */
export interface WebhookConfig {
  /** Any of them opens; several at once allow rotation without a gap. */
  readonly keys: readonly string[];
  /** Name of the header or query parameter that carries the key, besides `code`. */
  readonly keyName: string;
  readonly maxBytes: number;
}

/** When what can't be settled now is tried again by copies of the message, in the queue. */
export interface RetryConfig {
  /** After so many it is parked; 0: at once, without copies. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** What the Service Bus functions need besides what the platform reads for their triggers. */
export interface MessagesConfig {
  readonly queueSessions: boolean;
  readonly subscriptionSessions: boolean;
  readonly retry: RetryConfig;
  /** The queue that copies go to; undefined: none is set, or its function is switched off. */
  readonly retryQueue: (Pick<ServiceBusConfig, 'namespace'> & { readonly queue: string }) | undefined;
}

/** A section: its value, or what is wrong with it, one sentence per setting. */
export type Section<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly string[] };

/** All sections. */
export interface Config {
  readonly core: Section<CoreConfig>;
  readonly webhook: Section<WebhookConfig>;
  readonly messages: Section<MessagesConfig>;
}

/** Settings by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const optionalText = z.preprocess(
  (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
  z.string().trim().optional(),
);
const whole = (least: number, most: number, fallback: number) =>
  z.preprocess(
    (value) => (value === undefined || value === '' ? fallback : Number(value)),
    z
      .number({ error: 'must be a whole number' })
      .int('must be a whole number')
      .min(least, `must be at least ${least}`)
      .max(most, `must be at most ${most}`),
  );
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.preprocess(
    (value) => (value === undefined || value === '' ? fallback : value),
    z.enum(values, { error: `must be one of ${values.join(', ')}` }),
  );
const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : []),
  z.array(z.string()),
);

const environmentUrl = z
  .url({ protocol: /^https$/, error: 'must be an https address such as https://contoso.crm4.dynamics.com' })
  .transform((url) => new URL(url).origin);

const coreSchema = z.object({
  SYNC_TABLES: list
    .pipe(z.array(z.string().regex(/^[a-z][a-z0-9_]{1,127}$/, 'must hold logical table names (lower case)')))
    .transform((tables) => [...new Set(tables)]),
  SYNC_RELATIONSHIPS: list
    .pipe(z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{1,127}$/, 'must hold schema names of relationships')))
    .transform((names) => [...new Set(names)]),
  LOB_TABLE_PREFIX: z.preprocess(
    (value) => value ?? '',
    z.string().regex(/^(?:[A-Za-z][A-Za-z0-9]{0,19})?$/, 'must be letters and digits, 20 at most'),
  ),
  UNPROVABLE_ORDER: oneOf(['park', 'apply'], 'park'),
  ORDER_MODE: oneOf(['default', 'strict'], 'default'),
  CLOCK_MARGIN_SECONDS: whole(1, 300, 5),
  READ_BACK_MAX_AGE_SECONDS: whole(1, 600, 30),
  HINT_DELAY_SECONDS: whole(0, 3600, 10),
  // With what a pull may take after it (deadline.ts), below `functionTimeout` of host.json.
  PULL_MAX_SECONDS: whole(10, 480, 480),
  PULL_PAGE_ROWS: whole(50, 5000, 5000),
  FULL_IMAGE_ALIAS: optionalText,
  ORGANIZATION_ID: optionalText.pipe(z.guid('must be the id (GUID) of an organisation').toLowerCase().optional()),
  CACHE_MEGABYTES: whole(1, 4096, 32),
  WEB_API_CONCURRENCY: whole(1, 500, 20),
  DISABLED_FUNCTIONS: list.pipe(z.array(z.enum(FUNCTION_NAMES, { error: `must hold ${FUNCTION_NAMES.join(', ')}` }))),
});

/** What the webhook's settings are unless they are set. */
export const WEBHOOK_DEFAULTS = { keyName: 'x-dvo-key', maxKilobytes: 512 } as const;

/**
 * Whether a key may hold 24 random bytes: 48 hexadecimal digits, or 32 characters of base64, and no few characters over and
 * over. The webhook answers everyone, so that a key which can be guessed is guessed.
 */
const isStrong = (key: string): boolean =>
  key.length >= (/^[0-9a-f]*$/i.test(key) ? 48 : 32) && new Set(key).size >= 10;

/** Names of headers that every request has, or that the platform, a proxy or Dataverse sets. */
const RESERVED_HEADER =
  /^(?:host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|date|via|from|origin|referer|user-agent|cookie|range|forwarded|max-forwards|client-ip|disguised-host|traceparent|tracestate|x-request-id|(?:accept|content|if|proxy|sec|cache|x-forwarded|x-original|x-arr|x-ms|x-azure|x-appservice|x-site|was)(?:-.*)?)$/i;

/** A name that may carry the webhook's key. */
export const isKeyName = (name: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(name) && !RESERVED_HEADER.test(name);

const webhookSchema = z.object({
  WEBHOOK_KEYS: list
    .pipe(
      z.array(
        z.string().refine(isStrong, 'must hold keys of at least 24 random bytes each: openssl rand -hex 24 makes one'),
      ),
    )
    .refine(
      // What the platform leaves in the setting when it can't read the secret; whoever guesses the vault's name knows it.
      // https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
      (keys) => !keys.some((key) => key.startsWith('@Microsoft.KeyVault(')),
      'is a Key Vault reference that the platform could not resolve: see that the secret exists and that the app may read it',
    )
    .refine(
      (keys) => keys.length > 0,
      'is missing: set the key that the webhook step sends (several, separated by commas, while rotating)',
    ),
  WEBHOOK_KEY_NAME: z.preprocess(
    (value) => (value === undefined || value === '' ? WEBHOOK_DEFAULTS.keyName : value),
    z
      .string()
      .refine(isKeyName, 'must be a header name, and none that is in use already, such as Host or Content-Type'),
  ),
  WEBHOOK_MAX_KILOBYTES: whole(64, 640, WEBHOOK_DEFAULTS.maxKilobytes),
});

const flag = oneOf(['false', 'true'], 'false').transform((value) => value === 'true');

const messagesSchema = z.object({
  SERVICEBUS_QUEUE_SESSIONS: flag,
  SERVICEBUS_SUBSCRIPTION_SESSIONS: flag,
  SERVICEBUS_RETRY_ATTEMPTS: whole(0, 100, 10),
  SERVICEBUS_RETRY_FIRST_SECONDS: whole(1, 3600, 5),
  SERVICEBUS_RETRY_LONGEST_SECONDS: whole(1, 86_400, 900),
});

/** Reads every section out of an environment. Never throws: faults are data. */
export function readConfig(environment: Environment): Config {
  return { core: readCore(environment), webhook: readWebhook(environment), messages: readMessages(environment) };
}

/** Where the LOB store is and how rows lie there: all that a reader of it needs. */
export interface LobConfig {
  readonly account: StorageAccount<'table'>;
  readonly tablePrefix: string;
  readonly mapping: Mapping;
}

/** Reads only what finding a row of the LOB store takes, for the operator's CLI. */
export function readLobConfig(environment: Environment): Section<LobConfig> {
  const parsed = coreSchema.pick({ LOB_TABLE_PREFIX: true }).safeParse(environment);
  const { value: account, faults } = readStorageAccount(environment, 'LOB_STORAGE', ['table']);
  const file = readMappingFile(environment.MAPPING_FILE?.trim() ?? '');
  if (!parsed.success || account === undefined || file?.ok === false)
    return { ok: false, faults: [...faultsOf(parsed), ...faults, ...(file?.ok === false ? file.faults : [])] };
  const mapping = file === undefined ? DEFAULT_MAPPING : compileMapping(file.file, NO_HASH);
  return { ok: true, value: { account, tablePrefix: parsed.data.LOB_TABLE_PREFIX, mapping } };
}

/** Reads only where the app's own state is (parked items), for the operator's CLI. */
export function readStateConfig(environment: Environment): Section<StorageAccount<'table' | 'blob'>> {
  const { value, faults } = readStorageAccount(environment, 'AzureWebJobsStorage', ['table', 'blob']);
  return value === undefined ? { ok: false, faults } : { ok: true, value };
}

/** Reads only what asking the Web API takes, for the operator's CLI. */
export function readWebApiConfig(environment: Environment): Section<DataverseConfig> {
  const { value, faults } = readDataverse(environment);
  if (value !== undefined) return { ok: true, value };
  return { ok: false, faults: faults.length > 0 ? faults : ['DATAVERSE_URL is missing: name the environment to ask'] };
}

function readCore(environment: Environment): Section<CoreConfig> {
  const parsed = coreSchema.safeParse(environment);
  const lob = readStorageAccount(environment, 'LOB_STORAGE', ['table']);
  const state = readStorageAccount(environment, 'AzureWebJobsStorage', ['table', 'blob']);
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
      webApiConcurrency: data.WEB_API_CONCURRENCY,
    },
  };
}

/** Reads only the mapping, with all that is wrong with its settings. */
export function readMappingPart(environment: Environment): MappingSettings {
  const { SYNC_TABLES, SYNC_RELATIONSHIPS, LOB_TABLE_PREFIX } = coreSchema.shape;
  return readMappingSettings(environment, {
    tables: SYNC_TABLES.safeParse(environment.SYNC_TABLES).data,
    relationships: SYNC_RELATIONSHIPS.safeParse(environment.SYNC_RELATIONSHIPS).data,
    prefix: LOB_TABLE_PREFIX.safeParse(environment.LOB_TABLE_PREFIX).data,
  });
}

function readWebhook(environment: Environment): Section<WebhookConfig> {
  const parsed = webhookSchema.safeParse(environment);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed) };
  const { WEBHOOK_KEYS: keys, WEBHOOK_KEY_NAME: keyName, WEBHOOK_MAX_KILOBYTES: kilobytes } = parsed.data;
  return { ok: true, value: { keys, keyName: keyName.toLowerCase(), maxBytes: kilobytes * 1024 } };
}

function readMessages(environment: Environment): Section<MessagesConfig> {
  const parsed = messagesSchema.safeParse(environment);
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed) };
  const { data } = parsed;
  const bus = readServiceBusConfig(environment);
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

/** Left out, or switched off by the platform's own setting, whose dots are underscores on Linux. https://learn.microsoft.com/azure/azure-functions/disable-function */
const isDisabled = (environment: Environment, functionName: FunctionName): boolean =>
  isLeftOut(environment, functionName) ||
  [`AzureWebJobs.${functionName}.Disabled`, `AzureWebJobs_${functionName}_Disabled`].some((name) =>
    ['true', '1'].includes(environment[name]?.trim().toLowerCase() ?? ''),
  );

/** A value, or what is wrong with its settings. */
export interface Found<T> {
  readonly value?: T;
  readonly faults: readonly string[];
}

function readDataverse(environment: Environment): Found<DataverseConfig> {
  const address = environment.DATAVERSE_URL?.trim() ?? '';
  if (address === '') return { faults: [] };
  const url = environmentUrl.safeParse(address);
  const faults = url.success ? [] : url.error.issues.map(({ message }) => `DATAVERSE_URL ${message}`);
  const setting = (name: string): string => environment[name]?.trim() ?? '';
  const need = (name: string): string => {
    if (setting(name) === '')
      faults.push(`${name} is missing: DATAVERSE_AUTH=${setting('DATAVERSE_AUTH') || 'client-secret'} needs it`);
    return setting(name);
  };
  let auth: DataverseAuth;
  switch (setting('DATAVERSE_AUTH')) {
    case '':
    case 'client-secret':
      auth = {
        kind: 'client-secret',
        tenantId: need('DATAVERSE_TENANT_ID'),
        clientId: need('DATAVERSE_CLIENT_ID'),
        secret: need('DATAVERSE_CLIENT_SECRET'),
      };
      break;
    case 'client-certificate':
      auth = {
        kind: 'client-certificate',
        tenantId: need('DATAVERSE_TENANT_ID'),
        clientId: need('DATAVERSE_CLIENT_ID'),
        certificatePath: need('DATAVERSE_CLIENT_CERTIFICATE_PATH'),
      };
      break;
    case 'managed-identity':
      auth =
        setting('DATAVERSE_CLIENT_ID') === ''
          ? { kind: 'managed-identity' }
          : { kind: 'managed-identity', clientId: setting('DATAVERSE_CLIENT_ID') };
      break;
    case 'azure-cli':
      auth = { kind: 'azure-cli' };
      break;
    default:
      return {
        faults: [
          ...faults,
          'DATAVERSE_AUTH must be one of client-secret, client-certificate, managed-identity, azure-cli',
        ],
      };
  }
  if (!url.success || faults.length > 0) return { faults };
  return {
    value: {
      url: url.data,
      auth,
      disableInstanceDiscovery: setting('DATAVERSE_DISABLE_INSTANCE_DISCOVERY') === 'true',
    },
    faults: [],
  };
}

/** A fault names its setting, never its value. */
const faultsOf = (result: z.ZodSafeParseResult<unknown>): string[] =>
  result.success ? [] : [...new Set(result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`))];

/** The environment of this process: read here and nowhere else. */
export const environment = (): Environment => process.env;
