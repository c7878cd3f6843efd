import '../shared/app/start';
import { app, type ServiceBusTopicFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appServices, delayedCopies, serve } from '../shared/app/services';
import { messagesHandler } from '../shared/receive/messages';

const NAME = 'service-bus-topic';

// Not registered without its settings: its messages wait in the subscription.
serve(NAME, ['core', 'messages'], ({ messages }) => {
  const options: ServiceBusTopicFunctionOptions & { dataType: 'binary' } = {
    connection: 'ServiceBusConnection',
    topicName: '%SERVICEBUS_TOPIC%',
    subscriptionName: '%SERVICEBUS_SUBSCRIPTION%',
    dataType: 'binary',
    ...messages.subscription,
    handler: endsInTime(
      NAME,
      DEADLINES_MS.messages,
      messagesHandler({ name: NAME, copies: delayedCopies }, () => appServices().receiver),
    ),
  };
  app.serviceBusTopic(NAME, options);
});
