/**
 * Proves that the checks find faults: a small deployment has none, and one broken in one place has the fault that is expected
 * there, and where several follow from one, that one among them.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { bicepParser, type ParseBicep } from './bicep/syntax';
import { checkDeployment } from './check-deployment';

const MAIN = `targetScope = 'resourceGroup'

@minLength(2)
@maxLength(8)
@description('Short name.')
param name string

@description('Region.')
param location string = resourceGroup().location

@allowed([
  'Standard'
  'Premium'
])
@description('The tier.')
param tier string = 'Standard'

@minValue(1)
@maxValue(32)
@description('Partitions.')
param partitions int = 4

@description('Whether there is a bus.')
param withBus bool = true

@secure()
@description('The keys that open the webhook.')
param webhookKeys string = ''

var items = [
  {
    name: 'one'
    text: loadTextContent('queries/one.kql')
  }
]

module bus 'modules/bus.bicep' = if (withBus) {
  name: 'bus'
  params: {
    name: 'sb-\${toLower(name)}'
    location: location
    tier: tier
    ranges: []
    principalId: 'an-id'
  }
}

module secret 'modules/secret.bicep' = [for item in items: if (!empty(webhookKeys)) {
  name: item.name
  params: {
    value: webhookKeys
    partitions: partitions
    text: item.text
  }
}]

@description('Name of the bus.')
output busName string = bus.?outputs.name ?? ''
`;

const BUS = `import { roleIds } from 'role-ids.bicep'

@description('Name of the namespace.')
param name string

@description('Region.')
param location string

@description('The tier.')
param tier string

@description('Addresses.')
param ranges string[]

@description('The identity.')
param principalId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  sku: {
    name: tier == 'Premium' ? 'Premium' : 'Standard'
  }
  properties: {
    minimumTlsVersion: '1.2'
    disableLocalAuth: false
  }
}

resource firewall 'Microsoft.ServiceBus/namespaces/networkRuleSets@2024-01-01' = if (!empty(ranges)) {
  parent: namespace
  name: 'default'
  properties: {
    ipRules: [for (range, index) in ranges: {
      ipMask: '\${range}/\${index}'
    }]
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'events'
  properties: {
    lockDuration: 'PT1M'
  }
}

resource sender 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' = {
  parent: queue
  name: 'dataverse'
  properties: {
    rights: [
      'Send'
    ]
  }
}

resource receive 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(queue.id, principalId, roleIds.azureServiceBusDataReceiver)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.azureServiceBusDataReceiver)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Name of the namespace.')
output name string = namespace.name
`;

const SECRET = `@secure()
@description('Its value.')
param value string

@description('Partitions.')
param partitions int

@description('Some text.')
param text string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: '\${text}\${partitions}'
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'webhook-keys'
  properties: {
    value: value
  }
}
`;

const FILES: Readonly<Record<string, string>> = {
  'main.bicep': MAIN,
  'modules/bus.bicep': BUS,
  'modules/secret.bicep': SECRET,
  'modules/role-ids.bicep': `@export()
var roleIds = {
  azureServiceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
}
`,
  'main.dev.bicepparam': `using './main.bicep'

param name = 'dvodev'
param partitions = 2
param webhookKeys = readEnvironmentVariable('WEBHOOK_KEYS', '')
`,
  'queries/one.kql': 'traces',
};

let parse: ParseBicep;
beforeAll(async () => {
  parse = await bicepParser();
});

test('the small deployment has no fault', () => expect(checkDeployment(FILES, parse)).toEqual([]));

/** What is wrong, the file, what is replaced there by what, the fault. */
type Broken = readonly [what: string, file: string, from: string, to: string, fault: RegExp];

const BROKEN: Readonly<Record<string, readonly Broken[]>> = {
  syntax: [
    ['a brace is missing', 'main.bicep', "ranges: []\n    principalId: 'an-id'\n  }\n}", 'ranges: [\n}', /:\d+: /],
    [
      'a sign is missing',
      'main.bicep',
      "param tier string = 'Standard'",
      "param tier string 'Standard'",
      /can't be parsed/,
    ],
    ['a spread', 'main.bicep', 'ranges: []', 'ranges: [...items]', /can't be parsed/],
    ['what the checks do not know', 'main.bicep', 'var items = [', 'type shape = object\nvar items = [', /don't know/],
    ['a parameter file', 'main.dev.bicepparam', 'param partitions = 2', 'param partitions = ', /:\d+: /],
  ],
  names: [
    ['a parameter', 'main.bicep', 'tier: tier', 'tier: tear', /^main\.bicep:\d+: nothing is called tear/],
    ['in a string', 'main.bicep', 'toLower(name)', 'toLower(nam)', /nothing is called nam$/],
    ['a parent', 'modules/bus.bicep', 'parent: queue', 'parent: cue', /nothing is called cue/],
    ['in a condition', 'main.bicep', 'if (withBus)', 'if (withBuss)', /nothing is called withBuss/],
    ['in a key', 'main.bicep', "name: 'bus'", "'${namex}': 1", /nothing is called namex/],
    [
      'of the loop, outside of it',
      'modules/bus.bicep',
      "ipMask: '${range}/${index}'\n    }]",
      "ipMask: '${index}'\n    }]\n    publicNetworkAccess: range",
      /nothing is called range/,
    ],
    ['a function', 'main.bicep', 'toLower(', 'toLover(', /no function toLover/],
    [
      'a function that reads keys',
      'modules/bus.bicep',
      'output name string = namespace.name',
      'output name string = namespace.listKeys().primaryKey',
      /no function namespace\.listKeys/,
    ],
    ['too few arguments', 'main.bicep', 'toLower(name)', 'toLower()', /toLower doesn't take 0/],
    [
      'an output of a module',
      'main.bicep',
      'bus.?outputs.name',
      'bus.?outputs.nam',
      /modules\/bus\.bicep has no output nam/,
    ],
    ['a part of a module', 'main.bicep', 'bus.?outputs.name', 'bus.?output.name', /a module has no output/],
    ['a part of a resource', 'modules/bus.bicep', 'namespace.name', 'namespace.nme', /a resource has no nme/],
    ['a part of what a loop goes over', 'main.bicep', 'text: item.text', 'text: item.txt', /not each item has txt/],
    [
      'a member of what is imported',
      'modules/bus.bicep',
      'roleIds.azureServiceBusDataReceiver)\n  scope',
      'roleIds.owner)\n  scope',
      /roleIds has no owner/,
    ],
    ['what another file does not export', 'modules/role-ids.bicep', '@export()\n', '', /exports no roleIds/],
    ['a file that is loaded', 'main.bicep', 'queries/one.kql', 'queries/two.kql', /there is no file queries\/two\.kql/],
    ['the same twice', 'main.bicep', 'var items', 'var tier = 1\nvar items', /tier is declared twice/],
    ['a parameter that is never used', 'main.bicep', 'tier: tier', "tier: 'Standard'", /tier is never used/],
    ['a variable that is never used', 'main.bicep', 'var items', 'var other = 1\nvar items', /other is never used/],
    ['an existing resource that is never used', 'modules/secret.bicep', 'parent: vault\n', '', /vault is never used/],
  ],
  calls: [
    [
      'a module that is not there',
      'main.bicep',
      'modules/bus.bicep',
      'modules/bush.bicep',
      /there is no modules\/bush\.bicep/,
    ],
    ['a parameter is missing', 'main.bicep', '    tier: tier\n', '', /bus: tier is missing/],
    ['a parameter too many', 'main.bicep', 'tier: tier', 'tier: tier\n    tear: tier', /no parameter tear/],
    [
      'text for a number',
      'main.bicep',
      'partitions: partitions',
      'partitions: tier',
      /partitions must be int, and is string/,
    ],
    ['a number for text', 'main.bicep', 'tier: tier', 'tier: 1', /tier must be string, and is int/],
    ['an object for a list', 'main.bicep', 'ranges: []', 'ranges: {}', /ranges must be string\[\], and is object/],
    [
      'an output of another type',
      'modules/bus.bicep',
      'output name string',
      'output name int',
      /busName must be string, and is int/,
    ],
    ['a default of another type', 'main.bicep', 'int = 4', "int = '4'", /partitions must be int/],
    [
      'a default that is not allowed',
      'main.bicep',
      "param tier string = 'Standard'",
      "param tier string = 'Basic'",
      /tier must be one of Standard, Premium/,
    ],
    ['a condition that is text', 'main.bicep', 'if (withBus)', 'if (tier)', /the condition of bus must be bool/],
    [
      'of a parameter file: missing',
      'main.dev.bicepparam',
      "param name = 'dvodev'\n",
      '',
      /^main\.dev\.bicepparam: name is missing/,
    ],
    [
      'of a parameter file: unknown',
      'main.dev.bicepparam',
      'param partitions',
      'param parts',
      /has no parameter parts/,
    ],
    ['of a parameter file: too large', 'main.dev.bicepparam', '= 2', '= 64', /partitions must be from 1 to 32/],
    [
      'of a parameter file: too long',
      'main.dev.bicepparam',
      "'dvodev'",
      "'dvodevelopment'",
      /name must be from 2 to 8/,
    ],
    [
      'of a parameter file: not allowed',
      'main.dev.bicepparam',
      'param partitions = 2',
      "param tier = 'Basic'",
      /tier must be one of/,
    ],
    [
      'of a parameter file: another type',
      'main.dev.bicepparam',
      '= 2',
      '= true',
      /partitions must be int, and is bool/,
    ],
    ['a parameter file of nothing', 'main.dev.bicepparam', './main.bicep', './mine.bicep', /there is no mine\.bicep/],
  ],
  order: [
    [
      'a name that is known only later',
      'main.bicep',
      'name: item.name',
      'name: bus.outputs.name',
      /the name of secret hangs on bus\.outputs\.name/,
    ],
    [
      'a condition',
      'main.bicep',
      'if (!empty(webhookKeys))',
      "if (bus.?outputs.name == 'x')",
      /the condition of secret hangs on bus/,
    ],
    [
      'a list, by a variable',
      'main.bicep',
      "    name: 'one'\n",
      "    name: bus.?outputs.name ?? ''\n",
      /the list of secret hangs on bus/,
    ],
    [
      "a resource's property",
      'modules/bus.bicep',
      "name: 'events'",
      'name: namespace.properties.x',
      /the name of queue hangs on namespace/,
    ],
    [
      'what waits for itself',
      'modules/bus.bicep',
      'name: name\n',
      'name: guid(sender.id)\n',
      /(?:namespace|sender) needs .*(?:namespace|sender)/,
    ],
    [
      'two modules of one name',
      'main.bicep',
      'module secret',
      "module bus2 'modules/bus.bicep' = {\n  name: 'bus'\n}\n\nmodule secret",
      /two modules are deployed as bus/,
    ],
  ],
  resources: [
    [
      'a version that is not confirmed',
      'modules/bus.bicep',
      'namespaces@2024-01-01',
      'namespaces@2023-01-01',
      /isn't confirmed/,
    ],
    ['no version', 'modules/bus.bicep', 'queues@2024-01-01', 'queues', /isn't a type with its version/],
    [
      'a property that is not confirmed',
      'modules/bus.bicep',
      'lockDuration',
      'lockTime',
      /properties\.lockTime isn't confirmed/,
    ],
    ['… of an item', 'modules/bus.bicep', 'ipMask', 'ipRange', /properties\.ipRules\[\]\.ipRange isn't confirmed/],
    [
      'a required property',
      'modules/bus.bicep',
      "    name: tier == 'Premium' ? 'Premium' : 'Standard'\n",
      '',
      /sku\.name is missing/,
    ],
    [
      'a value that is not known',
      'modules/bus.bicep',
      "minimumTlsVersion: '1.2'",
      "minimumTlsVersion: '3'",
      /must be one of '1\.0'/,
    ],
    ['… on one side of a condition', 'modules/bus.bicep', ": 'Standard'\n", ": 'Cheap'\n", /sku\.name must be one of/],
    [
      'text for a switch',
      'modules/bus.bicep',
      'disableLocalAuth: false',
      "disableLocalAuth: 'false'",
      /disableLocalAuth must be bool, and is string/,
    ],
    [
      'a parameter of another type',
      'modules/bus.bicep',
      "lockDuration: 'PT1M'",
      'lockDuration: ranges',
      /lockDuration must be string, and is array/,
    ],
  ],
  secrets: [
    ['a parameter that is not secure, by its name', 'main.bicep', '@secure()\n', '', /webhookKeys must be @secure\(\)/],
    ['… by where it goes', 'modules/secret.bicep', '@secure()\n', '', /value must be @secure\(\)/],
    [
      'a secret with a default',
      'main.bicep',
      "param webhookKeys string = ''",
      "param webhookKeys string = 'open sesame'",
      /webhookKeys must have no default/,
    ],
    ['in an output', 'main.bicep', "bus.?outputs.name ?? ''", 'webhookKeys', /busName holds the secret webhookKeys/],
    [
      'in an output by a variable',
      'main.bicep',
      "?? ''",
      "?? joined\nvar joined = '-${webhookKeys}'",
      /busName holds the secret webhookKeys/,
    ],
    [
      'a connection string in an output',
      'modules/bus.bicep',
      'string = namespace.name',
      'string = namespace.properties.ConnectionString',
      /name holds namespace\.properties\.ConnectionString/,
    ],
    [
      'a key in the text',
      'main.dev.bicepparam',
      "readEnvironmentVariable('WEBHOOK_KEYS', '')",
      `'${Buffer.alloc(32, 7).toString('base64')}'`,
      /looks like a secret/,
    ],
    [
      'a connection string in the text',
      'main.dev.bicepparam',
      "'dvodev'",
      "'SharedAccessKey=x'",
      /looks like a secret/,
    ],
  ],
  rights: [
    [
      'the whole resource group',
      'modules/bus.bicep',
      'scope: queue',
      'scope: resourceGroup()',
      /its scope must be a single resource/,
    ],
    ['no scope at all', 'modules/bus.bicep', '  scope: queue\n', '', /its scope must be a single resource/],
    [
      'a scope that is not the one in its name',
      'modules/bus.bicep',
      'scope: queue',
      'scope: namespace',
      /made of its scope, identity and role/,
    ],
    [
      'a role written out',
      'modules/bus.bicep',
      "roleDefinitions', roleIds.azureServiceBusDataReceiver",
      "roleDefinitions', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
      /can't be parsed|must be one of roleIds/,
    ],
    [
      'a role that may not be given',
      'modules/role-ids.bicep',
      'azureServiceBusDataReceiver:',
      "owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'\n  azureServiceBusDataReceiver:",
      /no role owner may be given/,
    ],
    [
      "another role's id",
      'modules/role-ids.bicep',
      '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
      '090c5cfd-751d-490a-894a-3ce6f1109419',
      /isn't that role's id/,
    ],
    ['no kind of identity', 'modules/bus.bicep', "    principalType: 'ServicePrincipal'\n", '', /service principal/],
    [
      'a key that may listen',
      'modules/bus.bicep',
      "      'Send'\n",
      "      'Send'\n      'Listen'\n",
      /a key may only send/,
    ],
    ['a key that may manage', 'modules/bus.bicep', "'Send'", "'Manage'", /a key may only send/],
    [
      'a key of the whole namespace',
      'modules/bus.bicep',
      'namespaces/queues/authorizationRules',
      'namespaces/authorizationRules',
      /not of the whole namespace/,
    ],
  ],
  descriptions: [
    ['of a parameter', 'main.bicep', "@description('Region.')\n", '', /location has no description/],
    ['of an output', 'main.bicep', "@description('Name of the bus.')\n", '', /busName has no description/],
  ],
};

describe.each(Object.entries(BROKEN))('%s', (_kind, cases) => {
  test.each(cases)('%s', (_what, file, from, to, fault) => {
    const text = FILES[file] ?? '';
    const broken = text.replace(from, () => to);
    expect(broken).not.toBe(text);
    expect(checkDeployment({ ...FILES, [file]: broken }, parse)).toContainEqual(expect.stringMatching(fault));
  });
});
