import { listOf } from '../../tools/registration/declaration-rules';
import type { Declaration, DeclaredEndpoint } from '../../tools/registration/declaration-schema';

/** What Dataverse doesn't know of, since it only sends: who receives. */
export interface Receivers {
  readonly subscription: string;
  readonly consumerGroup: string;
  readonly partitions: number;
}

/** The configuration files of both emulators. */
export interface EmulatorConfigs {
  readonly serviceBus: unknown;
  readonly eventHubs: unknown;
}

/**
 * What Microsoft's emulators need to have the queues, topics and event hubs that a declaration posts to. The values are the
 * largest that they allow; a topic's subscription takes the tables whose steps post to it.
 * https://github.com/Azure/azure-service-bus-emulator-installer/blob/main/ServiceBus-Emulator/Schema/Config-schema.json
 * https://github.com/Azure/azure-event-hubs-emulator-installer/blob/main/EventHub-Emulator/Schema/Config-schema.json
 */
export function emulatorConfigs(declaration: Declaration, receivers: Receivers): EmulatorConfigs {
  const { subscription, consumerGroup, partitions } = receivers;
  const endpoints = Object.entries(declaration.endpoints ?? {});
  return {
    serviceBus: {
      UserConfig: {
        Namespaces: [
          {
            Name: 'sbemulatorns',
            Queues: pathsOf(endpoints, 'queue').map(({ path }) => ({ Name: path, Properties: RECEIVED })),
            Topics: pathsOf(endpoints, 'topic').map(({ path, keys }) => ({
              Name: path,
              Properties: { DefaultMessageTimeToLive: 'PT1H', RequiresDuplicateDetection: false },
              Subscriptions: [{ Name: subscription, Properties: RECEIVED, ...rulesOf(tablesOf(declaration, keys)) }],
            })),
          },
        ],
        Logging: { Type: 'Console' },
      },
    },
    eventHubs: {
      UserConfig: {
        NamespaceConfig: [
          {
            Type: 'EventHub',
            Name: 'emulatorNs1',
            Entities: pathsOf(endpoints, 'eventHub').map(({ path }) => ({
              Name: path,
              PartitionCount: partitions,
              // $Default is always there.
              ...(consumerGroup === '$Default' ? {} : { ConsumerGroups: [{ Name: consumerGroup }] }),
            })),
          },
        ],
        LoggingConfig: { Type: 'Console' },
      },
    },
  };
}

/** Of a queue or a subscription, as the app expects them (docs/operations.md), as far as the emulator goes. */
const RECEIVED = {
  DeadLetteringOnMessageExpiration: true,
  DefaultMessageTimeToLive: 'PT1H',
  LockDuration: 'PT5M',
  MaxDeliveryCount: 10,
  RequiresSession: false,
} as const;

/** The entities of a kind, each with the endpoints that post to it. */
function pathsOf(
  endpoints: readonly (readonly [string, DeclaredEndpoint])[],
  kind: 'queue' | 'topic' | 'eventHub',
): { readonly path: string; readonly keys: readonly string[] }[] {
  const paths = new Map<string, string[]>();
  for (const [key, endpoint] of endpoints)
    if (endpoint.kind === kind) paths.set(endpoint.path, [...(paths.get(endpoint.path) ?? []), key]);
  return [...paths].map(([path, keys]) => ({ path, keys }));
}

/** The tables of the steps that post to some endpoints; undefined: all. */
function tablesOf({ steps = {} }: Declaration, keys: readonly string[]): readonly string[] | undefined {
  const posting = Object.values(steps).filter(({ endpoint }) => keys.includes(endpoint));
  if (posting.some(({ table }) => table === undefined)) return undefined;
  return [...new Set(posting.flatMap(({ table }) => listOf(table)))].sort();
}

/** The claim that names the table. Its slashes need the quotes. */
const TABLE_CLAIM = '"http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName"';

function rulesOf(tables: readonly string[] | undefined): { readonly Rules?: readonly unknown[] } {
  if (tables === undefined || tables.length === 0) return {};
  const SqlExpression = `${TABLE_CLAIM} IN (${tables.map((table) => `'${table}'`).join(', ')})`;
  return { Rules: [{ Name: 'tables', Properties: { FilterType: 'Sql', SqlFilter: { SqlExpression } } }] };
}
