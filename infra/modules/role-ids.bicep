// The built-in roles that are given to the app, by their ids. All are roles on data. One may manage, too: the
// owner of a queue or topic may change and delete it (docs/connect.md#rights).
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles

@export()
@description('Ids of built-in roles; each member is named as the role is.')
var roleIds = {
  azureEventHubsDataReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  azureServiceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  azureServiceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  azureServiceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
