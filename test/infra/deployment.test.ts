/**
 * Proves what the templates would deploy: with the two parameter files and the combinations of parameters that matter, the app's
 * own code reads the settings it is given, what is left out leaves nothing behind, and only that is public which has to be.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readConfig } from '../../shared/app/config';
import { readValidate } from '../../shared/app/rules-settings';
import { FUNCTION_NAMES } from '../../shared/settings/functions';
import { readEventHubConfig, readServiceBusConfig } from '../../shared/settings/message-connections';
import { at, ofType, openDoors, queriesOf, rightsOf, settingsOf, WITH_POSTGRES } from './checks';
import { describeCompiled, startCompiler, type Resource, type Snapshot } from './compiler';

const ROOT = path.join(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const SAMPLE = (JSON.parse(read('local.settings.sample.json')) as { readonly Values: Readonly<Record<string, string>> })
  .Values;

const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';
const BUS = 'Microsoft.ServiceBus/namespaces';
const HUBS = 'Microsoft.EventHub/namespaces';
const SITE = 'Microsoft.Web/sites';
const POSTGRES = 'Microsoft.DBforPostgreSQL/flexibleServers';
const NETWORK = 'Microsoft.Network/virtualNetworks';

/** Read by the Functions host. https://learn.microsoft.com/azure/azure-functions/functions-app-settings */
const PLATFORM = [
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
  'AzureWebJobsDisableHomepage',
  'languageWorkers__node__arguments',
];

/** https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection */
const IDENTITY_FORM = /__(?:accountName|fullyQualifiedNamespace|(?:blob|queue|table)ServiceUri|credential|clientId)$/;

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations */
const FORBIDDEN_IN_FLEX =
  /^(?:ENABLE_ORYX_BUILD|FUNCTIONS_(?:EXTENSION_VERSION|MAX_HTTP_CONCURRENCY|WORKER_\w+)|SCM_DO_BUILD_DURING_DEPLOYMENT|WEBSITE_(?:CONTENT\w+|DNS_SERVER|MAX_DYNAMIC_APPLICATION_SCALE_OUT|NODE_DEFAULT_VERSION|RUN_FROM_PACKAGE|SKIP_CONTENTSHARE_VALIDATION|VNET_ROUTE_ALL))$/;

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const NAMES: Readonly<Record<string, RegExp>> = {
  [STORAGE]: /^[a-z0-9]{3,24}$/,
  [VAULT]: /^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  [BUS]: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  [HUBS]: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  [POSTGRES]: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  [SITE]: /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/,
  'Microsoft.Web/serverfarms': /^[A-Za-z0-9-]{1,40}$/,
};

/** The function of each way, and what is deployed for no other. */
const WAYS: Readonly<Record<string, readonly [name: string, resources: RegExp]>> = {
  withWebhook: ['webhook', /webhook|vaults\/secrets/],
  withQueue: ['service-bus-queue', /namespaces\/queues|queue-dead-letters|copies-refused/],
  withTopic: ['service-bus-topic', /namespaces\/topics|topic-dead-letters/],
  withEventHub: ['event-hub', /Microsoft\.EventHub|event-hubs|hub-throttled/],
  withPull: ['pull-sync', /-pull-|schema-drift/],
};

const FURTHER = {
  MAPPING_FILE: 'docs/mapping.sample.yaml',
  languageWorkers__node__arguments: '--enable-source-maps',
};

/** The combinations of parameters that matter: each way off, private, without keys, zones, sessions, no environment. */
const COMBINATIONS: Readonly<Record<string, string | Readonly<Record<string, unknown>>>> = {
  dev: 'main.dev.bicepparam',
  prod: 'main.prod.bicepparam',
  all: {
    ...{ webhookKeys: 'the-keys', withRedactionKey: true, redactionKey: 'the-key', webhookServiceTags: ['One', 'Two'] },
    ...{ withValidation: true, validateKeys: 'the-keys', tables: ['account', 'contact'] },
    ...{ furtherSettings: { CACHE_MEGABYTES: '256', RULES_FILE: 'docs/rules.sample.yaml' } },
    ...WITH_POSTGRES,
  },
  plain: {
    ...{ name: 'Abcdefgh', tables: [], furtherSettings: FURTHER },
    ...{ withRedactionKey: true, queueSessions: true, subscriptionSessions: true, withTargetScaling: false },
    ...{ storageLog: 'none', throughputUnits: 2, maximumThroughputUnits: 2, withAlerts: false },
  },
  private: {
    ...{ privateNetworking: true, serviceBusSku: 'Premium', serviceBusMessagingUnits: 4, zoneRedundant: true },
    ...{ senderRanges: ['198.51.100.0/24'], topicTables: ['account', 'none'], storageLog: 'both' },
    ...WITH_POSTGRES,
  },
  'validation with instances': {
    ...{ withValidation: true, alwaysReady: [{ name: 'http', instanceCount: 3 }], withWebhook: false },
    ...{ furtherSettings: { RULES_FILE: 'docs/rules.sample.yaml' }, webhookServiceTags: ['One'] },
  },
  shut: { privateNetworking: true, serviceBusSku: 'Premium', disableLocalAuth: true },
  'no namespace': { withQueue: false, withTopic: false, privateNetworking: true },
  inbound: {
    ...{ withInbound: true, withQueue: false, withTopic: false, inboundQueueSessions: true },
    ...{ withRedactionKey: true, redactionKey: 'the-key', tables: [] },
    furtherSettings: { MAPPING_FILE: 'docs/mapping.sample.yaml' },
  },
  withWebhook: { withWebhook: false, privateNetworking: true, disableLocalAuth: true },
  withQueue: { withQueue: false },
  withTopic: { withTopic: false, instanceMemoryMB: 512 },
  withEventHub: { withEventHub: false, instanceMemoryMB: 4096 },
  withPull: {
    ...{
      withPull: false,
      dataverseUrl: '',
      tables: Array.from({ length: 60 }, (_, index) => `contoso_${index}_table`),
    },
    ...{ parkedLimit: 71, webhookRefusedPercent: 72, failureLimit: 73, throttledLimit: 74 },
  },
};

const CLAIM = '"http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName"';
const RULE = `${BUS}/topics/subscriptions/rules`;
const FILTER = 'properties.sqlFilter.sqlExpression';
const PUBLIC = 'properties.publicNetworkAccess';
const READY = 'properties.functionAppConfig.scaleAndConcurrency.alwaysReady';

/** What is said of a resource in a combination, and why. */
const FACTS: readonly (readonly [combination: string, type: string, place: string, value: unknown])[] = [
  // This app never lets a delivery count stop a message; dead processes count, and what expires is kept.
  ...['queues', 'topics/subscriptions'].flatMap((entity) =>
    [
      // The host renews no lock of a batch.
      ['lockDuration', 'PT5M'],
      ['maxDeliveryCount', 2000],
      ['deadLetteringOnMessageExpiration', true],
      ['requiresSession', false],
    ].map(([name = '', value]) => ['all', `${BUS}/${entity}`, `properties.${name}`, value] as const),
  ),
  ['plain', `${BUS}/queues`, 'properties.requiresSession', true],
  ['plain', `${BUS}/queues`, 'properties.lockDuration', 'PT1M'],
  ['plain', `${BUS}/topics/subscriptions`, 'properties.lockDuration', 'PT1M'],
  ['plain', `${BUS}/topics/subscriptions`, 'properties.requiresSession', true],
  // The one rule of the subscription has the name of the one that Azure makes, which lets everything through.
  ['all', RULE, 'id', expect.stringMatching(/\/\$Default$/)],
  ['all', RULE, FILTER, `${CLAIM} IN ('account', 'contact')`],
  ['private', RULE, FILTER, `${CLAIM} IN ('account', 'none')`],
  // No tables are known, or more than an expression's 1,024 characters take.
  ['plain', RULE, FILTER, `${CLAIM} IS NOT NULL`],
  ['withPull', RULE, FILTER, `${CLAIM} IS NOT NULL`],
  ['all', BUS, 'properties.disableLocalAuth', false],
  ['all', HUBS, 'properties.disableLocalAuth', false],
  ['shut', BUS, 'properties.disableLocalAuth', true],
  ['shut', HUBS, 'properties.disableLocalAuth', true],
  // Dataverse posts from the internet to the webhook and, as long as they take keys, to the namespaces. Service Bus Standard
  // has no private endpoints, so that the app itself needs its public address.
  ...['all', 'private', 'shut'].map((name) => [name, SITE, PUBLIC, 'Enabled'] as const),
  ['private', STORAGE, PUBLIC, 'Disabled'],
  ['private', VAULT, PUBLIC, 'Disabled'],
  ['private', BUS, PUBLIC, 'Enabled'],
  ['private', HUBS, PUBLIC, 'Enabled'],
  ['shut', BUS, PUBLIC, 'Disabled'],
  ['shut', HUBS, PUBLIC, 'Disabled'],
  ['withWebhook', BUS, PUBLIC, 'Enabled'],
  // With the addresses that Dataverse posts from nobody else gets in, but the app does.
  ...[BUS, HUBS].flatMap((type) => [
    ['private', `${type}/networkRuleSets`, 'properties.defaultAction', 'Deny'] as const,
    ['private', `${type}/networkRuleSets`, 'properties.ipRules.0.ipMask', '198.51.100.0/24'] as const,
    [
      'private',
      `${type}/networkRuleSets`,
      'properties.ipRules.1.ipMask',
      expect.stringMatching(/egress.*ipAddress/),
    ] as const,
  ]),
  // The app doesn't administer PostgreSQL. Without a network of its own the app comes from anywhere in Azure.
  ['all', `${POSTGRES}/administrators`, 'properties.principalName', 'Database operators'],
  ['private', POSTGRES, 'properties.network.publicNetworkAccess', 'Disabled'],
  ['private', POSTGRES, 'properties.highAvailability.mode', 'ZoneRedundant'],
  ['all', POSTGRES, 'properties.network.publicNetworkAccess', 'Enabled'],
  ['all', `${POSTGRES}/firewallRules`, 'properties.endIpAddress', '0.0.0.0'],
  ['dev', SITE, 'properties.siteConfig.ipSecurityRestrictionsDefaultAction', 'Allow'],
  ['all', SITE, 'properties.siteConfig.ipSecurityRestrictionsDefaultAction', 'Deny'],
  [
    'all',
    SITE,
    'properties.siteConfig.ipSecurityRestrictions.1',
    expect.objectContaining({ ipAddress: 'Two', tag: 'ServiceTag' }),
  ],
  [
    'private',
    SITE,
    'properties.virtualNetworkSubnetId',
    expect.stringMatching(/\/virtualNetworks\/vnet-dvo\/subnets\/app$/),
  ],
  ['private', NETWORK, 'properties.subnets.0.properties.natGateway.id', expect.stringMatching(/\/vnet-dvo-nat$/)],
  [
    'private',
    NETWORK,
    'properties.subnets.0.properties.delegations.0.properties.serviceName',
    'Microsoft.App/environments',
  ],
  ['private', STORAGE, 'sku.name', 'Standard_ZRS'],
  ...[BUS, HUBS, 'Microsoft.Web/serverfarms'].map(
    (type) => ['private', type, 'properties.zoneRedundant', true] as const,
  ),
  // Whoever saves waits for validate: it gets an instance that is always there, unless HTTP has some.
  ['dev', SITE, READY, []],
  ['all', SITE, READY, [{ name: 'http', instanceCount: 1 }]],
  ['validation with instances', SITE, READY, [{ name: 'http', instanceCount: 3 }]],
  ['prod', 'Microsoft.Insights/actionGroups', 'properties.emailReceivers.0.emailAddress', 'operator@contoso.com'],
];

/** What each function's trigger asks of the settings: `%NAME%`, and its connection. */
const TRIGGERS = new Map(
  readdirSync(path.join(ROOT, 'functions')).map((file) => {
    const code = read(`functions/${file}`);
    const [, connection] = /connection: '(\w+)'/.exec(code) ?? [];
    return [
      file.replace(/\.ts$/, ''),
      [
        ...[...code.matchAll(/'%(\w+)%'/g)].map(([, name = '']) => name),
        ...(connection === undefined ? [] : [`${connection}__fullyQualifiedNamespace`]),
      ],
    ];
  }),
);

describeCompiled('what infra/ deploys', () => {
  let compiler: Awaited<ReturnType<typeof startCompiler>>;
  const snapshots = new Map<string, Snapshot>();
  beforeAll(async () => {
    compiler = await startCompiler();
    const copy = compiler.copy();
    for (const [name, parameters] of Object.entries(COMBINATIONS)) snapshots.set(name, await copy.snapshot(parameters));
  });
  afterAll(() => {
    compiler.end();
  });

  const of = (name: string): Snapshot => {
    const snapshot = snapshots.get(name);
    if (snapshot === undefined) throw new Error(`There is no snapshot ${name}.`);
    return snapshot;
  };
  const first = (name: string, type: string): Resource | undefined => ofType(of(name), type)[0];
  const linesOf = ({ predictedResources }: Snapshot): readonly string[] =>
    predictedResources.map(({ type, id }) => `${type} ${id}`);

  describe.each(Object.keys(COMBINATIONS))('%s', (name) => {
    test('names are as Azure wants them, and no door stands open', () => {
      const { predictedResources, diagnostics } = of(name);
      expect(diagnostics).toEqual([]);
      const faults = predictedResources.filter((each) => NAMES[each.type]?.test(each.name) === false);
      expect(faults.map((each) => each.name)).toEqual([]);
      expect(openDoors(of(name)).filter((fault) => !fault.startsWith('there is no '))).toEqual([]);
    });

    test('the app can read its settings, and every function that is used has its own', () => {
      const settings = settingsOf(of(name));
      const left = settings.DISABLED_FUNCTIONS?.split(',').filter((each) => each !== '') ?? [];
      const parameters = COMBINATIONS[name];
      if (typeof parameters === 'object')
        expect(left).toEqual(Object.keys(WAYS).flatMap((way) => (parameters[way] === false ? [WAYS[way]?.[0]] : [])));
      // What the platform does with references to the vault.
      const resolved = Object.fromEntries(
        ['WEBHOOK_KEYS', 'REDACTION_KEY', 'VALIDATE_KEYS']
          .filter((key) => key in settings)
          .map((key) => [key, randomBytes(32).toString('base64')]),
      );
      const environment = { ...settings, ...resolved };
      const config = readConfig(environment);
      const uses = (way: string): boolean => !left.includes(WAYS[way]?.[0] ?? '');
      expect(config.core).toEqual({ ok: true, value: expect.anything() });
      expect(config.messages).toEqual({ ok: true, value: expect.anything() });
      expect(config.webhook.ok).toBe(uses('withWebhook'));
      const validates = typeof parameters === 'object' && parameters.withValidation === true;
      expect([readValidate(environment, config.core).ok, 'RULES_FILE' in settings]).toEqual([validates, validates]);
      // Off until their settings are there.
      const isOff = (each: string): boolean =>
        each === 'inbound-sql' || (each === 'inbound-queue' && !('INBOUND_QUEUE' in settings));
      for (const used of FUNCTION_NAMES.filter((each) => !left.includes(each) && !isOff(each)))
        for (const setting of TRIGGERS.get(used) ?? [])
          expect([used, setting, settings[setting]]).toEqual([used, setting, expect.stringMatching(/./)]);
      const isInbound = typeof parameters === 'object' && parameters.withInbound === true;
      // The sample has an inbound section, which is there where a queue isn't.
      expect(config.inbound.ok).toBe(isInbound || name === 'plain');
      expect(config.messages.ok && config.messages.value.inboundRetryQueue !== undefined).toBe(isInbound);
      expect(readServiceBusConfig(settings).ok).toBe(uses('withQueue') || uses('withTopic') || isInbound);
      expect(readEventHubConfig(settings).ok).toBe(uses('withEventHub'));
      expect(config.messages.ok && config.messages.value.retryQueue !== undefined).toBe(uses('withQueue'));
    });
  });

  test.each(Object.entries(WAYS))('%s: what is left out leaves nothing behind', (way, [, resources]) => {
    expect(linesOf(of('all')).filter((line) => resources.test(line))).not.toEqual([]);
    expect(linesOf(of(way)).filter((line) => resources.test(line))).toEqual([]);
    expect(JSON.stringify(of('no namespace').predictedResources)).not.toContain('ServiceBus/');
    expect(JSON.stringify(of('dev').predictedResources)).not.toMatch(/postgres/i);
  });

  test('every setting is one that somebody reads, and none that Flex Consumption forbids', () => {
    const names = Object.keys(settingsOf(of('all')));
    const isRead = (name: string): boolean =>
      name in SAMPLE ||
      PLATFORM.includes(name) ||
      (IDENTITY_FORM.test(name) && name.replace(IDENTITY_FORM, '') in SAMPLE);
    expect(names.filter((name) => !isRead(name))).toEqual([]);
    // On Linux no name may hold a hyphen, and dots become underscores.
    expect(names.filter((name) => FORBIDDEN_IN_FLEX.test(name) || !/^\w+$/.test(name))).toEqual([]);
    expect(names).toContain('CACHE_MEGABYTES');
  });

  test('Node’s heap fits the memory of an instance, unless further settings say otherwise', () => {
    const heapOf = (name: string) => settingsOf(of(name)).languageWorkers__node__arguments;
    expect(['withTopic', 'all', 'withEventHub', 'plain'].map(heapOf)).toEqual([
      '--max-semi-space-size=4 --max-old-space-size=256',
      '--max-semi-space-size=8 --max-old-space-size=1024 --initial-old-space-size=128',
      '--max-semi-space-size=16 --max-old-space-size=2048',
      FURTHER.languageWorkers__node__arguments,
    ]);
  });

  test('secrets stay in the vault, and nobody signs in with a key', () => {
    const settings = settingsOf(of('all'));
    for (const [name, secret] of [
      ['WEBHOOK_KEYS', 'webhook-keys'],
      ['REDACTION_KEY', 'redaction-key'],
      ['VALIDATE_KEYS', 'validate-keys'],
    ] as const)
      expect(settings[name]).toMatch(
        new RegExp(`^@Microsoft\\.KeyVault\\(VaultName=kvdvo\\w+;SecretName=${secret}\\)$`),
      );
    for (const connection of ['AzureWebJobsStorage', 'LOB_STORAGE', 'ServiceBusConnection', 'EventHubConnection'])
      expect(settings).not.toHaveProperty(connection);
    expect(Object.keys(settings).filter((name) => /SECRET|CERTIFICATE/.test(name))).toEqual([]);
    expect(ofType(of('all'), `${VAULT}/secrets`).map(({ properties }) => properties)).toEqual(
      ['webhookKeys', 'redactionKey', 'validateKeys'].map((parameter) => ({ value: `[parameters('${parameter}')]` })),
    );
    expect(JSON.stringify(of('all'))).not.toMatch(/the-keys?"/);
    expect(JSON.stringify(of('all').outputs)).not.toMatch(/parameters\(/);
  });

  test('the host takes no larger bodies than the app can, and shows no page of its own', () => {
    const { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: limit, ...settings } = settingsOf(of('dev'));
    const kilobytes = Math.floor(Number(limit) / 1024);
    expect(kilobytes).toBeLessThan(2048);
    const { webhook } = readConfig({
      WEBHOOK_KEYS: randomBytes(32).toString('hex'),
      WEBHOOK_MAX_KILOBYTES: `${kilobytes}`,
    });
    expect(webhook).toEqual({ ok: false, faults: [expect.stringMatching(/^WEBHOOK_MAX_KILOBYTES /)] });
    expect(settings.AzureWebJobsDisableHomepage).toBe('true');
  });

  test.each(FACTS)('%s: %s has %s', (name, type, place, value) => {
    const resources = ofType(of(name), type);
    expect(resources.length).toBeGreaterThan(0);
    for (const resource of resources) expect(at(resource, place)).toEqual(value);
  });

  test('Dataverse has a key for each of queue, topic and hub; without local authentication there is none', () => {
    const keys = (name: string) => linesOf(of(name)).filter((line) => line.includes('/authorizationRules ')).length;
    expect([keys('all'), keys('shut')]).toEqual([3, 0]);
  });

  test('the LOB system’s queue: sessions, no key of Dataverse’s, rights to receive and to send copies', () => {
    const queues = ofType(of('inbound'), `${BUS}/queues`);
    expect(
      queues.map((queue) => [
        queue.name,
        at(queue, 'properties.requiresSession'),
        at(queue, 'properties.lockDuration'),
      ]),
    ).toEqual([[expect.stringMatching(/\/lob-changes$/), true, 'PT1M']]);
    const keys = linesOf(of('inbound')).filter(
      (line) => line.startsWith(`${BUS}/`) && line.includes('/authorizationRules '),
    );
    expect(keys).toEqual([expect.stringMatching(/lob$/)]);
    expect(rightsOf(of('inbound')).filter((right) => right.endsWith('/queues/lob-changes'))).toHaveLength(3);
    expect(JSON.stringify(of('all').predictedResources)).not.toContain('lob-changes');
    expect(linesOf(of('inbound')).some((line) => line.endsWith('/dvo-inbound-dead-letters'))).toBe(true);
  });

  test('counting messages takes the owner’s right, and can be done without', () => {
    const owners = (name: string) => rightsOf(of(name)).filter((right) => right.includes('Owner on namespaces')).length;
    expect([owners('all'), owners('plain')]).toEqual([2, 0]);
  });

  test('requests are logged to the account of parked items, to both, or to none', () => {
    const logs = (name: string) =>
      linesOf(of(name)).flatMap(
        (line) => /storageAccounts\/st[a-z]+([hl])\w{13}\/(\w+)Services.*diagnostic/.exec(line)?.slice(1) ?? [],
      );
    expect(logs('all')).toEqual(['h', 'table', 'h', 'blob']);
    expect(logs('private')).toEqual(['h', 'table', 'h', 'blob', 'l', 'table']);
    expect(logs('plain')).toEqual([]);
  });

  test('each private endpoint has a zone that the network knows, of the cloud that is deployed to', () => {
    const networks = (name: string) =>
      linesOf(of(name)).filter((line) => /^Microsoft\.Network|networkRuleSets/.test(line));
    expect(networks('all')).toEqual([]);
    expect(ofType(of('private'), 'Microsoft.Network/privateEndpoints').map(({ name }) => name)).toEqual(
      ['host-blob', 'host-table', 'lob-table', 'vault', 'service-bus', 'event-hubs', 'postgres'].map(
        (name) => `pe-dvo-${name}`,
      ),
    );
    const zones = ofType(of('private'), 'Microsoft.Network/privateDnsZones').map(({ name }) => name.slice(1, -1));
    expect(zones).toEqual([
      "format('privatelink.blob.{0}', environment().suffixes.storage)",
      "format('privatelink.table.{0}', environment().suffixes.storage)",
      "format('privatelink.vaultcore.{0}', replace(environment().suffixes.keyvaultDns, '.vault.', ''))",
      "format('privatelink.{0}', format('servicebus.{0}', replace(environment().suffixes.storage, 'core.', '')))",
      "format('privatelink.postgres.database.{0}', replace(split(environment().resourceManager, '/')[2], 'management.', ''))",
    ]);
    const asked = ofType(of('private'), 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups').map((group) =>
      String(at(group, 'properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId')),
    );
    expect(asked.filter((zone) => !zones.some((each) => zone.includes(each)))).toEqual([]);
    expect(ofType(of('private'), 'Microsoft.Network/privateDnsZones/virtualNetworkLinks')).toHaveLength(zones.length);
  });

  test('limits and tables of alerts are those of the deployment, and metrics are those of their entities', () => {
    const queries = queriesOf(of('withPull'));
    const limits = { parked: 71, 'webhook-refused': 72, 'functions-failing': 73, 'web-api-throttled': 74 };
    for (const [name, limit] of Object.entries(limits)) expect(queries[name]).toContain(`> ${limit}`);
    expect(queriesOf(of('all'))['pull-overdue']).toContain('dynamic(["account","contact"])');
    expect(linesOf(of('plain')).filter((line) => /QueryRules|metricAlerts/.test(line))).toEqual([]);
    const metrics = ofType(of('all'), 'Microsoft.Insights/metricAlerts').map(
      (alert) =>
        `${String(at(alert, 'properties.criteria.allOf.0.metricName'))} ${String(at(alert, 'properties.criteria.allOf.0.dimensions.0.values.0'))}`,
    );
    expect(metrics).toEqual([
      'DeadletteredMessages dataverse-events',
      'DeadletteredMessages dataverse-changes',
      'ThrottledRequests dataverse-feed',
    ]);
  });

  test('parameters that contradict each other are refused, each with a sentence', async () => {
    const copy = compiler.copy();
    const refusal = async (parameters: Readonly<Record<string, unknown>>): Promise<string> =>
      copy.snapshot(parameters).then(
        () => 'nothing',
        (error: unknown) => (error as Error).message,
      );
    const off = { withWebhook: false, withQueue: false, withTopic: false, withAlerts: false };
    const all = await refusal({
      ...{
        ...off,
        dataverseUrl: '',
        tables: [],
        furtherSettings: { webhook_keys: 'a', CACHE_MEGABYTES: '256', SYNC_TABLES: 'b' },
      },
      ...{
        withInbound: true,
        webhookServiceTags: ['a'],
        queueSessions: true,
        subscriptionSessions: true,
        topicTables: ['a'],
      },
      ...{
        serviceBusSku: 'Premium',
        throughputUnits: 5,
        withPostgres: true,
        senderRanges: ['192.0.2.1'],
        alertEmails: ['a@contoso.com'],
      },
    });
    for (const sentence of [
      'withPull needs dataverseUrl',
      "furtherSettings can't set SYNC_TABLES, webhook_keys: the template does.",
      'Without tables furtherSettings has to name a MAPPING_FILE',
      'withInbound needs dataverseUrl, and a MAPPING_FILE',
      ...['webhookServiceTags are given without', 'queueSessions is given', 'subscriptionSessions is given'],
      ...['topicTables are given without withTopic', 'maximumThroughputUnits is less'],
      ...[
        'withPostgres needs postgresAdministrator',
        'senderRanges need privateNetworking',
        'alertEmails are given without withAlerts',
      ],
    ])
      expect(all).toContain(sentence);
    expect(await refusal({ withValidation: true })).toContain('withValidation and RULES_FILE in furtherSettings need');
    expect(await refusal({ furtherSettings: { RULES_FILE: 'a' } })).toContain('withValidation and RULES_FILE');
    expect(await refusal({ serviceBusMessagingUnits: 2 })).toContain('serviceBusMessagingUnits are for Premium.');
    expect(await refusal({ inboundQueueSessions: true })).toContain(
      'inboundQueueSessions is given without withInbound.',
    );
    expect(await refusal({ withQueue: false, withTopic: false, serviceBusSku: 'Premium' })).toContain(
      'serviceBusSku is given without',
    );
  });

  test('docs name each parameter, alert and role, and azd finds the app', async () => {
    const { template } = await compiler.copy().compile('main.bicep');
    const { parameters } = template as { readonly parameters: Readonly<Record<string, unknown>> };
    const said = read('docs/connect.md') + read('docs/operations.md');
    const alerts = ['all', 'inbound']
      .flatMap((name) => linesOf(of(name)))
      .flatMap((line) => /(?:QueryRules|metricAlerts) .*\/dvo-(.*)$/.exec(line)?.[1] ?? []);
    const names = [...Object.keys(parameters), ...alerts];
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
    const roles = rightsOf(of('all')).map((right) => right.replace(/^the app: (.*) on .*$/, '| $1 |'));
    expect(roles.filter((role) => !said.includes(role))).toEqual([]);
    const azd = parse(read('azure.yaml')) as { readonly services: object; readonly infra: { readonly module: string } };
    expect(COMBINATIONS.dev).toBe(`${azd.infra.module}.bicepparam`);
    expect(Object.keys(azd.services)).toEqual([at(first('dev', SITE), 'tags.azd-service-name')]);
  });
});
