import '../shared/app/start';
import { app, type ServiceBusQueueFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appServices, delayedCopies, serve } from '../shared/app/services';
import { messagesHandler } from '../shared/receive/messages';

const NAME = 'service-bus-queue';

// Not registered without its settings: its messages wait in the queue.
serve(NAME, ['core', 'messages'], ({ messages }) => {
  const options: ServiceBusQueueFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    queueName: '%SERVICEBUS_QUEUE%',
    dataType: 'binary',
    ...messages.queue,
    handler: endsInTime(
      NAME,
      DEADLINES_MS.messages,
      messagesHandler({ name: NAME, copies: delayedCopies }, () => appServices().receiver),
    ),
  };
  app.serviceBusQueue(NAME, options);
});
