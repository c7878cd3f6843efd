import type { HttpHandler, HttpResponseInit } from '@azure/functions';
import type { WebhookConfig } from './webhook-endpoint';
import type { Section } from '../settings/environment';
import { factsOf } from '../errors/codes';
import { messageOf, type OutboundError } from '../errors/errors';
import { logTo } from '../telemetry/log';
import type { Receiver } from './receiver';
import type { Outcome } from './put-aside';
import { readPost } from './read-post';
import { Refusals, type Refusal } from './refusal-count';
import { logOutcomes } from './summary';
import { WEBHOOK_ENDPOINT, WEBHOOK_STATUS } from './webhook-endpoint';

const SOURCE = WEBHOOK_ENDPOINT.name;

/**
 * Answers Dataverse's webhook posts. Dataverse looks at the status only: 2xx is success, and of all others only
 * 502, 503 and 504 are tried again, once. So 500 is never answered, and 503 only when nothing could be kept.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
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
      const posted = await readPost(config.value, request);
      if ('status' in posted) return refuse(posted);
      const [outcome] = await target.receive([{ source: SOURCE, ...posted }]);
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
