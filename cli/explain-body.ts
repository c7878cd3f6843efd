import { readContext } from '../shared/context/read-context';
import { codeOf, messageOf } from '../shared/errors';
import type { KeptDelivery } from '../shared/parking/parking';
import { explainChanges, explainContext, toldBy } from './explain-context';

const refusal = (error: unknown): string => `can't be read: ${codeOf(error)}: ${messageOf(error)}`;

/** What `dvo parse --explain` says of a body that was kept. Names columns, not values; never throws. */
export function explainBody({ source, body, contentType, truncated }: KeptDelivery, fullImageAlias?: string): string {
  try {
    const context = readContext(body, contentType === undefined ? {} : { contentType });
    const told = (): string => {
      try {
        return explainChanges(
          toldBy(context, {
            source,
            body,
            ...(truncated === undefined ? {} : { truncated }),
            ...(fullImageAlias === undefined ? {} : { fullImageAlias }),
          }),
        );
      } catch (error) {
        return refusal(error);
      }
    };
    return `${explainContext(context)}\n${told()}`;
  } catch (error) {
    return refusal(error);
  }
}

/** What a body is about, in two words: `Update of account`, or why it can't be read. */
export function aboutBody(body: Uint8Array, contentType?: string): string {
  try {
    const { message, table } = readContext(body, contentType === undefined ? {} : { contentType });
    return table === '' || table === 'none' ? message : `${message} of ${table}`;
  } catch (error) {
    return codeOf(error);
  }
}
