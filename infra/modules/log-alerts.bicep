// Alerts on what the app logs. Each query has a row for each thing that is wrong, and none while all is well.

@description('Put before the name of each alert.')
param prefix string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Resource id of Application Insights.')
param insightsId string

@description('Resource id of the action group.')
param actionGroupId string

@description('Whether tables are pulled.')
param withPull bool

@description('Whether the webhook is used.')
param withWebhook bool

@description('Whether there is a queue to send delayed copies to.')
param withQueue bool

@description('Whether synchronous steps ask validate.')
param withValidation bool

@description('Whether changes of the LOB system are written to Dataverse.')
param withInbound bool

@description('Logical names of the tables that must be pulled.')
param tables string[]

@description('How long a table may be without a complete pull.')
param pullOverdueAfter string

@description('Items of one cause that may be parked in 15 minutes.')
param parkedLimit int

@description('Per cent of the webhook\'s requests in 15 minutes that may be answered 401 or 5xx.')
param webhookRefusedPercent int

@description('Failures of one function in 15 minutes that are let pass.')
param failureLimit int

@description('How often in 15 minutes Dataverse may limit the app.')
param throttledLimit int

var quarter = 'PT15M'

var always = [
  {
    name: 'parked'
    severity: 2
    window: quarter
    text: 'Many items of one cause were parked (docs/operations.md says of each cause what to do).'
    query: replace(loadTextContent('../queries/parked.kql'), '{limit}', string(parkedLimit))
  }
  {
    name: 'store-away'
    severity: 1
    window: quarter
    text: 'A storage account does not answer, or nothing can be put aside.'
    query: loadTextContent('../queries/store-away.kql')
  }
  {
    name: 'web-api-throttled'
    severity: 3
    window: quarter
    text: 'Dataverse limits the app.'
    query: replace(loadTextContent('../queries/web-api-throttled.kql'), '{limit}', string(throttledLimit))
  }
  {
    name: 'functions-failing'
    severity: 2
    window: quarter
    text: 'A function fails.'
    query: replace(loadTextContent('../queries/functions-failing.kql'), '{limit}', string(failureLimit))
  }
  {
    name: 'misconfigured'
    severity: 1
    window: quarter
    text: 'Settings are missing or wrong; the functions named in the log are not served.'
    query: loadTextContent('../queries/misconfigured.kql')
  }
]

var ofPull = [
  {
    name: 'pull-overdue'
    severity: 1
    window: pullOverdueAfter
    text: 'A table was not pulled to its end for too long: the store may be behind Dataverse.'
    query: replace(loadTextContent('../queries/pull-overdue.kql'), '{tables}', string(tables))
  }
  {
    name: 'pull-failing'
    severity: 2
    window: quarter
    text: 'The pulls of a table fail.'
    query: loadTextContent('../queries/pull-failing.kql')
  }
  {
    name: 'schema-drift'
    severity: 3
    window: quarter
    text: 'Columns of a table were added or removed, or are of another type.'
    query: loadTextContent('../queries/schema-drift.kql')
  }
]

var ofWebhook = [
  {
    name: 'webhook-refused'
    severity: 2
    window: quarter
    text: 'The webhook refuses keys, or fails.'
    query: replace(loadTextContent('../queries/webhook-refused.kql'), '{limit}', string(webhookRefusedPercent))
  }
]

var ofQueue = [
  {
    name: 'copies-refused'
    severity: 2
    window: quarter
    text: 'Delayed copies are not accepted by the queue.'
    query: loadTextContent('../queries/copies-refused.kql')
  }
]

var ofValidation = [
  {
    name: 'validate-unjudged'
    severity: 2
    window: quarter
    text: 'The rules could not be asked about operations.'
    query: loadTextContent('../queries/validate-unjudged.kql')
  }
]

var ofInbound = [
  {
    name: 'inbound-stopped'
    severity: 1
    window: quarter
    text: 'Dataverse takes nothing from the application user that writes the changes of the LOB system.'
    query: loadTextContent('../queries/inbound-stopped.kql')
  }
]

var alerts = concat(
  always,
  withPull ? ofPull : [],
  withWebhook ? ofWebhook : [],
  withQueue ? ofQueue : [],
  withValidation ? ofValidation : [],
  withInbound ? ofInbound : []
)

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}-${alert.name}'
      description: alert.text
      severity: alert.severity
      enabled: true
      scopes: [
        insightsId
      ]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      actions: {
        actionGroups: [
          actionGroupId
        ]
      }
    }
  }
]
