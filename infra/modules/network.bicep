// A virtual network: one subnet through which the app reaches others, one with the private endpoints. What the app asks of the
// internet (Dataverse, Microsoft Entra, telemetry) leaves by a NAT gateway, so from one address that never changes: list it
// where Dataverse has an IP firewall.

@description('Name of the network.')
param name string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags { *: string }

@description('Addresses of the network.')
param addressPrefix string

@description('Addresses of the app\'s subnet: /27 at least, more for more than some 100 instances.')
param appSubnetPrefix string

@description('Addresses of the private endpoints\' subnet.')
param endpointSubnetPrefix string

@description('Name of the app\'s subnet. Flex Consumption takes none with an underscore.')
param appSubnetName string

@description('Name of the private endpoints\' subnet.')
param endpointSubnetName string

resource egressAddress 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: '${name}-egress'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource natGateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: '${name}-nat'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [
      {
        id: egressAddress.id
      }
    ]
  }
}

// Subnets belong to the network's own definition: deployed apart, a second deployment would take them away for a moment.
resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: appSubnetName
        properties: {
          addressPrefix: appSubnetPrefix
          natGateway: {
            id: natGateway.id
          }
          delegations: [
            {
              name: 'functions'
              properties: {
                // https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#enable-virtual-network-integration
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: endpointSubnetName
        properties: {
          addressPrefix: endpointSubnetPrefix
        }
      }
    ]
  }
}

@description('The address that the app\'s calls to the internet come from.')
output egressAddress string = egressAddress.properties.ipAddress
