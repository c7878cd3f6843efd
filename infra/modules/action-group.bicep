// Whom alerts are sent to.

@description('Name of the group.')
param name string

@description('Tags of the resource.')
param tags { *: string }

@description('E-mail addresses; empty: alerts show in the portal only.')
param emails string[]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'dataverse'
    enabled: true
    emailReceivers: [
      for email in emails: {
        name: email
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}
