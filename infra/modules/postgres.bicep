// The LOB store as a database: Azure Database for PostgreSQL, a flexible server. Only identities sign in. The app's own is no
// administrator: an administrator makes its role, once (docs/connect.md#1-deploy-to-azure).

@description('Name of the server, unique in the world.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags { *: string }

@description('Tier and size of the server.')
param sku {
  tier: 'Burstable' | 'GeneralPurpose' | 'MemoryOptimized'
  name: string
}

@description('Gigabytes of storage to begin with; it grows by itself.')
param storageGb int

@description('Whether a standby runs in another zone. Burstable has none.')
param zoneRedundant bool

@description('Name of the database.')
param databaseName string

@description('Who administers the server: a user, group or service principal of Microsoft Entra.')
param administrator {
  name: string
  objectId: string
  type: 'User' | 'Group' | 'ServicePrincipal'
}

@description('Whether the server is reached by private endpoints only. Otherwise from within Azure, since the app has no address of its own.')
param isPrivate bool

@description('Workspace for the log.')
param workspaceId string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: sku
  properties: {
    version: '18'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    network: {
      publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    }
    storage: {
      storageSizeGB: storageGb
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 14
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: zoneRedundant && sku.tier != 'Burstable' ? 'ZoneRedundant' : 'Disabled'
    }
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: databaseName
  properties: {
    charset: 'UTF8'
    collation: 'en_US.utf8'
  }
}

// The server takes one change at a time: its children are deployed one after the other.
resource administrators 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administrator.objectId
  properties: {
    principalName: administrator.name
    principalType: administrator.type
    tenantId: tenant().tenantId
  }
  dependsOn: [
    database
  ]
}

// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-firewall-rules#connecting-from-azure
resource fromAzure 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = if (!isPrivate) {
  parent: server
  name: 'AllowAllAzureServicesAndResourcesWithinAzureIps'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  dependsOn: [
    administrators
  ]
}

#disable-next-line use-recent-api-versions // The one newer than 2016-09-01, which knows no category groups.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: server
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

@description('Host name of the server.')
output host string = server.properties.fullyQualifiedDomainName
