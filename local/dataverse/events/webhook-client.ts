import http from 'node:http';
import https from 'node:https';
import type { DeliveryClient, DeliveryResult, PushMessage } from './delivery';
import type { Endpoint } from '../registration/endpoint';

type Webhook = Extract<Endpoint, { kind: 'webhook' }>;

const RETRIED = new Set([502, 503, 504]);

function address(webhook: Webhook): URL {
  const url = new URL(webhook.url);
  if (webhook.auth.kind === 'key') url.searchParams.append('code', webhook.auth.value);
  if (webhook.auth.kind === 'query') {
    for (const [name, value] of Object.entries(webhook.auth.values)) url.searchParams.append(name, value);
  }
  return url;
}

function headers(webhook: Webhook, message: PushMessage): http.OutgoingHttpHeaders {
  return {
    'Content-Type': message.contentType,
    'Content-Length': message.body.length,
    'x-ms-dynamics-organization': message.organizationHost,
    'x-ms-dynamics-entity-name': message.table,
    'x-ms-dynamics-request-name': message.message,
    'x-ms-correlation-request-id': message.correlationId,
    ...(message.reduced ? { 'x-ms-dynamics-msg-size-exceeded': 'true' } : {}),
    ...(webhook.auth.kind === 'headers' ? webhook.auth.values : {}),
  };
}

/**
 * Posts contexts to webhooks as the platform does: only the status of the answer counts, 60 seconds are allowed, and one
 * more attempt follows on 502, 503 and 504 only (use-webhooks).
 */
export function webhookClient(timeoutMs: number): DeliveryClient<Webhook> {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  const post = (webhook: Webhook, message: PushMessage): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = address(webhook);
      const secure = url.protocol === 'https:';
      const request = (secure ? https : http).request(
        url,
        {
          method: 'POST',
          headers: headers(webhook, message),
          agent: secure ? agents.https : agents.http,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          response.on('error', reject);
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.resume();
        },
      );
      request.on('error', reject);
      request.end(message.body);
    });

  return {
    async deliver(webhook, message): Promise<DeliveryResult> {
      let attempts = 0;
      try {
        for (;;) {
          attempts += 1;
          const status = await post(webhook, message);
          if (status >= 200 && status < 300) return { kind: 'delivered', attempts };
          if (attempts === 1 && RETRIED.has(status)) continue;
          return { kind: 'failed', attempts, reason: `The webhook ${webhook.name} answered ${status}.` };
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { kind: 'failed', attempts, reason: `The webhook ${webhook.name} could not be reached: ${reason}` };
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
      return Promise.resolve();
    },
  };
}
