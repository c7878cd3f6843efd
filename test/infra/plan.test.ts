/**
 * Proves what the templates would deploy, computed without Azure: names that Azure takes, the rights and keys that docs/deploy.md
 * lists and no others, what is private and what is not, and that parts which are left out leave nothing behind.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { asText } from './bicep/evaluate';
import { bicepParser } from './bicep/syntax';
import { sourcesOf } from './check-deployment';
import { deploymentFiles } from './deployment-files';
import { at, ENVIRONMENT, infra, nameOf, ofType } from './planned';
import type { Plan } from './plan';

let templates: Awaited<ReturnType<typeof infra>>;
beforeAll(async () => {
  templates = await infra();
});

const typesOf = ({ resources }: Plan): readonly string[] => resources.map(({ type }) => type);
const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';
const BUS = 'Microsoft.ServiceBus/namespaces';
const HUBS = 'Microsoft.EventHub/namespaces';

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const NAMES: Readonly<Record<string, RegExp>> = {
  [STORAGE]: /^[a-z0-9]{3,24}$/,
  [VAULT]: /^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  [BUS]: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  [HUBS]: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  'Microsoft.Web/sites': /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/,
  'Microsoft.Web/serverfarms': /^[A-Za-z0-9-]{1,40}$/,
  'Microsoft.ManagedIdentity/userAssignedIdentities': /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/,
  'Microsoft.OperationalInsights/workspaces': /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
};

test.each(['ab', 'abcdefgh', 'DvoProd1'])('names are as Azure wants them: %s', (name) => {
  const plan = templates.with({ name });
  const faults = plan.resources.filter((each) => NAMES[each.type]?.test(nameOf(each)) === false);
  expect(faults.map(nameOf)).toEqual([]);
  expect(Object.keys(NAMES).filter((type) => !typesOf(plan).includes(type))).toEqual([]);
});

test.each(['main.dev.bicepparam', 'main.prod.bicepparam'])(
  '%s can be deployed; only what it names is taken from the environment',
  (file) => {
    expect(templates.of(file).outputs).toMatchObject({
      webhookUrl: expect.stringMatching(/^https:\/\/func-dvo\w+-\w+\.azurewebsites\.net\/api\/webhook$/),
    });
    expect(() => templates.of(file, {})).toThrow(/DATAVERSE_URL/);
  },
);

test('no output is a secret', () => {
  const said = JSON.stringify(templates.of('main.prod.bicepparam').outputs);
  for (const secret of [ENVIRONMENT.WEBHOOK_KEYS, ENVIRONMENT.REDACTION_KEY, 'the-connection-string'])
    expect(said).not.toContain(secret);
});

test('the app has the roles that docs/deploy.md lists, each on one resource', () => {
  const roles = ofType(templates.with({ withRedactionKey: true }), 'Microsoft.Authorization/roleAssignments').map(
    ({ file, of, body }) => {
      const id = asText(at(body, 'properties.roleDefinitionId')).split('/').at(-1);
      return `${path.basename(file, '.bicep')}: ${of ?? ''} ${id ?? ''}`;
    },
  );
  expect(roles).toEqual([
    'monitoring: insights 3913510d-42f4-4e42-8a64-420c390055eb',
    'storage-account: account 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    'storage-account: account b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    'storage-account: account 0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    'service-bus: queue 4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
    'service-bus: queue 69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
    'service-bus: subscription 4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
    'event-hubs: hub a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
    'secret-reader: secret 4633458b-17de-408a-b874-0445c86b69e6',
    'secret-reader: secret 4633458b-17de-408a-b874-0445c86b69e6',
  ]);
});

describe('Service Bus', () => {
  test('deliveries are counted as far as Service Bus counts, and nothing that expires is lost', () => {
    const plan = templates.with({});
    for (const type of [`${BUS}/queues`, `${BUS}/topics/subscriptions`])
      expect(ofType(plan, type)[0]?.body.properties).toMatchObject({
        ...{
          lockDuration: 'PT1M',
          maxDeliveryCount: 2000,
          deadLetteringOnMessageExpiration: true,
          requiresSession: false,
        },
        defaultMessageTimeToLive: 'P14D',
      });
  });

  test('sessions, where they are wanted', () => {
    const plan = templates.with({ queueSessions: true, subscriptionSessions: true });
    for (const type of [`${BUS}/queues`, `${BUS}/topics/subscriptions`])
      expect(ofType(plan, type)[0]?.body.properties).toMatchObject({ requiresSession: true });
  });

  test('the subscription takes the tables that are kept in step, by the one rule there is', () => {
    const rule = (parameters: object) =>
      ofType(templates.with({ ...parameters }), `${BUS}/topics/subscriptions/rules`)[0]?.body;
    const claim = '"http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName"';
    const filter = (sqlExpression: string) => ({
      name: '$Default',
      properties: { filterType: 'SqlFilter', sqlFilter: { sqlExpression } },
    });
    expect(rule({})).toEqual(filter(`${claim} IN ('account', 'contact')`));
    expect(rule({ topicTables: ['account', 'none'] })).toEqual(filter(`${claim} IN ('account', 'none')`));
    expect(rule({ tables: [] })).toEqual(filter(`${claim} IS NOT NULL`));
    // More than 1,024 characters are too many.
    expect(rule({ tables: Array.from({ length: 60 }, (_, index) => `contoso_table_${index}`) })).toEqual(
      filter(`${claim} IS NOT NULL`),
    );
  });

  test('Premium has units; Standard has none', () => {
    const sku = (parameters: object) => ofType(templates.with({ ...parameters }), BUS)[0]?.body.sku;
    expect(sku({ serviceBusMessagingUnits: 4 })).toEqual({ name: 'Standard', tier: 'Standard', capacity: null });
    expect(sku({ serviceBusSku: 'Premium', serviceBusMessagingUnits: 4 })).toEqual({
      name: 'Premium',
      tier: 'Premium',
      capacity: 4,
    });
  });
});

test('Event Hubs grows by itself, or not', () => {
  const properties = (parameters: object) => ofType(templates.with({ ...parameters }), HUBS)[0]?.body.properties;
  expect(properties({ throughputUnits: 2, maximumThroughputUnits: 8 })).toMatchObject({
    isAutoInflateEnabled: true,
    maximumThroughputUnits: 8,
  });
  expect(properties({ throughputUnits: 2, maximumThroughputUnits: 2 })).toMatchObject({
    isAutoInflateEnabled: false,
    maximumThroughputUnits: 0,
  });
});

test('Dataverse has a key for each of queue, topic and hub; without local authentication there is none', () => {
  const keys = (plan: Plan) =>
    plan.resources.filter(({ type }) => type.endsWith('/authorizationRules')).map(({ of }) => of);
  expect(keys(templates.with({}))).toEqual(['queue', 'topic', 'hub']);
  const refused = templates.with({ disableLocalAuth: true });
  expect(keys(refused)).toEqual([]);
  for (const type of [BUS, HUBS]) expect(at(ofType(refused, type)[0]?.body, 'properties.disableLocalAuth')).toBe(true);
});

describe('what is left out leaves nothing behind', () => {
  test.each<[string, RegExp]>([
    ['withEventHub', /EventHub/],
    ['withQueue', /ServiceBus\/namespaces\/queues/],
    ['withTopic', /ServiceBus\/namespaces\/topics/],
    ['withWebhook', /vaults\/secrets/],
  ])('%s', (parameter, type) => {
    const plan = templates.with({
      [parameter]: false,
      webhookKeys: ENVIRONMENT.WEBHOOK_KEYS,
      privateNetworking: true,
      serviceBusSku: 'Premium',
    });
    expect(
      typesOf(templates.with({ webhookKeys: ENVIRONMENT.WEBHOOK_KEYS })).filter((each) => type.test(each)),
    ).not.toEqual([]);
    expect(typesOf(plan).filter((each) => type.test(each))).toEqual([]);
  });

  test('neither queue nor topic: no namespace, no endpoint, no alert', () => {
    const plan = templates.with({
      withQueue: false,
      withTopic: false,
      privateNetworking: true,
      serviceBusSku: 'Premium',
    });
    expect(JSON.stringify(plan.resources)).not.toContain('ServiceBus');
    expect(plan.outputs).toMatchObject({ serviceBusNamespace: '' });
  });
});

describe('secrets', () => {
  const values = (parameters: object) =>
    ofType(templates.with({ ...parameters }), `${VAULT}/secrets`).map(({ body }) => [
      body.name,
      at(body, 'properties.value'),
    ]);
  const readers = (parameters: object) =>
    templates.with({ ...parameters }).resources.filter(({ file }) => file.endsWith('secret-reader.bicep')).length;

  test('are written when they are given, and left alone when not; the app may read them all the same', () => {
    expect(values({ webhookKeys: 'w', withRedactionKey: true, redactionKey: 'r' })).toEqual([
      ['webhook-keys', 'w'],
      ['redaction-key', 'r'],
    ]);
    expect(values({ withRedactionKey: true })).toEqual([]);
    expect(readers({ withRedactionKey: true })).toBe(2);
  });

  test('a key of hashed columns is only there where columns are hashed', () => {
    expect(values({ redactionKey: 'r' })).toEqual([]);
    expect(readers({})).toBe(1);
  });

  test('no other resource has one', () => {
    const plan = templates.with({ webhookKeys: ENVIRONMENT.WEBHOOK_KEYS });
    const others = plan.resources.filter(({ type }) => type !== `${VAULT}/secrets`);
    expect(JSON.stringify(others)).not.toContain(ENVIRONMENT.WEBHOOK_KEYS);
  });
});

describe('the network', () => {
  const access = (plan: Plan, type: string) =>
    ofType(plan, type).map(({ body }) => at(body, 'properties.publicNetworkAccess'));

  test('by default nothing is private, and nothing is open without a role or a key', () => {
    const plan = templates.with({});
    expect(typesOf(plan).filter((type) => type.startsWith('Microsoft.Network/'))).toEqual([]);
    for (const { body } of ofType(plan, STORAGE))
      expect(body.properties).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        publicNetworkAccess: 'Enabled',
      });
    expect(at(ofType(plan, 'Microsoft.Web/sites')[0]?.body, 'properties.virtualNetworkSubnetId')).toBeNull();
  });

  test('private: storage and vault are shut, each has its endpoints, and each endpoint a zone that the network knows', () => {
    const plan = templates.with({ privateNetworking: true });
    expect(access(plan, STORAGE)).toEqual(['Disabled', 'Disabled']);
    expect(access(plan, VAULT)).toEqual(['Disabled']);
    expect(ofType(plan, 'Microsoft.Network/privateEndpoints').map(nameOf)).toEqual(
      ['host-blob', 'host-table', 'host-queue', 'lob-table', 'vault', 'event-hubs'].map((name) => `pe-dvo-${name}`),
    );
    const zones = ofType(plan, 'Microsoft.Network/privateDnsZones').map(
      (zone) => `/Microsoft.Network/privateDnsZones/${nameOf(zone)}`,
    );
    const asked = ofType(plan, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups').flatMap(({ body }) =>
      (
        at(body, 'properties.privateDnsZoneConfigs') as readonly {
          readonly properties: { readonly privateDnsZoneId: string };
        }[]
      ).map(({ properties }) => properties.privateDnsZoneId),
    );
    expect(asked.filter((zone) => !zones.includes(zone))).toEqual([]);
    expect(zones).toHaveLength(5);
    expect(ofType(plan, 'Microsoft.Network/privateDnsZones/virtualNetworkLinks')).toHaveLength(zones.length);
  });

  test('the app is in the subnet that is delegated to it, and leaves it by one address', () => {
    const plan = templates.with({ privateNetworking: true });
    const [network] = ofType(plan, 'Microsoft.Network/virtualNetworks');
    const subnets = at(network?.body, 'properties.subnets') as readonly {
      readonly name: string;
      readonly properties: object;
    }[];
    const id = asText(at(ofType(plan, 'Microsoft.Web/sites')[0]?.body, 'properties.virtualNetworkSubnetId'));
    expect(id).toBe(
      `/Microsoft.Network/virtualNetworks/subnets/${nameOf(network ?? { file: '', symbol: '', type: '', of: undefined, body: {} })}/app`,
    );
    expect(subnets.find(({ name }) => name === 'app')?.properties).toMatchObject({
      delegations: [{ properties: { serviceName: 'Microsoft.App/environments' } }],
      natGateway: { id: '/natGateway' },
    });
    expect(plan.outputs).toMatchObject({ egressAddress: '203.0.113.7' });
  });

  test('what Dataverse posts to stays public, since it posts from the internet; without keys it is private', () => {
    const posted = templates.with({ privateNetworking: true, serviceBusSku: 'Premium' });
    expect([access(posted, BUS), access(posted, HUBS)]).toEqual([['Enabled'], ['Enabled']]);
    const shut = templates.with({ privateNetworking: true, serviceBusSku: 'Premium', disableLocalAuth: true });
    expect([access(shut, BUS), access(shut, HUBS)]).toEqual([['Disabled'], ['Disabled']]);
    // Standard has no private endpoints, so the app itself needs the public address.
    expect(access(templates.with({ privateNetworking: true, disableLocalAuth: true }), BUS)).toEqual(['Enabled']);
  });

  test('with the addresses that Dataverse posts from nobody else gets in, but the app does', () => {
    const rules = (parameters: object) =>
      templates
        .with({ ...parameters, senderRanges: ['198.51.100.0/24'] })
        .resources.filter(({ type }) => type.endsWith('/networkRuleSets'))
        .map(({ body }) => [
          at(body, 'properties.defaultAction'),
          (at(body, 'properties.ipRules') as readonly { readonly ipMask: string }[]).map(({ ipMask }) => ipMask),
        ]);
    const both = ['Deny', ['198.51.100.0/24', '203.0.113.7']];
    expect(rules({ privateNetworking: true })).toEqual([both, both]);
    // Without a network of its own the app's addresses aren't known: it would be shut out.
    expect(rules({})).toEqual([]);
  });

  test('the webhook may be limited to service tags', () => {
    const config = (parameters: object) =>
      at(ofType(templates.with({ ...parameters }), 'Microsoft.Web/sites')[0]?.body, 'properties.siteConfig');
    expect(config({})).toMatchObject({ ipSecurityRestrictionsDefaultAction: 'Allow', ipSecurityRestrictions: [] });
    expect(config({ webhookServiceTags: ['One', 'Two'] })).toMatchObject({
      ipSecurityRestrictionsDefaultAction: 'Deny',
      ipSecurityRestrictions: [
        { ipAddress: 'One', tag: 'ServiceTag', priority: 100 },
        { ipAddress: 'Two', priority: 101 },
      ],
    });
  });
});

test('spread over zones: everything that can be', () => {
  const plan = templates.with({ zoneRedundant: true, serviceBusSku: 'Premium' });
  expect(ofType(plan, STORAGE).map(({ body }) => at(body, 'sku.name'))).toEqual(['Standard_ZRS', 'Standard_ZRS']);
  for (const type of [BUS, HUBS, 'Microsoft.Web/serverfarms'])
    expect(at(ofType(plan, type)[0]?.body, 'properties.zoneRedundant')).toBe(true);
});

test('the app runs on Flex Consumption, from a container that it reads by its identity', () => {
  const plan = templates.with({
    maximumInstanceCount: 77,
    instanceMemoryMB: 4096,
    alwaysReady: [{ name: 'http', instanceCount: 2 }],
  });
  expect(ofType(plan, 'Microsoft.Web/serverfarms')[0]?.body.sku).toEqual({ tier: 'FlexConsumption', name: 'FC1' });
  const [container] = ofType(plan, `${STORAGE}/blobServices/containers`);
  expect(at(ofType(plan, 'Microsoft.Web/sites')[0]?.body, 'properties.functionAppConfig')).toEqual({
    deployment: {
      storage: {
        ...{
          type: 'blobContainer',
          value: `https://stdvohabcdefghijk23.blob.core.windows.net/${asText(container?.body.name)}`,
        },
        authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: '/identity' },
      },
    },
    runtime: { name: 'node', version: '22' },
    scaleAndConcurrency: {
      maximumInstanceCount: 77,
      instanceMemoryMB: 4096,
      alwaysReady: [{ name: 'http', instanceCount: 2 }],
    },
  });
});

test('docs/deploy.md names each parameter, each alert and each output that it speaks of', async () => {
  const said = readFileSync(path.join(__dirname, '../../docs/deploy.md'), 'utf8');
  const main = sourcesOf(deploymentFiles(), await bicepParser()).get('main.bicep');
  const alerts = templates
    .with({})
    .resources.filter(({ type }) => /scheduledQueryRules|metricAlerts/.test(type))
    .map((alert) => nameOf(alert).replace('dvo-', ''));
  const names = [...(main?.parameters.map(({ name }) => name) ?? []), ...alerts];
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
  const outputs = [...said.matchAll(/outputs? `(\w+)`/g)].map(([, name = '']) => name);
  expect(outputs.filter((name) => !main?.outputs.some((output) => output.name === name))).toEqual([]);
});

test('azd deploys the package to the app that carries its service', () => {
  const azure = readFileSync(path.join(__dirname, '../../azure.yaml'), 'utf8');
  const [, service] = /^services:\n {2}(\w+):/m.exec(azure) ?? [];
  const [, module] = /^ {2}module: (\S+)$/m.exec(azure) ?? [];
  expect(at(ofType(templates.of(`${module ?? ''}.bicepparam`), 'Microsoft.Web/sites')[0]?.body, 'tags')).toMatchObject({
    'azd-service-name': service,
  });
});
