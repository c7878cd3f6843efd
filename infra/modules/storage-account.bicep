// A storage account that only identities may use: no shared keys, no anonymous blobs.
import { roleIds } from 'role-ids.bicep'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in the world.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags { *: string }

@description('Standard_LRS keeps three copies in one building, Standard_ZRS one in each of three zones.')
param skuName string

@description('Whether the account is reached by private endpoints only.')
param isPrivate bool

@description('Blob containers to create.')
param containers string[] = []

@description('Object id of the identity that works with the account.')
param principalId string

@description('Resource id of that identity.')
param identityId string

@description('Whether that identity gets the blobs: what the Functions host asks of its own account.')
param withBlobs bool = false

@description('Whether each request to the tables is logged, and who reads blobs. It costs as much as the requests.')
param withLog bool

@description('Workspace for that log.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skuName
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = [
  for container in containers: {
    parent: blobService
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-08-01' = {
  parent: account
  name: 'default'
}

// The account is the narrowest scope that works: the host and the app make their containers and tables themselves.
resource tablesForApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identityId, roleIds.storageTableDataContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.storageTableDataContributor
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// "Provides the minimum storage account permissions for the host-required AzureWebJobsStorage connection": leases of timers,
// host keys, checkpoints of the event hub, and the package that is run.
// https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource blobsForApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (withBlobs) {
  name: guid(account.id, identityId, roleIds.storageBlobDataOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.storageBlobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

#disable-next-line use-recent-api-versions // The one newer than 2016-09-01, which knows no category groups.
resource tableLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withLog) {
  name: 'to-workspace'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

// Large parked bodies are blobs. Writes aren't logged: most of them are the host's leases.
#disable-next-line use-recent-api-versions // The one newer than 2016-09-01, which knows no category groups.
resource blobLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (withLog && withBlobs) {
  name: 'to-workspace'
  scope: blobService
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
    ]
  }
}

@description('Name of the account.')
output name string = account.name

@description('Address of its blobs, with a slash at the end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob
