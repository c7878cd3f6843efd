// Lets the app read one secret. Fails where the secret doesn't exist, which is meant: the app must not start with a reference
// that nobody can resolve.
import { roleIds } from 'role-ids.bicep'

@description('Name of the vault.')
param vaultName string

@description('Name of the secret.')
param name string

@description('Object id of the app\'s identity.')
param principalId string

@description('Resource id of that identity.')
param identityId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = {
  parent: vault
  name: name
}

resource readSecret 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(secret.id, identityId, roleIds.keyVaultSecretsUser)
  scope: secret
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
