import { app, type ServiceBusQueueFunctionOptions } from '@azure/functions';
import { messagesHandler } from '../shared/receive/messages';
import { coreFaults, requiredServices, servable } from '../shared/services';

const NAME = 'service-bus-queue';

// Not registered without its settings: its messages wait in the queue.
if (servable(NAME, coreFaults())) {
  const options: ServiceBusQueueFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    queueName: '%SERVICEBUS_QUEUE%',
    dataType: 'binary',
    handler: messagesHandler(NAME, () => requiredServices().receiver),
  };
  app.serviceBusQueue(NAME, options);
}
