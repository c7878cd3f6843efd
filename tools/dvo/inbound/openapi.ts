import { inboundJsonSchema } from '../../../shared/inbound/message';

/**
 * How a LOB system sends a message where it has no client of Service Bus: by the service's own REST interface. As committed in
 * docs/inbound.openapi.json.
 * https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue
 */
export function inboundOpenApi(): unknown {
  const message = inboundJsonSchema();
  const answer = (description: string): { readonly description: string } => ({ description });
  return {
    openapi: '3.1.0',
    info: {
      title: 'LOB sender',
      version: '1.0.0',
      description:
        'What a LOB system sends to the queue of inbound-queue, by the REST interface of Service Bus. A row of the table dvo.inbound holds the same message.',
    },
    servers: [{ url: 'https://your-namespace.servicebus.windows.net' }],
    paths: {
      '/{queue}/messages': {
        post: {
          operationId: 'SendChange',
          summary: 'Tell that a row changed in the LOB system',
          security: [{ token: [] }],
          parameters: [
            { name: 'queue', in: 'path', required: true, description: 'INBOUND_QUEUE.', schema: { type: 'string' } },
            {
              name: 'BrokerProperties',
              in: 'header',
              required: false,
              description:
                'For a queue with sessions: JSON with the row as SessionId, such as {"SessionId":"account A-1"}.',
              schema: { type: 'string' },
            },
          ],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Change' } } },
          },
          responses: {
            201: answer('The queue has it.'),
            400: answer('The request is wrong.'),
            401: answer('The token is wrong, or its time is up.'),
            403: answer('The queue is full, or takes no such message.'),
            404: answer('There is no such queue.'),
            500: answer('Send it again: the id makes it harmless.'),
          },
        },
      },
    },
    components: {
      schemas: { Change: { ...message, $schema: undefined } },
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description:
            'A shared access signature with the right Send, or `Bearer` and a Microsoft Entra token for https://servicebus.azure.net.',
        },
      },
    },
  };
}
