/**
 * Proves that the compiler has nothing to say of infra/, not even a warning, and that nothing of what it doesn't look at is
 * wrong: rights, secrets, doors, settings, alerts. And that each of these checks bites: changed in one place, a copy fails.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  alertFaults,
  openDoors,
  openSecrets,
  rightsOf,
  settingFaults,
  siteFaults,
  WITH_POSTGRES,
  type Template,
} from './checks';
import { describeCompiled, startCompiler, type Change, type Copy } from './compiler';

/** With all parts there. */
const ALL = {
  ...{
    withRedactionKey: true,
    withValidation: true,
    withInbound: true,
    furtherSettings: { RULES_FILE: 'rules.yaml', MAPPING_FILE: 'mapping.yaml' },
    storageLog: 'both',
    ...WITH_POSTGRES,
  },
};

/** As docs/connect.md lists them. */
const RIGHTS = [
  'the app: Monitoring Metrics Publisher on components/appi-dvo',
  'the app: Storage Table Data Contributor on storageAccounts/stdvoh',
  'the app: Storage Blob Data Owner on storageAccounts/stdvoh',
  'the app: Storage Table Data Contributor on storageAccounts/stdvol',
  'the app: Azure Service Bus Data Receiver on namespaces/sb-dvo/queues/dataverse-events',
  'the app: Azure Service Bus Data Sender on namespaces/sb-dvo/queues/dataverse-events',
  'the app: Azure Service Bus Data Receiver on namespaces/sb-dvo/queues/lob-changes',
  'the app: Azure Service Bus Data Sender on namespaces/sb-dvo/queues/lob-changes',
  'the app: Azure Service Bus Data Receiver on namespaces/sb-dvo/topics/dataverse-changes/subscriptions/lob',
  'the app: Azure Service Bus Data Owner on namespaces/sb-dvo/queues/dataverse-events',
  'the app: Azure Service Bus Data Owner on namespaces/sb-dvo/queues/lob-changes',
  'the app: Azure Service Bus Data Owner on namespaces/sb-dvo/topics/dataverse-changes',
  'the app: Azure Event Hubs Data Receiver on namespaces/eh-dvo/eventhubs/dataverse-feed',
  'the app: Key Vault Secrets User on vaults/kvdvo/secrets/webhook-keys',
  'the app: Key Vault Secrets User on vaults/kvdvo/secrets/redaction-key',
  'the app: Key Vault Secrets User on vaults/kvdvo/secrets/validate-keys',
];

/** All faults that are found in what a copy compiles to. */
async function faultsOf(copy: Copy, template: Template): Promise<readonly string[]> {
  const snapshot = await copy.snapshot(ALL);
  const rights = rightsOf(snapshot);
  return [
    ...rights.filter((right) => !RIGHTS.includes(right)),
    ...RIGHTS.filter((right) => !rights.includes(right)).map((right) => `missing: ${right}`),
    ...openDoors(snapshot),
    ...openSecrets(template),
    ...siteFaults(template),
    ...settingFaults(snapshot, template),
    ...alertFaults(snapshot),
    ...snapshot.diagnostics.map((diagnostic) => JSON.stringify(diagnostic)),
  ];
}

const change = (file: string, from: string, to: string): Change => ({ file, from, to });
const inModule = (name: string, from: string, to: string): Change => change(`modules/${name}.bicep`, from, to);

/** Changes that the compiler speaks of: of the first three as errors, of the others as warnings. */
const SAID: readonly (readonly [string, Change, RegExp])[] = [
  ['a module that isn’t there', change('main.bicep', 'modules/action-group.bicep', 'modules/group.bicep'), /BCP091/],
  ['an output of another name', inModule('identity', 'output clientId', 'output appId'), /BCP053/],
  ['a syntax error', inModule('network', 'sku: {', 'sku: ['), /network\.bicep:\d+ BCP0/],
  ['a misspelt property', inModule('storage-account', 'accessTier', 'accesTier'), /BCP089/],
  ['a wrong type', inModule('key-vault', 'DeleteRetentionInDays: 90', "DeleteRetentionInDays: '90'"), /BCP036/],
  ['a resource type that isn’t there', inModule('private-endpoint', 'DnsZoneGroups@', 'DnsGroups@'), /point.*BCP081/],
  ['a version that isn’t there', inModule('identity', '@2024-11-30', '@2024-11-29'), /identity.*BCP081/],
  [
    'an unused parameter',
    inModule('secret', 'param value', "param other string = ''\nparam value"),
    /no-unused-params/,
  ],
  ['an old version', inModule('metric-alert', '@2026-01-01', '@2018-03-01'), /use-recent-api-versions/],
  ['an object of no type', inModule('function-app', 'settings { *: string }', 'settings object'), /use-user-defined/],
  [
    'a name that what-if can’t know',
    inModule('event-hubs', 'hub.id, identityId', 'hub.id, principalId'),
    /what-if-short/,
  ],
  [
    'a secret in an output',
    change('main.bicep', '= lobStorageName', '= webhookKeys'),
    /outputs-should-not-contain-secrets/,
  ],
  ['one cloud', change('main.bicep', 'environment().suffixes.storage', "'core.windows.net'"), /no-hardcoded-env-urls/],
];

/** Changes that it doesn't speak of. */
const NOT_SAID: readonly (readonly [string, Change, RegExp])[] = [
  ['TLS of no version', inModule('storage-account', "'TLS1_2'", "'TLS1_7'"), /minimumTlsVersion is "TLS1_7"/],
  ['old TLS', inModule('function-app', "minTlsVersion: '1.2'", "minTlsVersion: '1.0'"), /minTlsVersion is "1.0"/],
  ['shared keys', inModule('storage-account', 'KeyAccess: false', 'KeyAccess: true'), /allowSharedKeyAccess is true/],
  [
    'a key that may listen',
    inModule('event-hubs', "'Send'", "'Send'\n      'Listen'"),
    /rights is \["Send","Listen"\]/,
  ],
  ['passwords for deployment', inModule('function-app', 'allow: false', 'allow: true'), /properties.allow is true/],
  ['a role of no id', inModule('role-ids', '3913510d', '3913510e'), /unknown role 3913510e/],
  [
    'another role',
    inModule('role-ids', '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39', 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'),
    /missing: the app: Azure Service Bus Data Sender/,
  ],
  ['a role on more', inModule('service-bus', 'scope: subscription\n', 'scope: namespace\n'), /Receiver on .+\/sb-dvo$/],
  [
    'a right of somebody',
    inModule('event-hubs', 'Id: principalId', "Id: '${principalId}x'"),
    /somebody: Azure Event Hubs/,
  ],
  [
    'a secret given openly',
    change('main.bicep', "@secure()\n@description('The keys", "@description('The keys"),
    /webhookKeys isn't secure/,
  ],
  ['a secret that a module opens', inModule('secret', '@secure()\n', ''), /redactionKeyValue: value isn't secure/],
  [
    'a secret in a plain property',
    change('main.bicep', 'pullSchedule: pullSchedule', "pullSchedule: '${pullSchedule}${redactionKey}'"),
    /appSettings: pullSchedule isn't secure/,
  ],
  [
    'a database that takes passwords',
    inModule('postgres', "passwordAuth: 'Dis", "passwordAuth: 'En"),
    /passwordAuth is "En/,
  ],
  ['two children at once', inModule('function-app', '    noFtpPassword\n', ''), /at once: /],
  ['a setting more', inModule('app-settings', '  DATAVERSE_URL:', "  NEW: ''\n  DATAVERSE_URL:"), /Names lacks NEW/],
  ['a setting less', inModule('app-settings', '  SERVICEBUS_TOPIC: topicName\n', ''), /Names has SERVICEBUS_TOPIC/],
  [
    'another query',
    inModule('log-alerts', "loadTextContent('../queries/misconfigured.kql')", "'traces'"),
    /ask misconf/,
  ],
  ['an alert of another number', change('queries/pull-failing.kql', '>= 3', '>= 4'), /ask pull-failing/],
];

describeCompiled('infra/, by the Bicep compiler', () => {
  let compiler: Awaited<ReturnType<typeof startCompiler>>;
  let said: readonly string[] = [];
  let found: readonly string[] = [];
  beforeAll(async () => {
    compiler = await startCompiler();
    said = (await compiler.copy(...SAID.map(([, each]) => each)).compile('main.bicep')).said;
    const copy = compiler.copy(...NOT_SAID.map(([, each]) => each));
    const compiled = await copy.compile('main.bicep');
    found = [...compiled.said, ...(await faultsOf(copy, compiled.template as Template))];
  });
  afterAll(() => {
    compiler.end();
  });

  test('no file has an error or a warning, each is formatted, and nothing else is wrong', async () => {
    const copy = compiler.copy();
    expect(copy.files.length).toBeGreaterThan(15);
    for (const file of copy.files) {
      const { said: saidOfIt, template } = await copy.compile(file);
      expect([file, saidOfIt, await copy.isFormatted(file)]).toEqual([file, [], true]);
      if (file === 'main.bicep') expect(await faultsOf(copy, template as Template)).toEqual([]);
    }
  });

  test.each(SAID)('%s is found by the compiler', (_what, _change, fault) =>
    expect(said.filter((each) => fault.test(each))).not.toEqual([]),
  );

  test.each(NOT_SAID)('%s is found by a check', (_what, _change, fault) =>
    expect(found.filter((each) => fault.test(each))).not.toEqual([]),
  );

  test('the compiler says nothing of those that the checks find', () =>
    expect(found.filter((each) => /\.bicep:\d+ /.test(each))).toEqual([]));
});
