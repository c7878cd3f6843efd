// What Dataverse posts to by Event Hubs: one hub, and the app's own consumer group.
//
// Dataverse signs in with a SAS key that may only send, and only to this hub; see service-bus.bicep.
import { roleIds } from 'role-ids.bicep'

@description('Name of the namespace, unique in the world.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags { *: string }

@description('Throughput units to begin with: 1 MB or 1,000 events a second each.')
param throughputUnits int

@description('Throughput units that it may grow to by itself; it never shrinks.')
param maximumThroughputUnits int

@description('Whether the namespace is spread over availability zones.')
param zoneRedundant bool

@description('Whether keys are refused, so that only identities may send and listen. Dataverse can\'t post then.')
param disableLocalAuth bool

@description('Whether the namespace is reached by private endpoints only.')
param isPrivate bool

@description('Addresses (IPv4 or CIDR) that Dataverse posts from; empty: everybody who has a key or a role may connect.')
param senderRanges string[]

@description('The address that the app comes from when senderRanges shut others out.')
param egressAddress string

@description('Name of the event hub.')
param hubName string

@description('The app\'s own consumer group.')
param consumerGroupName string

@description('Partitions. None can be added later in Standard.')
param partitionCount int

@description('Hours that events are kept, 168 at most in Standard: an outage may last that long, and so far back can be replayed.')
param retentionHours int

@description('Object id of the app\'s identity.')
param principalId string

@description('Resource id of that identity.')
param identityId string

@description('Workspace for the operational log.')
param workspaceId string

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: throughputUnits
  }
  properties: {
    disableLocalAuth: disableLocalAuth
    isAutoInflateEnabled: maximumThroughputUnits > throughputUnits
    maximumThroughputUnits: maximumThroughputUnits > throughputUnits ? maximumThroughputUnits : 0
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Not false: Azure spreads namespaces by itself where it can, and doesn't take that back.
    zoneRedundant: zoneRedundant ? true : null
  }
}

resource firewall 'Microsoft.EventHub/namespaces/networkRuleSets@2026-01-01' = if (!isPrivate && !empty(senderRanges)) {
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

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2026-01-01' = {
  parent: namespace
  name: hubName
  properties: {
    partitionCount: partitionCount
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: retentionHours
    }
  }
}

resource consumerGroup 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2026-01-01' = {
  parent: hub
  name: consumerGroupName
}

resource dataverseToHub 'Microsoft.EventHub/namespaces/eventhubs/authorizationRules@2026-01-01' = if (!disableLocalAuth) {
  parent: hub
  name: 'dataverse'
  properties: {
    rights: [
      'Send'
    ]
  }
}

// On the hub, not on the consumer group: the listener asks the hub itself for its partitions.
resource receiveFromHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, identityId, roleIds.azureEventHubsDataReceiver)
  scope: hub
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.azureEventHubsDataReceiver
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
