/**
 * The one place that composes: settings in, services out. All functions of a process share one writer, so that changes
 * of a row that arrive by different ways meet in one lane and one cache.
 */
import { isDeepStrictEqual } from 'node:util';
import { deferredCredential } from '../azure/deferred-credential';
import { tableClients } from '../azure/table-clients';
import type { TableClientFactory } from '../azure/tables';
import {
  readConfig,
  type Config,
  type CoreConfig,
  type InboundConfig,
  type MessagesConfig,
  type RetryQueue,
} from './config';
import { type DataverseConfig } from '../settings/dataverse';
import { environment, type Section } from '../settings/environment';
import { isLeftOut, type FunctionName } from '../settings/functions';
import type { Store } from '../rules/unique-in-store';
import { ChangeFeed } from '../dataverse/change-feed';
import { MetadataCatalog } from '../dataverse/metadata';
import { WebApiLinkReader } from '../dataverse/link-reader';
import { OrganizationPin, whoAmI } from '../dataverse/organization-pin';
import { RateBudget } from '../dataverse/rate-budget';
import { WebApiRowReader } from '../dataverse/row-reader';
import { WebApiRelationships } from '../dataverse/relationships';
import { WebApi } from '../dataverse/web-api';
import { InboundRecords } from '../inbound/inbound-records';
import { InboundTables } from '../inbound/inbound-tables';
import { InboundWriter } from '../inbound/inbound-writer';
import { OwnedColumns } from '../inbound/owned-columns';
import { stoppingRows } from '../inbound/stopping-rows';
import { WebApiRows } from '../inbound/web-api-rows';
import { Associations } from '../mapping/associations';
import { linkedIds } from '../mapping/link';
import { MappedStore } from '../lob/mapped-store';
import type { Database } from '../lob/postgres/database';
import { TableStore } from '../lob/tables/table-store';
import { deferredLargeBodies } from '../parking/large-bodies';
import { TableParking } from '../parking/table-parking';
import { DelayedCopies } from '../receive/delayed-copies';
import { InboundReceiver } from '../receive/inbound-receiver';
import { Receiver } from '../receive/receiver';
import { blobState } from '../sync/leases-and-journal';
import { GhostFloors } from '../sync/ghost-floors';
import { pullSubjects } from '../sync/pull-subject';
import { PullSync } from '../sync/pull-sync';
import { TablePullStates } from '../sync/pull-state-store';
import { ClockWatch, type ClockSample } from '../telemetry/clock-watch';
import { logTo, type Log } from '../telemetry/log';
import { TombstonePurge } from '../sync/tombstone-purge';
import type { RowReader } from '../writer/read-back';
import { Writer } from '../writer/writer';
import { openLob } from './lob-store';

/** Azure tables and the blob container of the app's own state. */
export const STATE_NAMES = {
  parked: 'dvoparked',
  discarded: 'dvodiscarded',
  pull: 'dvopull',
  leases: 'dvo-leases',
  loads: 'dvo-loads',
  bodies: 'dvo-bodies',
  inbound: 'dvoinbound',
} as const;

/** What the functions work with. */
export interface Services {
  readonly config: CoreConfig;
  readonly receiver: Receiver;
  readonly writer: Writer;
  readonly parking: TableParking;
  /** Undefined without a Web API. */
  readonly pullSync: PullSync | undefined;
  readonly tombstonePurge: TombstonePurge;
  /** Where rules look for values. */
  readonly lookedIn: Store;
  /** Undefined where nothing is written to Dataverse. */
  readonly inbound: InboundReceiver | undefined;
  /** Undefined without a database. */
  readonly database: Database | undefined;
}

/** Of a copy's sending: the message that it is made of is locked, and can be parked instead. */
const COPY_LIMITS = { maxRetries: 1, timeoutInMs: 10_000 } as const;

let config: Config | undefined;
let services: Services | undefined;

/** The settings of this process. */
export function appConfig(): Config {
  return (config ??= readConfig(environment()));
}

const copies = new Map<string, DelayedCopies>();

/** Sends delayed copies to the queue; undefined where there is no queue for them, or none are wanted. */
export function delayedCopies(): DelayedCopies | undefined {
  const { messages } = appConfig();
  return messages.ok ? copiesTo(messages.value.retryQueue, messages.value) : undefined;
}

/** The same for messages of the LOB system. */
export function inboundCopies(): DelayedCopies | undefined {
  const { messages, inbound } = appConfig();
  if (!messages.ok || !inbound.ok) return undefined;
  return copiesTo(messages.value.inboundRetryQueue, { ...messages.value, queue: inbound.value.queue });
}

function copiesTo(
  retryQueue: RetryQueue | undefined,
  { retry, queue: trigger }: Pick<MessagesConfig, 'retry' | 'queue'>,
): DelayedCopies | undefined {
  if (retryQueue === undefined || retry.attempts === 0) return undefined;
  const { namespace, queue } = retryQueue;
  const sender = async () => {
    const { openServiceBus } = await import('../azure/service-bus-client.js');
    return openServiceBus(namespace, COPY_LIMITS).createSender(queue);
  };
  const made =
    copies.get(queue) ??
    new DelayedCopies(sender, { ...retry, queue, sessions: trigger.isSessionsEnabled, log: logTo(console) });
  copies.set(queue, made);
  return made;
}

/**
 * The services, made at first use.
 *
 * @throws Error where the core settings have faults: no function that needs services is registered then
 */
export function appServices(): Services {
  const { core, inbound } = appConfig();
  if (!core.ok) throw new Error('The settings have faults; see the log of the start.');
  return (services ??= compose(core.value, logTo(console), inbound.ok ? { inbound: inbound.value } : {}));
}

/** What writes to Dataverse, for a function that is registered only with it. */
export function appInbound(): InboundReceiver {
  const { inbound } = appServices();
  if (inbound === undefined) throw new Error('Nothing is written to Dataverse with these settings.');
  return inbound;
}

/** The database of the outbox, for a function that is registered only with one. */
export function appOutbox(): Database {
  const { database } = appServices();
  if (database === undefined) throw new Error('Without LOB_STORE=postgres there is no table dvo.inbound.');
  return database;
}

/** The pull, for a function that is registered only with a Web API. */
export function appPull(): PullSync {
  const { pullSync } = appServices();
  if (pullSync === undefined) throw new Error('Without DATAVERSE_URL there is no Web API to pull from.');
  return pullSync;
}

/** The store to look for values in; undefined where the core settings have faults. */
export const appStore = (): Store | undefined => (appConfig().core.ok ? appServices().lookedIn : undefined);

type Values = { readonly [K in keyof Config]: Config[K] extends Section<infer T> ? T : never };

/** Says, at the start, what is wrong with the settings that a function needs. Returns whether nothing is. */
export const sayFaults = (name: FunctionName, needs: readonly (keyof Config)[]): boolean =>
  sayFaultsOf(
    name,
    needs.map((need) => appConfig()[need]),
  );

/** The same of sections that only this function has. */
export function sayFaultsOf(name: FunctionName, sections: readonly Section<unknown>[]): boolean {
  const faults = new Set(sections.flatMap((section) => (section.ok ? [] : section.faults)));
  if (faults.size > 0) logTo(console)('misconfigured', { function: name, faults: [...faults] });
  return faults.size === 0;
}

/** Registers a function with what it needs of the settings; not where they leave it out, or have faults, which are said. */
export function serve<K extends keyof Config>(
  name: FunctionName,
  needs: readonly K[],
  register: (values: Pick<Values, K>) => void,
): void {
  if (isLeftOut(environment(), name) || !sayFaults(name, needs)) return;
  const values = needs.map((need) => {
    const section = appConfig()[need];
    return [need, section.ok ? section.value : undefined];
  });
  register(Object.fromEntries(values) as Pick<Values, K>);
}

/** What a composition needs besides. */
export interface ComposeOptions {
  /** Of bodies that are read. @default as the receiver says, for a process that others wait for */
  readonly maxBodyBytes?: number;
  /** Absent: nothing is written to Dataverse. */
  readonly inbound?: InboundConfig;
}

/** Composes the services from settings. */
export function compose(
  core: CoreConfig,
  log: Log = () => undefined,
  { maxBodyBytes, inbound: inboundConfig }: ComposeOptions = {},
): Services {
  const clocks = new ClockWatch(core.marginSeconds * 1000, log);
  const lobAnswered = (sample: ClockSample): void => clocks.storeAnswered(sample);
  let lobTables: TableClientFactory | undefined;
  const lob = openLob(core, (account) => (lobTables = tableClients(account, log, lobAnswered)), log, lobAnswered);
  // One account has one circuit.
  const isShared = isDeepStrictEqual(core.lob, core.state);
  const stateTables = (isShared ? lobTables : undefined) ?? tableClients(core.state, log);
  const maxReadAgeMs = core.maxReadAgeSeconds * 1000;
  const mapped = new MappedStore(lob.store, core.mapping);
  const parking = new TableParking(
    stateTables(STATE_NAMES.parked),
    deferredLargeBodies(core.state, STATE_NAMES.bodies),
  );
  const budget = new RateBudget({ concurrency: core.webApiConcurrency });
  const api =
    core.dataverse === undefined
      ? undefined
      : webApi(core.dataverse, budget, (sample) => clocks.dataverseAnswered(sample));
  const catalog = api && new MetadataCatalog(api, core.mapping.languages);
  const relationships = api && new WebApiRelationships(api);
  const organization = new OrganizationPin(
    stateTables(STATE_NAMES.pull),
    api && (() => whoAmI(api)),
    core.organizationId,
  );
  const reader = api && catalog && relationships && rowReader(api, catalog, relationships, organization, core);
  const states = new TablePullStates(stateTables(STATE_NAMES.pull));
  const records = new InboundRecords(
    new TableStore(stateTables, { tableOf: () => STATE_NAMES.inbound, keyOf: ({ id }) => id, idOf: (_, id) => id }),
    setImmediate,
  );
  const store =
    inboundConfig === undefined
      ? mapped
      : new OwnedColumns(mapped, { mapping: core.mapping, records, parking, log, now: Date.now });
  const floors = new GhostFloors(states, { margin: core.marginSeconds, lifetimeMs: Math.min(2000, maxReadAgeMs / 2) });
  const writer = new Writer(store, reader, {
    rule: { margin: core.marginSeconds, mode: core.orderMode },
    unprovable: core.unprovable,
    cacheBytes: core.cacheMegabytes * 1024 * 1024,
    maxReadAgeMs,
    ...(api === undefined ? {} : { ghostFloorOf: (table) => floors.of(table) }),
  });
  const receiver = new Receiver(
    {
      writer,
      events: lob.events,
      parking,
      catalog,
      associations: new Associations(core, relationships),
      mapping: core.mapping,
      organization,
    },
    {
      tables: core.tables,
      marginSeconds: core.marginSeconds,
      dataverseNow: () => clocks.dataverseNow(),
      unconfirmedDelayMs: core.unconfirmedDelaySeconds * 1000,
      ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
      ...(core.fullImageAlias === undefined ? {} : { fullImageAlias: core.fullImageAlias }),
    },
  );
  const { leases, journal } = blobState(core.state, STATE_NAMES);
  const subjects =
    catalog &&
    relationships &&
    pullSubjects(catalog, relationships, core.relationships, core.mapping, (name) => lob.placeOf(name));
  const pullSync =
    api &&
    catalog &&
    subjects &&
    new PullSync({
      subjectOf: async (name) => {
        await organization.verify();
        return subjects(name);
      },
      feed: new ChangeFeed(api, catalog, core.pullPageRows),
      writer,
      store,
      states,
      leases,
      parking,
      maxReadAgeMs,
      journal,
    });
  const tombstonePurge = new TombstonePurge({ store: lob.store, states, leases });
  const inbound =
    inboundConfig &&
    api &&
    catalog &&
    new InboundReceiver({
      writer: new InboundWriter({
        records,
        rows: stoppingRows(new WebApiRows(writingApi(core, inboundConfig, api), inboundConfig.bypassedSteps), log),
        store: mapped,
        log,
        now: Date.now,
        defer: setImmediate,
      }),
      tables: new InboundTables(api, catalog, core.mapping),
      parking,
      mapping: core.mapping,
      organization,
    });
  const lookedIn = { finder: lob.finder, mapping: core.mapping };
  const { database } = lob;
  return { config: core, receiver, writer, parking, pullSync, tombstonePurge, lookedIn, inbound, database };
}

/** The Web API as whoever writes: its limits are a user's own. */
function writingApi(core: CoreConfig, { dataverse }: InboundConfig, reading: WebApi): WebApi {
  return dataverse === 'same' ? reading : webApi(dataverse, new RateBudget({ concurrency: core.webApiConcurrency }));
}

/** Reads back rows of tables, and links; of no other organisation than the store's. */
function rowReader(
  api: WebApi,
  catalog: MetadataCatalog,
  relationships: WebApiRelationships,
  organization: OrganizationPin,
  { mapping }: CoreConfig,
): RowReader {
  const rows = new WebApiRowReader(api, catalog, (definition) => mapping.tableOf(definition.table).select(definition));
  const links = new WebApiLinkReader(api, catalog, relationships);
  return {
    read: async (row) => {
      await organization.verify();
      return linkedIds(row) === undefined ? rows.read(row) : links.read(row);
    },
  };
}

/** The Web API as the settings say, for the operator's CLI too. */
export const webApi = (
  dataverse: DataverseConfig,
  budget = new RateBudget(),
  answered?: (sample: ClockSample) => void,
): WebApi =>
  new WebApi({
    url: dataverse.url,
    credential: () =>
      deferredCredential(({ dataverseCredential }) =>
        dataverseCredential(dataverse.auth, dataverse.disableInstanceDiscovery),
      ),
    budget,
    ...(answered === undefined ? {} : { answered }),
  });
