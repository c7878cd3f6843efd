import '../shared/app/start';
import { app, type ServiceBusQueueFunctionOptions } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appInbound, inboundCopies, serve } from '../shared/app/services';
import { messagesHandler } from '../shared/receive/messages';
import { environment } from '../shared/settings/environment';
import { hasInboundQueue } from '../shared/settings/inbound';

const NAME = 'inbound-queue';

// Off until its queue is named.
if (hasInboundQueue(environment())) {
  serve(NAME, ['core', 'messages', 'inbound'], ({ inbound }) => {
    const options: ServiceBusQueueFunctionOptions & { dataType: 'binary' } = {
      connection: 'ServiceBusConnection',
      queueName: '%INBOUND_QUEUE%',
      dataType: 'binary',
      ...inbound.queue,
      handler: endsInTime(
        NAME,
        DEADLINES_MS.messages,
        messagesHandler({ name: NAME, copies: inboundCopies }, appInbound),
      ),
    };
    app.serviceBusQueue(NAME, options);
  });
}
