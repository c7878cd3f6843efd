// What Dataverse posts to by Service Bus: a queue, and a topic with the app's subscription. And the queue of what a LOB system
// changes.
//
// Dataverse signs in with a SAS key, so local authentication stays on for it. Its keys may only send, each to one queue or
// topic, and they aren't read here: an operator gives them to `dvo steps apply`. The app itself signs in with
// its identity. Azure gives every namespace a rule RootManageSharedAccessKey that may do everything: nobody uses it
// (docs/connect.md says how to change its keys so that nobody has them).
import { roleIds } from 'role-ids.bicep'

@description('Name of the namespace, unique in the world.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags { *: string }

@description('Standard is shared and billed by operation; Premium has units of its own, and private endpoints.')
param skuName string

@description('Messaging units of Premium.')
param messagingUnits int

@description('Whether Premium is spread over availability zones.')
param zoneRedundant bool

@description('Whether keys are refused, so that only identities may send and listen. Dataverse can\'t post then.')
param disableLocalAuth bool

@description('Whether the namespace is reached by private endpoints only.')
param isPrivate bool

@description('Addresses (IPv4 or CIDR) that Dataverse posts from; empty: everybody who has a key or a role may connect.')
param senderRanges string[]

@description('The address that the app comes from when senderRanges shut others out.')
param egressAddress string

@description('Name of the queue; empty: there is none.')
param queueName string

@description('Name of the topic; empty: there is none.')
param topicName string

@description('Name of the app\'s subscription to the topic.')
param subscriptionName string

@description('Logical names of the tables whose events the subscription takes; empty: all.')
param tables string[]

@description('Whether the queue requires sessions.')
param queueSessions bool

@description('Whether the subscription requires sessions.')
param subscriptionSessions bool

@description('Name of the queue of the LOB system\'s changes; empty: there is none.')
param inboundQueueName string

@description('Whether that queue requires sessions.')
param inboundQueueSessions bool

@description('How long a message waits before it is dead-lettered, as an ISO 8601 duration.')
param timeToLive string

@description('Whether the platform may ask how many messages wait, by the app\'s identity, and scale by that.')
param withTargetScaling bool

@description('Object id of the app\'s identity.')
param principalId string

@description('Resource id of that identity.')
param identityId string

@description('Workspace for the operational log.')
param workspaceId string

var isPremium = skuName == 'Premium'

// This app never uses the count to stop a bad message, since those are parked: only deaths of its process count
// (docs/operations.md). 2,000 is the most that Service Bus takes.
var maxDeliveryCount = 2000

// The host renews no lock of a batch, and an invocation may take four minutes: 5 minutes, the most that Service Bus takes. With
// sessions messages come one by one and the host renews (host.json): short, so that what a dead process had locked comes again soon.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
var batchLock = 'PT5M'
var sessionLock = 'PT1M'

// The claims that Dataverse sets as properties of a message; the name has slashes and colons, hence the quotes.
// https://learn.microsoft.com/power-apps/developer/data-platform/write-listener-application-azure-solution
var tableClaim = 'http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName'
var tableFilter = '"${tableClaim}" IN (\'${join(tables, '\', \'')}\')'

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: isPremium ? 'Premium' : 'Standard'
    tier: isPremium ? 'Premium' : 'Standard'
    capacity: isPremium ? messagingUnits : null
  }
  properties: {
    disableLocalAuth: disableLocalAuth
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Not false: Azure spreads namespaces by itself where it can, and doesn't take that back.
    zoneRedundant: isPremium && zoneRedundant ? true : null
  }
}

resource firewall 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (!isPrivate && !empty(senderRanges)) {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: 'Enabled'
    defaultAction: 'Deny'
    ipRules: [
      for addresses in concat(senderRanges, [egressAddress]): {
        ipMask: addresses
        action: 'Allow'
      }
    ]
  }
}

// Resource Manager refuses an empty name even where nothing is deployed.
resource queue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = if (!empty(queueName)) {
  parent: namespace
  name: empty(queueName) ? 'none' : queueName
  properties: {
    lockDuration: queueSessions ? sessionLock : batchLock
    maxDeliveryCount: maxDeliveryCount
    deadLetteringOnMessageExpiration: true
    defaultMessageTimeToLive: timeToLive
    // Nothing says that Dataverse's message ids are unique, and delayed copies need to be accepted.
    requiresDuplicateDetection: false
    requiresSession: queueSessions
  }
}

resource dataverseToQueue 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2026-01-01' = if (!empty(queueName) && !disableLocalAuth) {
  parent: queue
  name: 'dataverse'
  properties: {
    rights: [
      'Send'
    ]
  }
}

resource inboundQueue 'Microsoft.ServiceBus/namespaces/queues@2026-01-01' = if (!empty(inboundQueueName)) {
  parent: namespace
  name: empty(inboundQueueName) ? 'none-inbound' : inboundQueueName
  properties: {
    lockDuration: inboundQueueSessions ? sessionLock : batchLock
    maxDeliveryCount: maxDeliveryCount
    deadLetteringOnMessageExpiration: true
    defaultMessageTimeToLive: timeToLive
    // The app knows messages by their ids for longer than Service Bus would.
    requiresDuplicateDetection: false
    requiresSession: inboundQueueSessions
  }
}

// For a LOB system that has no identity in Microsoft Entra. One that has gets the role Azure Service Bus Data Sender on the queue.
resource lobToInbound 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2026-01-01' = if (!empty(inboundQueueName) && !disableLocalAuth) {
  parent: inboundQueue
  name: 'lob'
  properties: {
    rights: [
      'Send'
    ]
  }
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2026-01-01' = if (!empty(topicName)) {
  parent: namespace
  name: empty(topicName) ? 'none' : topicName
  properties: {
    defaultMessageTimeToLive: timeToLive
    requiresDuplicateDetection: false
  }
}

resource dataverseToTopic 'Microsoft.ServiceBus/namespaces/topics/authorizationRules@2026-01-01' = if (!empty(topicName) && !disableLocalAuth) {
  parent: topic
  name: 'dataverse'
  properties: {
    rights: [
      'Send'
    ]
  }
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = if (!empty(topicName)) {
  parent: topic
  name: subscriptionName
  properties: {
    lockDuration: subscriptionSessions ? sessionLock : batchLock
    maxDeliveryCount: maxDeliveryCount
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
    defaultMessageTimeToLive: timeToLive
    requiresSession: subscriptionSessions
  }
}

// Azure makes a rule of this name that lets everything through, together with the subscription. Under the same name ours
// takes its place; under another one it would only be added to it.
resource onlySyncedTables 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = if (!empty(topicName)) {
  parent: subscription
  name: '$Default'
  properties: {
    filterType: 'SqlFilter'
    sqlFilter: {
      // An expression takes 1,024 characters; with more names everything that comes from Dataverse is let through.
      // https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
      sqlExpression: empty(tables) || length(tableFilter) > 1024 ? '"${tableClaim}" IS NOT NULL' : tableFilter
    }
  }
}

resource receiveFromQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(queueName)) {
  name: guid(queue.id, identityId, roleIds.azureServiceBusDataReceiver)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataReceiver
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// For the delayed copies of what can't be settled now. Those of the topic's messages go to the queue, too: the app never
// sends to the topic.
resource sendToQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(queueName)) {
  name: guid(queue.id, identityId, roleIds.azureServiceBusDataSender)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataSender
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource receiveFromInbound 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inboundQueueName)) {
  name: guid(inboundQueue.id, identityId, roleIds.azureServiceBusDataReceiver)
  scope: inboundQueue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataReceiver
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// For the delayed copies of what can't be written now.
resource sendToInbound 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inboundQueueName)) {
  name: guid(inboundQueue.id, identityId, roleIds.azureServiceBusDataSender)
  scope: inboundQueue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataSender
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// "The role assignment needs to have effective scope over the Service Bus subscription resource."
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger
resource receiveFromSubscription 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(topicName)) {
  name: guid(subscription.id, identityId, roleIds.azureServiceBusDataReceiver)
  scope: subscription
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataReceiver
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Only an owner may read how many messages wait. Without it the platform peeks at messages and adds one instance at a time.
// On the topic, since the count of a subscription is asked of it. https://github.com/MicrosoftDocs/azure-docs/pull/128626
resource countQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(queueName) && withTargetScaling) {
  name: guid(queue.id, identityId, roleIds.azureServiceBusDataOwner)
  scope: queue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataOwner
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource countInbound 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inboundQueueName) && withTargetScaling) {
  name: guid(inboundQueue.id, identityId, roleIds.azureServiceBusDataOwner)
  scope: inboundQueue
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataOwner
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource countTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(topicName) && withTargetScaling) {
  name: guid(topic.id, identityId, roleIds.azureServiceBusDataOwner)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureServiceBusDataOwner
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

#disable-next-line use-recent-api-versions // The one newer than 2016-09-01, which knows no category groups.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}
