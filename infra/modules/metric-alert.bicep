// An alert on one metric of one entity of a namespace.

@description('Name of the alert.')
param name string

@description('Tags of the resource.')
param tags { *: string }

@description('What it says.')
param text string

@description('0: critical, to 4: verbose.')
param severity int

@description('Resource id of the namespace.')
param namespaceId string

@description('Type of the namespace, such as Microsoft.ServiceBus/namespaces.')
param metricNamespace string

@description('The metric.')
param metricName string

@description('Average or Total.')
param timeAggregation string

@description('The alert is raised above this value.')
param limit int

@description('Name of the queue, topic or hub.')
param entityName string

@description('Resource id of the action group.')
param actionGroupId string

resource alert 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    description: text
    severity: severity
    enabled: true
    scopes: [
      namespaceId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'limit'
          metricNamespace: metricNamespace
          metricName: metricName
          timeAggregation: timeAggregation
          operator: 'GreaterThan'
          threshold: limit
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [
                entityName
              ]
            }
          ]
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: actionGroupId
      }
    ]
  }
}
