// What the app reads, as one object; there is no resource here. docs/configuration.md says what each setting means.

@description('Account of AzureWebJobsStorage.')
param hostStorageName string

@description('Account of the LOB store.')
param lobStorageName string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Functions that are left out.')
param disabledFunctions string[]

@description('Logical names of the tables; may be empty with a mapping file.')
param tables string[]

@description('Schema names of the many-to-many relationships.')
param relationships string[]

@description('Address of the environment; empty: no Web API.')
param dataverseUrl string

@description('Whether the webhook is used.')
param withWebhook bool

@description('Whether the mapping file hashes columns.')
param withRedactionKey bool

@description('Whether synchronous steps ask validate.')
param withValidation bool

@description('The vault of the secrets.')
param vaultName string

@description('Name of the secret with the webhook\'s keys.')
param webhookKeysName string

@description('Name of the secret with the key of hashed columns.')
param redactionKeyName string

@description('Name of the secret with the keys of validate.')
param validateKeysName string

@description('Domain of the namespaces, such as servicebus.windows.net.')
param messagingDomain string

@description('Name of the Service Bus namespace.')
param serviceBusName string

@description('The queue; empty: none.')
param queueName string

@description('The topic; empty: none.')
param topicName string

@description('The app\'s subscription.')
param subscriptionName string

@description('Whether the queue requires sessions.')
param queueSessions bool

@description('Whether the subscription requires sessions.')
param subscriptionSessions bool

@description('The queue of the LOB system\'s changes; empty: none.')
param inboundQueueName string

@description('Whether that queue requires sessions.')
param inboundQueueSessions bool

@description('Name of the Event Hubs namespace.')
param eventHubsName string

@description('The event hub; empty: none.')
param hubName string

@description('The app\'s consumer group.')
param consumerGroupName string

@description('When to pull, as NCRONTAB with seconds.')
param pullSchedule string

@description('When to try parked items again.')
param replaySchedule string

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('Whether PostgreSQL is the LOB store.')
param withPostgres bool

@description('Its host.')
param postgresHost string

@description('Its database.')
param postgresDatabase string

@description('Name of the app\'s identity, which is its role in the database.')
param identityName string

@description('Further settings of docs/configuration.md, by name.')
param further { *: string }

@export()
@description('Names of the settings below: furtherSettings may set none of them.')
var settingNames = [
  'AzureWebJobsStorage__blobServiceUri'
  'AzureWebJobsStorage__queueServiceUri'
  'AzureWebJobsStorage__tableServiceUri'
  'AzureWebJobsStorage__credential'
  'AzureWebJobsStorage__clientId'
  'LOB_STORAGE__tableServiceUri'
  'LOB_STORAGE__clientId'
  'DISABLED_FUNCTIONS'
  'SYNC_TABLES'
  'SYNC_RELATIONSHIPS'
  'DATAVERSE_URL'
  'DATAVERSE_AUTH'
  'DATAVERSE_CLIENT_ID'
  'PULL_SCHEDULE'
  'REPLAY_SCHEDULE'
  'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'
  'AzureWebJobsDisableHomepage'
  'WEBHOOK_KEYS'
  'REDACTION_KEY'
  'VALIDATE_KEYS'
  'ServiceBusConnection__fullyQualifiedNamespace'
  'ServiceBusConnection__credential'
  'ServiceBusConnection__clientId'
  'SERVICEBUS_QUEUE'
  'SERVICEBUS_QUEUE_SESSIONS'
  'SERVICEBUS_TOPIC'
  'SERVICEBUS_SUBSCRIPTION'
  'SERVICEBUS_SUBSCRIPTION_SESSIONS'
  'INBOUND_QUEUE'
  'INBOUND_QUEUE_SESSIONS'
  'EventHubConnection__fullyQualifiedNamespace'
  'EventHubConnection__credential'
  'EventHubConnection__clientId'
  'EVENTHUB_NAME'
  'EVENTHUB_CONSUMER_GROUP'
  'LOB_STORE'
  'LOB_POSTGRES__host'
  'LOB_POSTGRES__database'
  'LOB_POSTGRES__user'
  'LOB_POSTGRES__clientId'
  'APPLICATIONINSIGHTS_CONNECTION_STRING'
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
]

var storageSuffix = environment().suffixes.storage

var commonSettings = {
  AzureWebJobsStorage__blobServiceUri: 'https://${hostStorageName}.blob.${storageSuffix}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostStorageName}.queue.${storageSuffix}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostStorageName}.table.${storageSuffix}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  LOB_STORAGE__tableServiceUri: 'https://${lobStorageName}.table.${storageSuffix}'
  LOB_STORAGE__clientId: identityClientId
  DISABLED_FUNCTIONS: join(disabledFunctions, ',')
  SYNC_TABLES: join(tables, ',')
  SYNC_RELATIONSHIPS: join(relationships, ',')
  DATAVERSE_URL: dataverseUrl
  DATAVERSE_AUTH: 'managed-identity'
  DATAVERSE_CLIENT_ID: identityClientId
  PULL_SCHEDULE: pullSchedule
  REPLAY_SCHEDULE: replaySchedule
  // Bytes, 1 MiB: more than WEBHOOK_MAX_KILOBYTES can be, so that the app itself answers what is a little too large.
  // Without it the host reads 100 MB into memory before the function can look at the key.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1048576'
  // No page that says to anybody at / that Azure Functions runs here.
  AzureWebJobsDisableHomepage: 'true'
}

// References without a version: a new one is taken up within a day.
// https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
var webhookSettings = {
  WEBHOOK_KEYS: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${webhookKeysName})'
}
var redactionSettings = {
  REDACTION_KEY: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${redactionKeyName})'
}
var validateSettings = {
  VALIDATE_KEYS: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${validateKeysName})'
}

var serviceBusSettings = {
  ServiceBusConnection__fullyQualifiedNamespace: '${serviceBusName}.${messagingDomain}'
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
}
var queueSettings = {
  SERVICEBUS_QUEUE: queueName
  SERVICEBUS_QUEUE_SESSIONS: queueSessions ? 'true' : 'false'
}
var topicSettings = {
  SERVICEBUS_TOPIC: topicName
  SERVICEBUS_SUBSCRIPTION: subscriptionName
  SERVICEBUS_SUBSCRIPTION_SESSIONS: subscriptionSessions ? 'true' : 'false'
}
var inboundSettings = {
  INBOUND_QUEUE: inboundQueueName
  INBOUND_QUEUE_SESSIONS: inboundQueueSessions ? 'true' : 'false'
}
var eventHubSettings = {
  EventHubConnection__fullyQualifiedNamespace: '${eventHubsName}.${messagingDomain}'
  EventHubConnection__credential: 'managedidentity'
  EventHubConnection__clientId: identityClientId
  EVENTHUB_NAME: hubName
  EVENTHUB_CONSUMER_GROUP: consumerGroupName
}

var postgresSettings = {
  LOB_STORE: 'postgres'
  LOB_POSTGRES__host: postgresHost
  LOB_POSTGRES__database: postgresDatabase
  LOB_POSTGRES__user: identityName
  LOB_POSTGRES__clientId: identityClientId
}

// Left to itself, Node rather takes memory than collects garbage: 400 MB in a full load. With arguments a new instance starts
// its Node anew instead of taking the one that the platform has ready.
// https://learn.microsoft.com/azure/azure-functions/functions-app-settings#languageworkers__node__arguments
var nodeArguments = {
  '512': '--max-semi-space-size=4 --max-old-space-size=256'
  '2048': '--max-semi-space-size=8 --max-old-space-size=1024'
  '4096': '--max-semi-space-size=16 --max-old-space-size=2048'
}
// Bodies of 60 KB fill a small heap soon, and whoever saves just then waits for a collection: 15 ms instead of 2 once in a hundred.
var roomForBodies = withValidation && instanceMemoryMB > 512 ? ' --initial-old-space-size=128' : ''
// Those that `further` may set otherwise.
var defaultSettings = {
  languageWorkers__node__arguments: '${nodeArguments[string(instanceMemoryMB)]}${roomForBodies}'
}

@description('The settings, by name. Secrets are references to the vault.')
output settings { *: string } = union(
  defaultSettings,
  further,
  commonSettings,
  withWebhook ? webhookSettings : {},
  withRedactionKey ? redactionSettings : {},
  withValidation ? validateSettings : {},
  empty(queueName) && empty(topicName) && empty(inboundQueueName) ? {} : serviceBusSettings,
  empty(queueName) ? {} : queueSettings,
  empty(topicName) ? {} : topicSettings,
  empty(inboundQueueName) ? {} : inboundSettings,
  empty(hubName) ? {} : eventHubSettings,
  withPostgres ? postgresSettings : {}
)
