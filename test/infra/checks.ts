/** What the compiler doesn't look at, and what only this app knows: rights, secrets, what is open, settings, alerts. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Resource, Snapshot } from './compiler';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const ROLES: Readonly<Record<string, string>> = {
  '090c5cfd-751d-490a-894a-3ce6f1109419': 'Azure Service Bus Data Owner',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0': 'Azure Service Bus Data Receiver',
  '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39': 'Azure Service Bus Data Sender',
  'a638d3c7-ab3a-418d-83e6-5f17a39d4fde': 'Azure Event Hubs Data Receiver',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
};

/** What lies at this path of a resource: `properties.sku.name`. */
export const at = (resource: Resource | undefined, place: string): unknown =>
  place
    .split('.')
    .reduce<unknown>((found, name) => (found as Readonly<Record<string, unknown>> | undefined)?.[name], resource);

/** The resources of a type. */
export const ofType = ({ predictedResources }: Snapshot, type: string): readonly Resource[] =>
  predictedResources.filter((resource) => resource.type === type);

/** What a right is on, without what makes its name unique in the world: `namespaces/sb-dvo/queues/dataverse-events`. */
function scopeOf({ id }: Resource, snapshot: Snapshot): string {
  const [identity] = ofType(snapshot, 'Microsoft.ManagedIdentity/userAssignedIdentities');
  const unique = identity?.name.split('-').at(-1) ?? '';
  const [resource = ''] = id.split('/providers/Microsoft.Authorization/');
  const scope = (resource.split('/providers/').at(-1) ?? '').replace(/^[^/]+\//, '');
  return scope.replace(`-${unique}`, '').replace(unique, '');
}

/** Who may do what on which resource, a line each. Of a role that isn't in the list its id is said. */
export const rightsOf = (snapshot: Snapshot): readonly string[] =>
  ofType(snapshot, 'Microsoft.Authorization/roleAssignments').map((right) => {
    const role = String(at(right, 'properties.roleDefinitionId')).split('/').at(-1) ?? '';
    const isApp = /^\[reference\('[^']*\/userAssignedIdentities\/id-[^']*', '[^']*'\)\.principalId\]$/;
    const who = isApp.test(String(at(right, 'properties.principalId'))) ? 'the app' : 'somebody';
    return `${who}: ${ROLES[role] ?? `unknown role ${role}`} on ${scopeOf(right, snapshot)}`;
  });

/** Parameters of a deployment with PostgreSQL. */
export const WITH_POSTGRES = {
  withPostgres: true,
  postgresAdministrator: {
    name: 'Database operators',
    objectId: '6f1d5a3e-7f6f-4d55-9d57-0a7cc1d7a111',
    type: 'Group',
  },
};

/** Properties that every resource of a type has, whatever the parameters. */
const SHUT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'Microsoft.Storage/storageAccounts': {
    'properties.allowSharedKeyAccess': false,
    'properties.allowBlobPublicAccess': false,
    'properties.allowCrossTenantReplication': false,
    'properties.minimumTlsVersion': 'TLS1_2',
    'properties.supportsHttpsTrafficOnly': true,
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { 'properties.publicAccess': 'None' },
  'Microsoft.ServiceBus/namespaces': { 'properties.minimumTlsVersion': '1.2' },
  'Microsoft.EventHub/namespaces': { 'properties.minimumTlsVersion': '1.2' },
  'Microsoft.ServiceBus/namespaces/queues/authorizationRules': { 'properties.rights': ['Send'] },
  'Microsoft.ServiceBus/namespaces/topics/authorizationRules': { 'properties.rights': ['Send'] },
  'Microsoft.EventHub/namespaces/eventhubs/authorizationRules': { 'properties.rights': ['Send'] },
  'Microsoft.KeyVault/vaults': {
    'properties.enableRbacAuthorization': true,
    'properties.enableSoftDelete': true,
    'properties.enablePurgeProtection': true,
  },
  'Microsoft.DBforPostgreSQL/flexibleServers': {
    'properties.authConfig.activeDirectoryAuth': 'Enabled',
    'properties.authConfig.passwordAuth': 'Disabled',
  },
  'Microsoft.Insights/components': { 'properties.DisableLocalAuth': true },
  'Microsoft.OperationalInsights/workspaces': { 'properties.features.disableLocalAuth': true },
  'Microsoft.Web/sites': { 'properties.httpsOnly': true, 'properties.siteConfig.minTlsVersion': '1.2' },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { 'properties.allow': false },
};

/** Doors that stand open: keys instead of identities, old TLS, rights beyond sending. */
export const openDoors = (snapshot: Snapshot): readonly string[] =>
  Object.entries(SHUT).flatMap(([type, properties]) => {
    const resources = ofType(snapshot, type);
    if (resources.length === 0) return [`there is no ${type}`];
    return resources.flatMap((resource) =>
      Object.entries(properties)
        .filter(([place, value]) => JSON.stringify(at(resource, place)) !== JSON.stringify(value))
        .map(([place]) => `${resource.type}: ${place} is ${JSON.stringify(at(resource, place))}`),
    );
  });

/** A compiled template, as far as it is looked at. */
export interface Template {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly parameters?: Readonly<Record<string, { readonly type?: string }>>;
  readonly outputs?: unknown;
  readonly resources?: Readonly<Record<string, Declared>>;
}
interface Declared {
  readonly type: string;
  readonly dependsOn?: readonly string[];
  readonly properties?: Nested;
}
interface Nested {
  readonly template?: Template;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** The parameters that hold secrets. */
const SECRETS = ['webhookKeys', 'redactionKey', 'validateKeys'];

const asks = (value: unknown, parameter: string): boolean =>
  JSON.stringify(value ?? null).includes(`parameters('${parameter}')`);

/** Places where a secret is no longer one: parameters that aren't secure, outputs, plain properties. */
export function openSecrets(
  template: Template,
  secrets: readonly string[] = SECRETS,
  where = 'main',
): readonly string[] {
  return secrets.flatMap((secret) => [
    ...(template.parameters?.[secret]?.type === 'securestring' ? [] : [`${where}: ${secret} isn't secure`]),
    ...(asks(template.outputs, secret) ? [`${where}: ${secret} is in an output`] : []),
    ...Object.entries(template.resources ?? {}).flatMap(([symbol, { properties, ...rest }]) => {
      if (properties?.template === undefined)
        return asks({ properties, rest }, secret) && rest.type !== 'Microsoft.KeyVault/vaults/secrets'
          ? [`${where}: ${secret} is in ${symbol}`]
          : [];
      const given = Object.entries(properties.parameters ?? {}).filter(([, value]) => asks(value, secret));
      return openSecrets(
        properties.template,
        given.map(([name]) => name),
        symbol,
      );
    }),
  ]);
}

/** Children of the site that are deployed at once: only one may depend on none of the others. */
export function siteFaults(template: Template): readonly string[] {
  const children = Object.entries(template.resources?.functionApp?.properties?.template?.resources ?? {}).filter(
    ([, { type }]) => type.startsWith('Microsoft.Web/sites/'),
  );
  const names = children.map(([symbol]) => symbol);
  const waitedFor = children.flatMap(([, { dependsOn = [] }]) => dependsOn.filter((name) => names.includes(name)));
  return new Set(waitedFor).size === names.length - 1 ? [] : [`at once: ${names.join(', ')}`];
}

/** The app's settings, with what only Azure knows resolved as Azure would. */
export function settingsOf(snapshot: Snapshot): Readonly<Record<string, string>> {
  const [settings] = ofType(snapshot, 'Microsoft.Web/sites/config');
  return Object.fromEntries(
    Object.entries((settings?.properties ?? {}) as Readonly<Record<string, string>>).map(([name, value]) => [
      name,
      value
        .replace(/^\[reference\(.*\)\.(\w+)\]$/, 'the-$1')
        .replace(
          /^\[format\('\{0\}\.\{1\}', '([^']+)', format\('servicebus\.\{0\}', .*\)\)\]$/,
          '$1.servicebus.windows.net',
        )
        .replace(
          /^\[format\('https:\/\/\{0\}\.(\w+)\.\{1\}', '([^']+)', environment\(\)\.suffixes\.storage\)\]$/,
          'https://$2.$1.core.windows.net',
        ),
    ]),
  );
}

/** What furtherSettings may set: a default otherwise, and what tests have it set. */
const OVERRIDABLE = ['languageWorkers__node__arguments', 'RULES_FILE', 'MAPPING_FILE'];

/** The names that furtherSettings may not have, against those that the template sets with all parts there. */
export function settingFaults(snapshot: Snapshot, template: Template): readonly string[] {
  const [, names = []] = Object.entries(template.variables ?? {}).find(([name]) => name.endsWith('settingNames')) ?? [];
  const listed = names as readonly string[];
  const set = Object.keys(settingsOf(snapshot)).filter((name) => !OVERRIDABLE.includes(name));
  return [
    ...set.filter((name) => !listed.includes(name)).map((name) => `settingNames lacks ${name}`),
    ...listed.filter((name) => !set.includes(name)).map((name) => `settingNames has ${name}, which nothing sets`),
  ];
}

const QUERIES = path.join(__dirname, '../../infra/queries');

/** The files of `infra/queries`: name, text. */
export const QUERY_FILES: readonly (readonly [string, string])[] = readdirSync(QUERIES).map((file) => [
  file.replace('.kql', ''),
  readFileSync(path.join(QUERIES, file), 'utf8'),
]);

/** The alerts that ask a query, by the names of their files. */
export const queriesOf = (snapshot: Snapshot): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ofType(snapshot, 'Microsoft.Insights/scheduledQueryRules').map((rule) => [
      rule.name.replace('dvo-', ''),
      String(at(rule, 'properties.criteria.allOf.0.query')),
    ]),
  );

/** Alerts whose query isn't that of their file with its blanks filled in, and files without an alert. */
export function alertFaults(snapshot: Snapshot): readonly string[] {
  const queries = queriesOf(snapshot);
  const files = new Map(QUERY_FILES);
  const filled = (text: string, query: string): string =>
    text
      .replace('{limit}', / > (\d+)$/m.exec(query)?.[1] ?? '')
      .replace('{tables}', /dynamic\((\[.*\])\)/.exec(query)?.[1] ?? '');
  return [
    ...[...files.keys()].filter((name) => !(name in queries)).map((name) => `${name}.kql has no alert`),
    ...Object.entries(queries)
      .filter(([name, query]) => query !== filled(files.get(name) ?? '', query))
      .map(([name]) => `the alert ${name} doesn't ask ${name}.kql`),
  ];
}
