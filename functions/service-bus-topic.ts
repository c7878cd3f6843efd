import { app, type ServiceBusTopicFunctionOptions } from '@azure/functions';
import { messagesHandler } from '../shared/receive/messages';
import { coreFaults, requiredServices, servable } from '../shared/services';

const NAME = 'service-bus-topic';

// Not registered without its settings: its messages wait in the subscription.
if (servable(NAME, coreFaults())) {
  const options: ServiceBusTopicFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    topicName: '%SERVICEBUS_TOPIC%',
    subscriptionName: '%SERVICEBUS_SUBSCRIPTION%',
    dataType: 'binary',
    handler: messagesHandler(NAME, () => requiredServices().receiver),
  };
  app.serviceBusTopic(NAME, options);
}
