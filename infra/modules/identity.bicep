// The app's identity. User-assigned, so that its rights, and its application user in Dataverse, are there before the app is
// and outlive it.

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The application (client) id: what Dataverse wants for the application user.')
output clientId string = identity.properties.clientId

@description('The object id, to which roles are assigned.')
output principalId string = identity.properties.principalId
