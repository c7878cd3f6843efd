import '../shared/app/start';
import { app, type EventHubFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appServices, serve } from '../shared/app/services';
import { messagesHandler } from '../shared/receive/messages';

const NAME = 'event-hub';

// Not registered without its settings: its events wait in the hub.
serve(NAME, ['core'], () => {
  const options: EventHubFunctionOptions & { dataType: 'binary' } = {
    connection: 'EventHubConnection',
    eventHubName: '%EVENTHUB_NAME%',
    consumerGroup: '%EVENTHUB_CONSUMER_GROUP%',
    cardinality: 'many',
    dataType: 'binary',
    // The checkpoint moves after the last retry whether or not the batch succeeded; it fails only when
    // parking fails or the store is away.
    retry: {
      strategy: 'exponentialBackoff',
      maxRetryCount: -1,
      minimumInterval: { seconds: 1 },
      maximumInterval: { minutes: 5 },
    },
    handler: endsInTime(
      NAME,
      DEADLINES_MS.messages,
      messagesHandler({ name: NAME, holds: true }, () => appServices().receiver),
    ),
  };
  app.eventHub(NAME, options);
});
