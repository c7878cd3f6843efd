/**
 * The app's webhook behind node:http, without a host: its handler, given the library's request as in Azure. A process of its own.
 *
 * Settings as in Azure.
 */
import { HttpRequest, InvocationContext } from '@azure/functions';
import { webhookHandler } from '../../../shared/receive/webhook';
import { appConfig, appServices } from '../../../shared/app/services';
import { serve } from './serve';

const { receiver } = appServices();
const handler = webhookHandler(appConfig().webhook, () => receiver);
const context = new InvocationContext({ functionName: 'webhook', logHandler: () => undefined });

serve(async (bytes, { url = '/', headers }) => {
  const { href, searchParams } = new URL(url, 'http://localhost');
  const request = new HttpRequest({
    method: 'POST',
    url: href,
    headers: headers as Record<string, string>,
    query: Object.fromEntries(searchParams),
    body: { bytes },
  });
  const { status = 200, jsonBody } = (await handler(request, context)) as { status?: number; jsonBody?: unknown };
  return { status, body: JSON.stringify(jsonBody) };
});
