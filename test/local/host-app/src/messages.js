'use strict';
const { app } = require('@azure/functions');

const seen = (context, body) =>
  context.log(`seen ${JSON.stringify({ body, metadata: context.triggerMetadata, isBytes: Buffer.isBuffer(body) })}`);

app.serviceBusQueue('orders', {
  connection: 'BUS',
  queueName: '%ORDERS%',
  handler: (message, context) => {
    seen(context, message);
    if (message.fail) throw new Error('refused');
  },
});

app.serviceBusQueue('raw', {
  connection: 'BUS',
  queueName: 'raw',
  trigger: { type: 'serviceBusTrigger', name: 'raw', connection: 'BUS', queueName: 'raw', dataType: 'binary' },
  handler: (message, context) => context.log(`raw ${message.toString('hex')} ${Buffer.isBuffer(message)}`),
});

app.serviceBusQueue('again', {
  connection: 'BUS',
  queueName: 'again',
  retry: { strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 2 },
  handler: (message, context) => {
    context.log(`again ${context.triggerMetadata.deliveryCount} ${context.retryContext.retryCount}`);
    throw new Error('refused');
  },
});

app.serviceBusTopic('batches', {
  connection: 'BUS',
  topicName: 'news',
  subscriptionName: 'all',
  cardinality: 'many',
  handler: (messages, context) => seen(context, messages),
});

app.serviceBusQueue('inOrder', {
  connection: 'BUS',
  queueName: 'sessions',
  isSessionsEnabled: true,
  handler: (message, context) => context.log(`session ${context.triggerMetadata.sessionId} ${message.n}`),
});

app.eventHub('telemetry', {
  connection: 'BUS',
  eventHubName: 'telemetry',
  cardinality: 'many',
  retry: { strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 1 },
  handler: (events, context) => {
    context.log(`events ${JSON.stringify(events.map((event) => event.n))}`);
    if (events.some((event) => event.fail)) throw new Error('refused');
  },
});

app.storageQueue('unknown', { connection: 'AzureWebJobsStorage', queueName: 'q', handler: () => undefined });
