/**
 * The local stack: Azurite, the AMQP broker and the Dataverse simulator, with the settings under which the app uses them.
 * The app itself runs in a process of its own: under `local/host`, or under `func start`.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LobReceiver } from '../lob-receiver/receiver';
import { startLobSystem } from './lob-system';
import { startPostgres, type Postgres } from '../postgres/postgres';
import { startBroker, type Broker, type QueueOptions } from '../broker/broker';
import { STANDARD_TABLES } from '../dataverse/metadata/standard-tables';
import { startDataverse, type Dataverse, type DataverseOptions, type TableDefinition } from '../dataverse/simulator';
import { startAzurite, type Azurite } from '../storage/azurite';
import { startIdentityStorage } from '../storage/identity-storage';
import type { ManagedIdentities } from '../storage/managed-identity';

/** Ports (0 or absent: a free one) and where Azurite keeps its data. */
export interface StackOptions {
  readonly blobPort?: number;
  readonly queuePort?: number;
  readonly tablePort?: number;
  readonly amqpPort?: number;
  readonly dataversePort?: number;
  /** Folder for Azurite's data; absent: in memory. */
  readonly disk?: string;
  /** Of the queue and the subscription. */
  readonly queue?: QueueOptions;
  readonly subscription?: QueueOptions;
  /** Of the queue of the LOB system's messages, which the app serves once a setting names it. @default there is none */
  readonly inbound?: QueueOptions;
  /** Besides the standard ones. */
  readonly tables?: readonly TableDefinition[];
  /** Applications beside the first one, each with a user of its own. */
  readonly applications?: NonNullable<DataverseOptions['applications']>;
  /** Seed of everything random in the simulator. @default 1 */
  readonly seed?: number;
  /** How long the simulator waits for a webhook. @default as the platform, 60 s */
  readonly webhookTimeoutMs?: number;
  /** Storage by managed identities over TLS, instead of connection strings. */
  readonly identity?: boolean;
  /** Where rows, links and events are kept. @default tables */
  readonly store?: 'tables' | 'postgres' | 'http';
  /** Reach the LOB system through a relay; with `store: 'http'`. */
  readonly relay?: boolean;
}

/** The stand-ins, running. */
export interface Stack {
  readonly azurite: Azurite;
  /** Only with `StackOptions.identity`. */
  readonly identities?: ManagedIdentities;
  /** Only with `StackOptions.store`. */
  readonly postgres?: Postgres;
  /** Only with `StackOptions.store` http. */
  readonly lobReceiver?: LobReceiver;
  /** The LOB store: connection string of its storage account, or address of its database or LOB system. */
  readonly lobPlace: string;
  readonly broker: Broker;
  readonly dataverse: Dataverse;
  readonly webhookKey: string;
  /** Everything the app needs to use them, as in local.settings.json. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** That of the events in test/fixtures, so that they can be sent to the app by hand. */
export const FIXTURES_ORGANIZATION = { id: 'b3539c1f-d2cc-4daa-a841-b0f0c3f9ec12', name: 'unqb3539c1f' };

/** Names of the broker's entities. */
export const BUS = {
  queue: 'dataverse-events',
  inbound: 'lob-changes',
  topic: 'dataverse-changes',
  subscription: 'lob',
  hub: 'dataverse-feed',
  partitions: 4,
  group: 'lob',
} as const;

/** The tables that the app keeps in step locally. */
export const SYNCED_TABLES = ['account', 'contact', 'lead', 'opportunity', 'incident', 'new_shipment'] as const;

/** Starts the stand-ins; if one can't start, those that did are stopped again. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of running.splice(0).reverse()) await part.stop();
  };
  try {
    const azuriteOptions = {
      blobPort: options.blobPort ?? 0,
      queuePort: options.queuePort ?? 0,
      tablePort: options.tablePort ?? 0,
      ...(options.disk === undefined ? {} : { dir: options.disk }),
    };
    const byIdentity = options.identity === true ? await startIdentityStorage(azuriteOptions) : undefined;
    const azurite = byIdentity?.azurite ?? (await startAzurite(azuriteOptions));
    running.push(byIdentity ?? azurite);
    const postgres = options.store === 'postgres' ? await startPostgres() : undefined;
    if (postgres !== undefined) running.push(postgres);
    const lobSystem = options.store === 'http' ? await startLobSystem(options.relay === true) : undefined;
    if (lobSystem !== undefined) running.push(lobSystem);
    const broker = await startBroker({
      port: options.amqpPort ?? 0,
      queues: { [BUS.queue]: options.queue ?? {}, ...(options.inbound && { [BUS.inbound]: options.inbound }) },
      topics: { [BUS.topic]: { subscriptions: { [BUS.subscription]: options.subscription ?? {} } } },
      hubs: { [BUS.hub]: { partitions: BUS.partitions, consumerGroups: [BUS.group] } },
    });
    running.push({ stop: () => broker.close() });
    const dataverse = await startDataverse({
      port: options.dataversePort ?? 0,
      seed: options.seed ?? 1,
      organization: FIXTURES_ORGANIZATION,
      ...(options.applications === undefined ? {} : { applications: options.applications }),
      tables: [...STANDARD_TABLES, ...(options.tables ?? [])],
      ...(options.webhookTimeoutMs === undefined ? {} : { webhookTimeoutMs: options.webhookTimeoutMs }),
    });
    running.push({ stop: () => dataverse.close() });
    const webhookKey = randomBytes(24).toString('base64url');
    return {
      azurite,
      ...(postgres === undefined ? {} : { postgres }),
      ...(lobSystem === undefined ? {} : { lobReceiver: lobSystem.receiver }),
      lobPlace: postgres?.url ?? lobSystem?.receiver.url ?? azurite.connectionString,
      broker,
      dataverse,
      webhookKey,
      ...(byIdentity === undefined ? {} : { identities: byIdentity.identities }),
      settings: {
        ...settingsFor(
          {
            storage: byIdentity === undefined ? azurite.connectionString : '',
            serviceBus: broker.connectionString,
            eventHubs: broker.connectionString,
          },
          dataverse,
          webhookKey,
        ),
        ...postgres?.settings,
        ...lobSystem?.settings,
        ...byIdentity?.settings(readFileSync(dataverse.certificatePath, 'utf8')),
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Connection strings of what stands in for Azure. */
export interface Places {
  readonly storage: string;
  readonly serviceBus: string;
  readonly eventHubs: string;
}

/** Everything the app needs to use stand-ins, as in local.settings.json. */
export function settingsFor(
  { storage, serviceBus, eventHubs }: Places,
  dataverse: Dataverse,
  webhookKey: string,
): Record<string, string> {
  return {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576',
    AzureWebJobsStorage: storage,
    LOB_STORAGE: storage,
    SYNC_TABLES: SYNCED_TABLES.join(','),
    WEBHOOK_KEYS: webhookKey,
    ServiceBusConnection: serviceBus,
    SERVICEBUS_QUEUE: BUS.queue,
    SERVICEBUS_TOPIC: BUS.topic,
    SERVICEBUS_SUBSCRIPTION: BUS.subscription,
    EventHubConnection: eventHubs,
    EVENTHUB_NAME: BUS.hub,
    EVENTHUB_CONSUMER_GROUP: BUS.group,
    PULL_SCHEDULE: '*/10 * * * * *',
    REPLAY_SCHEDULE: '*/5 * * * * *',
    FULL_IMAGE_ALIAS: 'full',
    UNCONFIRMED_DELAY_SECONDS: '2',
    READ_BACK_MAX_AGE_SECONDS: '4',
    DATAVERSE_URL: dataverse.url,
    DATAVERSE_AUTH: 'client-secret',
    DATAVERSE_TENANT_ID: dataverse.tenantId,
    DATAVERSE_CLIENT_ID: dataverse.clientId,
    DATAVERSE_CLIENT_SECRET: dataverse.clientSecret,
    AZURE_AUTHORITY_HOST: dataverse.authorityHost,
    DATAVERSE_DISABLE_INSTANCE_DISCOVERY: 'true',
    NODE_EXTRA_CA_CERTS: dataverse.certificatePath,
  };
}
