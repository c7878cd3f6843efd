/**
 * Proves that the app which the templates deploy has all the settings that it needs, none that nobody reads, and none that the
 * plan forbids: with every combination of ways, the settings are computed from the templates and read by the app's own code.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../shared/config/config';
import { FUNCTION_NAMES } from '../../shared/config/left-out';
import { readEventHubConfig, readServiceBusConfig } from '../../shared/config/message-connections';
import { infra, settingsOf } from './planned';

const ROOT = path.join(__dirname, '../..');
const SAMPLE = (
  JSON.parse(readFileSync(path.join(ROOT, 'local.settings.sample.json'), 'utf8')) as {
    readonly Values: Readonly<Record<string, string>>;
  }
).Values;

/** Read by the Functions host. https://learn.microsoft.com/azure/azure-functions/functions-app-settings */
const PLATFORM = ['APPLICATIONINSIGHTS_CONNECTION_STRING', 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'];

/** https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection */
const IDENTITY_FORM = /__(?:accountName|fullyQualifiedNamespace|credential|clientId)$/;

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations */
const FORBIDDEN_IN_FLEX = [
  'ENABLE_ORYX_BUILD',
  'FUNCTIONS_EXTENSION_VERSION',
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_WORKER_RUNTIME_VERSION',
  'FUNCTIONS_MAX_HTTP_CONCURRENCY',
  'FUNCTIONS_WORKER_PROCESS_COUNT',
  'FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  'WEBSITE_CONTENTOVERVNET',
  'WEBSITE_CONTENTSHARE',
  'WEBSITE_DNS_SERVER',
  'WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT',
  'WEBSITE_NODE_DEFAULT_VERSION',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_SKIP_CONTENTSHARE_VALIDATION',
  'WEBSITE_VNET_ROUTE_ALL',
];

/** The parameter of each function that can be left out. */
const WAYS = {
  withWebhook: 'webhook',
  withQueue: 'service-bus-queue',
  withTopic: 'service-bus-topic',
  withEventHub: 'event-hub',
  withPull: 'pull-sync',
} as const;

/** Each combination of ways. */
const COMBINATIONS = Array.from({ length: 2 ** Object.keys(WAYS).length }, (_, bits) =>
  Object.fromEntries(Object.keys(WAYS).map((way, index) => [way, (bits & (1 << index)) !== 0])),
);

/** The settings that each function's trigger names: `%NAME%` and its connection. */
const TRIGGER_SETTINGS = new Map(
  readdirSync(path.join(ROOT, 'functions')).map((file) => {
    const code = readFileSync(path.join(ROOT, 'functions', file), 'utf8');
    const names = [...code.matchAll(/'%(\w+)%'/g)].map(([, name = '']) => name);
    const [, connection] = /connection: '(\w+)'/.exec(code) ?? [];
    return [
      file.replace(/\.ts$/, ''),
      [...names, ...(connection === undefined ? [] : [`${connection}__fullyQualifiedNamespace`])],
    ];
  }),
);

let templates: Awaited<ReturnType<typeof infra>>;
beforeAll(async () => {
  templates = await infra();
});

test('the triggers name settings', () =>
  expect(Object.fromEntries(TRIGGER_SETTINGS)).toMatchObject({
    'event-hub': ['EVENTHUB_NAME', 'EVENTHUB_CONSUMER_GROUP', 'EventHubConnection__fullyQualifiedNamespace'],
    'pull-sync': ['PULL_SCHEDULE'],
  }));

describe.each(COMBINATIONS)('%j', (ways) => {
  const left = Object.entries(WAYS).flatMap(([way, name]) => (ways[way] === true ? [] : [name]));

  test('every function that is used has its settings, and they are right', () => {
    const settings = settingsOf(templates.with(ways));
    expect(settings.DISABLED_FUNCTIONS?.split(',').filter((name) => name !== '')).toEqual(left);
    // What the platform does with a reference to the vault.
    const resolved = settings.WEBHOOK_KEYS === undefined ? {} : { WEBHOOK_KEYS: 'a-key-of-24-random-bytes-in-base64' };
    const config = readConfig({ ...settings, ...resolved });
    expect(config).toMatchObject({ core: { ok: true }, messages: { ok: true }, webhook: { ok: ways.withWebhook } });
    for (const name of FUNCTION_NAMES.filter((each) => !(left as readonly string[]).includes(each)))
      for (const setting of TRIGGER_SETTINGS.get(name) ?? [])
        expect([name, setting, settings[setting]]).toEqual([name, setting, expect.stringMatching(/./)]);
    expect(readServiceBusConfig(settings).ok).toBe(ways.withQueue === true || ways.withTopic === true);
    expect(readEventHubConfig(settings).ok).toBe(ways.withEventHub);
    expect(config.messages.ok && config.messages.value.retryQueue !== undefined).toBe(ways.withQueue);
  });
});

test('every setting is one that somebody reads, and none that Flex Consumption forbids', () => {
  const names = Object.keys(settingsOf(templates.with({ withRedactionKey: true })));
  const read = (name: string): boolean =>
    name in SAMPLE ||
    PLATFORM.includes(name) ||
    (IDENTITY_FORM.test(name) && name.replace(IDENTITY_FORM, '') in SAMPLE);
  expect(names.filter((name) => !read(name))).toEqual([]);
  expect(names.filter((name) => FORBIDDEN_IN_FLEX.includes(name))).toEqual([]);
  // On Linux no name may hold a hyphen, and dots become underscores.
  expect(names.filter((name) => !/^\w+$/.test(name))).toEqual([]);
});

test('nobody signs in with a key or a secret: identities only, and secrets stay in the vault', () => {
  const settings = settingsOf(templates.with({ withRedactionKey: true }));
  const vault = /^@Microsoft\.KeyVault\(VaultName=kvdvo\w+;SecretName=[a-z-]+\)$/;
  expect(settings).toMatchObject({
    WEBHOOK_KEYS: expect.stringMatching(vault),
    REDACTION_KEY: expect.stringMatching(vault),
  });
  expect(
    Object.keys(settings).filter((name) =>
      [
        'AzureWebJobsStorage',
        'LOB_STORAGE',
        'ServiceBusConnection',
        'EventHubConnection',
        'AZURE_CLIENT_SECRET',
      ].includes(name),
    ),
  ).toEqual([]);
  for (const connection of ['AzureWebJobsStorage', 'ServiceBusConnection', 'EventHubConnection'])
    expect(settings).toMatchObject({
      [`${connection}__credential`]: 'managedidentity',
      [`${connection}__clientId`]: 'the-client-id',
    });
  // Without AZURE_TENANT_ID @azure/identity takes AZURE_CLIENT_ID for that of a managed identity.
  expect(settings).toMatchObject({ AZURE_CLIENT_ID: 'the-client-id', DATAVERSE_AUTH: 'managed-identity' });
  expect(settings).not.toHaveProperty('AZURE_TENANT_ID');
});

test('names are those of the sample, but for the consumer group: $Default is left to dvo hub replay', () => {
  const settings = settingsOf(templates.with({}));
  for (const name of [
    'SERVICEBUS_QUEUE',
    'SERVICEBUS_TOPIC',
    'SERVICEBUS_SUBSCRIPTION',
    'EVENTHUB_NAME',
    'PULL_SCHEDULE',
    'REPLAY_SCHEDULE',
  ])
    expect([name, settings[name]]).toEqual([name, SAMPLE[name]]);
  expect(settings.EVENTHUB_CONSUMER_GROUP).not.toBe('$Default');
});

test('without an environment nothing is pulled', () =>
  expect(settingsOf(templates.with({ dataverseUrl: '' }))).toMatchObject({ DISABLED_FUNCTIONS: 'pull-sync' }));

test('further settings are added, and change none of those that the templates set', () => {
  const settings = settingsOf(
    templates.with({ furtherSettings: { CACHE_MEGABYTES: '256', AZURE_CLIENT_ID: 'another' } }),
  );
  expect(settings).toMatchObject({ CACHE_MEGABYTES: '256', AZURE_CLIENT_ID: 'the-client-id' });
});
