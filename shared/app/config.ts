/**
 * The app's settings, read once. Every fault of every section is reported together; a section with faults stops only the
 * functions that need it. docs/configuration.md lists all settings.
 */
import * as z from 'zod';
import { compileMapping } from '../mapping/compile-mapping';
import { DEFAULT_MAPPING, NO_HASH, type Mapping } from '../mapping/mapping';
import { FUNCTION_NAMES, isLeftOut, type FunctionName } from '../settings/functions';
import { readServiceBusConfig, type ServiceBusConfig } from '../settings/message-connections';
import { readStorageAccount, type StorageAccount } from '../settings/storage-account';
import { readMappingFile, readMappingSettings, type MappingSettings } from './mapping-settings';
import type { Environment, Found, Section } from '../settings/environment';
import { readDataverse, type DataverseConfig } from '../settings/dataverse';
import { hasInboundSql, readWritingDataverse } from '../settings/inbound';
import { readHttpTarget, type HttpTargetConfig } from '../settings/http-target';
import { readPostgres, type PostgresConfig } from '../settings/postgres';
import type { RetryConfig } from '../receive/delayed-copies';
import { isKeyName, WEBHOOK_DEFAULTS, type WebhookConfig } from '../receive/webhook-endpoint';

/** A LOB system behind a REST interface, and the tables where the app notes what it has sent. */
export interface HttpConfig {
  readonly kind: 'http';
  readonly target: HttpTargetConfig;
  readonly notes: StorageAccount<'table'>;
}

/** Where the LOB store is: an account's tables, a database, or a LOB system's REST interface. */
export type LobPlace = StorageAccount<'table'> | PostgresConfig | HttpConfig;

/** What every function needs. */
export interface CoreConfig {
  /** Logical names of the tables that are kept in step. */
  readonly tables: readonly string[];
  /** How they lie in the store. */
  readonly mapping: Mapping;
  /** Schema names of the many-to-many relationships whose links are kept in step. */
  readonly relationships: readonly string[];
  readonly lob: LobPlace;
  readonly lobTablePrefix: string;
  /** Parking, pull state and leases. */
  readonly state: StorageAccount<'table' | 'blob'>;
  /** Undefined: no Web API access; `unprovable` then says what happens to changes whose order can't be proven. */
  readonly dataverse?: DataverseConfig;
  readonly unprovable: 'apply' | 'park';
  readonly orderMode: 'default' | 'strict';
  readonly marginSeconds: number;
  readonly maxReadAgeSeconds: number;
  readonly unconfirmedDelaySeconds: number;
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

/** What the Service Bus functions need besides what the platform reads for their triggers. */
export interface MessagesConfig {
  readonly queue: MessageTrigger;
  readonly subscription: MessageTrigger;
  readonly retry: RetryConfig;
  /** The queue that copies go to; undefined: none is set, or its function is switched off. */
  readonly retryQueue: RetryQueue | undefined;
  /** The same for messages of the LOB system, which go to their own queue. */
  readonly inboundRetryQueue: RetryQueue | undefined;
}

/** A queue that copies go to. */
export type RetryQueue = Pick<ServiceBusConfig, 'namespace'> & { readonly queue: string };

/** What writing to Dataverse needs besides reading. */
export interface InboundConfig {
  /** As whom; `same`: as whom rows are read. */
  readonly dataverse: DataverseConfig | 'same';
  /** Ids of our own steps, which needn't be told of what is written. */
  readonly bypassedSteps: readonly string[];
  readonly queue: MessageTrigger;
}

/** How messages come from the queue or the subscription. */
export interface MessageTrigger {
  readonly isSessionsEnabled: boolean;
  readonly cardinality: 'one' | 'many';
}

/** What is pulled, and for how long. */
export interface PullConfig {
  /** Tables by their logical names, relationships by their schema names. */
  readonly subjects: readonly string[];
  readonly maxRunMs: number;
}

/** All sections. */
export interface Config {
  readonly core: Section<CoreConfig>;
  readonly webhook: Section<WebhookConfig>;
  readonly messages: Section<MessagesConfig>;
  readonly pull: Section<PullConfig>;
  readonly inbound: Section<InboundConfig>;
}

const optionalText = z.preprocess(
  (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
  z.string().trim().optional(),
);
/** A whole number within bounds. */
export const whole = (least: number, most: number, fallback: number) =>
  z.preprocess(
    (value) => (value === undefined || value === '' ? fallback : Number(value)),
    z
      .number({ error: 'must be a whole number' })
      .int('must be a whole number')
      .min(least, `must be at least ${least}`)
      .max(most, `must be at most ${most}`),
  );
/** One of some words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.preprocess(
    (value) => (value === undefined || value === '' ? fallback : value),
    z.enum(values, { error: `must be one of ${values.join(', ')}` }),
  );
/** Several, separated by commas or white space. */
export const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : []),
  z.array(z.string()),
);

const coreSchema = z.object({
  SYNC_TABLES: list
    .pipe(z.array(z.string().regex(/^[a-z][a-z0-9_]{1,127}$/, 'must hold logical table names (lower case)')))
    .transform((tables) => [...new Set(tables)]),
  SYNC_RELATIONSHIPS: list
    .pipe(z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{1,127}$/, 'must hold schema names of relationships')))
    .transform((names) => [...new Set(names)]),
  LOB_STORE: oneOf(['tables', 'postgres', 'http'], 'tables'),
  LOB_TABLE_PREFIX: z.preprocess(
    (value) => value ?? '',
    z.string().regex(/^(?:[A-Za-z][A-Za-z0-9]{0,19})?$/, 'must be letters and digits, 20 at most'),
  ),
  UNPROVABLE_ORDER: oneOf(['park', 'apply'], 'park'),
  ORDER_MODE: oneOf(['default', 'strict'], 'default'),
  CLOCK_MARGIN_SECONDS: whole(1, 300, 5),
  READ_BACK_MAX_AGE_SECONDS: whole(1, 600, 30),
  UNCONFIRMED_DELAY_SECONDS: whole(0, 3600, 10),
  // With what a pull may take after it (deadline.ts), below `functionTimeout` of host.json.
  PULL_MAX_SECONDS: whole(10, 480, 480),
  PULL_PAGE_ROWS: whole(50, 5000, 2000),
  FULL_IMAGE_ALIAS: optionalText,
  ORGANIZATION_ID: optionalText.pipe(z.guid('must be the id (GUID) of an organisation').toLowerCase().optional()),
  CACHE_MEGABYTES: whole(1, 4096, 32),
  WEB_API_CONCURRENCY: whole(1, 500, 20),
  DISABLED_FUNCTIONS: list.pipe(z.array(z.enum(FUNCTION_NAMES, { error: `must hold ${FUNCTION_NAMES.join(', ')}` }))),
});

/**
 * Whether a key may hold 24 random bytes: 48 hexadecimal digits, or 32 characters of base64, and no few characters over and
 * over. The webhook answers everyone, so that a key which can be guessed is guessed.
 */
const isStrong = (key: string): boolean =>
  key.length >= (/^[0-9a-f]*$/i.test(key) ? 48 : 32) && new Set(key).size >= 10;

/** Keys that open an endpoint. */
export const keys = (of: string) =>
  list
    .pipe(
      z.array(
        z.string().refine(isStrong, 'must hold keys of at least 24 random bytes each: openssl rand -hex 24 makes one'),
      ),
    )
    .refine(
      // What the platform leaves in the setting when it can't read the secret; whoever guesses the vault's name knows it.
      // https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
      (given) => !given.some((key) => key.startsWith('@Microsoft.KeyVault(')),
      'is a Key Vault reference that the platform could not resolve: see that the secret exists and that the app may read it',
    )
    .refine(
      (given) => given.length > 0,
      `is missing: set the key that the ${of} sends (several, separated by commas, while rotating)`,
    );

/** The webhook's settings. */
export const webhookSchema = z.object({
  WEBHOOK_KEYS: keys('webhook step'),
  WEBHOOK_KEY_NAME: z.preprocess(
    (value) => (value === undefined || value === '' ? WEBHOOK_DEFAULTS.keyName : value),
    z
      .string()
      .refine(isKeyName, 'must be a header name, and none that is in use already, such as Host or Content-Type'),
  ),
  WEBHOOK_MAX_KILOBYTES: whole(64, 640, WEBHOOK_DEFAULTS.maxKilobytes),
});

const flag = (fallback: 'false' | 'true') => oneOf(['false', 'true'], fallback).transform((value) => value === 'true');

const messagesSchema = z.object({
  SERVICEBUS_BATCHES: flag('true'),
  SERVICEBUS_QUEUE_SESSIONS: flag('false'),
  SERVICEBUS_SUBSCRIPTION_SESSIONS: flag('false'),
  SERVICEBUS_RETRY_ATTEMPTS: whole(0, 100, 10),
  SERVICEBUS_RETRY_FIRST_SECONDS: whole(1, 3600, 5),
  SERVICEBUS_RETRY_LONGEST_SECONDS: whole(1, 86_400, 900),
});

const inboundSchema = z.object({
  INBOUND_QUEUE_SESSIONS: flag('false'),
  INBOUND_BYPASS_STEPS: list.pipe(z.array(z.guid('must hold the ids (GUIDs) of steps').toLowerCase())),
});

/** Reads every section out of an environment. Never throws: faults are data. */
export function readConfig(environment: Environment): Config {
  const core = readCore(environment);
  return {
    core,
    webhook: readWebhook(environment),
    messages: readMessages(environment),
    pull: pullOf(core),
    inbound: readInbound(environment, core),
  };
}

function readInbound(environment: Environment, core: Section<CoreConfig>): Section<InboundConfig> {
  const parsed = inboundSchema.safeParse(environment);
  const { value: dataverse, faults } = readWritingDataverse(environment);
  const all = [...faultsOf(parsed), ...faults, ...(core.ok ? inboundFaults(environment, core.value) : core.faults)];
  if (!parsed.success || dataverse === undefined || all.length > 0) return { ok: false, faults: all };
  const { INBOUND_BYPASS_STEPS: bypassedSteps, INBOUND_QUEUE_SESSIONS: sessions } = parsed.data;
  return { ok: true, value: { dataverse, bypassedSteps, queue: triggerOf(sessions, true) } };
}

/** What else has to be there to write to Dataverse. */
const inboundFaults = (environment: Environment, { dataverse, mapping, lob }: CoreConfig): string[] => [
  ...(dataverse === undefined ? ['DATAVERSE_URL is missing: writing to Dataverse needs the Web API'] : []),
  ...(mapping.tables.some((table) => mapping.tableOf(table).inbound !== undefined)
    ? []
    : ['MAPPING_FILE has no table with a section "inbound", so nothing can be written to Dataverse']),
  ...(hasInboundSql(environment) && lob.kind !== 'postgres'
    ? ['INBOUND_SQL_SCHEDULE needs LOB_STORE=postgres: the table dvo.inbound lies in its database']
    : []),
];

function pullOf(core: Section<CoreConfig>): Section<PullConfig> {
  if (!core.ok) return core;
  const { dataverse, tables, relationships, pullMaxSeconds } = core.value;
  if (dataverse === undefined) return { ok: false, faults: ['DATAVERSE_URL is missing: pulling needs the Web API'] };
  return { ok: true, value: { subjects: [...tables, ...relationships], maxRunMs: pullMaxSeconds * 1000 } };
}

/** Where the LOB store is and how rows lie there: all that a reader of it needs. */
export interface LobConfig {
  readonly place: LobPlace;
  readonly tablePrefix: string;
  readonly mapping: Mapping;
}

/** Reads only what finding a row of the LOB store takes, for the operator's CLI. */
export function readLobConfig(environment: Environment): Section<LobConfig> {
  const parsed = coreSchema.pick({ LOB_TABLE_PREFIX: true }).safeParse(environment);
  const { value: place, faults } = readLob(environment);
  const file = readMappingFile(environment.MAPPING_FILE?.trim() ?? '');
  if (!parsed.success || place === undefined || file?.ok === false)
    return { ok: false, faults: [...faultsOf(parsed), ...faults, ...(file?.ok === false ? file.faults : [])] };
  const mapping = file === undefined ? DEFAULT_MAPPING : compileMapping(file.file, NO_HASH);
  return { ok: true, value: { place, tablePrefix: parsed.data.LOB_TABLE_PREFIX, mapping } };
}

/** Where the LOB store is. */
function readLob(environment: Environment): Found<LobPlace> {
  const store = coreSchema.pick({ LOB_STORE: true }).safeParse(environment);
  if (!store.success) return { faults: faultsOf(store) };
  switch (store.data.LOB_STORE) {
    case 'postgres':
      return readPostgres(environment);
    case 'http': {
      const target = readHttpTarget(environment);
      const notes = readStorageAccount(environment, 'LOB_STORAGE', ['table']);
      const faults = [...target.faults, ...notes.faults];
      if (target.value === undefined || notes.value === undefined) return { faults };
      return { value: { kind: 'http', target: target.value, notes: notes.value }, faults };
    }
    case 'tables':
      return readStorageAccount(environment, 'LOB_STORAGE', ['table']);
    default:
      return store.data.LOB_STORE satisfies never;
  }
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
  const lob = readLob(environment);
  const state = readStorageAccount(environment, 'AzureWebJobsStorage', ['table', 'blob']);
  const dataverse = readDataverse(environment);
  const { mapping, tables, relationships, faults: mappingFaults } = readMappingPart(environment);
  const faults = [
    ...new Set([...faultsOf(parsed), ...mappingFaults, ...lob.faults, ...state.faults, ...dataverse.faults]),
    ...(lob.value?.kind === 'postgres' ? keyFaults(mapping, tables) : []),
  ];
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
      unconfirmedDelaySeconds: data.UNCONFIRMED_DELAY_SECONDS,
      pullMaxSeconds: data.PULL_MAX_SECONDS,
      pullPageRows: data.PULL_PAGE_ROWS,
      ...(data.ORGANIZATION_ID === undefined ? {} : { organizationId: data.ORGANIZATION_ID }),
      ...(data.FULL_IMAGE_ALIAS === undefined ? {} : { fullImageAlias: data.FULL_IMAGE_ALIAS }),
      cacheMegabytes: data.CACHE_MEGABYTES,
      webApiConcurrency: data.WEB_API_CONCURRENCY,
    },
  };
}

/** In a database a row's key is its id: an own form of it is for Azure Tables. */
const keyFaults = (mapping: Mapping, tables: readonly string[]): string[] =>
  tables
    .filter((table) => mapping.tableOf(table).key.prefix !== '' || mapping.tableOf(table).key.format !== 'D')
    .map((table) => `MAPPING_FILE can't have a key for table ${table} with LOB_STORE=postgres: its key is the row id`);

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
  const retryQueueOf = (name: string | undefined, served: FunctionName): RetryQueue | undefined =>
    namespace === undefined || name === undefined || name === '' || isDisabled(environment, served)
      ? undefined
      : { namespace, queue: name };
  return {
    ok: true,
    value: {
      queue: triggerOf(data.SERVICEBUS_QUEUE_SESSIONS, data.SERVICEBUS_BATCHES),
      subscription: triggerOf(data.SERVICEBUS_SUBSCRIPTION_SESSIONS, data.SERVICEBUS_BATCHES),
      retry: {
        attempts: data.SERVICEBUS_RETRY_ATTEMPTS,
        firstDelayMs: data.SERVICEBUS_RETRY_FIRST_SECONDS * 1000,
        longestDelayMs: data.SERVICEBUS_RETRY_LONGEST_SECONDS * 1000,
      },
      retryQueue: retryQueueOf(queue, 'service-bus-queue'),
      inboundRetryQueue: retryQueueOf(environment.INBOUND_QUEUE?.trim(), 'inbound-queue'),
    },
  };
}

/**
 * Sessions bring messages one by one: in batches an instance serves a single session at a time, and 32 otherwise (host.json).
 * https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/servicebus/Microsoft.Azure.WebJobs.Extensions.ServiceBus/src/Listeners/ServiceBusListener.cs
 */
const triggerOf = (isSessionsEnabled: boolean, batches: boolean): MessageTrigger => ({
  isSessionsEnabled,
  cardinality: batches && !isSessionsEnabled ? 'many' : 'one',
});

/** Left out, or switched off by the platform's own setting, whose dots are underscores on Linux. https://learn.microsoft.com/azure/azure-functions/disable-function */
const isDisabled = (environment: Environment, functionName: FunctionName): boolean =>
  isLeftOut(environment, functionName) ||
  [`AzureWebJobs.${functionName}.Disabled`, `AzureWebJobs_${functionName}_Disabled`].some((name) =>
    ['true', '1'].includes(environment[name]?.trim().toLowerCase() ?? ''),
  );

/** A fault names its setting, never its value. */
export const faultsOf = (result: z.ZodSafeParseResult<unknown>): string[] =>
  result.success ? [] : [...new Set(result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`))];
