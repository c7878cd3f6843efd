import '../shared/start';
import { app, type ServiceBusTopicFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/deadline';
import { messagesHandler } from '../shared/receive/messages';
import { appConfig, coreFaults, delayedCopies, requiredServices, servable } from '../shared/services';

const { messages } = appConfig();
const NAME = 'service-bus-topic';

// Not registered without its settings: its messages wait in the subscription.
if (servable(NAME, coreFaults(), messages.ok ? [] : messages.faults)) {
  const options: ServiceBusTopicFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    topicName: '%SERVICEBUS_TOPIC%',
    subscriptionName: '%SERVICEBUS_SUBSCRIPTION%',
    dataType: 'binary',
    isSessionsEnabled: messages.ok && messages.value.subscriptionSessions,
    handler: endsInTime(
      NAME,
      DEADLINES_MS.messages,
      messagesHandler({ name: NAME, copies: delayedCopies }, () => requiredServices().receiver),
    ),
  };
  app.serviceBusTopic(NAME, options);
}
