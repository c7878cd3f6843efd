import { arrivalBound } from '../../../shared/context/messages/pushed-event';
import { readPush } from '../../../shared/context/read-push';
import { codeOf, messageOf } from '../../../shared/errors/errors';
import { visible } from '../../../shared/errors/visible';
import type { KeptDelivery } from '../../../shared/parking/parking';
import { MAX_BODY_BYTES } from '../terminal/body-bytes';
import { explainChanges, explainPush, toldBy } from './explain-context';

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
