import '../shared/start';
import { app, type ServiceBusQueueFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/deadline';
import { messagesHandler } from '../shared/receive/messages';
import { appConfig, coreFaults, delayedCopies, requiredServices, servable } from '../shared/services';

const { messages } = appConfig();
const NAME = 'service-bus-queue';

// Not registered without its settings: its messages wait in the queue.
if (servable(NAME, coreFaults(), messages.ok ? [] : messages.faults)) {
  const options: ServiceBusQueueFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    queueName: '%SERVICEBUS_QUEUE%',
    dataType: 'binary',
    isSessionsEnabled: messages.ok && messages.value.queueSessions,
    handler: endsInTime(
      NAME,
      DEADLINES_MS.messages,
      messagesHandler({ name: NAME, copies: delayedCopies }, () => requiredServices().receiver),
    ),
  };
  app.serviceBusQueue(NAME, options);
}
