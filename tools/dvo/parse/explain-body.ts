import { arrivalBound } from '../../../shared/context/messages/pushed-event';
import { readPush } from '../../../shared/context/read-push';
import { codeOf, messageOf } from '../../../shared/errors/errors';
import { visible } from '../../../shared/errors/visible';
import type { KeptDelivery } from '../../../shared/parking/parking';
import { explainChanges, explainPush, toldBy } from './explain-context';

/**
 * Largest body that a command reads: a message of Service Bus Premium has 100 MB at most, and nobody waits for this process.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
 */
export const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * A message's body as bytes, as the Azure SDKs give it unparsed: anything that isn't bytes came in another section of
 * AMQP than Dataverse uses.
 */
export const bodyBytes = (body: unknown): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? null));

const refusal = (error: unknown): string => visible(`can't be read: ${codeOf(error)}: ${messageOf(error)}`);

/** What `dvo parse --explain` says of a body that was kept. Names columns, not values; never throws. */
export function explainBody(
  { source, body, contentType, truncated, arrivedAtMs }: KeptDelivery,
  fullImageAlias?: string,
): string {
  try {
    const push = readPush(body, {
      maxBytes: MAX_BODY_BYTES,
      ...(contentType === undefined ? {} : { contentType }),
    });
    const told = (): string => {
      try {
        return explainChanges(
          toldBy(push, {
            source,
            body,
            notAfter: arrivalBound(arrivedAtMs ?? Date.now()),
            ...(truncated === undefined ? {} : { truncated }),
            ...(fullImageAlias === undefined ? {} : { fullImageAlias }),
          }),
        );
      } catch (error) {
        return refusal(error);
      }
    };
    return `${explainPush(push)}\n${told()}`;
  } catch (error) {
    return refusal(error);
  }
}

/** What a body is about, in two words: `Update of account`, or why it can't be read. */
export function aboutBody(body: Uint8Array, contentType?: string): string {
  try {
    const push = readPush(body, contentType === undefined ? {} : { contentType });
    if (push.kind === 'notice') return `${push.notice.message} of ${push.notice.row.table}`;
    const { message, table } = push.context;
    return table === '' || table === 'none' ? message : `${message} of ${table}`;
  } catch (error) {
    return codeOf(error);
  }
}
