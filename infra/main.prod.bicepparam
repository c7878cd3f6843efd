// Production: spread over zones, storage and vault private, Dataverse posts to the webhook, the queue, the topic and the hub.
// Leave out what you don't use (docs/connect.md).
using './main.bicep'

param name = 'dvoprod'
param tags = {
  application: 'dataverse-outbound'
}

param dataverseUrl = readEnvironmentVariable('DATAVERSE_URL')
param tables = ['account', 'contact']

// Given at the first deployment and when keys change; without them the secrets stay as they are.
param webhookKeys = readEnvironmentVariable('WEBHOOK_KEYS', '')
param validateKeys = readEnvironmentVariable('VALIDATE_KEYS', '')
param redactionKey = readEnvironmentVariable('REDACTION_KEY', '')

// Service Bus stays Standard: Dataverse posts to its public address anyway.
param zoneRedundant = true
param privateNetworking = true

param alwaysReady = [
  {
    name: 'http'
    instanceCount: 2
  }
]

param logRetentionDays = 90
param alertEmails = [readEnvironmentVariable('ALERT_EMAIL')]
