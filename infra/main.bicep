// The whole deployment, into one resource group. docs/connect.md says what is in it and how it is deployed.
import { settingNames } from 'modules/app-settings.bicep'

targetScope = 'resourceGroup'

// --- What it is called, and where it is ---

@minLength(2)
@maxLength(8)
@description('Short name of the deployment, put into every resource\'s name: lower-case letters and digits, such as dvoprod.')
param name string

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Tags of all resources.')
param tags { *: string } = {}

// --- Which ways are used ---

@description('Whether Dataverse posts to the webhook.')
param withWebhook bool = true

@description('Whether Dataverse posts to the Service Bus queue. Delayed copies go there, also those of the topic\'s messages.')
param withQueue bool = true

@description('Whether Dataverse posts to the Service Bus topic.')
param withTopic bool = true

@description('Whether Dataverse posts to the event hub.')
param withEventHub bool = true

@description('Whether synchronous steps ask validate before Dataverse saves. It needs RULES_FILE in furtherSettings, and keeps an instance always ready: everybody who saves waits for it.')
param withValidation bool = false

@description('Whether tables are pulled. It needs dataverseUrl.')
param withPull bool = true

@description('Whether the LOB system\'s changes come by a queue of their own, to be written to Dataverse. It needs dataverseUrl, and a mapping file with inbound sections.')
param withInbound bool = false

// --- What is kept in step ---

@description('The environment, such as https://contoso.crm4.dynamics.com; empty: no read-backs, and withPull has to be false.')
param dataverseUrl string

@description('Logical names of the tables that are kept in step; alerts watch their pulls. Empty: those of the mapping file, which alerts don\'t know.')
param tables string[]

@description('Tables whose events the topic\'s subscription takes; none is for events of no table, such as those of custom APIs. Empty: all.')
param topicTables string[] = tables

@description('Schema names of the many-to-many relationships whose links are kept in step.')
param relationships string[] = []

@description('When to pull, as NCRONTAB with seconds.')
param pullSchedule string = '0 */5 * * * *'

@description('When to try parked items again that are due.')
param replaySchedule string = '0 * * * * *'

@description('Further settings of docs/configuration.md, by name, such as MAPPING_FILE. Those that the template sets itself can\'t be set here.')
param furtherSettings { *: string } = {}

// --- Secrets ---

@secure()
@description('The keys that open the webhook, separated by commas. Needed at the first deployment, and to change them; without it they stay as they are.')
param webhookKeys string = ''

@secure()
@description('Keys that open validate, as webhookKeys. Needed at the first deployment with withValidation.')
param validateKeys string = ''

@description('Whether the mapping file hashes columns, so that there is a secret REDACTION_KEY.')
param withRedactionKey bool = false

@secure()
@description('The key of hashed columns: 32 bytes at least, in base64. Needed at the first deployment with withRedactionKey. Changing it changes every hash.')
param redactionKey string = ''

// --- The app ---

@allowed([
  '22'
  '24'
])
@description('Node.js on which the app runs. az functionapp list-flexconsumption-runtimes says which a region has.')
param nodeVersion string = '22'

@allowed([
  512
  2048
  4096
])
@description('Memory of an instance in MB: 2,048 comes with one core.')
param instanceMemoryMB int = 2048

@minValue(1)
@maxValue(1000)
@description('Instances at most, of each function that scales for itself. Without a limit, a backlog of 10,000 messages would ask for 313 at once.')
param maximumInstanceCount int = 40

@description('Instances that are always there: objects with name (http, or function:NAME) and instanceCount.')
param alwaysReady {
  name: string
  instanceCount: int
}[] = []

@description('Whether everything is spread over availability zones. It can\'t be changed later for the storage accounts, and costs always ready instances.')
param zoneRedundant bool = false

// --- Service Bus and Event Hubs ---

@allowed([
  'Standard'
  'Premium'
])
@description('Tier of Service Bus: Premium above 500 messages a second (docs/performance.md), or for private endpoints.')
param serviceBusSku string = 'Standard'

@allowed([
  1
  2
  4
  8
  16
])
@description('Messaging units of Premium.')
param serviceBusMessagingUnits int = 1

@description('Name of the queue.')
param queueName string = 'dataverse-events'

@description('Name of the topic.')
param topicName string = 'dataverse-changes'

@description('Name of the app\'s subscription to the topic.')
param subscriptionName string = 'lob'

@description('Whether the queue requires sessions. It can\'t be changed later, and Dataverse sets no session.')
param queueSessions bool = false

@description('Whether the subscription requires sessions. It can\'t be changed later, and Dataverse sets no session.')
param subscriptionSessions bool = false

@description('Name of the queue of the LOB system\'s changes.')
param inboundQueueName string = 'lob-changes'

@description('Whether that queue requires sessions: the row. It can\'t be changed later.')
param inboundQueueSessions bool = false

@description('How long a message waits before it is dead-lettered: longer than any outage.')
param messageTimeToLive string = 'P14D'

@description('Name of the event hub.')
param hubName string = 'dataverse-feed'

@description('The app\'s own consumer group. $Default stays free for dvo hub replay.')
param consumerGroupName string = 'lob'

@minValue(1)
@maxValue(32)
@description('Partitions of the event hub. None can be added later.')
param hubPartitions int = 4

@minValue(1)
@maxValue(168)
@description('Hours that the event hub keeps events.')
param hubRetentionHours int = 168

@minValue(1)
@maxValue(40)
@description('Throughput units to begin with: 1 MB or 1,000 events a second each.')
param throughputUnits int = 1

@minValue(1)
@maxValue(40)
@description('Throughput units that Event Hubs may grow to by itself.')
param maximumThroughputUnits int = 4

@description('Whether the app may read how many messages wait, so that the platform scales by their number. It takes the right of an owner of queue and topic (docs/connect.md).')
param withTargetScaling bool = true

@description('Refuses SAS keys in both namespaces. Dataverse signs in with such a key: only for deployments where it posts to neither.')
param disableLocalAuth bool = false

// --- PostgreSQL as the LOB store ---

@description('Whether rows, links and events are stored in PostgreSQL instead of Azure Tables (docs/store.md). It needs postgresAdministrator.')
param withPostgres bool = false

@description('Who administers the server: name and objectId of a user, group or ServicePrincipal of Microsoft Entra. The app is none: an administrator makes its role (docs/connect.md).')
param postgresAdministrator {
  name: string
  objectId: string
  type: 'User' | 'Group' | 'ServicePrincipal'
} = {
  name: ''
  objectId: ''
  type: 'Group'
}

@description('Tier and size of the server. Burstable has no standby in another zone.')
param postgresSku {
  tier: 'Burstable' | 'GeneralPurpose' | 'MemoryOptimized'
  name: string
} = {
  tier: 'GeneralPurpose'
  name: 'Standard_D2ds_v5'
}

@minValue(32)
@description('Gigabytes of its storage to begin with; it grows by itself.')
param postgresStorageGb int = 128

@description('Name of the database.')
param postgresDatabase string = 'lob'

// --- The network ---

@description('Whether storage, vault, Event Hubs and (in Premium) Service Bus are reached by private endpoints in a network of their own.')
param privateNetworking bool = false

@description('Addresses of that network.')
param networkPrefix string = '10.20.0.0/22'

@description('Addresses of the app\'s subnet in it.')
param appSubnetPrefix string = '10.20.0.0/24'

@description('Addresses of the private endpoints\' subnet in it.')
param endpointSubnetPrefix string = '10.20.1.0/27'

@description('Addresses (IPv4 or CIDR) that Dataverse posts from. With them nobody else reaches the namespaces from the internet; only with privateNetworking, since the app itself would be shut out otherwise. Empty: everybody who has a key or a role.')
param senderRanges string[] = []

@description('Service tags that may call the webhook; empty: everybody, and the key decides.')
param webhookServiceTags string[] = []

// --- Watching it ---

@minValue(30)
@maxValue(730)
@description('Days that logs are kept.')
param logRetentionDays int = 30

@description('Gigabytes of logs a day, after which they are dropped; -1: no limit.')
param logDailyQuotaGb int = -1

@allowed([
  'none'
  'host'
  'both'
])
@description('Storage accounts whose requests are logged: host is that of parked items; both costs as much as the requests to the store.')
param storageLog string = 'host'

@description('Whether there are alerts.')
param withAlerts bool = true

@description('Whom alerts are sent to.')
param alertEmails string[] = []

@allowed([
  'PT15M'
  'PT30M'
  'PT1H'
  'PT2H'
  'PT3H'
  'PT6H'
])
@description('How long a table may be without a complete pull. Longer than pullSchedule, and than a first load.')
param pullOverdueAfter string = 'PT30M'

@description('Dead letters that a queue or topic may have.')
param deadLetterLimit int = 0

@description('Items of one cause that may be parked in 15 minutes.')
param parkedLimit int = 50

@description('Per cent of the webhook\'s requests in 15 minutes that may be answered 401 or 5xx.')
param webhookRefusedPercent int = 5

@description('Failures of one function in 15 minutes that are let pass.')
param failureLimit int = 5

@description('How often in 15 minutes Dataverse may limit the app.')
param throttledLimit int = 10

// --- Parameters that contradict each other: refused, where one of them would be ignored in silence ---

var ownSettings = map(settingNames, setting => toLower(setting))
var takenSettings = filter(objectKeys(furtherSettings), setting => contains(ownSettings, toLower(setting)))
var refusals = filter(
  [
    withPull && empty(dataverseUrl) ? 'withPull needs dataverseUrl; without an environment set withPull to false.' : ''
    empty(takenSettings) ? '' : 'furtherSettings can\'t set ${join(takenSettings, ', ')}: the template does.'
    empty(tables) && !contains(furtherSettings, 'MAPPING_FILE')
      ? 'Without tables furtherSettings has to name a MAPPING_FILE: the app would know nothing to keep in step.'
      : ''
    !withWebhook && !withValidation && !empty(webhookServiceTags)
      ? 'webhookServiceTags are given without withWebhook and withValidation.'
      : ''
    withValidation != contains(furtherSettings, 'RULES_FILE')
      ? 'withValidation and RULES_FILE in furtherSettings need each other.'
      : ''
    !withQueue && queueSessions ? 'queueSessions is given without withQueue.' : ''
    !withTopic && subscriptionSessions ? 'subscriptionSessions is given without withTopic.' : ''
    !withInbound && inboundQueueSessions ? 'inboundQueueSessions is given without withInbound.' : ''
    withInbound && (empty(dataverseUrl) || !contains(furtherSettings, 'MAPPING_FILE'))
      ? 'withInbound needs dataverseUrl, and a MAPPING_FILE in furtherSettings.'
      : ''
    !withTopic && topicTables != tables ? 'topicTables are given without withTopic.' : ''
    !withQueue && !withTopic && !withInbound && serviceBusSku == 'Premium'
      ? 'serviceBusSku is given without withQueue, withTopic and withInbound.'
      : ''
    serviceBusSku != 'Premium' && serviceBusMessagingUnits != 1 ? 'serviceBusMessagingUnits are for Premium.' : ''
    maximumThroughputUnits < throughputUnits ? 'maximumThroughputUnits is less than throughputUnits.' : ''
    !privateNetworking && !empty(senderRanges)
      ? 'senderRanges need privateNetworking: the app itself would be shut out.'
      : ''
    withPostgres && empty(postgresAdministrator.objectId) ? 'withPostgres needs postgresAdministrator.' : ''
    !withAlerts && !empty(alertEmails) ? 'alertEmails are given without withAlerts.' : ''
  ],
  refusal => !empty(refusal)
)

// --- Names ---

var unique = uniqueString(resourceGroup().id, name)
// All names have it, so that nothing is deployed with parameters that are refused.
var short = empty(refusals) ? toLower(name) : fail(join(refusals, ' '))
var identityName = 'id-${short}-${unique}'
var identityId = resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', identityName)
var insightsName = 'appi-${short}-${unique}'
var hostStorageName = 'st${short}h${unique}'
var lobStorageName = 'st${short}l${unique}'
var vaultName = 'kv${short}${unique}'
var serviceBusName = 'sb-${short}-${unique}'
var eventHubsName = 'eh-${short}-${unique}'
var postgresName = 'psql-${short}-${unique}'
var networkName = 'vnet-${short}'
var appSubnetName = 'app'
var endpointSubnetName = 'endpoints'
var packageContainer = 'packages'
var webhookKeysName = 'webhook-keys'
var redactionKeyName = 'redaction-key'
var validateKeysName = 'validate-keys'

// --- What follows from the parameters ---

var withServiceBus = withQueue || withTopic || withInbound
var storageSku = zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
// A cold start takes seconds, for which everybody who saves would wait. HTTP functions share their instances.
var hasReadyHttp = contains(map(alwaysReady, group => group.name), 'http')
var readyForValidation = [
  {
    name: 'http'
    instanceCount: 1
  }
]
var disabledFunctions = concat(
  withWebhook ? [] : ['webhook'],
  withQueue ? [] : ['service-bus-queue'],
  withTopic ? [] : ['service-bus-topic'],
  withEventHub ? [] : ['event-hub'],
  withPull ? [] : ['pull-sync']
)

// Dataverse posts from the internet, so a namespace that it posts to keeps its public address. One that refuses keys isn't
// posted to by Dataverse.
var busIsPrivate = privateNetworking && disableLocalAuth
var serviceBusEndpoint = privateNetworking && withServiceBus && serviceBusSku == 'Premium'

var networkId = resourceId('Microsoft.Network/virtualNetworks', networkName)
var appSubnetId = resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, appSubnetName)
var endpointSubnetId = resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, endpointSubnetName)

var storageSuffix = environment().suffixes.storage
var blobZone = 'privatelink.blob.${storageSuffix}'
var tableZone = 'privatelink.table.${storageSuffix}'
// The vaults' suffix is .vault.azure.net, their zone vaultcore.azure.net.
var vaultZone = 'privatelink.vaultcore.${replace(environment().suffixes.keyvaultDns, '.vault.', '')}'
// environment() doesn't know the namespaces' suffix. It ends as that of the storage accounts does in every cloud.
var messagingDomain = 'servicebus.${replace(storageSuffix, 'core.', '')}'
var busZone = 'privatelink.${messagingDomain}'
// Their zone ends as the resource manager's address does in every cloud.
var postgresZone = 'privatelink.postgres.database.${replace(split(environment().resourceManager, '/')[2], 'management.', '')}'
var zones = privateNetworking
  ? concat(
      [blobZone, tableZone, vaultZone],
      serviceBusEndpoint || withEventHub ? [busZone] : [],
      withPostgres ? [postgresZone] : []
    )
  : []

var hostStorageId = resourceId('Microsoft.Storage/storageAccounts', hostStorageName)
var storageEndpoints = [
  {
    name: 'host-blob'
    target: hostStorageId
    group: 'blob'
    zone: blobZone
  }
  {
    name: 'host-table'
    target: hostStorageId
    group: 'table'
    zone: tableZone
  }
  {
    name: 'lob-table'
    target: resourceId('Microsoft.Storage/storageAccounts', lobStorageName)
    group: 'table'
    zone: tableZone
  }
  {
    name: 'vault'
    target: resourceId('Microsoft.KeyVault/vaults', vaultName)
    group: 'vault'
    zone: vaultZone
  }
]
var serviceBusEndpoints = [
  {
    name: 'service-bus'
    target: resourceId('Microsoft.ServiceBus/namespaces', serviceBusName)
    group: 'namespace'
    zone: busZone
  }
]
var eventHubsEndpoints = [
  {
    name: 'event-hubs'
    target: resourceId('Microsoft.EventHub/namespaces', eventHubsName)
    group: 'namespace'
    zone: busZone
  }
]
var postgresEndpoints = [
  {
    name: 'postgres'
    target: resourceId('Microsoft.DBforPostgreSQL/flexibleServers', postgresName)
    group: 'postgresqlServer'
    zone: postgresZone
  }
]
var endpoints = privateNetworking
  ? concat(
      storageEndpoints,
      serviceBusEndpoint ? serviceBusEndpoints : [],
      withEventHub ? eventHubsEndpoints : [],
      withPostgres ? postgresEndpoints : []
    )
  : []

// --- Resources ---

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: identityName
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: insightsName
    workspaceName: 'log-${short}-${unique}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
    principalId: identity.outputs.principalId
    identityId: identityId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    name: networkName
    location: location
    tags: tags
    addressPrefix: networkPrefix
    appSubnetPrefix: appSubnetPrefix
    endpointSubnetPrefix: endpointSubnetPrefix
    appSubnetName: appSubnetName
    endpointSubnetName: endpointSubnetName
  }
}

module hostStorage 'modules/storage-account.bicep' = {
  name: 'host-storage'
  params: {
    name: hostStorageName
    location: location
    tags: tags
    skuName: storageSku
    isPrivate: privateNetworking
    containers: [
      packageContainer
    ]
    principalId: identity.outputs.principalId
    identityId: identityId
    withBlobs: true
    withLog: storageLog != 'none'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module lobStorage 'modules/storage-account.bicep' = {
  name: 'lob-storage'
  params: {
    name: lobStorageName
    location: location
    tags: tags
    skuName: storageSku
    isPrivate: privateNetworking
    principalId: identity.outputs.principalId
    identityId: identityId
    withLog: storageLog == 'both'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = if (withServiceBus) {
  name: 'service-bus'
  params: {
    name: serviceBusName
    location: location
    tags: tags
    skuName: serviceBusSku
    messagingUnits: serviceBusMessagingUnits
    zoneRedundant: zoneRedundant
    disableLocalAuth: disableLocalAuth
    isPrivate: busIsPrivate && serviceBusEndpoint
    senderRanges: senderRanges
    egressAddress: network.?outputs.egressAddress ?? ''
    withTargetScaling: withTargetScaling
    queueName: withQueue ? queueName : ''
    topicName: withTopic ? topicName : ''
    subscriptionName: subscriptionName
    tables: topicTables
    queueSessions: queueSessions
    subscriptionSessions: subscriptionSessions
    inboundQueueName: withInbound ? inboundQueueName : ''
    inboundQueueSessions: inboundQueueSessions
    timeToLive: messageTimeToLive
    principalId: identity.outputs.principalId
    identityId: identityId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventHubs 'modules/event-hubs.bicep' = if (withEventHub) {
  name: 'event-hubs'
  params: {
    name: eventHubsName
    location: location
    tags: tags
    throughputUnits: throughputUnits
    maximumThroughputUnits: maximumThroughputUnits
    zoneRedundant: zoneRedundant
    disableLocalAuth: disableLocalAuth
    isPrivate: busIsPrivate
    senderRanges: senderRanges
    egressAddress: network.?outputs.egressAddress ?? ''
    hubName: hubName
    consumerGroupName: consumerGroupName
    partitionCount: hubPartitions
    retentionHours: hubRetentionHours
    principalId: identity.outputs.principalId
    identityId: identityId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module postgres 'modules/postgres.bicep' = if (withPostgres) {
  name: 'postgres'
  params: {
    name: postgresName
    location: location
    tags: tags
    sku: postgresSku
    storageGb: postgresStorageGb
    zoneRedundant: zoneRedundant
    databaseName: postgresDatabase
    administrator: postgresAdministrator
    isPrivate: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module keyVault 'modules/key-vault.bicep' = {
  name: 'key-vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    isPrivate: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module webhookKeysValue 'modules/secret.bicep' = if (withWebhook && !empty(webhookKeys)) {
  name: 'webhook-keys-value'
  params: {
    vaultName: vaultName
    name: webhookKeysName
    value: webhookKeys
  }
  dependsOn: [
    keyVault
  ]
}

module redactionKeyValue 'modules/secret.bicep' = if (withRedactionKey && !empty(redactionKey)) {
  name: 'redaction-key-value'
  params: {
    vaultName: vaultName
    name: redactionKeyName
    value: redactionKey
  }
  dependsOn: [
    keyVault
  ]
}

module validateKeysValue 'modules/secret.bicep' = if (withValidation && !empty(validateKeys)) {
  name: 'validate-keys-value'
  params: {
    vaultName: vaultName
    name: validateKeysName
    value: validateKeys
  }
  dependsOn: [
    keyVault
  ]
}

module webhookKeysReader 'modules/secret-reader.bicep' = if (withWebhook) {
  name: 'webhook-keys-reader'
  params: {
    vaultName: vaultName
    name: webhookKeysName
    principalId: identity.outputs.principalId
    identityId: identityId
  }
  dependsOn: [
    keyVault
    webhookKeysValue
  ]
}

module redactionKeyReader 'modules/secret-reader.bicep' = if (withRedactionKey) {
  name: 'redaction-key-reader'
  params: {
    vaultName: vaultName
    name: redactionKeyName
    principalId: identity.outputs.principalId
    identityId: identityId
  }
  dependsOn: [
    keyVault
    redactionKeyValue
  ]
}

module validateKeysReader 'modules/secret-reader.bicep' = if (withValidation) {
  name: 'validate-keys-reader'
  params: {
    vaultName: vaultName
    name: validateKeysName
    principalId: identity.outputs.principalId
    identityId: identityId
  }
  dependsOn: [
    keyVault
    validateKeysValue
  ]
}

module privateZones 'modules/private-dns-zone.bicep' = [
  for zone in zones: {
    name: 'zone-${zone}'
    params: {
      name: zone
      tags: tags
      networkId: networkId
    }
    dependsOn: [
      network
    ]
  }
]

module privateEndpoints 'modules/private-endpoint.bicep' = [
  for endpoint in endpoints: {
    name: 'endpoint-${endpoint.name}'
    params: {
      name: 'pe-${short}-${endpoint.name}'
      location: location
      tags: tags
      subnetId: endpointSubnetId
      targetId: endpoint.target
      groupId: endpoint.group
      zoneId: resourceId('Microsoft.Network/privateDnsZones', endpoint.zone)
    }
    dependsOn: [
      privateZones
      hostStorage
      lobStorage
      keyVault
      serviceBus
      eventHubs
      postgres
    ]
  }
]

module appSettings 'modules/app-settings.bicep' = {
  name: 'app-settings'
  params: {
    hostStorageName: hostStorage.outputs.name
    lobStorageName: lobStorage.outputs.name
    identityClientId: identity.outputs.clientId
    disabledFunctions: disabledFunctions
    tables: tables
    relationships: relationships
    dataverseUrl: dataverseUrl
    withWebhook: withWebhook
    withRedactionKey: withRedactionKey
    withValidation: withValidation
    vaultName: vaultName
    webhookKeysName: webhookKeysName
    redactionKeyName: redactionKeyName
    validateKeysName: validateKeysName
    messagingDomain: messagingDomain
    serviceBusName: serviceBusName
    queueName: withQueue ? queueName : ''
    topicName: withTopic ? topicName : ''
    subscriptionName: subscriptionName
    queueSessions: queueSessions
    subscriptionSessions: subscriptionSessions
    inboundQueueName: withInbound ? inboundQueueName : ''
    inboundQueueSessions: inboundQueueSessions
    eventHubsName: eventHubsName
    hubName: withEventHub ? hubName : ''
    consumerGroupName: consumerGroupName
    pullSchedule: pullSchedule
    replaySchedule: replaySchedule
    instanceMemoryMB: instanceMemoryMB
    withPostgres: withPostgres
    postgresHost: withPostgres ? postgres!.outputs.host : ''
    postgresDatabase: postgresDatabase
    identityName: identityName
    further: furtherSettings
  }
}

// Last, so that rights, secrets and private ways are there when the app first looks for them.
module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    name: 'func-${short}-${unique}'
    planName: 'plan-${short}-${unique}'
    location: location
    tags: tags
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: withValidation && !hasReadyHttp ? concat(alwaysReady, readyForValidation) : alwaysReady
    zoneRedundant: zoneRedundant
    identityId: identityId
    identityClientId: identity.outputs.clientId
    packageContainerUrl: '${hostStorage.outputs.blobEndpoint}${packageContainer}'
    insightsName: insightsName
    subnetId: privateNetworking ? appSubnetId : ''
    allowedServiceTags: webhookServiceTags
    settings: appSettings.outputs.settings
  }
  dependsOn: [
    webhookKeysReader
    redactionKeyReader
    validateKeysReader
    serviceBus
    eventHubs
    network
    privateEndpoints
  ]
}

module actionGroup 'modules/action-group.bicep' = if (withAlerts) {
  name: 'action-group'
  params: {
    name: 'ag-${short}'
    tags: tags
    emails: alertEmails
  }
}

var actionGroupId = resourceId('Microsoft.Insights/actionGroups', 'ag-${short}')

module logAlerts 'modules/log-alerts.bicep' = if (withAlerts) {
  name: 'log-alerts'
  params: {
    prefix: short
    location: location
    tags: tags
    insightsId: monitoring.outputs.id
    actionGroupId: actionGroupId
    withPull: withPull
    withWebhook: withWebhook
    withQueue: withQueue
    withValidation: withValidation
    withInbound: withInbound
    tables: tables
    pullOverdueAfter: pullOverdueAfter
    parkedLimit: parkedLimit
    webhookRefusedPercent: webhookRefusedPercent
    failureLimit: failureLimit
    throttledLimit: throttledLimit
  }
  dependsOn: [
    actionGroup
  ]
}

module queueDeadLetters 'modules/metric-alert.bicep' = if (withAlerts && withQueue) {
  name: 'queue-dead-letters'
  params: {
    name: '${short}-queue-dead-letters'
    tags: tags
    text: 'Messages of the queue were dead-lettered: dvo dead-letters lists and replays them.'
    severity: 2
    namespaceId: resourceId('Microsoft.ServiceBus/namespaces', serviceBusName)
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'DeadletteredMessages'
    timeAggregation: 'Average'
    limit: deadLetterLimit
    entityName: queueName
    actionGroupId: actionGroupId
  }
  dependsOn: [
    actionGroup
    serviceBus
  ]
}

module topicDeadLetters 'modules/metric-alert.bicep' = if (withAlerts && withTopic) {
  name: 'topic-dead-letters'
  params: {
    name: '${short}-topic-dead-letters'
    tags: tags
    text: 'Messages of the topic were dead-lettered in a subscription: dvo dead-letters lists and replays them.'
    severity: 2
    namespaceId: resourceId('Microsoft.ServiceBus/namespaces', serviceBusName)
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'DeadletteredMessages'
    timeAggregation: 'Average'
    limit: deadLetterLimit
    entityName: topicName
    actionGroupId: actionGroupId
  }
  dependsOn: [
    actionGroup
    serviceBus
  ]
}

module inboundDeadLetters 'modules/metric-alert.bicep' = if (withAlerts && withInbound) {
  name: 'inbound-dead-letters'
  params: {
    name: '${short}-inbound-dead-letters'
    tags: tags
    text: 'Messages of the LOB system were dead-lettered: dvo dead-letters --queue lists and replays them.'
    severity: 2
    namespaceId: resourceId('Microsoft.ServiceBus/namespaces', serviceBusName)
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'DeadletteredMessages'
    timeAggregation: 'Average'
    limit: deadLetterLimit
    entityName: inboundQueueName
    actionGroupId: actionGroupId
  }
  dependsOn: [
    actionGroup
    serviceBus
  ]
}

module hubThrottled 'modules/metric-alert.bicep' = if (withAlerts && withEventHub) {
  name: 'hub-throttled'
  params: {
    name: '${short}-hub-throttled'
    tags: tags
    text: 'Event Hubs refuses events, since its throughput units are used up.'
    severity: 2
    namespaceId: resourceId('Microsoft.EventHub/namespaces', eventHubsName)
    metricNamespace: 'Microsoft.EventHub/namespaces'
    metricName: 'ThrottledRequests'
    timeAggregation: 'Total'
    limit: 0
    entityName: hubName
    actionGroupId: actionGroupId
  }
  dependsOn: [
    actionGroup
    eventHubs
  ]
}

// --- What to go on with; no secrets ---

@description('Name of the Function App.')
output functionAppName string = functionApp.outputs.name

@description('Its host name.')
output hostName string = functionApp.outputs.hostName

@description('Address of the webhook, without its key.')
output webhookUrl string = withWebhook ? 'https://${functionApp.outputs.hostName}/api/webhook' : ''

@description('Client id of the app\'s identity, for its application user in Dataverse.')
output identityClientId string = identity.outputs.clientId

@description('Object id of the app\'s identity.')
output identityPrincipalId string = identity.outputs.principalId

@description('Account of the app\'s own state.')
output hostStorageAccount string = hostStorageName

@description('Account of the LOB store.')
output lobStorageAccount string = lobStorageName

@description('The vault.')
output keyVaultName string = vaultName

@description('The app\'s identity, under the name that is its role in PostgreSQL.')
output identityName string = identityName

@description('Host name of PostgreSQL; empty: none.')
output postgresHost string = withPostgres ? postgres!.outputs.host : ''

@description('Service Bus namespace; empty: none.')
output serviceBusNamespace string = withServiceBus ? serviceBusName : ''

@description('Event Hubs namespace; empty: none.')
output eventHubsNamespace string = withEventHub ? eventHubsName : ''

@description('The one address from which the app calls Dataverse; empty: none of its own.')
output egressAddress string = network.?outputs.egressAddress ?? ''
