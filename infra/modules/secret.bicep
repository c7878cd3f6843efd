// One secret's value. Deployed only when a value is given, so that a deployment without it leaves the secret as it is. It goes
// through Resource Manager: whoever deploys needs no right to read secrets, and no way through the vault's firewall.

@description('Name of the vault.')
param vaultName string

@description('Name of the secret.')
param name string

@secure()
@description('Its value.')
param value string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: name
  properties: {
    value: value
  }
}
