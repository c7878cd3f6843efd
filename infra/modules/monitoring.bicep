// Where the app's log goes: Application Insights on a Log Analytics workspace. Only identities may write to it.
import { roleIds } from 'role-ids.bicep'

@description('Name of Application Insights.')
param name string

@description('Name of the workspace.')
param workspaceName string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Days that logs are kept.')
param retentionDays int

@description('Gigabytes a day after which logs are dropped; -1: no limit. Alerts see nothing of what is dropped.')
param dailyQuotaGb int

@description('Object id of the app\'s identity.')
param principalId string

@description('Resource id of that identity.')
param identityId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource writeTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identityId, roleIds.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.monitoringMetricsPublisher
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Resource id of Application Insights.')
output id string = insights.id
