// The Function App on Flex Consumption. Settings that this plan doesn't know, or that it takes from functionAppConfig
// (FUNCTIONS_WORKER_RUNTIME, FUNCTIONS_EXTENSION_VERSION, WEBSITE_RUN_FROM_PACKAGE and others), must not be set.
// https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations

@description('Name of the Function App, unique in the world.')
param name string

@description('Name of its plan.')
param planName string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Node.js on which the app runs.')
param nodeVersion string

@description('Memory of an instance in MB; its processor grows with it.')
param instanceMemoryMB int

@description('Instances at most, of each function that scales for itself.')
param maximumInstanceCount int

@description('Instances that are always there: objects with name (http, or function:NAME) and instanceCount.')
param alwaysReady {
  name: string
  instanceCount: int
}[]

@description('Whether instances are spread over availability zones. Azure then keeps two always ready for each function.')
param zoneRedundant bool

@description('Resource id of the app\'s identity.')
param identityId string

@description('Its client id.')
param identityClientId string

@description('Address of the blob container that packages are deployed to.')
param packageContainerUrl string

@description('Name of Application Insights.')
param insightsName string

@description('Subnet through which the app reaches others; empty: the internet.')
param subnetId string

@description('Service tags from which HTTP is accepted; empty: everybody.')
param allowedServiceTags string[]

@description('The app\'s settings, by name.')
param settings { *: string }

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // By this tag azd finds what it deploys the service to.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    // Dataverse posts from the internet. Said here, not left to the default, which a policy may turn round.
    publicNetworkAccess: 'Enabled'
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: nodeVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: empty(allowedServiceTags) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (tag, index) in allowedServiceTags: {
          name: tag
          action: 'Allow'
          tag: 'ServiceTag'
          ipAddress: tag
          priority: 100 + index
        }
      ]
      // Deployment has its own door: an identity with a role on the app.
      scmIpSecurityRestrictionsUseMain: false
    }
  }
}

// No user names and passwords for deployment: only identities. The app's children are deployed one after the other: changed at
// once, they meet each other's restart and are refused (409).
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
  dependsOn: [
    noScmPassword
  ]
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  })
  dependsOn: [
    noFtpPassword
  ]
}

@description('Name of the Function App.')
output name string = app.name

@description('Its host name.')
output hostName string = app.properties.defaultHostName
