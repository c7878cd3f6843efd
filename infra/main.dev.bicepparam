// A small deployment to try things with: nothing twice, nothing private, logs with a limit.
using './main.bicep'

param name = 'dvodev'

param dataverseUrl = readEnvironmentVariable('DATAVERSE_URL')
param tables = ['account', 'contact']

// Without them the keys stay as they are.
param webhookKeys = readEnvironmentVariable('WEBHOOK_KEYS', '')
param validateKeys = readEnvironmentVariable('VALIDATE_KEYS', '')

param hubPartitions = 2
param hubRetentionHours = 24
param maximumThroughputUnits = 1
param logDailyQuotaGb = 1
param withAlerts = false
