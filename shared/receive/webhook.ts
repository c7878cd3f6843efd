import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import type { WebhookConfig } from './webhook-endpoint';
import type { Section } from '../settings/environment';
import { factsOf } from '../errors/codes';
import { messageOf, type OutboundError } from '../errors/errors';
import { logTo } from '../telemetry/log';
import type { Receiver } from './receiver';
import type { Outcome } from './put-aside';
import { Refusals, type Refusal } from './refusal-count';
import { logOutcomes } from './summary';
import { WEBHOOK_ENDPOINT, WEBHOOK_STATUS } from './webhook-endpoint';
import { keyMatches } from './webhook-key';

const SOURCE = WEBHOOK_ENDPOINT.name;

/**
 * Answers Dataverse's webhook posts. Dataverse looks at the status only: 2xx is success, and of all others only
 * 502, 503 and 504 are tried again, once. So 500 is never answered, and 503 only when nothing could be kept.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 *
 * Checks in this order: size, content type, key, and only then the body is parsed.
 */
export function webhookHandler(
  config: Section<WebhookConfig>,
  receiver: () => Receiver | undefined,
  refusals: Pick<Refusals, 'count'> = new Refusals(SOURCE, logTo(console)),
): HttpHandler {
  const refuse = (refused: Refusal): HttpResponseInit => {
    refusals.count(refused);
    return answer(refused.status, refused.code, refused.reason);
  };
  return async (request, context) => {
    const log = logTo(context);
    try {
      const target = receiver();
      if (!config.ok || target === undefined)
        return answer(
          WEBHOOK_STATUS.unavailable,
          'not-configured',
          'This webhook is not configured; see the log of the app.',
        );
      const refused = refusal(config.value, request);
      if (refused !== undefined) return refuse(refused);
      const body = new Uint8Array(await request.arrayBuffer());
      // The declared length may be absent or wrong: what counts is what came.
      if (body.byteLength > config.value.maxBytes) return refuse(tooLarge(config.value.maxBytes));
      const contentType = request.headers.get('content-type') ?? WEBHOOK_ENDPOINT.contentType;
      const truncated = request.headers.has(WEBHOOK_ENDPOINT.truncatedHeader);
      const [outcome] = await target.receive([{ source: SOURCE, body, contentType, truncated }]);
      if (outcome === undefined) return answer(WEBHOOK_STATUS.unavailable, 'unavailable', 'Try again.');
      logOutcomes(log, SOURCE, [outcome]);
      return responseTo(outcome);
    } catch (error) {
      log('parkingFailed', { source: SOURCE, reason: messageOf(error) });
      return answer(
        WEBHOOK_STATUS.unavailable,
        'unavailable',
        'The event could neither be processed nor parked. Try again.',
      );
    }
  };
}

const tooLarge = (maxBytes: number): Refusal => ({
  status: WEBHOOK_STATUS.tooLarge,
  code: 'body-too-large',
  reason: `The body is larger than ${maxBytes} bytes. Dataverse itself sends 256 KB at most.`,
});

/**
 * The platform reads a body only where its length is said, so that one in chunks comes as an empty one.
 * https://github.com/Azure/azure-functions-host/issues/4926
 */
const NO_LENGTH: Refusal = {
  status: WEBHOOK_STATUS.noLength,
  code: 'length-required',
  reason: 'The body came in chunks (Transfer-Encoding), which the platform drops. Send it with a Content-Length.',
};

function refusal({ keys, keyName, maxBytes }: WebhookConfig, request: HttpRequest): Refusal | undefined {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (request.headers.has('transfer-encoding')) return NO_LENGTH;
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== WEBHOOK_ENDPOINT.contentType) {
    return {
      status: WEBHOOK_STATUS.contentType,
      code: 'content-type',
      reason: 'Content-Type must be application/json, the only one that Dataverse posts to webhooks.',
    };
  }
  const offered = [
    request.headers.get(keyName),
    request.query.get(keyName),
    request.query.get(WEBHOOK_ENDPOINT.codeParameter),
  ];
  if (
    !keyMatches(
      offered.filter((key) => key !== null),
      keys,
    )
  ) {
    return {
      status: WEBHOOK_STATUS.unauthorized,
      code: 'key-refused',
      reason: `No valid key came as query parameter "${WEBHOOK_ENDPOINT.codeParameter}" or as "${keyName}" in header or query.`,
    };
  }
  return undefined;
}

function responseTo(outcome: Outcome): HttpResponseInit {
  switch (outcome.kind) {
    case 'processed':
      return { status: WEBHOOK_STATUS.processed, jsonBody: { outcome: 'processed', changes: outcome.changes } };
    case 'parked':
      return { status: statusOfParked(outcome.cause.code), jsonBody: { outcome: 'parked', ...outcome.cause } };
    case 'ignored':
      return { status: WEBHOOK_STATUS.processed, jsonBody: { outcome: 'ignored', ...outcome.cause } };
    case 'delayed':
    case 'held':
      // Never of a webhook, which has no such ways; nothing of it would be kept.
      return answer(WEBHOOK_STATUS.unavailable, outcome.cause.code, outcome.cause.message);
    case 'rejected':
      return answer(WEBHOOK_STATUS.refused, outcome.cause.code, outcome.cause.message);
    default:
      return outcome satisfies never;
  }
}

/** What isn't an execution context is the sender's fault, said as such although it is kept; all else is ours to process. */
const statusOfParked = (code: string): number =>
  factsOf(code)?.isNoContext === true ? WEBHOOK_STATUS.refused : WEBHOOK_STATUS.parked;

/** The answer where there was no time for a better one. The event may be processed yet, which is harmless when it comes again. */
export const tookTooLong = ({ code, message }: OutboundError): HttpResponseInit =>
  answer(WEBHOOK_STATUS.unavailable, code, message);

const answer = (status: number, code: string, reason: string): HttpResponseInit => ({
  status,
  jsonBody: { outcome: 'refused', code, message: reason },
});
